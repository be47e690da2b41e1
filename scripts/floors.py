"""Print the oldest versions that setup.cfg allows, as requirements of pip.

python scripts/floors.py test notebook > floors.txt
python -m pip install -r floors.txt -e ".[test,notebook]"
"""

from __future__ import annotations

import configparser
import re
import sys
from pathlib import Path

#: What an old version needs beside it and does not ask for: (requirement, why).
COMPANIONS = {
    "matplotlib==3.10": "pyparsing<3.3  # later ones warn of what matplotlib 3.10.0 calls",
}
_FLOOR = re.compile(r"^([A-Za-z0-9_.-]+(?:\[[a-z]+\])?)\s*(?:>=|==)\s*([\d.]+)")


def floors(setup: str, extras: list[str]) -> list[str]:
    """Return the requirements of a setup.cfg and of some of its extras, each at its floor.

    >>> floors("[options]\\ninstall_requires =\\n    numpy>=2.2,<3\\n    # why\\n    rich", [])
    ['numpy==2.2']
    """
    read = configparser.ConfigParser()
    read.read_string(setup)
    lines = read["options"]["install_requires"].splitlines()
    for extra in extras:
        lines += read["options.extras_require"][extra].splitlines()
    found = [match for line in lines if (match := _FLOOR.match(line.strip()))]
    pins = [f"{match[1]}=={match[2]}" for match in found]
    return pins + [beside for pin, beside in COMPANIONS.items() if pin in pins]


if __name__ == "__main__":
    text = Path(__file__).parent.with_name("setup.cfg").read_text(encoding="utf-8")
    print("\n".join(floors(text, sys.argv[1:])))
