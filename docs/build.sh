#!/usr/bin/env bash
# build.sh FOLDER STAGE...   writes Doxygen's pages into FOLDER; a warning is a failure
set -eu
folder=$(realpath -m "$1")
shift
cd "${0%/*}/.."
mkdir -p "$folder"
{
    cat docs/Doxyfile
    echo "INPUT += $(echo docs/*.md) $*"
    echo "OUTPUT_DIRECTORY = \"$folder\""
    echo "WARN_AS_ERROR = FAIL_ON_WARNINGS"
} | doxygen -
