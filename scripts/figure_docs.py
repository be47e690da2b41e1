"""Write the definitions of the figures into docs/methods.md, from the table file itself.

Run it after a change of figures.toml; with ``--check`` it exits 1 if the page is not in step.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from geo_citymgmt.indicators import Component, Figure, Figures, load_figures
from geo_citymgmt.profiles import load_profile
from geo_citymgmt.spec import LayerSpec, load_specs

#: Whose targets and notes the page gives beside the definitions.
PROFILE = "suzhou_2022"
PAGE = Path(__file__).resolve().parent.parent / "docs" / "methods.md"
MARK = "<!-- figures: written by scripts/figure_docs.py from figures.toml -->\n"
_UNITS = {"m2": "m²", "ratio": "ratio (0 to 1)"}
_PERIODS = {
    "year": "from 1 January", "first_half": "first half of the year", "second_half": "from 1 July",
    "half": "the half-year of the date", "quarter": "the quarter of the date",
    "month": "the month of the date", "stock": "at the date",
}  # fmt: skip


def definitions(figures: Figures, specs: Mapping[str, LayerSpec]) -> str:
    """Return the part of the page that defines the figures, layer by layer."""
    out, layer = [], ""
    for figure in figures.figures.values():
        if figure.layer != layer:
            layer = figure.layer
            out.append(f"## {specs[layer].name_en} {specs[layer].name_zh}\n")
        out.append(_paragraph(figure, figures, specs[layer]))
    return "\n".join(out)


def _paragraph(figure: Figure, figures: Figures, spec: LayerSpec) -> str:
    lines = [f"### `{figure.id}`\n", f"**{figure.zh}** · {figure.en}\n"]
    if not figure.components:
        lines.append("- Not carried by the layers: shown as `not_available`")
        lines.append(f"- Published row: `{figure.published}`")
        return "\n".join(lines) + "\n"
    parts = [_formula(c, spec) for c in figure.components]
    if figure.numerator is not None and figure.numerator.kind == "cohort":
        parts = [f"share of the {parts[1]} that {_met(figure.numerator)}"]
    elif figure.value is not None and figure.value.condition:
        parts = [f"{parts[0]} that {_met(figure.value)}"]
    lines.append(f"- Formula: {', divided by '.join(parts)}")
    shared = "; shared at district lines by length" if figure.split == "share" else ""
    unit = _UNITS.get(figure.unit, figure.unit)
    lines.append(f"- Unit: {unit}; period: {_PERIODS[figure.period]}{shared}")
    needs = ", ".join(f"`{name}`" for name in figure.fields(spec))
    if needs:
        lines.append(f"- Needs: {needs}")
    if figure.published:
        lines.append(f"- Published row: `{figure.published}`")
    if figure.target:
        lines.append(f"- Target: `{figure.target}`{_aim(figure)}")
    if figure.same_as:
        lines.append(f"- The same measure as `{figure.same_as}`")
    for reason in figure.reasons:
        zh, en = figures.reasons[reason]
        lines.append(f"- Comparability: `{reason}` ({zh}, {en})")
    if figure.note_en:
        lines.append(f"- Limits: {figure.note_en}（{figure.note_zh}）")
    if figure.current:
        lines.append("- Known at the date of the data only; empty before it")
    return "\n".join(lines) + "\n"


def _aim(figure: Figure) -> str:
    if figure.level:
        return "; a level to keep"
    if figure.direction == "down":
        return "; measured by how much has gone since the start of the period"
    return ""


def _formula(part: Component, spec: LayerSpec) -> str:
    of = "number of records" if part.of == "count" else f"sum of `{part.of}`"
    text = {
        "flow": f"amount *{part.of}* in the period",
        "entered": f"{of} on entering {_states(part.state, spec)} in the period",
        "balance": f"amount *{part.of}* up to the date",
        "stock": of,
        "distinct": f"number of different `{part.of}`",
        "cohort": f"records whose `{part.of}` lies in the period",
        "complete": f"number of `{part.of}` all of whose records are {_states(part.state, spec)}",
    }[part.kind]
    if part.times:
        text += f" × `{part.times}`"
    if part.minus:
        text += f" less the amount *{part.minus}*"
    if part.state and part.kind not in ("entered", "complete"):
        text += f", records that are {_states(part.state, spec)} at the date"
    if part.dated:
        text += f", `{part.dated}` within the period"
    if part.past:
        text += f", whose `{part.past}` has gone by"
    if part.within_days is not None:
        text += f", {part.within_days} days ago or earlier"
        if part.reaches:
            text += f" and {_states((part.reaches,), spec)} within {part.within_days} days"
    if part.leaves:
        text += f", but for those that are {_states(part.leaves, spec)} at the date"
    where = {name: wanted for name, wanted in part.where.items() if name not in part.weights}
    if where:
        text += ", where " + " and ".join(_condition(k, v) for k, v in where.items())
    for name, factors in part.weights.items():
        told = ", ".join(f"`{code}` as {factor:g}" for code, factor in factors.items())
        text += f", each `{name}` at its factor ({told})"
    return text


def _met(part: Component) -> str:
    """What records of a cohort are to meet."""
    return "have " + " and ".join(_condition(k, v) for k, v in part.condition.items())


def _states(names: tuple[str, ...], spec: LayerSpec) -> str:
    codes = spec.fields[spec.state_field].codes if spec.state_field else {}
    told = [f"`{n}` ({codes[n].en})" if n not in spec.sets else f"*{n}*" for n in names]
    return " or ".join(told)


def _condition(name: str, wanted: object) -> str:
    if (
        isinstance(wanted, Mapping)
        and {"any", "by", "after"} & set(wanted)
        and name.endswith("_at")
    ):
        hours = f" plus {wanted['hours']} hours" if "hours" in wanted else ""
        sides = {"by": "not after", "after": "after"}
        told = [f"{sides[k]} `{wanted[k]}`{hours}" for k in sides if k in wanted]
        if told:
            return f"`{name}` {' and '.join(told)}"
        return f"{'a' if wanted['any'] else 'no'} `{name}` by the date"
    if isinstance(wanted, Mapping):
        unlike = f" and not `{wanted['not']}`" if "not" in wanted else ""
        return f"`{name}` is known{unlike}"
    if wanted is True:
        return f"`{name}`"
    values = wanted if isinstance(wanted, list) else [wanted]
    return f"`{name}` = " + " or ".join(f"`{v}`" for v in values)


def page(text: str) -> str:
    """Return the page with its definitions renewed."""
    head, mark, _ = text.partition(MARK)
    if not mark:
        raise SystemExit(f"{PAGE.name}: the line {MARK.strip()} is not there")
    return (
        head + mark + "\n" + definitions(load_figures(profile=load_profile(PROFILE)), load_specs())
    )


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
