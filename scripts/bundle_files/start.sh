#!/bin/sh
# Needs no network and no administrator: sh @NAME@ [FOLDER]
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
fits='import sys; sys.exit(sys.version_info[:2] != (@VERSION@) or sys.maxsize < 2**32)'
for python in "$here/bin/python" python@PYTHON@ python3 python; do
    if command -v "$python" >/dev/null 2>&1 && "$python" -I -c "$fits" 2>/dev/null; then
        exec "$python" -I -X utf8 "$here/@SCRIPT@" "$@"
    fi
done
cat "$here/no_python.txt" >&2
exit 2
