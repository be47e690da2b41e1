"""Numbers that rise by one: what is left out is told, and what is no series is left in peace."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import geo_citymgmt as gcm
from geo_citymgmt.cleaning._ids import report_gaps
from geo_citymgmt.findings import Findings
from geo_citymgmt.spec import get_spec
from tests.conftest import points
from tests.dirty.makers import LAT, LON, table

SPEC = get_spec("manholes")


def gaps(ids, *, record=None, starts=(), column: str = "窨井编号", mapped: bool = True):
    """Return the findings about these ids, the rows standing at ``record``."""
    findings = Findings("manholes")
    frame = pd.DataFrame({column: ids})
    place = np.arange(len(ids)) if record is None else np.asarray(record)
    mapping = {"manhole_id": column} if mapped else {}
    report_gaps(frame, mapping, SPEC, findings, place, np.asarray(starts, dtype=np.int64))
    return findings.frame()


def ids(*numbers: int, before: str = "MH-", width: int = 5) -> list[str]:
    return [f"{before}{n:0{width}d}" for n in numbers]


def numbered(*ranges: tuple[int, int]) -> list[int]:
    return [n for first, last in ranges for n in range(first, last + 1)]


def test_a_jump_is_told_at_the_row_after_it_with_the_number_that_was_due():
    found = gaps(ids(*numbered((101, 123), (187, 240))))
    assert len(found) == 1
    row = found.iloc[0]
    assert (row["code"], row["severity"], row["record"]) == ("ID_GAP", "info", 23)
    assert (row["value"], row["expected"]) == ("MH-00187", "MH-00124")
    assert "由 MH-00123 跳到 MH-00187，中间缺 63 个" in row["message_zh"]
    assert "from MH-00123 to MH-00187, leaving out 63" in row["message_en"]


@given(
    n=st.integers(60, 2_000),
    where=st.floats(0.2, 0.8),
    cut=st.integers(1, 9),
    falling=st.booleans(),
    before=st.sampled_from(["", "MH-", "320508W", "井"]),
    width=st.sampled_from([1, 5]),
)
def test_rows_cut_out_anywhere_are_counted(n, where, cut, falling, before, width):
    at = int(n * where)
    numbers = [*range(1, at + 1), *range(at + cut + 1, n + 1)]
    texts = ids(*(numbers[::-1] if falling else numbers), before=before, width=width)
    found = gaps(texts)
    assert found["code"].tolist() == ["ID_GAP"]
    assert found["record"].tolist() == [len(numbers) - at if falling else at]
    assert f"缺 {cut} 个" in found["message_zh"][0]
    # The rows that were there tell nothing.
    assert gaps(ids(*range(1, n + 1), before=before, width=width)).empty


@pytest.mark.parametrize(
    ("why", "column"),
    [
        ("drawn at random", np.random.default_rng(0).permutation(500).astype(str).tolist()),
        ("every third", ids(*range(0, 900, 3))),
        ("too few", ids(1, 2, 3, 4, 7)),
        ("one number for all", ids(*[7] * 50)),
        ("no numbers", ["甲", "乙", "丙"] * 10),
        ("nothing", [None] * 30),
        ("no rows", []),
        ("cells of a grid", [str(1000 * k + j) for k in range(40) for j in range(10)]),
        ("a new hundred begins a block", ids(*numbered((1, 60), (101, 160)))),
        ("an area begins again", [*ids(*range(1, 50)), *ids(*range(1, 50), before="MX-")]),
        ("more digits than are counted", [f"{10**24 + n}" for n in (*range(30), *range(33, 60))]),
        ("a jump over more than there is", ids(*numbered((1, 30), (4711, 4740)))),
    ],
)
def test_what_is_no_series_or_goes_on_elsewhere_is_left_in_peace(why, column):
    assert gaps(column).empty, why


def test_an_id_typed_wrong_or_twice_or_left_empty_is_no_gap():
    texts = ids(*range(1, 101))
    texts[20], texts[40], texts[60], texts[80] = "MH-00912", texts[3], None, "待补"
    assert gaps(texts).empty


def test_rows_that_were_walked_and_skipped_are_not_missing():
    # Rows 5 to 7 are deleted ones, with their numbers.
    numbers = numbered((1, 5), (9, 40))
    assert gaps(ids(*numbers), record=[n - 1 for n in numbers]).empty
    # A row of totals in the middle has no number of its own.
    assert gaps(ids(*range(1, 41)), record=[*range(20), *range(21, 41)]).empty


def test_a_series_does_not_run_from_one_source_to_the_next():
    numbers = numbered((1, 20), (31, 50))
    assert len(gaps(ids(*numbers))) == 1
    assert gaps(ids(*numbers), starts=[20]).empty


def test_of_many_gaps_the_largest_stands_for_all():
    numbers = [n for n in range(1, 1000) if n % 100 != 50 and not 700 <= n < 706]
    found = gaps(ids(*numbers))
    assert found["value"].tolist() == ["MH-00706"]
    assert "全表共 11 处、缺 16 个" in found["message_zh"][0]
    assert len(gaps(ids(*[n for n in range(1, 1000) if n % 300 != 50 or n > 700]))) == 3


@pytest.mark.parametrize("numbers", [list(range(4, 40)), [float(n) for n in range(4, 40)]])
def test_a_column_that_counts_the_rows_has_to_begin_with_one(numbers):
    found = gaps(numbers, column="序号", mapped=False)
    assert (found["value"].tolist(), found["expected"].tolist()) == (["4"], ["1"])
    assert "从 4 开始，前面缺 3 个" in found["message_zh"][0]
    assert gaps(list(range(1, 40)), column="序号", mapped=False).empty
    # Ids of an office begin where they were given out, and a database leaves out what is deleted.
    assert gaps(ids(*range(4, 40))).empty
    assert gaps(numbered((4, 30), (34, 60)), column="OBJECTID", mapped=False).empty


def test_a_long_column_that_is_a_series_only_later_is_looked_at_there():
    rng = np.random.default_rng(1)
    numbers = [*range(1, 3_000), *range(3_005, 9_000)]
    odd = ids(*rng.permutation(100) + 20_000)
    assert len(gaps([*odd, *ids(*numbers)])) == 1


def test_a_frame_says_which_rows_were_left_out(tmp_path):
    numbers = numbered((1, 8), (12, 20))
    source = points(*[(k, k) for k in numbers], 井盖编号=ids(*numbers))
    layer = gcm.read_layer(source, "manholes")
    found = layer.findings[layer.findings["code"] == "ID_GAP"]
    assert found[["record", "key"]].values.tolist() == [[8, "MH-00012"]]
    # A part that was asked for has gaps, but they are not the source's.
    west = layer.data.total_bounds[:2]
    part = gcm.read_layer(source, "manholes", bbox=(*west, *(west + 5.5)))
    assert part.findings[part.findings["code"] == "ID_GAP"]["record"].tolist() == [8]


def test_a_source_without_records_says_so(tmp_path):
    layer = gcm.read_layer(table("窨井编号,经度,纬度")(tmp_path), "manholes", crs=4490)
    assert "LAYER_EMPTY" in set(layer.findings["code"])
    assert layer.ledger["n_walked"].tolist() == [0]


def test_a_text_whose_last_line_has_no_end_says_so(tmp_path):
    lines = ["窨井编号,经度,纬度", f"J1,{LON},{LAT}", f"J2,{LON},{LAT}"]
    for ending, told in (("", 1), ("\n", 0), ("\r\n", 0), ("\r", 0)):
        path = tmp_path / "窨井.csv"
        path.write_bytes(((ending or "\n").join(lines) + ending).encode())
        layer = gcm.read_layer(path, "manholes", crs=4490)
        found = layer.findings[layer.findings["code"] == "TABLE_UNFINISHED"]
        assert found["value"].tolist() == ["3"] * told
        assert len(layer.data) == 2
