# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # variables go to and come from mutants.sh
# patch.sh      reads mutants and variations, and builds the servers that they make; sourced by mutants.sh
#
# The form of a file NAME.mutant or NAME.variation:
#
#     A few lines: what is wrong, and who would do such a thing.
#     bug: 11                   its number among the classic bugs (the file classic), if it is one
#     stages: 01 02 03+ 04      where to try it
#     test: slow.slow_reader    must fail; may be repeated
#     says: where it stopped    words that the report of one of these tests must have; may be repeated; "a | b": either
#     sane: basics.small_file   must pass all the same: the bug is what it says, and not just a server that does not run.
#                               This one if it is left out; "none" where the bug spoils whatever one tries
#     build: linux-address      another target than linux
#     whole: by-hand            instead of the stage's sources those in this folder of tests/variations
#     file: operations.c        which file the hunks after it change; http/… names one of that folder. Then, repeated:
#     <<<<
#     the exact text, found once in the file
#     ====
#     the text in its place
#     >>>>
#     key@03 04: …              any of these lines for some stages only; file@ means its hunks, too
#     expect: SURVIVED          the verdict, where it is not the usual one: for the tests of the script itself
#
# The environment: BUILD, COMPILE_<target> (a compiler line), LINK_LIBS, as tests/mutants/mutants.mk sets them.

# Reads file $1 for stage $2 into the variables below. A hunk is an entry of each of hunk_file, hunk_old and hunk_new.
# Fails on a malformed file.
parse() {
    local line key value mode=header old='' new='' file='' keep=
    bug='' build=linux stages='' expect=$usual sane=basics.small_file
    whole='' tests=() says=() hunk_file=() hunk_old=() hunk_new=()
    while IFS= read -r line || [ -n "$line" ]; do
        case $mode in
        old) if [ "$line" = '====' ]; then mode=new; else old+=$line$'\n'; fi ;;
        new)
            if [ "$line" != '>>>>' ]; then new+=$line$'\n' && continue; fi
            mode=header
            if [ -n "$keep" ]; then hunk_file+=("$file") hunk_old+=("${old%$'\n'}") hunk_new+=("${new%$'\n'}"); fi
            ;;
        *)
            if [ "$line" = '<<<<' ]; then mode=old old='' new='' && continue; fi
            key=${line%%: *} value=${line#*: } keep=1
            case $key in *@*) case " ${key#*@} " in *" $2 "*) ;; *) keep= ;; esac ;; esac
            case $keep${key%%@*} in
            1bug) bug=$value ;;
            1stages) stages=$value ;;
            1expect) expect=$value ;;
            1test) tests+=("$value") ;;
            1says) says+=("$value") ;;
            1sane) sane=$value ;;
            1build) build=$value ;;
            1whole) whole=$value ;;
            1file) file=$value ;;
            esac
            ;;
        esac
    done <"$1"
    [ $mode = header ] && [ -n "$stages" ]
}

# Puts the patched sources of the file that was parsed into $scratch; the others are in $own. Prints why it cannot. Stubs, which are for starters and have lines like those around them, are left out.
patch_sources() {
    local i path text
    for i in "${!hunk_file[@]}"; do
        path=$scratch/${hunk_file[i]}
        if [ ! -e "$path" ]; then
            case ${hunk_file[i]} in
            http/*) text=${hunk_file[i]} && mkdir -p "$scratch/http" ;;
            *) text=$own/${hunk_file[i]} ;;
            esac
            if [ ! -e "$text" ]; then echo "there is no $text" && return 1; fi
            sed '/^ *\* stub:/d' "$text" >"$path"
        fi
        if ! OLD=${hunk_old[i]} NEW=${hunk_new[i]} awk '
            { text = text $0 "\n" }
            END {
                old = ENVIRON["OLD"]
                at = index(text, old)
                rest = substr(text, at + length(old))
                if (!at || index(rest, old)) { print (at ? "twice: " : "no longer: ") old >"/dev/stderr"; exit 1 }
                printf "%s", substr(text, 1, at - 1) ENVIRON["NEW"] rest
            }' "$path" 2>"$path.why" >"$path.new"; then
            echo "${hunk_file[i]} has $(head -n 1 "$path.why")" && return 1
        fi
        mv "$path.new" "$path" && rm "$path.why"
    done
}

# Links $scratch/server: what changed is compiled here, the rest are the objects of the stage. A changed header has all
# of them compiled. Libraries come last, so that a changed file of theirs comes before the one in the library.
build_server() {
    local source name compile=COMPILE_${build//-/_} objects=() all=$whole
    compile="${!compile} -w ${LINK_LIBS:+-DHAVE_SQLITE}"
    for source in "$scratch"/*.h; do if [ -e "$source" ]; then all=1; fi; done
    for source in "$own"/*.c; do
        name=${source##*/}
        if [ -n "$all" ] && [ ! -e "$scratch/$name" ]; then cp "$source" "$scratch"; fi
        [ -e "$scratch/$name" ] || objects+=("$BUILD/$build/$folder/${name%.c}.o")
    done
    for source in "$scratch"/*.c "$scratch"/http/*.c; do
        [ -e "$source" ] || continue
        $compile -I. -I"$own" -Ihttp -c -o "${source%.c}.o" "$source" || return
        objects=("${source%.c}.o" ${objects+"${objects[@]}"})
    done
    # shellcheck disable=SC2086 # libraries are words
    $compile -o "$scratch/server" "${objects[@]}" "$BUILD/$build/http/libhttp.a" "$BUILD/$build/win32/libwin32.a" ${LINK_LIBS-}
}
