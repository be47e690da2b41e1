#!/bin/sh
# Install what tests need from Debian or Ubuntu, where that can be done without asking anybody.
# Where it cannot, the tests that need it skip, and their summary says so.
set -u
need=""
postgis=""
for item in "$@"; do
    case "$item" in
        chromium)
            command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 ||
                command -v google-chrome >/dev/null 2>&1 || need="$need chromium chromium-driver" ;;
        firefox)
            command -v firefox-esr >/dev/null 2>&1 || command -v firefox >/dev/null 2>&1 ||
                need="$need firefox-esr" ;;
        postgis)
            # Named after the server's version, which differs from one release to the next.
            ls /usr/share/postgresql/*/extension/postgis.control >/dev/null 2>&1 || postgis=wanted ;;
        *) need="$need $item" ;;
    esac
done
[ -z "$need$postgis" ] && exit 0
if ! command -v apt-get >/dev/null 2>&1; then
    echo "not installed (no apt-get here):$need${postgis:+ postgis}" >&2
    exit 0
fi
sudo=""
if [ "$(id -u)" -ne 0 ]; then
    if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
        sudo="sudo -n"
    else
        echo "not installed (needs root):$need${postgis:+ postgis}" >&2
        exit 0
    fi
fi
export DEBIAN_FRONTEND=noninteractive
log="$(mktemp)"
$sudo apt-get update -qq >"$log" 2>&1
if [ -n "$postgis" ]; then
    found="$(apt-cache pkgnames postgresql- | grep -E '^postgresql-[0-9]+-postgis-3$' | sort -V | tail -n 1)"
    if [ -n "$found" ]; then
        need="$need $found"
    else
        echo "not installed (no package postgresql-NN-postgis-3 here)" >&2
    fi
fi
[ -z "$need" ] && exit 0
# shellcheck disable=SC2086
if ! $sudo apt-get install -y -qq --no-install-recommends $need >>"$log" 2>&1; then
    tail -n 5 "$log" >&2
    echo "could not be installed:$need" >&2
fi
rm -f "$log"
exit 0
