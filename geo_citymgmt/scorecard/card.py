"""月度考核: one score for each zone from weights of the office, ranked among its like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from geo_citymgmt.scorecard.parts import refuse, score_parts
from geo_citymgmt.words import Text

__all__ = ["scorecard"]

#: Differences below this are rounding and make no rank.
_DIGITS = 9


def scorecard(
    progress_table: pd.DataFrame,
    *,
    weights: Mapping[str, float],
    groups: Mapping[str, str] | pd.Series | pd.DataFrame | None = None,
    bonus: Mapping[str, Any] | None = None,
    penalty: Mapping[str, Any] | None = None,
    normalise: str | Mapping[str, str] = "attainment",
    lower_is_better: Sequence[str] = (),
    cap: float = 1.0,
    full_score: float = 100.0,
    missing: str = "no_score",
    level: str = "district",
    before: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Score the zones by weighted figures, with bonus and penalty points, and rank them.

    The document asks for a monthly assessment and gives no weights: all of them are the user's.

    Parameters
    ----------
    progress_table : DataFrame
        Of :func:`progress` at one date: ``indicator, zone_code, value`` and, as need be, ``level,
        row_kind, attainment``.
    weights : mapping
        Indicator to weight, above zero; they are scaled to add up to ``full_score``.
    groups : mapping, Series or zones, optional
        Zone to the group within which it is ranked, or zones with a column ``kind``: districts and
        工业园区 make ``urban_districts``, 县级市 ``county_cities``. Without it all zones are one.
    bonus, penalty : mapping, optional
        Name to points: either a mapping (or Series) of zone to points, others getting none; or, for
        an indicator of the table, ``{"per_unit": points, "at_most": points}``, by its value.
        Points are given as zero or more; those of a penalty are taken off.
    normalise : {"attainment", "min_max", "share"}, or mapping from indicator to one
        ``attainment`` is that of the table, from 0 to ``cap``. ``min_max`` is within the group;
        where all are equal each has the full share. ``share`` takes the value, from 0 to 1.
    lower_is_better : sequence of str
        Indicators turned round by ``min_max`` and ``share``.
    cap : float
        Most that attainment may count.
    full_score : float
        Score without bonus and penalty when every normalised value is 1.
    missing : {"no_score", "reweight", "zero"}
        A zone that lacks a figure has no score and no rank; or its other weights are scaled up; or
        the figure earns nothing. A penalty or bonus by value that is missing counts nothing with
        the last two.
    level : str
        Level of the rows to score.
    before : DataFrame, optional
        An earlier scorecard.

    Returns
    -------
    DataFrame
        Indexed by ``zone_code``: ``group, score, rank`` (1 is best; equal scores share the lower
        rank), ``ranked`` (how many in the group have a rank), one column a component with its
        points (penalties negative) that add up to ``score``, ``missing`` (figures, joined by ;),
        ``score_before, rank_before, rank_change`` (positive is up; none if the group is another),
        ``note_zh, note_en``. For value, normalisation and weight of each see :func:`score_parts`.

    Raises
    ------
    CityDataError
        A weight that is not above zero, an indicator that is not in the table or twice in it
        for a zone, several dates, an unknown zone, choice or group.

    See Also
    --------
    score_parts, progress, call_in

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"indicator": "demolished", "zone_code": ["A", "B", "C"],
    ...                       "value": [9.0, 8.0, 8.0], "attainment": [0.9, 0.8, 0.8]})
    >>> card = scorecard(table, weights={"demolished": 1}, bonus={"model_road": {"C": 2}})
    >>> card[["score", "rank", "demolished", "model_road"]]
               score  rank  demolished  model_road
    zone_code
    A           90.0     1        90.0         0.0
    B           80.0     3        80.0         0.0
    C           82.0     2        80.0         2.0
    """
    parts = score_parts(
        progress_table,
        weights=weights,
        groups=groups,
        bonus=bonus,
        penalty=penalty,
        normalise=normalise,
        lower_is_better=lower_is_better,
        cap=cap,
        full_score=full_score,
        missing=missing,
        level=level,
    )
    names = list(dict.fromkeys(parts["component"]))
    zones = pd.Index(parts["zone_code"].unique(), name="zone_code")
    # Each component has a row for every zone, in the same order.
    by_component = parts["points"].to_numpy().reshape(len(names), len(zones))
    points = pd.DataFrame(by_component.T, index=zones, columns=names)
    weighed = parts["kind"] == "weight"
    lost = parts["normalised"].isna().where(weighed, parts["value"].isna())
    lacking = parts[lost].groupby("zone_code")["component"].agg(";".join)
    lacks = lacking.reindex(zones).fillna("").astype("str")
    card = pd.DataFrame(index=zones)
    card["group"] = parts.drop_duplicates("zone_code").set_index("zone_code")["group"]
    # Nothing to go by is no score, and not a score of zero.
    silent = parts[weighed].groupby("zone_code")["normalised"].count() == 0
    none = silent.reindex(zones) if missing != "no_score" else lacks != ""
    if missing == "zero":
        none[:] = False
    card["score"] = points.sum(axis=1).mask(none)
    rounded = card["score"].round(_DIGITS)
    by_group = rounded.groupby(card["group"])
    card["rank"] = by_group.rank(method="min", ascending=False).astype("Int64")
    card["ranked"] = by_group.transform("count").astype("Int64")
    card = card.join(points)
    card["missing"] = lacks
    return _annotate(_compare(card, before), missing)


def _compare(card: pd.DataFrame, before: pd.DataFrame | None) -> pd.DataFrame:
    """Add the earlier score and rank."""
    earlier = before
    if earlier is None:
        earlier = pd.DataFrame(columns=["group", "score", "rank"])
    elif not isinstance(earlier, pd.DataFrame) or not {"group", "score", "rank"} <= set(
        earlier.columns
    ):
        raise refuse(
            Text(
                "before 没有 group、score、rank 列", "before has no columns group, score and rank"
            ),
            Text(
                "请提供上期评分表，而非进度表。",
                "Give an earlier scorecard, not a table of progress.",
            ),
        )
    earlier = earlier.reindex(card.index)
    card["score_before"] = earlier["score"].astype("float64")
    card["rank_before"] = earlier["rank"].astype("Int64")
    same = (earlier["group"] == card["group"]).to_numpy(dtype=bool)
    card["rank_change"] = (card["rank_before"] - card["rank"]).where(same)
    return card


def _annotate(card: pd.DataFrame, missing: str) -> pd.DataFrame:
    """Say where a rank or a score says little, and why."""
    said = {
        "no_score": Text("缺少指标，不评分", "a figure is missing: no score"),
        "reweight": Text(
            "缺少指标，权重按比例调整", "a figure is missing: other weights scaled up"
        ),
        "zero": Text("缺少指标，该项计 0 分", "a figure is missing: it earns nothing"),
    }[missing]
    size = card.groupby("group")["group"].transform("size")
    cases = [
        (card["missing"] != "", said),
        (card["ranked"] == 0, Text("本组均无评分", "no zone of the group has a score")),
        ((size == 1) & (card["ranked"] == 1), Text("本组仅一个分区，名次无可比对象",
         "the only zone of its group: the rank compares it with none")),
        ((size > 1) & (card["ranked"] == 1), Text("本组仅一个分区有评分，名次无可比对象",
         "the only zone of its group with a score: the rank compares it with none")),
    ]  # fmt: skip
    for column, place, join in (("note_zh", 0, "；"), ("note_en", 1, "; ")):
        note = np.full(len(card), "", dtype=object)
        for where, why in cases:
            hit = where.fillna(False).to_numpy(dtype=bool)
            note[hit] = [f"{told}{join}{why[place]}" if told else why[place] for told in note[hit]]
        card[column] = pd.Series(note, index=card.index, dtype="str")
    return card
