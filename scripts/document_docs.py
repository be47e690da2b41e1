"""Write docs/document.md: each row of the published document, and where its number comes from.

Run it after a change of a profile's figures or of what it reports; with ``--check`` it exits 1 if
the page is not in step.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from geo_citymgmt.indicators import Figure, load_figures
from geo_citymgmt.profiles import load_profile
from geo_citymgmt.spec import load_specs

PROFILE = "suzhou_2022"
PAGE = Path(__file__).resolve().parent.parent / "docs" / "document.md"
MARK = "<!-- rows: written by scripts/document_docs.py -->\n"


def rows() -> pd.DataFrame:
    """Return the rows of the document with their standing, figure and reason."""
    profile = load_profile(PROFILE)
    figures, specs = load_figures(profile=profile), load_specs()
    file = profile.file("reported.csv")
    told = set() if file is None else set(pd.read_csv(file)["figure"])
    out = []
    for row in profile.published().itertuples():
        answers = [f for f in figures.figures.values() if f.published == row.id]
        answers = answers or [f for f in figures.figures.values() if f.target == row.id]
        counted = [f for f in answers if f.components]
        is_told = any(f.id in told or f.published in told for f in answers)
        how = "computed" if counted else "reported" if is_told else "neither"
        if counted and is_told:
            how = "computed, reported"
        why = "; ".join(dict.fromkeys(_why(f, figures.reasons) for f in answers[:1]))
        out.append(
            {
                "row": f"`{row.id}`",
                "document": row.name_zh,
                "value": f"{row.value:,.10g} {row.unit}".replace(" count", ""),
                "kind": row.kind,
                "standing": how,
                "figure": ", ".join(f"`{f.id}`" for f in counted),
                "from": specs[answers[0].layer].name_en if counted else "",
                "why": why if answers else "no layer of the package records it yet",
            }
        )
    return pd.DataFrame(out)


def _why(figure: Figure, reasons: Mapping[str, tuple[str, str]]) -> str:
    said = [reasons[r][1] for r in figure.reasons if r != "no_target"]
    return "; ".join([*said, *([figure.note_en] if figure.note_en else [])])


def page(text: str) -> str:
    """Return the page with its rows renewed."""
    head, mark, _ = text.partition(MARK)
    if not mark:
        raise SystemExit(f"{PAGE.name}: the line {MARK.strip()} is not there")
    table = rows()
    counts = table["standing"].str.split(",").str[0].value_counts()
    total = ", ".join(f"{n} {how}" for how, n in counts.items())
    lines = [f"\n{len(table)} rows: {total}.\n", "| " + " | ".join(table.columns) + " |"]
    lines.append("|" + "---|" * len(table.columns))
    lines += ["| " + " | ".join(map(str, row)) + " |" for row in table.to_numpy()]
    return head + mark + "\n".join(lines) + "\n"


def main() -> int:
    """Rewrite the page, or tell whether it is in step."""
    old = PAGE.read_text("utf-8")
    new = page(old)
    if "--check" in sys.argv[1:]:
        return int(new != old)
    PAGE.write_text(new, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
