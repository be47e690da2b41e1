"""The dirty city raises most of the codes there are, and loses no record."""

from __future__ import annotations

from pathlib import Path

import pytest

import geo_citymgmt as gcm
from geo_citymgmt.sample import write_sample

#: What must be found in each layer, beside what is told about any source.
CODES = {
    "illegal_construction": """CODE_UNKNOWN DATE_ORDER DATE_PARTIAL DATE_UNPARSED ENC_INFERRED
        FIELD_ALIAS FIELD_AMBIGUOUS FIELD_TRUNCATED GEOM_DUPLICATE GEOM_MULTIPART GEOM_NULL
        GEOM_REPAIRED GEOM_SLIVER GEOM_UNREPAIRABLE GEOM_VERTICES ID_DUPLICATE ID_MISSING
        NUMBER_UNPARSED OUT_OF_CITY PERSONAL_DATA RELATION_BROKEN UNIT_CONVERTED UNIT_SUSPECT
        VALUE_MISSING""",
    "manholes": """CODE_UNKNOWN ENC_INFERRED FIELD_UNKNOWN GEOM_NULL ID_DAMAGED ID_DUPLICATE
        OUT_OF_CITY RECORD_DELETED UNLOCATED ZONE_DISAGREES ZONE_UNKNOWN""",
    "parking_points": "COUNT_MISMATCH ENC_WRONG_CPG RELATION_BROKEN TEXT_LOST",
    "bike_stations": "COORD_PLACEHOLDER COORD_SWAPPED GEOM_NULL NUMBER_RANGE",
    "utility_tunnels": """FIELD_DUPLICATE FILE_MISSING_PART GEOM_FLATTENED RELATION_BROKEN STRADDLES
        UNIT_CONVERTED VALUE_ASSUMED""",
}
#: Records that are skipped, accepted, rejected; the whole file is the first three together.
COUNTS = {
    "illegal_construction": (0, 11_399, 35),
    "manholes": (15, 11_960, 25),
    "parking_points": (0, 2585, 1),
    "bike_stations": (0, 8111, 10),
    "utility_tunnels": (0, 36, 0),
}


@pytest.fixture(scope="module")
def dirty(dirty_folder: Path, dirty_city: gcm.City) -> gcm.City:
    """The dirty city, its layer without .prj read with the CRS."""
    key, crs = "parking_points", "EPSG:4549"
    lots = gcm.load_city(dirty_folder, profile="suzhou_2022", layers=[key], crs=crs)
    return dirty_city.with_layer(key, lots.layer(key))


@pytest.mark.parametrize("layer", CODES)
def test_the_dirty_city_raises_its_codes(dirty: gcm.City, layer: str) -> None:
    found = set(dirty.layer(layer).findings["code"])
    assert set(CODES[layer].split()) <= found


def test_no_record_of_the_dirty_city_is_lost(dirty: gcm.City) -> None:
    table = dirty.ledger.set_index("layer")
    parts = table[["n_skipped", "n_accepted", "n_rejected"]]
    assert (table["n_walked"] == parts.sum(axis=1)).all()
    assert {key: tuple(parts.loc[key].astype(int)) for key in COUNTS} == COUNTS
    for key in table.index:
        assert len(dirty.layer(key).data) == table.loc[key, "n_accepted"]
        assert len(dirty.layer(key).rejected) == table.loc[key, "n_rejected"]


def test_a_city_without_the_missing_crs_keeps_its_other_layers(dirty_city: gcm.City) -> None:
    states = dirty_city.ledger.set_index("layer")["state"]
    assert states["parking_points"] == "unusable"
    assert (states.drop("parking_points") == "ok").all()
    assert "CRS_MISSING" in set(dirty_city.findings["code"])


def test_a_seed_spoils_the_same_bytes_again(dirty_folder: Path, tmp_path: Path) -> None:
    # By the way that goes, in a process of its own: it warns, and what it writes is the same.
    with pytest.warns(DeprecationWarning, match=r"generator -o FOLDER .* --dirty\.") as caught:
        again = write_sample(tmp_path / "脏", dirty=True)
    assert [warning.filename for warning in caught] == [__file__]
    names = sorted(p.name for p in dirty_folder.iterdir())
    assert names == sorted(p.name for p in again.iterdir())
    # GDAL puts the day of writing nowhere but into a .dbf, which is the generator's own.
    different = [n for n in names if (dirty_folder / n).read_bytes() != (again / n).read_bytes()]
    assert different == []


def test_names_of_persons_are_masked_in_what_goes_back(dirty: gcm.City) -> None:
    parcels = dirty.layer("illegal_construction")
    assert not parcels.rejected["raw"].str.contains("某某|某公司", regex=True).any()
