#!/usr/bin/env bash
# publish.sh PAGE TABLE   puts TABLE into PAGE, between the lines <!-- bench --> and <!-- end of bench -->
set -eu
page=$1 table=$2
if [ "$(grep -cxF '<!-- bench -->' "$page")" != 1 ] || [ "$(grep -cxF '<!-- end of bench -->' "$page")" != 1 ]; then
    echo "publish.sh: $page needs one line <!-- bench --> and one <!-- end of bench -->" >&2
    exit 1
fi
new=$(mktemp)
trap 'rm -f "$new"' EXIT
awk -v table="$table" '
    $0 == "<!-- end of bench -->" { inside = 0 }
    !inside
    $0 == "<!-- bench -->" { inside = 1; print ""; while ((getline line <table) > 0) print line; print "" }
' "$page" >"$new"
cat "$new" >"$page" # keeps the page's permissions
