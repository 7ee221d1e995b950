#!/usr/bin/env bash
# wine-end.sh   ends what Wine has running in $WINEPREFIX: its server asks the programs to end; should the server itself
# have died, they are ended here. Only programs of Wine in this prefix are touched.
timeout 20 wineserver -k
for process in /proc/[0-9]*; do
    case $(readlink "$process/exe" 2>/dev/null) in
    */wine*)
        if grep -qzxF "WINEPREFIX=$WINEPREFIX" "$process/environ" 2>/dev/null; then kill -9 "${process#/proc/}"; fi
        ;;
    esac
done
exit 0
