"""The events of a city's records, and the last day on which anything happened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from geo_citymgmt._dates import last_days as last_days_of
from geo_citymgmt._languages import Messages, Text
from geo_citymgmt.city._tables import EVENT_COLUMNS, at_rows, read_events, reported_as_unusable
from geo_citymgmt.cleaning._ids import has_lost_characters, has_lost_digits
from geo_citymgmt.findings import Findings
from geo_citymgmt.layer import Layer
from geo_citymgmt.reading._text import text_array
from geo_citymgmt.spec import Field, LayerSpec

_MESSAGES = Messages("geo_citymgmt.city")


def city_events(
    source: Any,
    specs: Mapping[str, LayerSpec],
    layers: Mapping[str, Layer],
    findings: Findings,
    account: list[dict[str, Any]],
    *,
    only: Sequence[str] | None,
) -> pd.DataFrame:
    """Return the events of a city that are of its records, with the account of the others.

    ``source`` is their table or where it lies, None without one; ``only`` are the layers that are
    wanted, None for all.
    """
    events = no_rows(EVENT_COLUMNS).astype({"date": "datetime64[us]", "amount": "float64"})
    if source is None:
        return events
    with reported_as_unusable(source, "events", findings, account):
        read = read_events(source, specs, findings, only=only, account=account)
        is_file = not isinstance(source, pd.DataFrame)
        name = account[-1]["source"] if is_file else ""
        events = matched_events(read, layers, findings, name=name)
        if is_file:
            lost = len(read) - len(events)
            account[-1]["n_used"] -= lost
            account[-1]["n_rejected"] += lost
    return events


def no_rows(columns: Iterable[str]) -> pd.DataFrame:
    """Return a table of these columns without a row."""
    return pd.DataFrame({column: pd.Series(dtype="str") for column in columns})


def matched_events(
    events: pd.DataFrame, layers: Mapping[str, Layer], findings: Findings, *, name: str = ""
) -> pd.DataFrame:
    """Return the events of accepted records; the others are told, by row where a file has them."""
    # Of the layers that something befell; others may have many more records.
    sound, damaged = _ids({k: layers[k] for k in events["layer"].unique() if k in layers})
    pairs = pd.MultiIndex.from_frame(events[["layer", "key"]])
    lost = ~pairs.isin(sound)
    in_doubt = pairs.isin(damaged)
    several = events["key"].isin(_qualified_ids(layers)).to_numpy() & lost & ~in_doubt
    for hit, about, detail in (
        (lost & ~several & ~in_doubt, "key", _MESSAGES("no_accepted_record")),
        (
            in_doubt,
            "damaged",
            _MESSAGES("ids_damaged"),
        ),
        (
            several,
            "several",
            _MESSAGES("ids_several"),
        ),
    ):
        if hit.any():
            why = at_rows(detail, name, sorted(events.index[hit])) if name else detail
            findings.add("EVENT_UNMATCHED", value=int(hit.sum()), about=about, detail=why)
    return events[~lost].reset_index(drop=True)


def _ids(layers: Mapping[str, Layer]) -> tuple[pd.MultiIndex, pd.MultiIndex]:
    """Return the ids of all layers: those that name one record, and those that may name others."""
    found: dict[bool, list[tuple[str, str]]] = {False: [], True: []}
    for key, layer in layers.items():
        ids = text_array(layer.data[layer.spec.id_field])
        in_doubt = has_lost_digits(ids) | has_lost_characters(ids)
        for is_hit, one in zip(in_doubt.tolist(), ids.to_pylist(), strict=True):
            found[is_hit].append((key, one))
    sound, damaged = (
        pd.MultiIndex.from_tuples(found[k], names=["layer", "key"])
        if found[k]
        else pd.MultiIndex.from_arrays([[], []], names=["layer", "key"])
        for k in (False, True)
    )
    return sound, damaged


def _qualified_ids(layers: Mapping[str, Layer]) -> set[str]:
    """Return the ids, as their sources have them, that stand for several records of a layer."""
    found: set[str] = set()
    for layer in layers.values():
        if layer.findings["code"].eq("ID_QUALIFIED").any():
            ids = layer.data[layer.spec.id_field].astype("str")
            found |= set(ids.str.split("-", n=1).str[-1])
    return found


def latest_date(layers: Mapping[str, Layer], events: pd.DataFrame) -> pd.Timestamp | None:
    """The last day on which the data says something happened."""
    return max((day for day, _ in last_days(layers, events)), default=None)


def last_days(
    layers: Mapping[str, Layer], events: pd.DataFrame | None = None
) -> Iterator[tuple[pd.Timestamp, Text]]:
    """Yield the last day of the events and of each column that says when something happened."""
    if events is not None and len(events) and pd.notna(last := events["date"].max()):
        yield pd.Timestamp(last), _MESSAGES("day_of_events")
    for layer in layers.values():
        spec = layer.spec
        facts = {*(spec.states.dates if spec.states else ()), "update_date", "survey_date"}
        facts |= {a.date for a in spec.amounts.values() if a.date}
        for name in sorted(facts & set(layer.data.columns)):
            item = spec.fields.get(name)
            if pd.notna(last := _last_day(layer.data, name, item)):
                label = Text(name, name) if item is None else Text(item.zh, item.en)
                yield pd.Timestamp(last), _MESSAGES("day_of_field", spec=spec, label=label)


def _last_day(data: pd.DataFrame, name: str, item: Field | None) -> Any:
    """Return the last day of a column; a month or year as the end of it, none of its days known."""
    days, vague = data[name], data.get(f"{name}_precision")
    if vague is None and item is not None and item.precision:
        vague = pd.Series(item.precision, index=days.index)
    exact = days.max() if vague is None else days[~vague.isin(["month", "year"])].max()
    # A month in which a day is known says of no later day that it is over.
    return exact if exact == days.max() else last_days_of(days, vague).max()


def assumed_day(
    layers: Mapping[str, Layer], events: pd.DataFrame, findings: Findings
) -> pd.Timestamp | None:
    """Return the day that nobody stated and the data suggests; say that it is no more."""
    day, where = max(last_days(layers, events), key=lambda known: known[0], default=(None, None))
    if day is not None:
        findings.add("DATE_ASSUMED", value=f"{day:%Y-%m-%d}", detail=where, action="assumed")
    elif any(layer.spec.role != "zones" for layer in layers.values()):
        findings.add("DATE_UNSTATED")
    return day
