#!/usr/bin/env bash
# chapter.sh FILE   a Markdown page as Doxygen needs it, so that it can be written as every other reader of Markdown
# wants it. Line numbers stay, but for links that are longer than a line.
folder=$(realpath --relative-to=. "$(dirname "$1")")
# 1. Words of a link that go over the end of a line: Doxygen loses the rest of the page.
# 2. A link's path: Doxygen would look from the folder it runs in first, and take a file there for the one that is meant.
#    A place in another page is not known to it: the page it is.
# 3. A lab speaks of its own files; Doxygen would lead to those of the newest stage, which have the same names.
exec sed -zE "
    s/\[([^]\`\n]*)\n([^]\`\n]*)\]\(/[\1 \2](/g
    s/\]\(([^):#]*\.md)(#[^)]*)?\)/](${folder//\//\\/}\/\1)/g
    :up
    s/(\]\(([^)]*\/)?)[^\/.)(]+\/\.\.\//\1/
    t up
    s/(\]\()\.\//\1/g
    s/\`([a-z_]+)(\.[ch])\`/<code>\1<\/code><code>\2<\/code>/g" "$1"
