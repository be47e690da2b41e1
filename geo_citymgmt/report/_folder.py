"""The whole report: all of its files, or the old report as it was."""

from __future__ import annotations

import hashlib
import json
import math
import platform
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from importlib import resources
from os.path import commonpath
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import geopandas
import numpy
import pandas
import pandas as pd
import pyogrio
import pyproj
import shapely

from geo_citymgmt._gate import Gate, day_of
from geo_citymgmt._languages import Text
from geo_citymgmt._markup import escape_text
from geo_citymgmt._options import display_lang
from geo_citymgmt._values import collection_paused
from geo_citymgmt._version import __version__
from geo_citymgmt.errors import CityDataError
from geo_citymgmt.report._card import write_cards
from geo_citymgmt.report._findings import (
    EarlierBook,
    Kept,
    earlier_book,
    replace_findings,
    write_rejected,
)
from geo_citymgmt.report._page import render_page
from geo_citymgmt.report._release import check_release, public_city, without_records
from geo_citymgmt.report._sheet_pdf import write_sheets
from geo_citymgmt.report._summary import Progress, Summary, summary
from geo_citymgmt.report._words import Words
from geo_citymgmt.report._workbook import write_tables
from geo_citymgmt.report.bulletin import PERIODS, check_day, check_libraries, write_bulletin
from geo_citymgmt.writing import write_layer
from geo_citymgmt.writing._atomic import (
    disk_full,
    explained,
    is_full,
    locked,
    make_folder,
    replace_file,
    whole_file,
    write_text,
)

if TYPE_CHECKING:
    from geo_citymgmt.city import City


def write_manifest(
    results: Summary, outputs: Mapping[str, Path], out: Path, path: Path, options: Mapping[str, Any]
) -> None:
    """Write the manifest of a report to ``path``.

    Folders among the outputs stand for the files in them. Outputs are named from ``out``, the
    folder of the report; inputs from their own.
    """
    files = sorted(f for target in outputs.values() for f in _files(target))
    city, figures = results.city, resources.files("geo_citymgmt") / "indicators" / "figures.toml"
    table = {
        "report": "geo_citymgmt",
        "options": dict(options),
        "city": {"code": city.code, "name_zh": city.name_zh, "name_en": city.name_en},
        **_measured_in(results),
        "as_of": None if results.as_of is None else f"{results.as_of:%Y-%m-%d}",
        "versions": versions(),
        "definitions": {
            "figures.toml": hashlib.sha256(figures.read_bytes()).hexdigest(),
            "layers": _folder_hash("layers"),
        },
        "inputs": _described(city.inputs, _common(city.inputs)),
        "outputs": _described(files, out),
    }
    write_text(json.dumps(table, ensure_ascii=False, indent=2) + "\n", path)


def _measured_in(results: Summary) -> dict[str, Any]:
    """Return the CRS of all measuring and its greatest relative errors; null where unknown."""
    metric = results.city.metric
    if metric is None:
        return dict.fromkeys(("metric_crs", "areal_error", "linear_error"))
    errors = {"areal_error": metric.areal_error, "linear_error": metric.linear_error}
    # JSON has no word for what is not a number.
    known = {name: error if math.isfinite(error) else None for name, error in errors.items()}
    return {"metric_crs": metric.code, **known}


def versions() -> dict[str, str]:
    """Return the versions on which the figures depend."""
    return {
        "geo_citymgmt": __version__,
        "python": platform.python_version(),
        "geopandas": geopandas.__version__,
        "pandas": pandas.__version__,
        "numpy": numpy.__version__,
        "shapely": shapely.__version__,
        "GEOS": shapely.geos_version_string,
        "pyproj": pyproj.__version__,
        "PROJ": pyproj.proj_version_str,
        "pyogrio": pyogrio.__version__,
        "GDAL": pyogrio.__gdal_version_string__,
    }


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _described(paths: Iterable[Path], root: Path | None) -> list[dict[str, Any]]:
    return [
        {
            # Where the folder lies is this machine's business.
            "file": path.relative_to(root).as_posix() if root else path.name,
            "bytes": path.stat().st_size,
            "sha256": file_hash(path),
        }
        for path in paths
        if path.is_file()
    ]


def _common(paths: Iterable[Path]) -> Path | None:
    parents = {path.parent for path in paths}
    try:
        return Path(commonpath(parents)) if parents else None
    except ValueError:
        # On two drives of one machine.
        return None


def _files(target: Path) -> list[Path]:
    return [p for p in target.iterdir() if p.is_file()] if target.is_dir() else [target]


def _folder_hash(folder: str) -> str:
    digest = hashlib.sha256()
    entries = (resources.files("geo_citymgmt") / folder).iterdir()
    for entry in sorted(entries, key=lambda e: e.name):
        if entry.name.endswith(".toml"):
            digest.update(entry.name.encode() + b"\0" + entry.read_bytes())
    return digest.hexdigest()


PAGE, MANIFEST, FINDINGS = "index.html", "manifest.json", "findings.xlsx"
#: Records from which on a layer is a GeoParquet file of its own: a twentieth of the bytes.
MOST_IN_GEOPACKAGE = 100_000
_ASIDE = ".report."
_PART = ".part"


@contextmanager
def new_report(folder: Path) -> Iterator[Path]:
    """Give a folder to write a report into; what is there at the end takes the place of the old.

    Files of the old report that the new one has not are removed, as its manifest lists them and
    unless somebody has changed them since; whatever else lies in ``folder`` is left alone.

    Raises
    ------
    CityDataError
        Another report is being written into ``folder``, nothing can be written there, the disk is
        full or a program holds a file of the old report open; the old report stands.
    """
    is_new = not folder.exists()
    make_folder(folder)
    try:
        with locked(folder / "report", shown=folder):
            _sweep(folder)
            aside = Path(tempfile.mkdtemp(prefix=_ASIDE, suffix=_PART, dir=folder))
            try:
                new = make_folder(aside / "new")
                yield new
                _switch(aside, folder)
            except CityDataError as error:
                raise _as_known(error, aside / "new", folder) from error
            except Exception as error:
                # Not every library says so itself.
                if is_full(folder):
                    raise disk_full(folder) from error
                raise
            finally:
                shutil.rmtree(aside, ignore_errors=True)
    except OSError as error:
        raise explained(error, folder / PAGE) from error
    finally:
        if is_new:
            # One that holds nothing was made in vain.
            with suppress(OSError):
                folder.rmdir()


def is_aside(path: Path) -> bool:
    """Whether ``path`` is what a writer of reports has beside them: its lock, an unfinished one."""
    return path.name.startswith(_ASIDE)


def unfinished_page() -> str:
    """Return the page that stands in a report while its files take their places."""
    parts = []
    for lang in ("zh", "en"):
        words = Words(lang)
        title, text = escape_text(words("unfinished")), escape_text(words("unfinished_text"))
        parts.append(f'<section lang="{lang}"><h1>{title}</h1><p>{text}</p></section>')
    title = escape_text(Words("zh")("unfinished"))
    return (
        '<!DOCTYPE html>\n<html lang="zh"><head><meta charset="utf-8">'
        f"<title>{title}</title></head>\n<body>{''.join(parts)}</body></html>\n"
    )


def _switch(aside: Path, folder: Path) -> None:
    """Put the files of the new report in their places, or none of them."""
    new, old, notice = aside / "new", aside / "old", aside / "notice.html"
    names = _in_order(new)
    gone = _outdated(folder, names)
    write_text(unfinished_page(), notice)
    for name in [*gone, *names]:
        make_folder((folder / name).parent)
        make_folder((old / name).parent)
        if (folder / name).is_file():
            _keep(folder / name, old / name)
    try:
        replace_file(notice, folder / PAGE)
        (folder / MANIFEST).unlink(missing_ok=True)
        for name in gone:
            (folder / name).unlink(missing_ok=True)
        for name in names:
            replace_file(new / name, folder / name)
    except BaseException:
        _put_back(aside, folder, [*gone, *names])
        raise
    for parent in {(folder / name).parent for name in gone} - {folder}:
        with suppress(OSError):
            parent.rmdir()


def _in_order(new: Path) -> list[PurePosixPath]:
    """Return the files of a report in the order in which they take their places."""
    files = [p for p in new.rglob("*") if p.is_file() and not p.name.startswith(".")]
    names = [PurePosixPath(p.relative_to(new).as_posix()) for p in files]
    last = (MANIFEST, PAGE)
    return sorted(names, key=lambda name: (str(name) in last, str(name) == PAGE, name))


def _outdated(folder: Path, names: list[PurePosixPath]) -> list[PurePosixPath]:
    """Return the files of the old report that the new one has not, as they were written."""
    try:
        listed = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["outputs"]
        hashes = {PurePosixPath(entry["file"]): entry["sha256"] for entry in listed}
    except (OSError, ValueError, KeyError, TypeError):
        return []
    # A manifest is a file like others: what it says of places outside is no business of ours.
    inside = {n: h for n, h in hashes.items() if not n.is_absolute() and ".." not in n.parts}
    left = [n for n in inside if n not in names and (folder / n).is_file()]
    return [n for n in left if file_hash(folder / n) == inside[n]]


def _keep(path: Path, copy: Path) -> None:
    """Keep what is at ``path`` under a second name; a copy where the file system has no links."""
    try:
        copy.hardlink_to(path)
    except OSError:
        shutil.copy2(path, copy)


def _put_back(aside: Path, folder: Path, names: list[PurePosixPath]) -> None:
    """Undo a switch that failed half-way; the page comes last, as it does forwards."""
    for name in names:
        kept, waiting, target = aside / "old" / name, aside / "new" / name, folder / name
        is_notice = str(name) == PAGE and not (aside / "notice.html").exists()
        if waiting.exists() and target.exists() and not is_notice:
            continue
        if kept.exists():
            replace_file(kept, target)
        else:
            target.unlink(missing_ok=True)


def _sweep(folder: Path) -> None:
    """Remove what killed writers left; whoever holds the lock is the only one."""
    for left in folder.iterdir():
        if is_aside(left) and left.name.endswith(_PART):
            shutil.rmtree(left, ignore_errors=True)


def _as_known(error: CityDataError, new: Path, folder: Path) -> CityDataError:
    """Name the files in an error as people know them, not as they are called in between."""
    if str(new) not in error.text.en + error.text.zh:
        return error
    remedy = Text(error.remedy_zh, error.remedy)
    cause = Text(
        error.text.zh.removesuffix(remedy.zh), error.text.en.removesuffix(remedy.en).rstrip()
    )
    shown = Text(*(part.replace(str(new), str(folder)) for part in cause))
    return CityDataError(shown, remedy=remedy)


_STAGES = (
    "progress", "monthly", "coverage", "tables", "findings", "data", "map", "page", "bulletin",
    "sheets", "manifest",
)  # fmt: skip


def write_report(
    city: City,
    out: str | Path,
    *,
    as_of: Any = None,
    lang: str | None = None,
    bulletin: bool = False,
    period: str = "month",
    sheets: bool = False,
    release: str = "internal",
    grid_m: float | None = None,
    progress_bar: Progress | None = None,
    on_kept: Callable[[Kept], None] | None = None,
) -> dict[str, Path]:
    """Write the report of a city into a folder.

    Parameters
    ----------
    city : City
        With whatever layers it has.
    out : str or Path
        Folder; made where it is not there. An earlier report in it stands until the new one is
        whole; then its files are replaced, or removed where the new one has no such file. Other
        files are left alone.
    as_of : date, optional
        The day of every figure, of a month, quarter or year its last; the data's own otherwise.
    lang : {"zh", "en"}, default options.lang
        Of page, map and workbooks.
    bulletin : bool
        Write the bulletin (通报) too: .docx, PDF, a long PNG, and all of them with the workbook in
        ``bulletin.zip``. Needs the extra ``bulletin``.
    period : {"month", "quarter", "half", "year"}
        Of the bulletin.
    sheets : bool
        Write one sheet of paper for each district too, into ``sheets``: see ``write_sheet``. Needs
        the extra ``bulletin``.
    release : {"internal", "public"}
        Marks page, map, workbook and bulletin. In public no file holds a record with its place:
        map and GeoPackage hold the zones, and there are no lists of cases, of findings and of
        rejected records.
    grid_m : float, optional
        Lets the records of layers whose file says ``release = "public"`` into map and GeoPackage
        of a public report, facilities at the middle of a cell of so many metres.
    progress_bar : callable, optional
        Called as ``progress_bar(done, total, next_step)`` before each step and at the end.
    on_kept : callable, optional
        Told what became of what people had written into the findings of an earlier report; see
        ``write_findings``.

    Returns
    -------
    dict of str to Path
        ``index, map, tables, city, findings, rejected, manifest``, ``ranking`` (a folder of
        pictures, one a figure that districts are ranked by; not without any), and ``bulletin_docx,
        bulletin_pdf, bulletin_png, bulletin`` and ``sheets`` where asked for; ``findings`` and
        ``rejected`` are not there in public. A layer of more than 100,000 records is a GeoParquet
        file beside the GeoPackage of the others, by its key. Where the writing is cut off while the
        files take their places, ``index.html`` says so and there is no manifest.

    Raises
    ------
    AsOfError
        The day is after the data's own.
    CityDataError
        A file cannot be written: another program holds it open, the disk is full, ``out`` is no
        folder or closed, or another report is being written into it; a release
        or period there is not; a public report into a folder that holds one that is not; the extra
        of the bulletin is missing.

    See Also
    --------
    load_city, write_sheet, write_layer

    Examples
    --------
    >>> import geo_citymgmt as gcm
    >>> files = write_report(gcm.load_city("data/shapefiles"), "build/report")  # doctest: +SKIP
    """
    lang = display_lang(lang)
    folder = Path(out)
    if folder.exists() and not folder.is_dir():
        raise CityDataError(
            Text(f"{folder}：是文件，不是文件夹。", f"{folder}: is a file, not a folder.")
        )
    check_release(release, grid_m)
    public = release == "public"
    # What is refused is refused before the work, not after it.
    gate = Gate("write_report")
    gate.choice(period, "period", PERIODS)
    day = day_of(city, as_of, gate)
    book = folder / FINDINGS
    before = _saved(book)
    if public:
        _refuse_internal(folder)
    earlier = None if public else earlier_book(book, city.specs)
    if bulletin or sheets:
        check_libraries()
    if bulletin:
        check_day(day)
    with new_report(folder) as aside:
        if public:
            _refuse_internal(folder)
        elif _saved(book) != before:
            # Another report came first.
            before, earlier = _saved(book), earlier_book(book, city.specs)
        options = {
            "as_of": None if as_of is None else f"{day:%Y-%m-%d}",
            "lang": lang,
            "bulletin": period if bulletin else None,
            "sheets": sheets,
            "release": release,
            "grid_m": grid_m if public else None,
        }
        # The cells of the workbooks set off search after search over all of the city.
        with collection_paused():
            files = _write_files(city, aside, earlier, day, options, progress_bar, on_kept)
        if not public and _saved(book) != before:
            raise CityDataError(
                Text(
                    f"{book}：生成报告期间有人保存过，原报告未动，",
                    f"{book}: was saved while the report was written; the old report stands.",
                ),
                remedy=Text("请重新生成报告。", "Write the report again."),
            )
    return {name: folder / path.relative_to(aside) for name, path in files.items()}


def _write_files(
    city: City,
    folder: Path,
    earlier: EarlierBook | None,
    day: pd.Timestamp | None,
    options: Mapping[str, Any],
    progress_bar: Progress | None,
    on_kept: Callable[[Kept], None] | None,
) -> dict[str, Path]:
    """Write all files of a report into a new folder; ``earlier`` is the old list of findings.

    ``options`` are those of the manifest: what decides the content of the files, and no more.
    """
    lang, bulletin, release = options["lang"], options["bulletin"], options["release"]
    public = release == "public"
    left_out = {"bulletin": not bulletin, "findings": public, "sheets": not options["sheets"]}
    names = [stage for stage in _STAGES if not left_out.get(stage)]
    stages = iter(range(len(names)))
    words = Words(lang, unit=city.unit)

    def tell(stage: str) -> None:
        if progress_bar is not None:
            progress_bar(next(stages), len(names), words.name("stage", stage))

    results = replace(summary(city, day, lang, tell=tell), release=release)
    # Figures are those of the whole city, records what may be let out of it.
    shown = public_city(city, grid_m=options["grid_m"]) if public else city
    if public:
        # The last open cases are single records, by their ids; a hot spot is where they lie.
        steered = [replace(c, last=None, hot_spots=None) for c in results.campaigns]
        # Who ranks where may be published; whom to call in and where to look may not.
        made = results.assessment
        scores = None if made is None else replace(made, called=made.called.iloc[:0], sample=None)
        results = replace(
            results, city=without_records(city), campaigns=steered, assessment=scores, worklists=[]
        )
    files = {
        "index": folder / PAGE,
        "map": folder / "map.html",
        "tables": folder / "tables.xlsx",
        "city": folder / "city.gpkg",
    }
    tell("tables")
    with whole_file(files["tables"]) as path:
        write_tables(results, path)
    if not public:
        files |= {"findings": folder / FINDINGS, "rejected": folder / "rejected"}
        tell("findings")
        replace_findings(
            city, files["findings"], earlier, lang=lang, day=results.as_of, on_kept=on_kept
        )
    tell("data")
    with _dated(results.as_of):
        files |= _write_layers(shown, files["city"])
        if not public:
            write_rejected(results.city, files["rejected"], results.words, results.day)
    tell("map")
    _write_map(results, shown, files["map"])
    tell("page")
    cards = write_cards(results, folder / "ranking")
    files |= {"ranking": folder / "ranking"} if cards else {}
    write_text(render_page(results, cards[0].read_bytes() if cards else b""), files["index"])
    if bulletin:
        tell("bulletin")
        files |= write_bulletin(
            results, folder, period=bulletin, stamp=results.stamp, tables=files["tables"]
        )
    if options["sheets"]:
        tell("sheets")
        files["sheets"] = make_folder(folder / "sheets")
        write_sheets(results, files["sheets"])
    tell("manifest")
    manifest = folder / MANIFEST
    write_manifest(results, files, folder, manifest, options)
    if progress_bar is not None:
        progress_bar(len(names), len(names), "")
    return {**files, "manifest": manifest}


def _write_layers(city: City, path: Path) -> dict[str, Path]:
    """Write the layers into one GeoPackage, and those it would be too large with beside it."""
    large = {k: x for k, x in city.layers.items() if len(x.data) > MOST_IN_GEOPACKAGE}
    rest = {key: layer for key, layer in city.layers.items() if key not in large}
    replace(city, layers=rest).to_file(path)
    return {k: write_layer(x, path.with_name(f"{k}.parquet")) for k, x in large.items()}


def _saved(path: Path) -> tuple[int, int] | None:
    """Return when a file was saved and how large it is; None where there is none."""
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_mtime_ns, state.st_size


def _refuse_internal(folder: Path) -> None:
    """Raise where files for the public would lie among others that are not."""
    if not folder.is_dir() or all(map(is_aside, folder.iterdir())):
        return
    try:
        earlier = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if earlier["options"]["release"] == "public":
            return
    except (OSError, ValueError, KeyError, TypeError):
        pass
    raise CityDataError(
        Text(
            f"{folder}：文件夹中已有非公开的文件。",
            f"{folder}: holds files that are not of a public report.",
        ),
        remedy=Text(
            "请另选新的或空的文件夹，以免把内部文件一并发出。",
            "Give a new or empty folder, so that nothing internal is passed on with it.",
        ),
    )


def _write_map(results: Summary, shown: City, path: Path) -> None:
    from geo_citymgmt.maps import city_map

    # The months before give the map its slider; without a date there are none.
    table = results.table if results.courses.empty else results.courses
    levels = [at for at in ("district", "street") if table["level"].eq(at).any()]
    if results.release == "public":
        # What happened in one street may be what happened in one place.
        levels = levels[:1]
        table = results.series if len(results.courses) else table
    drawn = city_map(
        shown, as_of=results.as_of, table=table, level=levels or "district", lang=results.lang
    )
    drawn.add_note(results.map_stamp)
    drawn.save(path)


@contextmanager
def _dated(day: pd.Timestamp | None) -> Iterator[None]:
    """Let GDAL date its files by the data, so that the same report is the same file."""
    stamp = pd.Timestamp(2000, 1, 1) if day is None else day
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": f"{stamp:%Y-%m-%dT00:00:00.000Z}"})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})
