"""What the command line shows: a bar while it works, and what a check found as text or JSON."""

from __future__ import annotations

import codecs
import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import pandas as pd

from geo_citymgmt._languages import first_of, row_words, shared_terms, term
from geo_citymgmt.spec import LayerSpec


def say(zh: str, en: str, lang: str) -> str:
    """Return the words in ``lang``."""
    return zh if lang == "zh" else en


#: What a message says to those who write Python, beside what it says to all: an aside at its end.
_FOR_PYTHON = re.compile(
    r"（Python：(?:[^（）]|（[^（）]*）)*）| \(Python: (?:[^()]|\([^()]*\))*\)"
)
_FUNCTION = re.compile(r"(?<![\w./\\-])([a-z]+(?:_[a-z]+)*)(?:：|: )")


def for_command_line(text: str) -> str:
    """Return a message without what only those can use who write Python.

    That is the function which was called, at the head of a sentence, and the aside that names an
    argument.

    Examples
    --------
    >>> for_command_line("read_layer: no CRS. Give --crs CODE (Python: crs=).")
    'no CRS. Give --crs CODE.'
    >>> for_command_line("请写 encoding（Python：encoding=）。")
    '请写 encoding。'
    """
    return _FUNCTION.sub(_unless_called, _FOR_PYTHON.sub("", text))


def _unless_called(match: re.Match[str]) -> str:
    return "" if match[1] in _functions() else match[0]


@lru_cache(maxsize=1)
def _functions() -> frozenset[str]:
    """Return the names of what the commands call: entries of city.toml have none of them."""
    import geo_citymgmt
    from geo_citymgmt import maps, report

    return frozenset({*geo_citymgmt.__all__, *maps.__all__, *report.__all__})


def steady_output() -> None:
    """Let standard output take any text: what its encoding cannot say becomes \\uXXXX.

    A console of Windows in Chinese speaks GBK, one of a bare server ASCII; a name with a character
    beyond that would otherwise end the command. The escapes are those of JSON.
    """
    codecs.register_error("geo_citymgmt", _spelt_out)
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="geo_citymgmt")


def _spelt_out(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    return json.dumps(text)[1:-1], error.end


class Bar:
    """A bar on standard error, on a terminal only; calling it moves it on."""

    def __init__(self, lang: str) -> None:
        self.lang = lang

    def __enter__(self) -> Callable[[int, int, str], None] | None:
        if not sys.stderr.isatty():
            self._bar = None
            return None
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(),
            console=Console(stderr=True), transient=True,
        )  # fmt: skip
        self._bar.start()
        task = self._bar.add_task("", total=None)

        def tick(step: int, steps: int, stage: str) -> None:
            assert self._bar is not None
            self._bar.update(task, description=stage, completed=step, total=steps)

        return tick

    def __exit__(self, *error: object) -> None:
        if self._bar is not None:
            self._bar.stop()


def table_text(
    headers: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    title: str = "",
    note: str = "",
    width: int | None = None,
) -> str:
    """Return a table as text for a screen of a width, of its own without one."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(width=width, highlight=False)
    with console.capture() as capture:
        shown = Table(*headers, title=title or None, title_justify="left",
                      caption=note or None, caption_justify="left")  # fmt: skip
        # A name that is cut or folded cannot be copied.
        shown.columns[0].no_wrap = True
        for column in shown.columns[1:]:
            column.overflow = "fold"
        for row in rows:
            shown.add_row(*(Text(str(value)) for value in row))
        console.print(shown)
    return str(capture.get()).rstrip()


def as_json(
    ledger: pd.DataFrame,
    findings: pd.DataFrame,
    sources: pd.DataFrame | None = None,
    tables: pd.DataFrame | None = None,
) -> str:
    """Return ledger and findings as JSON, and the accounts of sources and tables where given."""
    parts = {
        "ledger": json.loads(ledger.to_json(orient="records", date_format="iso")),
        "findings": json.loads(findings.to_json(orient="records", double_precision=3)),
    }
    for name, account in (("sources", sources), ("tables", tables)):
        if account is not None:
            parts[name] = json.loads(account.to_json(orient="records", date_format="iso"))
    return json.dumps(parts, ensure_ascii=False, indent=1)


def as_text(
    ledger: pd.DataFrame,
    findings: pd.DataFrame,
    specs: Mapping[str, LayerSpec],
    lang: str,
    width: int | None,
    sources: pd.DataFrame | None = None,
    tables: pd.DataFrame | None = None,
) -> str:
    """Return the ledger as a table and the findings one line a kind.

    Where ``sources`` are given, a layer of several has a row for each below its own; ``tables`` of
    events and targets have a line each.
    """
    from rich.cells import cell_len
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(width=width, highlight=False)
    with console.capture() as capture:
        headers = say(
            "图层 来源 读到 入库 退回 跳过 修复 状态",
            "layer source walked accepted rejected skipped repaired state",
            lang,
        )
        balance = say(
            "读到 = 入库 + 退回 + 跳过（已标记删除的记录、合计行等）；修复的已计入入库",
            "walked = accepted + rejected + skipped (deleted records, rows of totals); repaired "
            "ones are among the accepted",
            lang,
        )
        table = Table(
            title=say("入库登记", "Ledger", lang), title_justify="left",
            caption=balance, caption_justify="left",
        )  # fmt: skip
        for k, head in enumerate(headers.split()):
            # Names may take another line, numbers and their headings may not be cut.
            number = 2 <= k < len(headers.split()) - 1
            table.add_column(
                head, overflow="fold", no_wrap=number, min_width=cell_len(head),
                justify="right" if number else "left",
            )  # fmt: skip
        for row in ledger.itertuples():
            spec = specs.get(row.layer)
            parts = () if sources is None else sources[sources["layer"] == row.layer].itertuples()
            parts = list(parts)
            several = len(parts) > 1
            state = {"ok": say("正常", "ok", lang), "unusable": say("无法使用", "unusable", lang)}
            table.add_row(
                Text(spec.name(lang) if spec else row.layer),
                Text(
                    say(f"{len(parts)} 个来源", f"{len(parts)} sources", lang)
                    if several
                    else str(row.source)
                ),
                *_counts(row),
                state.get(row.state, row.state),
            )
            for part in parts if several else []:
                table.add_row("", Text(str(part.source)), *_counts(part), "")
        console.print(table)
        for row in () if tables is None else tables.itertuples():
            console.print(Text(_table_line(row, lang)))
        for text in finding_lines(findings, specs, lang):
            console.print(Text(text))
        if findings.empty:
            console.print(say("没有发现问题。", "Nothing was found.", lang))
    return str(capture.get()).rstrip()


def _table_line(row: Any, lang: str) -> str:
    if row.state != "ok":
        return say(f"{row.source}：无法使用", f"{row.source}: unusable", lang)
    return say(
        f"{row.source}：读到 {row.n_walked:,} 行，采用 {row.n_used:,}，未用 {row.n_rejected:,}，"
        f"跳过 {row.n_skipped:,}",
        f"{row.source}: {row.n_walked:,} rows walked, {row.n_used:,} used, {row.n_rejected:,} left "
        f"out, {row.n_skipped:,} skipped",
        lang,
    )


def _counts(row: Any) -> tuple[str, ...]:
    counts = row.n_walked, row.n_accepted, row.n_rejected, row.n_skipped, row.n_repaired
    return tuple(f"{int(count):,}" for count in counts)


def finding_lines(findings: pd.DataFrame, specs: Mapping[str, LayerSpec], lang: str) -> list[str]:
    """Return one line a kind of finding: how many, the first message, where the first ones are."""
    lines = []
    message = f"message_{lang}"
    # Why a layer cannot be used is said by the finding that says it best, once.
    other = findings["severity"].eq("fatal") & findings["code"].ne("LAYER_UNUSABLE")
    said = findings["layer"].isin(findings.loc[other, "layer"])
    findings = findings[~(findings["code"].eq("LAYER_UNUSABLE") & said)]
    rank = {s: k for k, s in enumerate(shared_terms()["severity"])}
    # What is about a file or a layer as a whole is said in full: a second one is not the first.
    whole = findings[message].where(findings["record"].isna(), "")
    keys = ["layer", "severity", "code", "field", "whole"]
    groups = sorted(
        findings.assign(whole=whole).groupby(keys, sort=False),
        key=lambda g: (rank[g[0][1]], g[0][0], g[0][2]),
    )
    for (layer, severity, code, *_), rows in groups:
        spec = specs.get(layer)
        name = spec.name(lang) if spec else layer or "–"
        word = term("severity", severity, lang)
        where = [row_words(w, lang) for w in rows["row_label"].head(3) if w]
        more = "…" if len(rows) > len(where) and where else ""
        tail = f"  [{', '.join(where)}{more}]" if where else ""
        n = int(rows["n_records"].clip(lower=1).sum())
        first = for_command_line(first_of(list(rows[message]), lang))
        lines.append(f"{word} {name} {code} ×{n}: {first}{tail}")
    return lines
