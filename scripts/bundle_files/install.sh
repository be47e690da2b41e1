#!/bin/sh
# Needs no network and no administrator: sh install.sh [FOLDER]
set -eu
cd "$(dirname "$0")"
for python in python@PYTHON@ python3 python; do
    if command -v "$python" >/dev/null 2>&1 &&
        "$python" -c 'import sys; sys.exit("%d.%d" % sys.version_info[:2] != "@PYTHON@")' 2>/dev/null
    then
        exec "$python" install.py "$@"
    fi
done
echo "没有找到 Python @PYTHON@；Python @PYTHON@ was not found" >&2
exit 2
