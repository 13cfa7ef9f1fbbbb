"""Every `__init__.py` re-exports what it imports, and `__all__` says so; it refuses a name in one and not the other."""

import ast
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SURFACES = sorted(
    [*ROOT.glob("packages/*/src/**/__init__.py"), *ROOT.glob("shared/src/**/__init__.py")]
)


def statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the top-level statements, looking into `if` and `try` (lazy and conditional imports)."""
    for statement in body:
        if isinstance(statement, ast.If | ast.Try):
            yield from statements(statement.body)
            yield from statements(statement.orelse)
        else:
            yield statement


def bound_names(statement: ast.stmt) -> Iterator[str]:
    match statement:
        case ast.ImportFrom(module=str(module)) if module.split(".")[0] in sys.stdlib_module_names:
            return
        case ast.ImportFrom(module=str(module), names=[ast.alias(name="*")]):
            yield from importlib.import_module(module).__all__  # a vendor's, taken over whole
        case ast.ImportFrom(names=names):
            yield from (name.asname or name.name for name in names)
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Assign(targets=targets):
            yield from (target.id for target in targets if isinstance(target, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name)):
            yield name
        case _:
            return


def public_names(source: str) -> set[str]:
    names = {n for s in statements(ast.parse(source).body) for n in bound_names(s)}
    return {name for name in names if not name.startswith("_")}


def declared_names(source: str, package: str = "") -> list[str]:
    for statement in ast.parse(source).body:
        match statement:
            case ast.Assign(targets=[ast.Name(id="__all__")], value=ast.List(elts=elements)):
                if any(isinstance(element, ast.Starred) for element in elements):
                    return list(importlib.import_module(package).__all__)
                return [ast.literal_eval(element) for element in elements]
            case _:
                continue
    return []


@pytest.mark.parametrize("path", SURFACES, ids=lambda path: str(path.relative_to(ROOT)))
def test_all_lists_exactly_the_public_names(path: Path) -> None:
    source = path.read_text()
    declared = [
        name for name in declared_names(source, path.parent.name) if not name.startswith("__")
    ]
    assert sorted(set(declared)) == sorted(public_names(source))
    assert len(set(declared)) == len(declared)


def test_a_name_left_out_of_all_is_seen() -> None:
    source = "from dotdo.tenancy import open, home\n__all__ = ['open']\n"
    assert public_names(source) - set(declared_names(source)) == {"home"}
