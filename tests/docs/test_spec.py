"""The documents and the source keep their own promises: ids, links, words and sizes."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts import spec

ROOT = Path(__file__).resolve().parents[2]
SKIPPED = {"__pycache__", "node_modules", "staticfiles", "build", "dist"}
KEPT_THOUGH_HIDDEN = {".ci", ".github", ".gitignore", ".dockerignore"}
LINES_IN_A_FUNCTION = 70
LINES_IN_A_FILE = 500

# Joined from pieces, so that this file does not contain what it looks for.
REGISTRIES = ("py" + r"pi\.org", "python" + r"hosted\.org", "npm" + r"js\.(org|com)", "deb" + r"ian\.org")
MACHINE_PATHS = (r"(?<![\w.~*-])/(wo" + r"rk|ro" + r"ot)(?![\w-])", r"\.\./sha" + "red")
HOW_WE_WORK = (
    r"\biss" + r"ue #?\d",
    r"\b(this|a later|the next|the previous|an earlier) working sess" + "ion",
    r"\bin (this|a later|the next|the previous|an earlier) sess" + r"ion\b",
    r"\b(sub-?|coding |ai )age" + r"nts?\b",
    r"\bhel" + r"per('s)? (brief|report|was asked|wrote)",
    r"\bas an a" + r"i\b",
)
FORBIDDEN = re.compile("|".join((*REGISTRIES, *MACHINE_PATHS, *HOW_WE_WORK)), re.IGNORECASE)

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)")
CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.MULTILINE | re.DOTALL)
ELSEWHERE = re.compile(r"^(?:[a-z]+:|#)")

SILENCED = re.compile(r"#\s*(?:ruff:\s*)?noqa\b|#\s*type:\s*ignore\b")
SILENCED_WITH_REASON = re.compile(
    r"#\s*(?:ruff:\s*)?noqa:\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*\s+[-–—#]\s*\S+ \S"
    r"|#\s*type:\s*ignore\[[\w, -]+\]\s*#\s*(?!noqa)\S+ \S"
)


# What make spec reads

PAGES = {
    "docs/spec.md": "| id | what |\n|---|---|\n| AST-1 | A catalog |\n| AST-2 | `user\\|coach` |\n",
    "docs/failure-modes.md": "| id | saw | guard |\n|---|---|---|\n| BC-1 | Two winners | One row |\n",
    "docs/gateway-misbehaviours.md": "# What gateways do wrong\n",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small project with three rows and no tests."""
    for name, text in PAGES.items():
        write(tmp_path, name, text)
    return tmp_path


def write(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


MARKED = {
    "function": "@pytest.mark.spec('AST-1')\ndef test_it(): ...",
    "async function": "@pytest.mark.spec('AST-1')\nasync def test_it(): ...",
    "two ids": "@pytest.mark.spec('BC-1', 'AST-1')\ndef test_it(): ...",
    "module": "pytestmark = [pytest.mark.long, pytest.mark.spec('AST-1')]\ndef test_it(): ...",
    "parametrize": "@pytest.mark.parametrize('a', [pytest.param(1, marks=pytest.mark.spec('AST-1'))])\n"
    "def test_it(a): ...",
    "named cases": "CASES = [pytest.param(1, marks=pytest.mark.spec('AST-1'))]\n"
    "@pytest.mark.parametrize('a', CASES)\ndef test_it(a): ...",
}


@pytest.mark.parametrize("source", MARKED.values(), ids=MARKED)
def test_a_mark_is_found_wherever_it_may_stand(project: Path, source: str) -> None:
    write(project, "tests/money/test_one.py", source)

    marks = spec.read_marks(project)

    assert ("AST-1", "tests/money/test_one.py::test_it") in [(mark.id, mark.test) for mark in marks]
    assert spec.problems(spec.read_rows(project), marks) == []


@pytest.mark.parametrize(
    "source",
    [
        "@pytest.mark.spec('AST-1')\nclass TestIt:\n    def test_it(self): ...",
        "class TestIt:\n    pytestmark = pytest.mark.spec('AST-1')\n    def test_it(self): ...",
    ],
)
def test_a_mark_on_a_class_is_carried_by_each_of_its_tests(project: Path, source: str) -> None:
    write(project, "tests/test_one.py", source)

    marks = spec.read_marks(project)

    assert [mark.test for mark in marks] == ["tests/test_one.py::TestIt::test_it"]


def test_the_report_lists_proved_rows_then_the_others_then_the_total(project: Path) -> None:
    write(project, "tests/test_one.py", MARKED["two ids"])

    lines = list(spec.report(spec.read_rows(project), spec.read_marks(project)))

    assert lines == [
        "AST-1     A catalog",
        "          tests/test_one.py::test_it",
        "BC-1      Two winners",
        "          tests/test_one.py::test_it",
        "\nWithout a test:",
        "AST-2     `user\\|coach`",
        "\ncovered 2 of 3 rows",
    ]
    assert spec.main(project) == 0


@pytest.mark.parametrize(
    ("name", "source", "problem"),
    [
        (
            "tests/test_one.py",
            "@pytest.mark.spec('AST-9')\ndef test_it(): ...",
            "tests/test_one.py:1: there is no row AST-9.",
        ),
        (
            "tests/test_one.py",
            "@pytest.mark.spec(ID)\ndef test_it(): ...",
            "tests/test_one.py:1: there is no row ID.",
        ),
        (
            "tests/test_one.py",
            "@pytest.mark.spec('AST-1')\ndef prepare(): ...",
            "tests/test_one.py:1: the mark AST-1 belongs to no test.",
        ),
        (
            "tests/money.py",
            "@pytest.mark.spec('AST-1')\ndef test_it(): ...",
            "tests/money.py:1: the mark AST-1 belongs to no test.",
        ),
        ("docs/spec.md", "| AST-1 | one |\n| AST-1 | two |\n", "AST-1 is given to 2 rows."),
    ],
    ids=["unknown", "not written out", "no test", "not collected", "given twice"],
)
def test_what_is_wrong_is_named_and_fails(project: Path, name: str, source: str, problem: str) -> None:
    write(project, name, source)

    found = spec.problems(spec.read_rows(project), spec.read_marks(project))

    assert found == [problem]
    assert spec.main(project) == 1


# What this repository promises


def test_every_row_has_an_id_of_its_own_and_every_mark_names_a_row() -> None:
    rows, marks = spec.read_rows(ROOT), spec.read_marks(ROOT)

    kinds = dict.fromkeys(row.id.split("-")[0] for row in rows)
    assert list(kinds) == ["GEN", "AST", "PUJ", "COA", "HOT", "HOM", "WEB", "DESK", "OPS", "BC", "GW"]
    assert spec.problems(rows, marks) == []


def test_the_gateways_misbehaviors_are_numbered_without_a_gap() -> None:
    page = ROOT.joinpath("docs/gateway-misbehaviours.md").read_text(encoding="utf-8")

    numbers = [int(number) for number in re.findall(r"^\| GW-(\d+) \|", page, re.MULTILINE)]

    assert numbers == list(range(1, 77))


def test_every_relative_link_leads_somewhere() -> None:
    broken = [
        f"{path.relative_to(ROOT)}: {target}"
        for path in files(".md")
        for target in LINK.findall(CODE.sub("", text_of(path)))
        if not ELSEWHERE.match(target) and not (path.parent / target.partition("#")[0]).exists()
    ]

    assert broken == []


def test_no_file_names_a_registry_a_path_of_one_machine_or_how_the_work_is_done() -> None:
    named = [
        f"{path.relative_to(ROOT)}:{number}: {match[0]}"
        for path in files()
        for number, line in enumerate(text_of(path).splitlines(), start=1)
        for match in FORBIDDEN.finditer(line)
    ]

    assert named == []


@pytest.mark.parametrize(
    "text",
    [
        "https://py" + "pi.org/x",
        "cd /ro" + "ot/x",
        "see ../sha" + "red/x",
        "as Iss" + "ue #3 asks",
    ],
)
def test_a_forbidden_word_is_recognized(text: str) -> None:
    assert FORBIDDEN.search(text)


@pytest.mark.parametrize(
    "text",
    [
        "/worker/",
        "a checkout session",
        "the User-Agent header",
        "https://shop.example/work",
    ],
)
def test_an_innocent_word_is_let_through(text: str) -> None:
    assert not FORBIDDEN.search(text)


def test_functions_and_files_stay_small() -> None:
    sources = [path for path in files(".py", within=("src", "sandbox")) if "migrations" not in path.parts]

    long = [f"{path.relative_to(ROOT)}: {what}" for path in sources for what in too_long(path)]

    assert long == []


def test_a_check_is_switched_off_by_name_and_with_a_reason() -> None:
    bare = [
        f"{path.relative_to(ROOT)}:{number}: {comment}"
        for path in files(".py")
        for number, comment in comments(text_of(path))
        if SILENCED.search(comment) and not SILENCED_WITH_REASON.search(comment)
    ]

    assert bare == []


@pytest.mark.parametrize(
    ("comment", "has_reason"),
    [
        ("# noqa: BLE001 - losing the cache costs one look-up", True),
        ("# noqa: S603, S607 - runs() checks it", True),
        ("# type: ignore[no-any-return]  # the library has no stubs", True),
        ("# noqa", False),
        ("# noqa: BLE001", False),
        ("# type: ignore", False),
        ("# type: ignore[arg-type]", False),
        ("# type: ignore[arg-type]  # noqa: E501", False),
    ],
)
def test_a_reason_is_told_from_a_bare_silence(comment: str, has_reason: bool) -> None:
    assert SILENCED.search(comment)
    assert bool(SILENCED_WITH_REASON.search(comment)) is has_reason


def files(suffix: str = "", *, within: tuple[str, ...] = ("",)) -> Iterator[Path]:
    """Every text file of the repository whose name ends so, generated and hidden folders left out."""
    for start in within:
        for path in sorted((ROOT / start).iterdir()):
            hidden = path.name.startswith(".") and path.name not in KEPT_THOUGH_HIDDEN
            if hidden or path.name in SKIPPED or path.name.endswith(".egg-info") or path.is_symlink():
                continue
            if path.is_dir():
                yield from files(suffix, within=(path.relative_to(ROOT).as_posix(),))
            elif path.name.endswith(suffix) and is_text(path):
                yield path


def is_text(path: Path) -> bool:
    with path.open("rb") as file:
        return b"\0" not in file.read(8192)


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def too_long(path: Path) -> Iterator[str]:
    """What of a module is longer than the house allows."""
    source = text_of(path)
    lines = len(source.splitlines())
    if lines > LINES_IN_A_FILE:
        yield f"{lines} lines"
    for node in ast.walk(ast.parse(source, filename=str(path))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            height = (node.end_lineno or node.lineno) - node.lineno + 1
            if height > LINES_IN_A_FUNCTION:
                yield f"{node.name} has {height} lines"


def comments(source: str) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
