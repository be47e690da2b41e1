"""Write the synthetic city, clean or as it would arrive: a folder of shapefiles, and its cases."""

from __future__ import annotations

import argparse
import shutil
import sys
import zipfile
from pathlib import Path

from generator.cases import add_cases
from generator.days import DATA_DATE
from generator.files import write_sample
from geo_citymgmt.errors import CityDataError
from geo_citymgmt.writing._atomic import whole_file


def main(argv: list[str] | None = None) -> int:
    """Write the folder and say how large it is."""
    parser = argparse.ArgumentParser(prog="python -m generator", description=__doc__)
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder to write to")
    parser.add_argument("--scale", type=_positive, default=1, help="times the records (default 1)")
    parser.add_argument("--seed", type=int, default=0, help="seed of places (default 0)")
    parser.add_argument("--dirty", action="store_true", help="as it would arrive")
    parser.add_argument("--without-cases", action="store_true", help="all but the cases")
    parser.add_argument("--pack", type=Path, metavar="FILE.zip", help="as the package has it, too")
    args = parser.parse_args(argv)
    try:
        root = write_sample(args.out, scale=args.scale, seed=args.seed, dirty=args.dirty)
        written = [root]
        if not (args.dirty or args.without_cases):
            add_cases(root, scale=args.scale, seed=args.seed)
        if args.pack:
            written.append(pack(root, args.pack))
    except CityDataError as error:
        parser.exit(2, f"{error}\n")
    for path in written:
        files = path.iterdir() if path.is_dir() else [path]
        sys.stdout.write(f"{path}: {sum(p.stat().st_size for p in files) / 1e6:.1f} MB\n")
    return 0


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"a whole number of 1 or more, not {text}")
    return int(text)


def pack(folder: Path, path: Path) -> Path:
    """Write the files of ``folder`` as one .zip, and beside it those that are packed already."""
    with whole_file(path) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in sorted(folder.iterdir()):
            if file.suffix == ".parquet":
                shutil.copyfile(file, path.with_name(file.name))
                continue
            # The date of the data, not of the day, so that the same files make the same bytes.
            entry = zipfile.ZipInfo(file.name, DATA_DATE.timetuple()[:6])
            entry.external_attr = 0o644 << 16
            packed.writestr(entry, file.read_bytes(), zipfile.ZIP_DEFLATED, compresslevel=9)
    return path


if __name__ == "__main__":
    sys.exit(main())
