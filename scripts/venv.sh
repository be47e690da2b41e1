#!/bin/sh
# Make the virtual environment $1 with a Python that is new enough.
set -eu
venv="$1"
[ -x "$venv/bin/python" ] || [ -x "$venv/Scripts/python.exe" ] && exit 0
fits() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
for python in "${PYTHON:-python3}" python3.13 python3.12 python3.11 python3 python; do
    if command -v "$python" >/dev/null 2>&1 && fits "$python"; then
        # Debian keeps the part of Python that fills a virtual environment in a package of its own.
        if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
            sh "$(dirname "$0")/system-packages.sh" python3-venv
        fi
        rm -rf "$venv"
        "$python" -m venv "$venv" && exit 0
        echo "could not make a virtual environment with $python; install python3-venv" >&2
        exit 1
    fi
done
echo "needs Python 3.11 or later; set PYTHON=/path/to/python" >&2
exit 1
