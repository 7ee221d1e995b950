#!/bin/sh
# install.sh VERB... brings what these verbs need and the machine lacks; says nothing where nothing is missing.
# The list is .ci/packages. Nothing is asked: apt-get runs as root or through sudo without a password, pacman under
# MSYS2. Where neither may be (NO_INSTALL=1 forbids both), one line names what to paste, and the exit status is 1.
set -eu
list=${0%/*}/packages

system=debian
if [ -n "${MSYSTEM:-}" ]; then system=msys2; fi

# The packages of these verbs whose proof is not there. Shell built-ins only: this runs before every build.
missing() {
    packages=
    while read -r on verb proof package; do
        [ "$on" = "$system" ] || continue
        case " $verbs " in *" $verb "* | *" all "*) ;; *) continue ;; esac
        there "$proof" && continue
        case $package in +*) package=${MINGW_PACKAGE_PREFIX:-mingw-w64-ucrt-x86_64}-${package#+} ;; esac
        case " $packages " in *" $package "*) ;; *) packages="$packages $package" ;; esac
    done <"$list"
    packages=${packages# }
    [ -n "$packages" ]
}

there() {
    case $1 in
    /*) # a file; its path may hold wildcards, so it is left unquoted
        # shellcheck disable=SC2086
        set -- $1
        [ -e "$1" ]
        ;;
    *) command -v "$1" >/dev/null 2>&1 ;;
    esac
}

# Runs apt-get with the right to install, or fails if there is none.
apt() {
    if [ "$(id -u)" = 0 ]; then
        DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@"
    else
        sudo -n env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@"
    fi
}

may_install() {
    [ -z "${NO_INSTALL:-}" ] || return 1
    if [ "$system" = msys2 ]; then
        there pacman
    else
        there apt-get && { [ "$(id -u)" = 0 ] || { there sudo && sudo -n true 2>/dev/null; }; }
    fi
}

# $packages are words.
# shellcheck disable=SC2086
install() {
    if [ "$system" = msys2 ]; then
        pacman -S --noconfirm --needed $packages
    else
        # The lists may be absent or too old to fetch by: only then are they brought up to date.
        { apt-cache show --no-all-versions $packages >/dev/null 2>&1 && apt install --no-install-recommends $packages; } ||
            { apt update && apt install --no-install-recommends $packages; }
    fi
}

verbs=$*
missing || exit 0
if may_install; then
    echo "installing for 'make $verbs': $packages"
    log=$(mktemp)
    if install >"$log" 2>&1 && ! missing; then
        rm -f "$log"
        exit 0
    fi
    tail -n 20 "$log" >&2
    rm -f "$log"
fi
if [ "$system" = msys2 ]; then
    echo "missing; to install: pacman -S --needed $packages" >&2
else
    echo "missing; to install: sudo apt-get update && sudo apt-get install --no-install-recommends $packages" >&2
fi
exit 1
