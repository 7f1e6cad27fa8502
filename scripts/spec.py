"""``make spec``: every row of the spec with the tests that prove it, and the rows that have none.

Rows are read from ``docs/spec.md``, ``docs/failure-modes.md`` and ``docs/gateway-misbehaviours.md``, tests
from the source of ``tests/`` without importing it. Exits with 1 when a test names a row that does not exist,
when an id is given twice, or when a mark is found that belongs to no test, so that nothing is counted that is
not run.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Each page, and which of its columns says what a row is.
PAGES = {"docs/spec.md": 1, "docs/failure-modes.md": 1, "docs/gateway-misbehaviours.md": 2}
ROW = re.compile(r"^\| (?P<id>[A-Z]+-\d+[a-z]?) \| .*(?= \|$)", re.MULTILINE)
WIDTH = 90

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True)
class Row:
    """One requirement, or one failure mode."""

    id: str
    what: str


@dataclass(frozen=True)
class Mark:
    """A test says that it proves a row. ``test`` is empty where the mark stands on no test."""

    id: str
    test: str
    place: str


def main(root: Path = ROOT) -> int:
    rows, marks = read_rows(root), read_marks(root)
    sys.stdout.write("\n".join(report(rows, marks)) + "\n")
    found = problems(rows, marks)
    sys.stderr.write("".join(f"{problem}\n" for problem in found))
    return 1 if found else 0


def read_rows(root: Path) -> list[Row]:
    """The rows of every page, in their order."""
    return [
        Row(id=match["id"], what=match[0].split(" | ")[column])
        for page, column in PAGES.items()
        for match in ROW.finditer(root.joinpath(page).read_text(encoding="utf-8"))
    ]


def read_marks(root: Path) -> list[Mark]:
    """Every ``pytest.mark.spec(…)`` below ``tests/``, once for each test that carries it."""
    paths = sorted(root.glob("tests/**/*.py"))
    return [mark for path in paths for mark in marks_of(path, name=path.relative_to(root).as_posix())]


def report(rows: Iterable[Row], marks: Iterable[Mark]) -> Iterator[str]:
    """Each row with its tests, then the rows without, then the total."""
    tests: dict[str, list[str]] = defaultdict(list)
    for mark in marks:
        if mark.test and mark.test not in tests[mark.id]:
            tests[mark.id].append(mark.test)
    rows = list(rows)
    proved = [row for row in rows if tests.get(row.id)]
    for row in proved:
        yield title(row)
        yield from (f"          {test}" for test in tests[row.id])
    yield "\nWithout a test:"
    yield from (title(row) for row in rows if row not in proved)
    yield f"\ncovered {len(proved)} of {len(rows)} rows"


def title(row: Row) -> str:
    what = row.what if len(row.what) <= WIDTH else f"{row.what[: WIDTH - 1]}…"
    return f"{row.id:<8}  {what}"


def problems(rows: Iterable[Row], marks: Iterable[Mark]) -> list[str]:
    """What is wrong with the pages or the marks, a sentence each."""
    count = Counter(row.id for row in rows)
    twice = [f"{id} is given to {n} rows." for id, n in count.items() if n > 1]
    unknown = [f"{mark.place}: there is no row {mark.id}." for mark in marks if mark.id not in count]
    astray = [f"{mark.place}: the mark {mark.id} belongs to no test." for mark in marks if not mark.test]
    return [*twice, *dict.fromkeys([*unknown, *astray])]


def marks_of(path: Path, *, name: str) -> Iterator[Mark]:
    """The marks of one file. A file that pytest does not collect has no tests."""
    module = ast.parse(path.read_text(encoding="utf-8"), filename=name)
    named = {key: value for key, value in assignments(module.body) if key != "pytestmark"}
    collected = path.name.startswith("test_")
    reached: set[ast.Call] = set()
    for test, calls in tests_in(module, inherited=(), named=named) if collected else ():
        reached.update(calls)
        for call in calls:
            yield from (Mark(id, f"{name}::{test}", f"{name}:{call.lineno}") for id in ids_of(call))
    for call in spec_calls([module]):
        if call not in reached:
            yield from (Mark(id, "", f"{name}:{call.lineno}") for id in ids_of(call))


def tests_in(
    scope: ast.Module | ast.ClassDef, *, inherited: tuple[ast.Call, ...], named: dict[str, ast.expr]
) -> Iterator[tuple[str, tuple[ast.Call, ...]]]:
    """Each test below a module or class with the marks that it carries, its scope's among them."""
    scopes_own = [value for key, value in assignments(scope.body) if key == "pytestmark"]
    inherited = (*inherited, *spec_calls(scopes_own, named=named))
    for node in scope.body:
        if not isinstance(node, Definition):
            continue
        calls = (*inherited, *spec_calls(node.decorator_list, named=named))
        if isinstance(node, ast.ClassDef):
            for test, all_calls in tests_in(node, inherited=calls, named=named):
                yield f"{node.name}::{test}", all_calls
        elif node.name.startswith("test"):
            yield node.name, calls


def assignments(body: Iterable[ast.stmt]) -> Iterator[tuple[str, ast.expr]]:
    for node in body:
        if isinstance(node, ast.Assign):
            yield from ((target.id, node.value) for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            yield node.target.id, node.value


def spec_calls(nodes: Iterable[ast.AST], *, named: dict[str, ast.expr] | None = None) -> Iterator[ast.Call]:
    """The ``….mark.spec(…)`` calls within some nodes, and within the module's names that they mention."""
    named = named or {}
    for node in (inner for outer in nodes for inner in ast.walk(outer)):
        if isinstance(node, ast.Name) and node.id in named:
            rest = {key: value for key, value in named.items() if key != node.id}
            yield from spec_calls([named[node.id]], named=rest)
        elif isinstance(node, ast.Call) and is_spec(node.func):
            yield node


def is_spec(function: ast.expr) -> bool:
    return isinstance(function, ast.Attribute) and ast.unparse(function).endswith("mark.spec")


def ids_of(call: ast.Call) -> list[str]:
    """The ids that a mark names; one that is not written out is shown as it stands, and is no row."""
    return [
        arg.value if isinstance(arg, ast.Constant) and isinstance(arg.value, str) else ast.unparse(arg)
        for arg in call.args
    ]


if __name__ == "__main__":
    sys.exit(main())
