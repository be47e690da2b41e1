"""The size and shape of a package's code: ``python scripts/house_numbers.py [PACKAGE ...]``.

A column for each package, so that a checkout of before and one of now, or a peer, stand side by
side. Repeated code is counted by pylint where it is installed: blocks of six lines or more that
occur in two modules.
"""

from __future__ import annotations

import ast
import io
import subprocess
import sys
import tokenize
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

#: Parameters from which on a function is hard to call; ``self`` and ``cls`` are none.
MOST_PARAMETERS = 6
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """One module: its dotted name, its text and what Python makes of it."""

    name: str
    text: str
    tree: ast.Module

    @property
    def n_lines(self) -> int:
        """The number of lines, blank ones and comments with them."""
        return len(self.text.splitlines())

    @property
    def functions(self) -> list[Function]:
        """Functions and methods, nested ones with them."""
        return [node for node in ast.walk(self.tree) if isinstance(node, Function)]

    @property
    def n_comments(self) -> int:
        """The number of lines with a comment."""
        tokens = tokenize.generate_tokens(io.StringIO(self.text).readline)
        return sum(token.type == tokenize.COMMENT for token in tokens)

    @property
    def public_names(self) -> list[str]:
        """Functions and classes at the top of the module whose names are not private."""
        named = [n for n in self.tree.body if isinstance(n, (*Function.__args__, ast.ClassDef))]
        return [n.name for n in named if not n.name.startswith("_")]


def read_modules(package: Path) -> dict[str, Module]:
    """Return the modules of a package by their dotted names."""
    modules = {}
    for path in sorted(package.rglob("*.py")):
        parts = (package.name, *path.relative_to(package).with_suffix("").parts)
        name = ".".join(parts).removesuffix(".__init__")
        text = path.read_text(encoding="utf-8")
        modules[name] = Module(name, text, ast.parse(text))
    return modules


def imports(module: Module, known: set[str]) -> set[str]:
    """Return the modules of the package that one needs to be imported, for types alone too.

    An import inside a function counts: it is how a cycle is hidden.
    """
    needed = set()
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            needed |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names} & known
            needed |= inner or {node.module}
    return (needed & known) - {module.name}


def cycles(modules: dict[str, Module]) -> list[list[str]]:
    """Return the groups of modules that need each other (strongly connected components)."""
    graph = {name: imports(module, set(modules)) for name, module in modules.items()}
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    groups: list[list[str]] = []

    def visit(name: str) -> None:
        index[name] = low[name] = len(index)
        stack.append(name)
        for other in sorted(graph[name]):
            if other not in index:
                visit(other)
                low[name] = min(low[name], low[other])
            elif other in stack:
                low[name] = min(low[name], index[other])
        if low[name] == index[name]:
            group = stack[stack.index(name) :]
            del stack[stack.index(name) :]
            if len(group) > 1:
                groups.append(sorted(group))

    for name in graph:
        if name not in index:
            visit(name)
    return groups


def n_duplicates(package: Path) -> int | None:
    """Return how many blocks of six lines pylint finds twice, or None where it is missing."""
    options = ("--disable=all", "--enable=duplicate-code", "--min-similarity-lines=6")
    result = subprocess.run(
        [sys.executable, "-m", "pylint", *options, str(package)],
        capture_output=True,
        text=True,
        check=False,
    )
    if "No module named pylint" in result.stderr:
        return None
    return result.stdout.count("duplicate-code")


def n_parameters(function: Function) -> int:
    """Return how many arguments a function takes, its own object not counted."""
    given = function.args
    names = [a.arg for a in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    return len(names) - (names[:1] in (["self"], ["cls"]))


def numbers(package: Path) -> dict[str, str]:
    """Return the numbers of a package, each as it is shown."""
    modules = read_modules(package)
    lines = [module.n_lines for module in modules.values()]
    functions = [f for module in modules.values() for f in module.functions]
    lengths = [f.end_lineno - f.lineno + 1 for f in functions if f.end_lineno]
    many = sum(n_parameters(f) > MOST_PARAMETERS for f in functions)
    n_public = sum(len(module.public_names) for module in modules.values())
    n_comments = sum(module.n_comments for module in modules.values())
    duplicates = n_duplicates(package)
    total = sum(lines)
    longest = quantiles(lengths, n=20)[-1]
    return {
        "modules": f"{len(modules)}",
        "lines": f"{total:,}",
        "lines a module, median / max": f"{median(lines):.0f} / {max(lines)}",
        "function length, median / 95 %": f"{median(lengths):.0f} / {longest:.0f}",
        "more than 6 parameters": f"{many / len(functions):.1%}",
        "public names per 1,000 lines": f"{n_public / total * 1000:.1f}",
        "comments per 100 lines": f"{n_comments / total * 100:.1f}",
        "groups of modules that import each other": f"{len(cycles(modules))}",
        "repeated blocks of six lines": "pylint is missing"
        if duplicates is None
        else f"{duplicates}",
    }


def main(packages: list[str]) -> None:
    """Print the numbers of the packages side by side."""
    found = [numbers(Path(package)) for package in packages or ["geo_citymgmt"]]
    for name in found[0]:
        print(f"{name:42s}" + "".join(f"{column[name]:>20s}" for column in found))


if __name__ == "__main__":
    main(sys.argv[1:])
