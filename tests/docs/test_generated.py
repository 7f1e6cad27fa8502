"""The reference pages say what the code says: lifecycles, gateways, settings and errors."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from holdfast.kernel import errors
from holdfast.payments.gateways import GATEWAYS
from holdfast.platform import metrics  # noqa: F401 - registers what is counted
from holdfast.web.errors import status_of
from scripts import docs

ROOT = Path(__file__).resolve().parents[2]
READ_FROM = ("src", "sandbox", "scripts")

ROW = re.compile(r"^\| `(?P<name>\w+)` \| (?P<second>[^|]*) \| (?P<third>[^|]*?) ?\|$", re.MULTILINE)
SHELL_DEFAULT = re.compile(r"\$\{([A-Z][A-Z0-9_]+):?[-=?+]")
LOGGED_ERROR = re.compile(r"\blog\.(?:error|exception|critical)\(\s*\"(\w+)\"")
READS = ("get", "setdefault", "pop")  # of os.environ


# Written from the code


@pytest.mark.parametrize("name", docs.PAGES)
def test_a_written_page_is_what_the_code_says_today(name: str) -> None:
    written = docs.PAGES[name]()

    assert page(name) == written, "make docs writes it anew"


@pytest.mark.spec("OPS-5")
def test_every_state_is_on_the_page_of_lifecycles() -> None:
    text = page("docs/lifecycles.md")

    subjects = [lifecycle.subject for lifecycle in docs.lifecycles()]
    states = {state for lifecycle in docs.lifecycles() for state in lifecycle.states}

    assert subjects == ["allocation", "booking", "rescheduling", "order", "payment", "transaction"]
    assert [state for state in sorted(states) if f"`{state}`" not in text] == []


def test_every_gateway_has_a_page_on_how_it_behaves() -> None:
    missing = [name for name in GATEWAYS if not ROOT.joinpath(f"docs/gateways/{name}.md").exists()]

    assert missing == []


# Errors


@pytest.mark.spec("OPS-5")
def test_every_error_is_listed_with_its_status_and_its_message() -> None:
    raised = [
        kind
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, errors.HoldfastError) and kind is not errors.HoldfastError
    ]

    listed = {row["name"]: (row["second"], row["third"]) for row in ROW.finditer(page("docs/errors.md"))}

    assert listed == {kind.__name__: (str(status(kind)), inspect.getdoc(kind)) for kind in raised}


def status(kind: type[errors.HoldfastError]) -> int:
    return status_of(kind.__new__(kind))


# Metrics and logs


def test_every_metric_is_listed() -> None:
    counted = [metric.name for metric in REGISTRY.collect() if metric.name.startswith("holdfast_")]
    asked_for = re.findall(r'"(holdfast_\w+)":', page("src/holdfast/flows/watching.py"))
    listed = {row["name"].removesuffix("_total") for row in ROW.finditer(page("docs/operations.md"))}

    assert counted
    assert asked_for
    assert [name for name in (*counted, *asked_for) if name not in listed] == []


def test_every_event_that_is_logged_as_an_error_is_listed() -> None:
    sources = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "src").rglob("*.py"))]
    logged = {event for source in sources for event in LOGGED_ERROR.findall(source)}
    listed = {row["name"] for row in ROW.finditer(page("docs/operations.md"))}

    assert logged
    assert sorted(logged - listed) == []


# Settings


@pytest.mark.spec("OPS-5")
def test_every_variable_that_is_read_is_listed_and_every_one_listed_is_read() -> None:
    listed = [row["name"] for row in ROW.finditer(page("docs/settings.md"))]
    read = {name for folder in READ_FROM for name in variables_below(ROOT / folder)}

    assert [name for name in listed if listed.count(name) > 1] == []
    assert sorted(name for name in read if not any(fnmatchcase(known, name) for known in listed)) == []
    assert sorted(known for known in listed if not any(fnmatchcase(known, name) for name in read)) == []


@pytest.mark.parametrize(
    ("source", "read"),
    [
        ("import os\nos.environ.get('A_B')", {"A_B"}),
        ("import os\nos.environ['A_B']", {"A_B"}),
        ("import os\nos.getenv('A_B', '1')", {"A_B"}),
        ("import os\nos.environ['A_B'] = '1'", set()),
        ("import os\nos.environ.get(f'A_{name}_URL')", {"A_*_URL"}),
        ("import os\ndef text(name): return os.environ.get(name)\ntext('A_B')", {"A_B"}),
        (
            "import os\ndef text(name): return os.environ.get(name)\n"
            "def words(name): return text(name).split()\nwords('A_B')",
            {"A_B"},
        ),
        ("def text(name): return name.lower()\ntext('A_B')", set()),
    ],
)
def test_a_variable_is_found_however_it_is_read(source: str, read: set[str]) -> None:
    assert set(variables_of(ast.parse(source))) == read


def page(name: str) -> str:
    return ROOT.joinpath(name).read_text(encoding="utf-8")


def variables_below(folder: Path) -> Iterator[str]:
    """The names of all environment variables that the programs of a folder read; ``*`` is any word."""
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".py":
            yield from variables_of(ast.parse(path.read_text(encoding="utf-8"), filename=str(path)))
        elif path.parent.name == "scripts" and path.is_file():
            yield from SHELL_DEFAULT.findall(path.read_text(encoding="utf-8"))


def variables_of(module: ast.Module) -> Iterator[str]:
    """What one module reads, by ``os.environ`` or by functions of its own that hand a name on to it."""
    readers = set[str]()
    while found := set(functions_that_read(module, readers)) - readers:
        readers |= found
    for key in keys_read(module, readers):
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            yield key.value
        elif isinstance(key, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in key.values)


def functions_that_read(module: ast.Module, readers: set[str]) -> Iterator[str]:
    """The functions that read the variable which their first argument names."""
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef) and node.args.args:
            first = node.args.args[0].arg
            if any(isinstance(key, ast.Name) and key.id == first for key in keys_read(node, readers)):
                yield node.name


def keys_read(scope: ast.AST, readers: set[str]) -> Iterator[ast.expr]:
    """The expression that names the variable, wherever one is read."""
    for node in ast.walk(scope):
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and is_environ(node.value):
            yield node.slice
        elif isinstance(node, ast.Call) and node.args and is_reader(node.func, readers):
            yield node.args[0]


def is_reader(function: ast.expr, readers: set[str]) -> bool:
    if isinstance(function, ast.Attribute):
        read = function.attr in READS and is_environ(function.value)
        return read or ast.unparse(function) == "os.getenv"
    return isinstance(function, ast.Name) and function.id in readers


def is_environ(node: ast.expr) -> bool:
    return ast.unparse(node) == "os.environ"
