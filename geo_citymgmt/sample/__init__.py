"""The sample city, a synthetic Suzhou: one packed folder of shapefiles, and a file of cases.

Every record is made up. What makes it stands beside the package in the project's repository:
``python -m generator -o FOLDER`` writes it again, larger, from another seed or as it would arrive.
"""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from geo_citymgmt._languages import Messages, Text
from geo_citymgmt.errors import CityDataError, deprecated

if TYPE_CHECKING:
    from geo_citymgmt.city import City

_MESSAGES = Messages("geo_citymgmt.sample")

__all__ = ["generate_sample", "sample_city", "write_sample"]

#: The folder of the repository that holds package and generator; of an installed package, none.
_CHECKOUT = Path(__file__).resolve().parents[2]
_CASES = "digital_cases.parquet"


def sample_city(
    *,
    layers: Sequence[str] | None = None,
    scale: int = 1,
    seed: int = 0,
    dirty: bool = False,
) -> City:
    """Return the synthetic city, read from its files like any other.

    It is read once and kept: a city is a value.

    Parameters
    ----------
    layers : sequence of str, optional
        Layers to read, as :func:`load_city` takes them; all without, which are 368,172 cases of
        the digital-city platform (数字城管案件) among others.
    scale, seed, dirty
        Deprecated: other samples are made by the generator in the project's repository,
        ``python -m generator -o FOLDER --scale 2 --seed 7 --dirty``, and read by
        :func:`load_city`. Until 0.3 it is called from here where it is there.

    Raises
    ------
    CityDataError
        Another sample is asked for, and the generator is not there.

    See Also
    --------
    load_city

    Examples
    --------
    >>> city = sample_city(layers=["manholes", "bike_stations"])
    >>> len(city["manholes"]), str(city.data_date.date())
    (12000, '2022-06-30')
    """
    if (scale, seed, dirty) == (1, 0, False):
        return _usual_city(None if layers is None else tuple(layers))
    deprecated("sample_city(scale=, seed=, dirty=)", _instead(scale, seed, dirty))
    with TemporaryDirectory(prefix="sample-") as folder:
        generate_sample(folder, scale=scale, seed=seed, dirty=dirty)
        return _read(Path(folder), layers)


@lru_cache(maxsize=4)
def _usual_city(layers: tuple[str, ...] | None) -> City:
    with TemporaryDirectory(prefix="sample-") as folder:
        return _read(write_sample(folder), layers)


def _read(folder: Path, layers: Sequence[str] | None) -> City:
    from geo_citymgmt.city import load_city

    # A city as it would arrive has no city.toml, which would name it.
    return load_city(folder, layers=layers, profile="suzhou_2022")


def _files() -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each file of the sample."""
    data = resources.files(__package__)
    with (data / "sample.zip").open("rb") as file, zipfile.ZipFile(file) as packed:
        for name in packed.namelist():
            yield name, packed.read(name)
    yield _CASES, (data / _CASES).read_bytes()


def write_sample(folder: str | Path, *, scale: int = 1, seed: int = 0, dirty: bool = False) -> Path:
    """Write the sample city as a folder of shapefiles and one of cases, and return the folder.

    Parameters
    ----------
    folder : str or Path
        Folder to write to; made where it is missing.
    scale, seed, dirty
        Deprecated, see :func:`sample_city`.

    Raises
    ------
    CityDataError
        The folder cannot be written to.

    Examples
    --------
    >>> with TemporaryDirectory() as folder:
    ...     (write_sample(folder) / "manholes.shp").exists()
    True
    """
    from geo_citymgmt.writing._atomic import make_folder, whole_file

    if (scale, seed, dirty) != (1, 0, False):
        deprecated("write_sample(scale=, seed=, dirty=)", _instead(scale, seed, dirty))
        return generate_sample(folder, scale=scale, seed=seed, dirty=dirty)
    root = make_folder(Path(folder))
    for name, content in _files():
        with whole_file(root / name) as part:
            part.write_bytes(content)
    return root


def generate_sample(folder: str | Path, *, scale: int, seed: int, dirty: bool) -> Path:
    """Let the generator beside the package write another sample; goes in 0.3 with its callers.

    Raises
    ------
    CityDataError
        The package is installed without the repository it is from, or the generator refuses.
    """
    # Among installed packages there may be another one called generator, but no setup.cfg.
    needed = ("setup.cfg", "generator/__main__.py")
    if not all((_CHECKOUT / name).is_file() for name in needed):
        command = _instead(scale, seed, dirty)
        raise _MESSAGES.error(CityDataError, "generator_sample_no", command=command)
    # A process of its own: no module of the caller's can stand in the way of the generator's.
    done = subprocess.run(
        [sys.executable, *_arguments(Path(folder).resolve(), scale, seed, dirty)],
        cwd=_CHECKOUT,
        env={**os.environ, "PYTHONUTF8": "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode:
        said = (done.stderr.strip().splitlines() or [f"exit {done.returncode}"])[-1]
        raise CityDataError(Text(f"示例数据未能生成：{said}", f"no sample was made: {said}"))
    return Path(folder)


def _arguments(folder: Path | str, scale: int, seed: int, dirty: bool) -> list[str]:
    words = ["-m", "generator", "-o", str(folder), "--scale", str(scale), "--seed", str(seed)]
    return [*words, "--dirty" if dirty else "--without-cases"]


def _instead(scale: int, seed: int, dirty: bool) -> str:
    return " ".join(["python", *_arguments("FOLDER", scale, seed, dirty)])
