# Doxygen reads the Markdown pages through this (sed -z: all lines at once), so that they can be written as every other
# reader of Markdown wants them.
# Words of a link that go over the end of a line: Doxygen loses the rest of the page.
s/\[([^]`\n]*)\n([^]`\n]*)\]\(/[\1 \2](/g
# A place in another page: Doxygen knows the page only.
s/\]\(([^)#]*\.md)#[^)]*\)/](\1)/g
# A lab speaks of its own files; Doxygen would lead to those of the newest stage, which have the same names.
s/`([a-z_]+)(\.[ch])`/<code>\1<\/code><code>\2<\/code>/g
