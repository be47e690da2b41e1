"""Write the synthetic city: ``python -m geo_citymgmt.sample.build data/shapefiles``."""

from __future__ import annotations

import argparse
import sys

from geo_citymgmt.sample.files import write_sample


def main(argv: list[str] | None = None) -> int:
    """Write the folder and say how large it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", help="folder to write to")
    parser.add_argument("--scale", type=int, default=1, help="times the records (default 1)")
    parser.add_argument("--seed", type=int, default=0, help="seed (default 0)")
    parser.add_argument("--dirty", action="store_true", help="as it would arrive")
    args = parser.parse_args(argv)
    root = write_sample(args.folder, scale=args.scale, seed=args.seed, dirty=args.dirty)
    size = sum(p.stat().st_size for p in root.iterdir() if p.is_file())
    sys.stdout.write(f"{root}: {size / 1e6:.1f} MB\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
