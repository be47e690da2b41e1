"""What the package holds is the folder of the repository; other samples are the generator's."""

from __future__ import annotations

import zipfile
from importlib import resources
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

import geo_citymgmt as gcm
import geo_citymgmt.sample
from generator.__main__ import main as generate
from generator.__main__ import pack
from geo_citymgmt.cli import main
from geo_citymgmt.sample import sample_city, write_sample
from tests.conftest import without_cases

PACKED = Path(str(resources.files("geo_citymgmt.sample") / "sample.zip"))


def test_the_packed_sample_is_the_folder_to_the_byte_and_small(shipped: Path) -> None:
    with zipfile.ZipFile(PACKED) as packed:
        held = {name: packed.read(name) for name in packed.namelist()}
    held |= {path.name: path.read_bytes() for path in PACKED.parent.glob("*.parquet")}
    kept = {path.name: path.read_bytes() for path in shipped.iterdir()}
    different = {name for name in held.keys() | kept.keys() if held.get(name) != kept.get(name)}
    assert different == set(), "run make sample-kept"
    assert PACKED.stat().st_size < 3_200_000


def test_the_same_folder_packs_to_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.csv").write_text("a\n" * 1000, encoding="utf-8")
    one, two = (pack(tmp_path / name, tmp_path / f"{name}.zip") for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()


def test_the_sample_city_is_that_of_the_folder(city: gcm.City) -> None:
    layers = without_cases()
    made = sample_city(layers=layers)
    assert made is sample_city(layers=layers)
    assert list(made) == list(city)
    for key in city:
        pd.testing.assert_frame_equal(made[key], city[key])
    for name in ("findings", "ledger", "events", "targets"):
        pd.testing.assert_frame_equal(getattr(made, name), getattr(city, name))
    assert (made.data_date, made.profile, made.notice) == (
        city.data_date, city.profile, city.notice,
    )  # fmt: skip


def test_sample_city_of_another_seed_warns_and_reads_what_the_generator_writes(
    shipped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {}

    def generated(folder: str, **options: object) -> None:
        asked.update(options)
        for name in ("manholes.shp", "manholes.shx", "manholes.dbf", "manholes.prj"):
            (Path(folder) / name).write_bytes((shipped / name).read_bytes())

    monkeypatch.setattr(geo_citymgmt.sample, "generate_sample", generated)
    with pytest.warns(DeprecationWarning, match="--scale 2 --seed 7") as caught:
        city = sample_city(scale=2, seed=7)
    assert [warning.filename for warning in caught] == [__file__]
    assert asked == {"scale": 2, "seed": 7, "dirty": False}
    assert len(city["manholes"]) == 12_000 and city.profile.key == "suzhou_2022"


def test_a_package_without_the_generator_names_its_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(geo_citymgmt.sample, "_CHECKOUT", tmp_path)
    with (
        pytest.warns(DeprecationWarning),
        pytest.raises(gcm.CityDataError, match="generator -o FOLDER --scale 1 --seed 7") as caught,
    ):
        sample_city(seed=7)
    assert "python -m generator -o FOLDER" in caught.value.remedy_zh
    result = CliRunner().invoke(main, ["sample", str(tmp_path / "out"), "--dirty"])
    assert result.exit_code == 2
    assert "'dirty' is deprecated" in result.stderr
    assert "--scale 1 --seed 0 --dirty" in result.stderr
    assert not (tmp_path / "out").exists()


def test_what_the_generator_refuses_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.warns(DeprecationWarning), pytest.raises(gcm.CityDataError, match="file"):
        write_sample(tmp_path / "file" / "city", seed=1)
    with pytest.raises(gcm.CityDataError, match="file"):
        write_sample(tmp_path / "file")


@pytest.mark.parametrize("scale", ["0", "-1", "two"])
def test_the_generator_asks_for_a_scale_of_one_or_more(
    scale: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        generate(["-o", str(tmp_path / "out"), "--scale", scale])
    assert "a whole number of 1 or more" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
