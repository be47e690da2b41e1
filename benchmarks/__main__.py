"""Time what the package does beside what an analyst would otherwise use; write RESULTS.md.

``python -m benchmarks`` runs all, ``python -m benchmarks coverage`` one; ``--quick`` a tenth.
``python -m benchmarks report --against FOLDER`` holds the report against that of another checkout.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

from benchmarks.harness import Bench

#: Modules of this folder with a ``run(bench)``, in the order of the page.
SUBJECTS = ("reading", "zones", "coverage", "patterns", "cases")


def main() -> None:
    """Run the subjects that were named, or all, and then keep the results."""
    options = {k for k, arg in enumerate(sys.argv) if arg.startswith("-")}
    values = {k + 1 for k in options if sys.argv[k] == "--against"}
    named = [arg for k, arg in enumerate(sys.argv) if k and k not in options | values]
    bench = Bench(quick="--quick" in sys.argv)
    for subject in named or SUBJECTS:
        import_module(f"benchmarks.{subject}").run(bench)
    if not named and not bench.quick:
        Path(__file__).with_name("RESULTS.md").write_text(bench.markdown(), encoding="utf-8")


if __name__ == "__main__":
    main()
