#!/usr/bin/env bash
# build.sh FOLDER STAGE...   writes the book into FOLDER; a warning of Doxygen's is a failure, and so is a link that leads nowhere
set -eu
folder=$(realpath -m "$1")
shift
cd "${0%/*}/.."
rm -rf "$folder/html"
mkdir -p "$folder"
{
    cat docs/Doxyfile
    echo "INPUT += $(echo docs/*.md docs/*.dox labs/*.md labs/*/*.md) $*"
    echo "OUTPUT_DIRECTORY = \"$folder\""
    echo "WARN_AS_ERROR = FAIL_ON_WARNINGS"
} | doxygen -

# A page that Doxygen does not know stays a link to a file of the source tree.
cd "$folder/html"
if grep -o 'href="[^":]*\.md[#"]' ./*.html; then
    echo "docs: these links lead to pages that are not in the book" >&2
    exit 1
fi
# What Doxygen did not take for markup stands in the page as text.
if grep -lE '&lt;(em|strong|code|tt|table|tr)|@(section|subsection|ref)' md_*.html index.html; then
    echo "docs: these pages show their own markup" >&2
    exit 1
fi
# Every chapter is on the list of chapters.
for page in md_*.html; do
    grep -q "href=\"$page\"" contents.html || { echo "docs/contents.dox does not list ${page%.html}" >&2 && exit 1; }
done
