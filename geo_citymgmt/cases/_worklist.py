"""What is open, the worst first: who answers for it, where it lies, by when it must be done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo_citymgmt._gate import Gate
from geo_citymgmt.cases._cases import open_table
from geo_citymgmt.cases._register import USUAL_STOCK, Register, read_where
from geo_citymgmt.cleaning._personal import mask_text

if TYPE_CHECKING:
    from geo_citymgmt.facts import CityFacts

#: Fields that say where a record lies, from the large to the small.
_PLACES = ("community_name", "road_name", "address")
#: Field of who answers for a record.
_UNIT = "manage_org"


@dataclass(frozen=True)
class WorkList:
    """The open records of a layer whose file has ``[overdue]``.

    Attributes
    ----------
    layer : str
    marks : list of dict
        What makes a record come first, each as the fields and values of the layer's file; the
        columns ``mark_0``, ``mark_1`` … of the table say whether it holds.
    table : DataFrame
        On the index of the layer's records, the worst first: what is overdue before what is not,
        then by the marks, then by the days left. ``key, district_code, street_code, unit, place,
        status, remaining, days_since_found, deadline, days_left, overdue``, and ``lists`` where
        a mark is a list (of the field that ``attrs["lists"]`` names); personal texts are masked.
    """

    layer: str
    marks: list[dict[str, object]]
    table: pd.DataFrame


def worklists(facts: CityFacts, day: pd.Timestamp | None) -> list[WorkList]:
    """List what is open on a day, of each layer that has deadlines; the parcels come first.

    Examples
    --------
    >>> import geo_citymgmt as gcm
    >>> from geo_citymgmt.facts import CityFacts
    >>> first, *_ = worklists(CityFacts(gcm.sample_city()), pd.Timestamp(2022, 6, 30))
    >>> first.layer, first.marks
    ('illegal_construction', [{'safety_related': True}, {'list_type': 'supervised'}])
    >>> worst = first.table.iloc[0]
    >>> bool(worst["overdue"]), bool(worst["mark_0"]), bool(worst["mark_1"])
    (True, True, True)
    """
    if day is None:
        return []
    city = facts.city
    layers = [
        key
        for key, spec in city.specs.items()
        if key in city and spec.states is not None and spec.overdue.get("deadline") in city[key]
    ]
    # Those with marks are what a bureau is called to account for.
    layers.sort(key=lambda key: not city.specs[key].overdue.get("first"))
    found = [_worklist(facts, key, day) for key in layers]
    return [each for each in found if len(each.table)]


def _worklist(facts: CityFacts, layer: str, day: pd.Timestamp) -> WorkList:
    spec = facts.city.specs[layer]
    stock = tuple(spec.overdue.get("stock", USUAL_STOCK))
    register = Register(facts, layer, Gate("write_report"), stock=stock)
    cases = open_table(register, day, deadline=spec.overdue["deadline"])
    rows = register.data.index.get_indexer(cases.index)
    data = register.data.iloc[rows]
    table = pd.DataFrame(
        {
            "key": cases[spec.id_field].astype("str"),
            "district_code": cases["district_code"].where(cases["row_kind"] == "zone"),
            "street_code": _street(register, rows, cases.index),
            "unit": _texts(data, (_UNIT,)),
            "place": _texts(data, _PLACES),
            "status": cases["status"],
            "remaining": cases["remaining"],
            "days_since_found": cases["days_since_found"],
            "deadline": cases["deadline"],
            "days_left": cases["days_left"],
            "overdue": cases["overdue"].fillna(False).astype(bool),
        }
    )
    marks = [dict(w) for w in spec.overdue.get("first", ()) if set(w) <= set(register.data)]
    for k, where in enumerate(marks):
        chosen = read_where(where, register.gate, spec, register.data)
        table[f"mark_{k}"] = register.timeline.choice(chosen)[0][rows]
    on_lists = [name for where in marks for name, value in where.items() if value is not True]
    if on_lists:
        table["lists"] = data[on_lists[0]]
        table.attrs["lists"] = on_lists[0]
    order = ["overdue", *(f"mark_{k}" for k in range(len(marks))), "days_left", "key"]
    ascending = [False] * (1 + len(marks)) + [True, True]
    return WorkList(layer, marks, table.sort_values(order, ascending=ascending, kind="stable"))


def _street(register: Register, rows: np.ndarray, index: pd.Index) -> pd.Series:
    if not len(register.city.zones_by_level.get("street", ())):
        return pd.Series(pd.NA, index=index, dtype="str")
    owner = register.members("street").iloc[rows]
    return owner["zone_code"].where(owner["row_kind"] == "zone").set_axis(index)


def _texts(data: pd.DataFrame, fields: tuple[str, ...]) -> pd.Series:
    """Join what the fields say of where a record is, or who has it, without personal data."""
    out = pd.Series("", index=data.index, dtype="object")
    for name in fields:
        if name in data:
            texts = data[name].astype("object").where(data[name].notna(), "")
            out = out + texts.map(lambda text: mask_text(str(text)))
    return out


def holders(worklist: WorkList, by: str) -> pd.DataFrame:
    """Count what is open and overdue by who has it.

    Parameters
    ----------
    worklist : WorkList
    by : {"unit", "district_code", "street_code"}

    Returns
    -------
    DataFrame
        One row each, most overdue first: ``n, n_overdue``, of the overdue those with each mark
        (``mark_0`` …), and ``longest`` (days). What names none is not there.

    Examples
    --------
    >>> table = pd.DataFrame({"unit": ["甲", "乙", "乙", ""], "overdue": [True, True, False, True],
    ...                       "mark_0": [False, True, True, True], "days_left": [-3, -9, 5, -1]})
    >>> holders(WorkList("parcels", [{}], table), "unit").loc["乙"].tolist()
    [2, 1, 1, 9]
    """
    table = worklist.table
    table = table[table[by].notna() & table[by].ne("")]
    late = table["overdue"]
    columns = {"n": pd.Series(1, table.index), "n_overdue": late.astype(int)}
    for k in range(len(worklist.marks)):
        columns[f"mark_{k}"] = (late & table[f"mark_{k}"]).astype(int)
    out = pd.DataFrame(columns).groupby(table[by]).sum()
    longest = -table["days_left"].where(late).groupby(table[by]).min()
    out["longest"] = longest.fillna(0).astype(int)
    order = ["n_overdue", *(f"mark_{k}" for k in range(len(worklist.marks))), "n"]
    return out.sort_values(order, ascending=False, kind="stable")
