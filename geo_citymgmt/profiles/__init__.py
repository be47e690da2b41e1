"""Profiles: what belongs to one city and one document, as a folder of data.

The core knows layers, figures and how to count; whose city it is, how its reporting units are
called and ordered, what was published and is asked for, stands in a profile that a city takes by
name. Another office's profile is another folder: docs/profiles.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import pandas as pd

from geo_citymgmt._languages import DISTRICT, NOTHING, Messages, Text, listed
from geo_citymgmt._values import FrozenDict
from geo_citymgmt.errors import SpecError, did_you_mean
from geo_citymgmt.spec import read_toml
from geo_citymgmt.spec._reader import Check

_MESSAGES = Messages("geo_citymgmt.profiles")

__all__ = [
    "PUBLISHED",
    "SCHEMA",
    "Profile",
    "ReportingUnit",
    "known_profiles",
    "load_profile",
    "nothing_published",
    "published_cells",
    "published_indicators",
    "read_units",
]

#: Version of the form a profile has; a folder of another one is refused by name.
SCHEMA = 1
_FILE = "profile.toml"
#: Columns of a table of published figures.
PUBLISHED = (
    "id", "domain", "name_zh", "name_en", "kind", "period", "value", "unit", "comparator",
    "deadline", "pairs_with", "quote_zh", "notes",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ReportingUnit:
    """A unit that reports for itself and has no district code: drawn, or made of streets.

    It takes its ground from the districts it overlaps; of two such units the first keeps what both
    claim.

    Attributes
    ----------
    code : str
        Its own, given by the office.
    name : Text
    streets : tuple of str
        Codes or names of the streets it consists of.
    outline : Path or None
        A file with its outline, in place of streets.
    """

    code: str
    name: Text
    streets: tuple[str, ...] = ()
    outline: Path | None = None


@dataclass(frozen=True)
class Profile:
    """What one city and one document say, read from a folder.

    Attributes
    ----------
    key : str
        Name of the profile: that of its folder.
    folder : Path
    name : Text
        Of the city; empty where the profile leaves it to the data.
    code : str
        GB/T 2260 code of the city, or empty.
    document : Text
        The document whose figures and targets it holds.
    unit : Text
        What a reporting unit of the first level is called: 板块, 县（市、区）, 区.
    order : tuple of str
        Codes of the reporting units as they are shown.
    names : mapping of str to str
        Display names by code.
    aliases : mapping of str to tuple of str
        Other names and former codes a unit is reported under, by its code.
    units : tuple of ReportingUnit
    month_starts : int
        Day on which a statistical month begins; 1 for calendar months.
    metric_crs : str or None
    crosswalk : Path or None
        Table of zones that merged or were split.
    table : mapping
        The file as it was read.
    """

    key: str
    folder: Path
    name: Text = NOTHING
    code: str = ""
    document: Text = NOTHING
    unit: Text = DISTRICT
    order: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    units: tuple[ReportingUnit, ...] = ()
    month_starts: int = 1
    metric_crs: str | None = None
    crosswalk: Path | None = None
    table: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __hash__(self) -> int:
        # What else it says are tables, which have none.
        return hash((self.key, self.folder))

    def file(self, name: str) -> Path | None:
        """Return a file of the folder, such as ``figures.toml``; None where it has none."""
        path = self.folder / name
        return path if path.exists() else None

    @property
    def is_packaged(self) -> bool:
        """Whether it comes with the package, and is no office's own."""
        return self.folder.parent == Path(str(resources.files(__package__)))

    @property
    def layers(self) -> Path | None:
        """Folder of layer files laid over the package's, where there is one."""
        return self.file("layers")

    @property
    def outlines(self) -> dict[str, Path]:
        """Files of zones that come with the profile, by the key of their layer."""
        folder = self.file("outlines")
        if folder is None:
            return {}
        known = (".parquet", ".gpkg", ".geojson", ".shp", ".zip")
        return {
            path.stem: path
            for path in sorted(folder.iterdir())
            if path.suffix.lower() in known and path.stem in ("districts", "streets")
        }

    @property
    def published_file(self) -> Path | None:
        """The table of published figures, where there is one."""
        return self.file("published.csv")

    def published(self) -> pd.DataFrame:
        """Return the published figures; see :func:`published_indicators`."""
        path = self.published_file
        if path is None:
            return nothing_published()
        try:
            given = _texts(path)
        except (ValueError, pd.errors.ParserError) as error:
            raise self._wrong(Text(str(error), str(error))) from error
        missing = [name for name in PUBLISHED if name not in given.columns]
        if missing:
            names = ", ".join(missing)
            raise self._wrong(Text(f"缺少列 {names}", f"no column {names}"))
        table, faults = published_cells(given)
        for hit, column, why in faults:
            row, value = hit.idxmax(), given[column][hit.idxmax()]
            raise self._wrong(
                _MESSAGES("wrong_in_row", row=row + 2, column=column, value=value, why=why)
            )
        return table

    def _wrong(self, cause: Text) -> SpecError:
        return _MESSAGES.error(SpecError, "wrong_published", profile=self.key, cause=cause)


def _texts(path: Path) -> pd.DataFrame:
    """Read a .csv as an office saves it: by its mark, in UTF-8, or else in GB18030."""
    raw = path.read_bytes()
    encoding = "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        raw.decode(encoding)
    except UnicodeDecodeError:
        encoding = "gb18030"
    return pd.read_csv(path, dtype="str", keep_default_na=False, encoding=encoding)


def published_cells(given: pd.DataFrame) -> tuple[pd.DataFrame, list[tuple[pd.Series, str, Text]]]:
    """Return published figures with their numbers and days, and the cells that cannot be used.

    Parameters
    ----------
    given : DataFrame of str
        The cells as written, in the columns of :data:`PUBLISHED`; any index.

    Returns
    -------
    DataFrame, list of (Series of bool, str, Text)
        ``value`` and ``deadline`` are missing where a cell is empty or wrong. Of each kind of
        fault which rows have it, in which column, and why.
    """
    table = given[list(PUBLISHED)].copy()
    said = {name: given[name].str.strip() for name in ("id", "value", "deadline")}
    table["value"] = pd.to_numeric(said["value"].replace("", None), errors="coerce")
    days = said["deadline"].replace("", None)
    table["deadline"] = pd.to_datetime(days, format="%Y-%m-%d", errors="coerce").astype(
        "datetime64[us]"
    )
    value, deadline = table["value"], table["deadline"]
    unread = value.isna() & said["value"].ne("")
    kinds = [
        (unread, "value", Text("不是数值", "is not a number")),
        (deadline.isna() & said["deadline"].ne(""), "deadline", Text("不是日期", "is not a date")),
        (said["id"].eq(""), "id", Text("没有填写", "is not filled in")),
        (said["id"].duplicated() & said["id"].ne(""), "id", Text("已有", "is there already")),
        (value.isin([math.inf, -math.inf]), "value", Text("为无穷大", "is infinite")),
        (~(value >= 0) & deadline.notna() & ~unread, "value", _MESSAGES("no_target_number")),
    ]
    return table, [kind for kind in kinds if kind[0].any()]


def nothing_published() -> pd.DataFrame:
    """Return a table of published figures without rows."""
    table = pd.DataFrame({name: pd.Series(dtype="str") for name in PUBLISHED})
    return table.astype({"value": "float64", "deadline": "datetime64[us]"})


def known_profiles() -> list[str]:
    """Return the names of the profiles that come with the package.

    Examples
    --------
    >>> known_profiles()
    ['suzhou_2022']
    """
    folder = Path(str(resources.files(__package__)))
    return sorted(path.parent.name for path in folder.glob(f"*/{_FILE}"))


@lru_cache(maxsize=32)
def load_profile(name: str | Path) -> Profile:
    """Return a profile by name, or from an office's own folder.

    Parameters
    ----------
    name : str or Path
        One of :func:`known_profiles`, or the path of a folder with a ``profile.toml``.

    Raises
    ------
    SpecError
        There is no such profile; or its file has a mistake, which is named with its place.

    Examples
    --------
    >>> profile = load_profile("suzhou_2022")
    >>> profile.unit.zh, profile.month_starts, len(profile.published())
    ('板块', 1, 65)
    """
    packaged = Path(str(resources.files(__package__))) / str(name)
    folder = packaged if str(name) in known_profiles() else Path(name)
    file = folder if folder.name == _FILE else folder / _FILE
    if not file.is_file():
        known = known_profiles()
        near = did_you_mean(str(name), known)
        raise _MESSAGES.error(
            SpecError, "no_profile", name=str(name), known=listed(known), file=_FILE, near=near
        )
    return _read(file)


def _read(file: Path) -> Profile:
    table = read_toml(file)
    check = Check(f"{file.parent.name}/{file.name}", file, _MESSAGES)
    said = check.form("profile", table)
    if said["schema"] != SCHEMA:
        raise check.wrong("schema", "other_schema", table=said["schema"], schema=SCHEMA)
    starts = said.get("month_starts", 1)
    if not 1 <= starts <= 28:
        raise check.wrong("month_starts", "no_month_start")
    name_zh, aliases = said.get("name_zh", ""), said.get("aliases", {})
    crosswalk = said.get("crosswalk", "")
    return Profile(
        file.parent.name,
        file.parent,
        name=Text(name_zh, said.get("name_en") or name_zh),
        code=said.get("code", ""),
        document=check.pair(said, "document"),
        unit=check.pair(said, "unit", DISTRICT),
        order=said.get("order", ()),
        names=FrozenDict({str(code): str(name) for code, name in said.get("names", {}).items()}),
        aliases=FrozenDict({str(code): check.texts(aliases, "aliases", code) for code in aliases}),
        units=read_units(check, said.get("units", []), file.parent),
        month_starts=starts,
        metric_crs=said.get("metric_crs") or None,
        crosswalk=file.parent / crosswalk if crosswalk else None,
        table=table,
    )


def read_units(check: Check, entries: Any, folder: Path) -> tuple[ReportingUnit, ...]:
    """Read ``[[units]]`` of a profile or a city.toml; a mistake is told with its place."""
    out = []
    for n, entry in enumerate(entries, 1):
        place = f"units {n}"
        said = check.form("unit", entry, place)
        name, streets, outline = said["name_zh"], said.get("streets", ()), said.get("outline", "")
        if bool(streets) == bool(outline):
            raise check.wrong(place, "streets_or_outline")
        if outline and not (folder / outline).exists():
            raise check.wrong(place, "no_outline", outline=outline)
        called = Text(name, said.get("name_en", name))
        file = folder / outline if outline else None
        out.append(ReportingUnit(str(said["code"]), called, streets, file))
    return tuple(out)


def published_indicators(name: str | Path = "suzhou_2022") -> pd.DataFrame:
    """Return the figures a city published, each with its clause.

    Parameters
    ----------
    name : str or Path
        A profile, or the folder of one; "suzhou_2022" is the half-year report and plan of Suzhou's
        city-management bureau, document 苏城发〔2022〕74号.

    Returns
    -------
    DataFrame
        ``id, domain, name_zh, name_en, kind, period, value, unit, comparator, deadline,
        pairs_with, quote_zh, notes``, one row a figure; no rows where the profile has none.

    Raises
    ------
    SpecError
        There is no such profile, or its table has a mistake.

    See Also
    --------
    progress

    Examples
    --------
    >>> table = published_indicators()
    >>> len(table), float(table.set_index("id").loc["tunnel_operating_length", "value"])
    (65, 37.8)
    """
    return load_profile(name).published()
