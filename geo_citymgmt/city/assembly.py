"""What a city consists of, read layer after layer, with the account of what could not be used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
from pyproj import CRS

from geo_citymgmt._gate import Gate
from geo_citymgmt.city.building import Builder, check_districts
from geo_citymgmt.city.naming import add_assumption, name_city
from geo_citymgmt.city.published import read_published
from geo_citymgmt.city.reporting import read_crosswalk, successors
from geo_citymgmt.city.side_table import (
    ACCOUNT_COLUMNS,
    EVENT_COLUMNS,
    TARGET_COLUMNS,
    told_as_unusable,
)
from geo_citymgmt.city.source import CitySource
from geo_citymgmt.city.tables import at_rows, read_events
from geo_citymgmt.city.targets import read_targets, tell_faults
from geo_citymgmt.cleaning.id_text import has_lost_characters, has_lost_digits
from geo_citymgmt.cleaning.text import text_array
from geo_citymgmt.decisions import (
    compare_findings,
    mark_accepted,
    read_decisions,
)
from geo_citymgmt.errors import CityDataError
from geo_citymgmt.findings import Findings, concat_findings
from geo_citymgmt.indicators import Figures, check_figures, load_figures
from geo_citymgmt.indicators.targets import check_targets
from geo_citymgmt.layer import Layer
from geo_citymgmt.profiles import Profile, load_profile
from geo_citymgmt.spec import LayerSpec, load_specs
from geo_citymgmt.words import Text, join_texts


def assemble(
    found: CitySource,
    known: Mapping[str, LayerSpec],
    whose: Profile | None,
    source: str,
    *,
    wanted: Sequence[str] | None = None,
    zones: gpd.GeoDataFrame | str | Path | None = None,
    metric_crs: Any = None,
    crs: Any = None,
    fallback_crs: Any = None,
    datum: str | Mapping[str, str] | None = None,
    decisions: str | Path | None = None,
    figures: str | Path | None = None,
) -> dict[str, Any]:
    """Read what was found; return the fields of a city. ``source`` is what people know it as.

    The way of every city, whether it comes from files or from frames.
    """
    findings = Findings()
    findings.extend(found.findings)
    account: list[dict[str, Any]] = []
    decided = None if decisions is None else read_decisions(decisions, known)
    _tell_unclear(decided, findings)
    if decided is not None:
        account.append(_account_of(decided, Path(str(decisions)).name))
    gate = Gate(source if found.in_memory else "load_city")
    if zones is not None and not isinstance(zones, (str, Path)):
        zones = check_districts(zones, gate)
    builder = Builder(
        found,
        known,
        profile=whose,
        metric_crs=found.metric_crs if metric_crs is None else metric_crs,
        metric_how=_metric_how(found, whose, metric_crs),
        crs=crs,
        fallback_crs=fallback_crs,
        datum=datum,
        decided=decided,
        crosswalk=_crosswalk(found, findings, account),
        gate=gate,
    )
    named_zones = isinstance(zones, (str, Path))
    builder.load_zones(load_profile(zones) if named_zones else zones)
    facilities = [k for k in known if known[k].role != "zones"]
    builder.load_rest([k for k in facilities if not wanted or k in wanted])
    findings.extend(builder.findings)
    account += builder.registers()
    read = {k: builder.layers[k] for k in known if k in builder.layers}
    if not read:
        raise _nothing_usable(source, builder, findings)
    by_level = builder.zones_by_level
    by_level.setdefault("district", _no_zones(builder.crs))
    own_figures = load_figures(figures if figures is not None else found.figures, profile=whose)
    check_figures(own_figures, known)
    events = _events(found, known, read, wanted, findings, account)
    name, code = _named(found, by_level["district"], findings)
    zone_codes = [code, *(str(c) for zones_ in by_level.values() for c in zones_.index)]
    targets = _targets(found, own_figures, zone_codes, builder, findings, account)
    check_targets(targets, own_figures, by_level["district"], code, findings, found.unit)
    reported = None
    if whose is not None and (file := whose.published_file) is not None:
        with told_as_unusable(file, "published", findings, account):
            reported = read_published(whose, file, findings, account)
    data_date = found.data_date or latest_date(read, events)
    all_findings, since = accounted([findings.frame(), *builder.tables.values()], decided)
    ledger = pd.concat(builder.ledgers.values(), ignore_index=True)
    ledger["data_date"] = pd.Series(data_date, index=ledger.index, dtype="datetime64[us]")
    return {
        "layers": read,
        "zones_by_level": by_level,
        "events": events,
        "targets": targets,
        "data_date": data_date,
        "findings": all_findings,
        "unread": builder.unread,
        "decisions": decided,
        "since": since,
        "ledger": ledger,
        "specs": known,
        "name_zh": name.zh,
        "name_en": name.en,
        "code": code,
        "source": "" if found.in_memory else source,
        "inputs": found.inputs(),
        "figures": own_figures,
        "profile": whose,
        "unit": found.unit,
        "metric": builder.metric,
        "vintage": builder.vintage,
        "data_source": found.data_source,
        "notice": found.notice,
        "month_starts": found.month_starts,
        "settings": found.settings(whose, _of_data(name, code, builder)),
        "services_file": found.services,
        "bulletin_file": found.bulletin,
        "zone_terms": builder.zone_terms(),
        "stated_date": found.data_date,
        "tables": pd.DataFrame(account, columns=list(ACCOUNT_COLUMNS)),
        "reported": reported,
    }


def accounted(
    tables: Sequence[pd.DataFrame], decided: pd.DataFrame | None
) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """Return all findings, and where there are decisions what is new, remains or is resolved."""
    findings = concat_findings(tables)
    if decided is None:
        return findings, None
    return mark_accepted(findings, decided), compare_findings(decided, findings)


def specs_of(
    specs: Mapping[str, LayerSpec] | str | Path | None, profile: Profile | None
) -> Mapping[str, LayerSpec]:
    if isinstance(specs, Mapping):
        return specs
    return load_specs(specs, below=None if profile is None else profile.layers)


def _of_data(name: Text, code: str, builder: Builder) -> dict[str, Any]:
    out: dict[str, Any] = {"name_zh": name.zh, "name_en": name.en, "code": code}
    if builder.metric is not None:
        out["metric_crs"] = builder.metric.code
    return out


def _metric_how(found: CitySource, profile: Profile | None, given: Any) -> Text:
    if given is not None:
        return Text("用户指定", "given")
    if profile is not None and found.metric_crs == profile.metric_crs:
        return Text(f"配置 {profile.key} 指定", f"given by profile {profile.key}")
    return Text("来源指定", "given by the source")


def _no_zones(crs: CRS) -> gpd.GeoDataFrame:
    index = pd.Index([], name="district_code", dtype="str")
    return gpd.GeoDataFrame(
        {"name_zh": pd.Series([], dtype="str", index=index)}, geometry=[], crs=crs
    ).set_index(index)


def _named(found: CitySource, zones: gpd.GeoDataFrame, findings: Findings) -> tuple[Text, str]:
    """Whose city it is: as stated, else by the codes of its districts, else after its folder."""
    if found.name.zh and found.code:
        return found.name, found.code
    if found.in_memory:
        known = name_city(zones.index, "")
        if known.how == "folder" and not found.name.zh:
            findings.add("CITY_UNNAMED", value=known.name.zh, expected=known.code, action="assumed")
        return (found.name if found.name.zh else known.name), found.code or known.code
    if found.file is not None:
        # A single file is called by its own name: the folder it happens to lie in says nothing.
        known = name_city(zones.index, found.file.stem)
        return (found.name if found.name.zh else known.name), found.code or known.code
    folder = found.root.resolve().name if found.root.name in ("", ".") else found.root.name
    known = name_city(zones.index, folder)
    if not found.name.zh:
        add_assumption(known, findings)
    return (found.name if found.name.zh else known.name), found.code or known.code


def _succeeded(
    targets: pd.DataFrame, merged: Mapping[str, str], findings: Findings
) -> pd.DataFrame:
    """Bring targets of zones that merged to the zone they merged into, where it has none."""
    if not merged or targets.empty:
        return targets
    old = targets["zone_code"].isin(merged)
    for code in targets.loc[old, "zone_code"].unique():
        detail = Text("目标表", "targets")
        findings.add(
            "ZONES_SUCCEEDED", value=code, about=str(code), expected=merged[code], detail=detail
        )
    moved = targets.assign(zone_code=targets["zone_code"].replace(merged))
    keys = ["indicator", "zone_code", "deadline"]
    # Targets of several zones that became one add up.
    sums = moved.groupby(keys, dropna=False, sort=False)["target"].transform(
        lambda column: column.sum(skipna=False)
    )
    rest = moved.assign(target=sums).drop_duplicates(keys)
    return rest.reset_index(drop=True)


def _tell_unclear(decided: pd.DataFrame | None, findings: Findings) -> None:
    """Say which decisions are not understood, one by one: each is a cell to write anew."""
    if decided is None:
        return
    unclear = decided[decided["kind"].eq("unclear") & ~decided["settled"]]
    for row in unclear.itertuples():
        where = " ".join(filter(None, (str(row.key or row.row_label), f"“{row.opinion}”")))
        about = str(row.finding_key) or " ".join((row.layer, row.code, row.field, row.key))
        findings.add("DECISION_UNCLEAR", value=where, about=about)


def _account_of(decided: pd.DataFrame, name: str) -> dict[str, Any]:
    """Return the row of the account of a findings workbook: what was decided, and what is unclear.

    Rows beside which nothing is written wait for a decision: they are skipped.
    """
    said = decided["kind"].ne("")
    unclear = decided["kind"].eq("unclear")
    n_records, n_rejected = int(said.sum()), int(unclear.sum())
    return {
        "table": "decisions",
        "source": name,
        "n_walked": len(decided),
        "n_skipped": len(decided) - n_records,
        "n_records": n_records,
        "n_used": n_records - n_rejected,
        "n_rejected": n_rejected,
        "state": "ok",
        "encoding": "UTF-8",
        "encoding_source": "format",
    }


def _crosswalk(
    found: CitySource, findings: Findings, account: list[dict[str, Any]]
) -> pd.DataFrame | None:
    """Former zones with those of today; None where no file says them, or it cannot be used."""
    if found.crosswalk is None:
        return None
    with told_as_unusable(found.crosswalk, "crosswalk", findings, account):
        return read_crosswalk(found.crosswalk, findings, account)
    return None


def _nothing_usable(source: Any, builder: Builder, findings: Findings) -> CityDataError:
    tables = concat_findings([findings.frame(), *builder.tables.values()])
    cause = Text(f"{source}：没有可用的图层。", f"{source}: no layer could be used.")
    if builder.unread:
        causes = [cause, *builder.unread.values()]
        return CityDataError(join_texts(causes, Text("", " ")), findings=tables)
    left = tables[tables["code"] == "LAYER_IGNORED"]
    if len(left):
        ignored = Text("；".join(left["message_zh"]) + "。", "; ".join(left["message_en"]) + ".")
        cause = join_texts([cause, ignored], Text("", " "))
    return CityDataError(
        cause,
        remedy=Text(
            "请按图层命名文件（如 窨井.shp、停车场.csv），或写 city.toml。",
            "Name the files after layers (窨井.shp, manholes.csv), or write a city.toml.",
        ),
        findings=tables,
    )


def _events(
    found: CitySource,
    specs: Mapping[str, LayerSpec],
    layers: Mapping[str, Layer],
    asked: Sequence[str] | None,
    findings: Findings,
    account: list[dict[str, Any]],
) -> pd.DataFrame:
    events = pd.DataFrame({c: pd.Series(dtype="str") for c in EVENT_COLUMNS})
    events = events.astype({"date": "datetime64[us]", "amount": "float64"})
    if found.events is None:
        return events
    with told_as_unusable(found.events, "events", findings, account):
        read = read_events(found.events, specs, findings, only=asked, account=account)
        is_file = not isinstance(found.events, pd.DataFrame)
        name = account[-1]["source"] if is_file else ""
        events = matched_events(read, layers, findings, name=name)
        if is_file:
            lost = len(read) - len(events)
            account[-1]["n_used"] -= lost
            account[-1]["n_rejected"] += lost
    return events


def _targets(
    found: CitySource,
    figures: Figures,
    zones: Sequence[str],
    builder: Builder,
    findings: Findings,
    account: list[dict[str, Any]],
) -> pd.DataFrame:
    """Targets of the zones of today; what cannot be used is told, and no target."""
    targets = pd.DataFrame({c: pd.Series(dtype="str") for c in TARGET_COLUMNS})
    targets = targets.astype({"deadline": "datetime64[us]", "target": "float64"})
    if found.targets is None:
        return targets
    merged: Mapping[str, str] = {}
    if builder.crosswalk is not None and "district" in builder.zones_by_level:
        merged = successors(builder.crosswalk, list(builder.zones.index))
    known = [*zones, *merged]
    with told_as_unusable(found.targets, "targets", findings, account):
        targets, faults = read_targets(
            found.targets, figures, known, found.unit, findings=findings, account=account
        )
        tell_faults(faults, findings, found.unit)
    return _succeeded(targets, merged, findings)


def matched_events(
    events: pd.DataFrame, layers: Mapping[str, Layer], findings: Findings, *, name: str = ""
) -> pd.DataFrame:
    """Return the events of accepted records; the others are told, by row where a file has them."""
    sound, damaged = _ids(layers)
    pairs = pd.MultiIndex.from_frame(events[["layer", "key"]])
    lost = ~pairs.isin(sound)
    in_doubt = pairs.isin(damaged)
    several = events["key"].isin(_qualified_ids(layers)).to_numpy() & lost & ~in_doubt
    for hit, about, detail in (
        (
            lost & ~several & ~in_doubt,
            "key",
            Text("没有对应编号的入库记录", "no accepted record has their id"),
        ),
        (
            in_doubt,
            "damaged",
            Text(
                "编号的位数已被电子表格破坏或有字符丢失，可能指其他记录，请按原始资料改回（单元格设为"
                "文本）",
                "their ids have lost digits in a spreadsheet, or characters, and may mean other "
                "records; restore them from the original, in cells formatted as text",
            ),
        ),
        (
            several,
            "several",
            Text(
                "编号在几个分区或文件中都有，请写全（区划代码-编号）",
                "several districts or files have their id; write it in full (CODE-ID)",
            ),
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
    latest = [events["date"].max()] if len(events) else []
    for layer in layers.values():
        states = layer.spec.states
        facts = {*(states.dates if states else ()), "update_date", "survey_date"}
        facts |= {a.date for a in layer.spec.amounts.values() if a.date}
        latest += [layer.data[n].max() for n in facts if n in layer.data.columns]
    stamps = [pd.Timestamp(s) for s in latest if pd.notna(s)]
    return max(stamps) if stamps else None
