"""Read each attack and print what it takes: ``python -m tests.attacks [NAME ...]``."""

from __future__ import annotations

import argparse
import sys

from tests.attacks.builders import ATTACKS
from tests.attacks.harness import MOST_MB, MOST_SECONDS, run


def main() -> int:
    """Print a table; 1 where one took too much, did not end, or came to something else."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="attacks by name; all without")
    parser.add_argument("--small", action="store_true", help="only those that the tests try")
    options = parser.parse_args()
    chosen = [a for a in ATTACKS.attacks.values() if not options.names or a.name in options.names]
    n_over = n_other = 0
    for attack in chosen:
        if options.small and not attack.is_small:
            continue
        result = run(attack)
        is_other = result.outcome != attack.outcome
        n_over, n_other = n_over + result.is_over, n_other + is_other
        mark = "OVER" if result.is_over else "other" if is_other else ""
        print(
            f"{result.name:40} {result.outcome:18}{result.seconds:6.1f} s{result.mb:7.0f} MB  "
            f"{mark}",
            flush=True,
        )
        if mark:
            print(f"    expected {attack.outcome}: {result.detail[:300]}")
    print(
        f"{len(chosen)} attacks: {n_over} over {MOST_SECONDS:.0f} s or {MOST_MB} MB or killed, "
        f"{n_other} came to something else"
    )
    return int(bool(n_over or n_other))


if __name__ == "__main__":
    sys.exit(main())
