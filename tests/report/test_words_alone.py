"""The words of a report: the same summary in each language, one word for one thing."""

from __future__ import annotations

import html
import re
import tomllib
from dataclasses import fields, is_dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd

import geo_citymgmt as gcm
from geo_citymgmt._languages import measure_word
from geo_citymgmt.report import summary, write_report
from tests.conftest import thinned, with_layers

KEYS = ("districts", "illegal_construction", "parking_points", "bike_stations")


def plain(value: Any) -> Any:
    """What a value holds, to be compared."""
    if isinstance(value, pd.DataFrame | pd.Series):
        return value.to_csv()
    if is_dataclass(value) and not isinstance(value, type | gcm.LayerSpec):
        return {item.name: plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    return repr(value)


def test_a_summary_differs_by_its_words_alone(city):
    few = with_layers(city, *KEYS)
    few = replace(few, layers={key: thinned(layer) for key, layer in few.layers.items()})
    few = replace(few, layers=few.layers | {"districts": city.layers["districts"]})
    one, other = (summary(few, "2022-06-30", lang) for lang in ("zh", "en"))
    assert one.words.lang != other.words.lang
    computed = [f.name for f in fields(one) if f.name not in ("facts", "city", "words")]
    assert len(one.services) > 0 and len(one.layers) > 0 and len(one.campaigns) > 0
    for name in computed:
        assert plain(getattr(one, name)) == plain(getattr(other, name)), name


def test_what_is_past_its_day_is_called_by_one_word():
    # 超期, as bulletins have it; a target whose day came without it is 到期未达目标.
    package = Path(gcm.__file__).parent
    texts = [p for s in ("toml", "py", "js", "j2") for p in package.rglob(f"*.{s}")]
    assert len(texts) > 200
    assert [p.name for p in texts if "逾期" in p.read_text(encoding="utf-8")] == []


def test_records_are_counted_by_the_measure_word_of_their_layer(city):
    figures = city.figures.figures
    for module in ("report", "report.bulletin", "maps", "assessment", "cases"):
        folder = resources.files(f"geo_citymgmt.{module}")
        for path in folder.iterdir():
            if not path.name.endswith(".toml"):
                continue
            for key, value in _texts(tomllib.loads(path.read_text(encoding="utf-8"))):
                if re.search(r"(\}|#|\d) ?件", value):
                    # A text of one figure has its own word, which is that of its layer's records.
                    assert key in figures or key == "by_worst", (path.name, key)
                    if key in figures:
                        assert city.specs[figures[key].layer].counter == "件"
    assert measure_word("case_count", "zh") == city.specs["digital_cases"].counter
    assert measure_word("illegal_open_count", "zh") == city.specs["illegal_construction"].counter


def test_no_key_stands_for_a_name_in_english(city, tmp_path):
    few = {key: thinned(city.layers[key], 50) for key in ("manholes", "bike_stations")}
    lacking = ["anti_fall", "cover_kind", "site_type", "new_tech", "station_kind", "status"]
    few = {
        key: replace(layer, data=layer.data.drop(columns=lacking, errors="ignore"))
        for key, layer in few.items()
    }
    report = write_report(replace(city, layers=few), tmp_path / "out", lang="en")
    page = report["index"].read_text(encoding="utf-8")
    page = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", page, flags=re.DOTALL)
    texts = [html.unescape(re.sub(r"<[^>]+>", " ", page))]
    for sheet in openpyxl.load_workbook(report["tables"]):
        # A column of ids is for programs, beside one of names.
        ids = {c.column for row in sheet["A1:Z3"] for c in row if str(c.value).endswith(" id")}
        texts += [c.value for row in sheet.iter_rows() for c in row
                  if isinstance(c.value, str) and c.column not in ids]  # fmt: skip
    assert any("needs the field" in text for text in texts)
    known = {name for spec in city.specs.values() for name in [spec.key, *spec.fields]}
    known |= set(city.figures.figures)
    keys = {name for name in known if "_" in name}
    said = re.compile(r"[\w.]+")
    assert sorted({word for text in texts for word in said.findall(text)} & keys) == []


def _texts(table):
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _texts(value)
        elif isinstance(value, list) and value and isinstance(value[0], str):
            yield key, value[0]
        elif isinstance(value, str):
            yield key, value
