#!/bin/sh
# Install what tests need from Debian or Ubuntu, where that can be done without asking anybody.
# Where it cannot, the tests that need it skip, and their summary says so.
set -u
need=""
for item in "$@"; do
    case "$item" in
        chromium)
            command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 ||
                command -v google-chrome >/dev/null 2>&1 || need="$need chromium chromium-driver" ;;
        *) need="$need $item" ;;
    esac
done
[ -z "$need" ] && exit 0
if ! command -v apt-get >/dev/null 2>&1; then
    echo "not installed (no apt-get here):$need" >&2
    exit 0
fi
sudo=""
if [ "$(id -u)" -ne 0 ]; then
    if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
        sudo="sudo -n"
    else
        echo "not installed (needs root):$need" >&2
        exit 0
    fi
fi
export DEBIAN_FRONTEND=noninteractive
log="$(mktemp)"
# shellcheck disable=SC2086
if ! { $sudo apt-get update -qq && $sudo apt-get install -y -qq --no-install-recommends $need; } >"$log" 2>&1; then
    tail -n 5 "$log" >&2
    echo "could not be installed:$need" >&2
fi
rm -f "$log"
exit 0
