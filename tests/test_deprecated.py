"""What goes says so at the line of whoever uses it, and works until then."""

from __future__ import annotations

import warnings
from pathlib import Path

import geopandas as gpd
import pytest
from click.testing import CliRunner

import geo_citymgmt as gcm
from geo_citymgmt._gate import renamed_arguments
from geo_citymgmt.city._config import read_config
from geo_citymgmt.cli import main
from geo_citymgmt.errors import deprecated
from geo_citymgmt.spec import load_specs


@renamed_arguments(distance="radius_m", until="end")
def reach(points: int, *, radius_m: int = 0, end: str = "") -> tuple[int, int, str]:
    """Return what it was given."""
    return points, radius_m, end


def test_an_old_function_warns_at_its_caller_with_successor_and_version():
    def old() -> None:
        deprecated("old()", "new()", since="0.4", removed="0.6")

    with pytest.warns(DeprecationWarning, match=r"old\(\).* 0\.4 .* 0\.6: use new\(\)") as caught:
        old()
    assert caught[0].filename == __file__


def test_an_argument_works_by_its_old_name_and_warns_at_the_caller():
    with pytest.warns(DeprecationWarning, match=r"reach\(distance=\).* use radius_m=") as caught:
        assert reach(1, distance=5) == (1, 5, "")
    assert [warning.filename for warning in caught] == [__file__]
    with pytest.warns(DeprecationWarning) as caught:
        assert reach(1, distance=5, until="x") == (1, 5, "x")
    assert len(caught) == 2


def test_an_argument_by_its_new_name_warns_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert reach(1, radius_m=5) == (1, 5, "")


def test_an_argument_given_by_both_names_is_refused():
    with pytest.raises(TypeError, match="both 'distance' and 'radius_m'"):
        reach(1, distance=5, radius_m=6)


def test_the_function_keeps_its_name_and_its_text():
    assert (reach.__name__, reach.__doc__) == ("reach", "Return what it was given.")


def manhole_with_swapped_axes() -> gpd.GeoDataFrame:
    """Return one that lies beyond every pole until its axes are turned back."""
    return gpd.GeoDataFrame(
        {"code": ["J1"]}, geometry=gpd.points_from_xy([31.3], [120.6]), crs=4490
    )


def test_repairs_are_made_by_their_old_name_too():
    source = manhole_with_swapped_axes()
    with pytest.warns(DeprecationWarning, match=r"read_layer\(mend=\).* use repair=") as caught:
        by_old_name = gcm.read_layer(source, "manholes", mend=["swapped"])
    # pyproj 3.7.1 warns of numpy's scalars on its own account.
    ours = [warning.filename for warning in caught if "repair=" in str(warning.message)]
    assert set(ours) == {__file__}
    assert by_old_name.ledger["n_repaired"].tolist() == [1]
    assert by_old_name == gcm.read_layer(source, "manholes", repair=["swapped"])


def city_toml(folder: Path, lines: str) -> Path:
    """Write a city.toml whose manholes have their axes swapped."""
    manhole_with_swapped_axes().to_file(folder / "m.gpkg")
    path = folder / "city.toml"
    path.write_text(f'[layers.manholes]\npath = "m.gpkg"\n{lines}\n', encoding="utf-8")
    return path


def test_a_city_toml_says_repairs_by_their_old_name_too(tmp_path):
    path = city_toml(tmp_path, 'mend = ["swapped"]')
    with pytest.warns(DeprecationWarning, match=r"city.toml \[layers.manholes.mend\].* use repair"):
        assert read_config(path, load_specs()).layers["manholes"].repair == ("swapped",)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('mend = "swapped"', "layers.manholes.mend"),
        ('mend = ["swapped"]\nrepair = ["swapped"]', "Leave 'mend' out"),
    ],
)
def test_an_old_entry_that_is_wrong_or_said_twice_is_refused(tmp_path, lines, said):
    with pytest.raises(gcm.SpecError, match="city.toml, line 3 .*" + said):
        read_config(city_toml(tmp_path, lines), load_specs())


def test_the_command_line_says_which_entry_of_a_city_toml_goes(tmp_path):
    city_toml(tmp_path, 'mend = ["swapped"]')
    done = CliRunner().invoke(main, ["check", str(tmp_path), "--lang", "en"])
    assert "Note: city.toml [layers.manholes.mend] is deprecated since 0.2" in done.stderr
    assert "COORD_SWAPPED" in done.stdout
