#!/usr/bin/env bash
# release.sh write FOLDER [VERSION]   makes FOLDER/iocp-labs-VERSION.tar.gz for students
# release.sh secrets                  prints the lines that no student's copy may hold
#
# In the archive is what git has, as it lies in the work tree, but for the solutions and all that knows them; the list
# below says what. The same tree gives the same bytes. VERSION is git's description of the tree by default.
#
# LABS='1 2 3' in the environment: the sources of these labs alone, since each starter shows what the one before asks
# for. The other labs' handouts stay. The archive is then iocp-labs-VERSION-labs-1-2-3.tar.gz.
set -eu
cd "$(dirname "$0")/../.."
export LC_ALL=C.UTF-8

# What is not for students. Everything else that git has is.
left_out='^(solutions/|tests/(attacks|bench|check|cost|fuzz|mutants|release|soak|variations)/|labs/(starter\.c|starters\.(mk|sh)|steps\.sh|todo\.[ch])$|docs/teaching\.md$|\.gitattributes)'

# The labs whose sources are given, for a pattern, and for a name: 123, -1-2-3.
labs='' dashed=''
for lab in ${LABS:-1 2 3 4 5}; do
    [[ $lab == [1-5] ]] || { echo "release: LABS names labs by their numbers, as in LABS='1 2 3', so '$lab' will not do" >&2 && exit 2; }
    labs+=$lab dashed+=-$lab
done
later='^labs/0[^'$labs']-[^/]*/.*\.[ch]$'

# The lines of the solutions' marked parts that are long enough to tell something, are not given in any starter, and do
# not stand in the port or its own tests, which make the same calls.
secrets() {
    local body='FNR == 1 { head = part = 0 }
        /\/\* LAB [0-9.]+ \{/ { head = 1 }
        /\/\* LAB [0-9.]+ \} \*\// { part = 0 }
        part { print }
        head && /\*\// { head = 0; part = 1 }'
    comm -23 <(awk "$body" solutions/*/*.[ch] | trimmed | awk 'length >= 20' | sort -u) <(cat labs/0["$labs"]-*/*.[ch] tests/win32/*.c tests/verifier/*.c win32/*/*.c | trimmed | sort -u)
}
trimmed() { sed 's/^[ \t]*//; s/[ \t]*$//'; }

write() { # FOLDER [VERSION]
    local version name
    git rev-parse --git-dir >/dev/null 2>&1 || { echo 'release: the list of files is git'\''s, and this is no repository' >&2 && exit 2; }
    version=${2:-$(git describe --tags --always --dirty)}
    [[ $version =~ ^[A-Za-z0-9._+-]+$ ]] || { echo "release: VERSION names a file, so '$version' will not do" >&2 && exit 2; }
    name=iocp-labs-$version${LABS:+-labs$dashed}
    mkdir -p "$1"
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
    mkdir "$folder/$name"
    git ls-files -z | grep -zvE "$left_out|$later" | while IFS= read -r -d '' file; do [ ! -e "$file" ] || printf '%s\0' "$file"; done |
        xargs -0 cp --parents -t "$folder/$name"
    cp tests/release/README.student.md "$folder/$name/README.md"
    cp tests/release/student.make "$folder/$name/tests/student.mk"
    cp tests/release/judge-check.sh "$folder/$name/tests/"
    echo "$version" >"$folder/$name/VERSION"
    sed -i 's/ \[SOLUTION=1\]//' "$folder/$name/tests/grade/check.mk"
    sed -i 's/\[LAB=3\] \[STAGE=03-iocp-pool\]/LAB=3/' "$folder/$name/Makefile" # there is no other server to run
    sed -i 's/make trace \[LAB=3\]/make trace LAB=3/' "$folder/$name/docs/trace/trace.mk"
    sed -i -E '/@subpage md_docs_teaching$/d' "$folder/$name/docs/contents.dox"
    tar --create --format=gnu --sort=name --owner=0 --group=0 --numeric-owner --mode='u+rwX,go+rX,go-w' \
        --mtime="@$(git log -1 --format=%ct)" -C "$folder" "$name" | gzip -9n >"$1/$name.tar.gz"
    echo "$1/$name.tar.gz"
}

case ${1:-} in
write) write "$2" "${3:-}" ;;
secrets) secrets ;;
*) echo 'release.sh write FOLDER [VERSION], or release.sh secrets' >&2 && exit 2 ;;
esac
