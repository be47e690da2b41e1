"""The figures a city published, from its profile: a wrong cell costs its row, and is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from geo_citymgmt.city.side_table import SideTable
from geo_citymgmt.findings import Findings
from geo_citymgmt.profiles import PUBLISHED, Profile, published_cells
from geo_citymgmt.words import Text

__all__ = ["read_published"]

_REMEDY = Text(
    "；该行未用，写法见 docs/profiles.md", "; the row was left out, see docs/profiles.md"
)


def read_published(
    profile: Profile, file: Path, findings: Findings, account: list[dict[str, Any]]
) -> pd.DataFrame:
    """Read the published figures of a profile; rows that cannot be used are left out and told.

    Parameters
    ----------
    profile : Profile
        Whose they are.
    file : Path
        Its table.
    findings : Findings
        Takes what is found in reading it.
    account : list
        Takes a row that says how many rows are used; of a profile that comes with the package,
        which nobody here wrote, none.

    Returns
    -------
    DataFrame
        As :meth:`geo_citymgmt.profiles.Profile.published` has them.

    Raises
    ------
    SourceError
        It is no table, or a column is missing.
    """
    if profile.is_packaged:
        return profile.published()
    side = SideTable.read(file, dict.fromkeys(PUBLISHED, ()), PUBLISHED, findings)
    table, faults = published_cells(side.frame)
    wrong = pd.Series(False, table.index)
    for hit, column, why in faults:
        side.tell(hit, column, Text(f"{why.zh}{_REMEDY.zh}", f"{why.en}{_REMEDY.en}"), findings)
        wrong |= hit
    table = table[~wrong].reset_index(drop=True)
    account.append(side.account("published", len(table)))
    return table
