"""The house holds: imports go one way, heavy ones are late, and a thing is found by its file's name.

The order and its reasons are in ``docs/decisions/import-order.md``.
"""

import ast
import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
SOURCE = REPOSITORY / "src" / "cxr"

# A package imports only from those further down.
ORDER = (
    "__main__",
    "cli",
    "lab",
    "web",
    "report",
    "torch",
    "export",
    "library",
    "splits",
    "index",
    "checks",
    "captions",
    "compute",
    "transfer",
    "ledger",
    "datasets",
    "hosts",
    "http",
    "database",
    "tables",
    "report_text",
    "stores",
    "images",
    "config",
    "credentials",
    "terms",
    "secret",
    "logs",
    "progress",
    "tally",
    "model",
    "view_position",
    "age",
    "vocabulary",
    "errors",
    "__init__",
)
# Further down all the same, and yet not to be imported.
APART = {("datasets", "hosts")}
FILES = sorted(SOURCE.rglob("*.py"))


def name_of(file: Path) -> str:
    """Return a file's dotted module name."""
    parts = ("cxr", *file.relative_to(SOURCE).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 2 else parts)


def part_of(module: str) -> str:
    """Return the part of the house that a module of ours belongs to: ``cxr.hosts.folder`` is in ``hosts``."""
    return [*module.split("."), "__init__"][1]


def imports(code: str, module: str, *, package: bool = False) -> Iterator[str]:
    """Yield the dotted name of everything that a module imports, wherever in it the import stands."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = module.split(".") if package else module.split(".")[:-1]
                base = ".".join([*above[: len(above) - node.level + 1], *filter(None, [node.module])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def ours(code: str, module: str, *, package: bool = False) -> set[str]:
    """Return the parts of the house that a module imports from."""
    parts = set(ORDER) | {part_of(name_of(file)) for file in FILES}
    found = {name for name in imports(code, module, package=package) if name.split(".")[0] == "cxr"}
    return {part if (part := part_of(name)) in parts else "__init__" for name in found}


def wrong_imports(code: str, module: str, *, package: bool = False) -> set[str]:
    """Return the parts that a module imports from although it must not."""
    here = part_of(module)
    left = set(ORDER[: ORDER.index(here)])
    apart = {other for one, other in APART if one == here}
    return ours(code, module, package=package) & (left | apart)


def test_every_part_of_the_house_has_its_place_in_the_order():
    """A new package or module beside the others is given its place here before anything imports it."""
    assert {part_of(name_of(file)) for file in FILES} <= set(ORDER)


@pytest.mark.parametrize("page", ["docs/decisions/import-order.md", "CONTRIBUTING.md"])
def test_the_order_that_people_read_is_this_one(page: str):
    quoted = re.search(r"(?m)^(?:> .*\n)+", (REPOSITORY / page).read_text("utf-8"))[0]
    told = re.findall(r"[a-z_]+", quoted)
    assert [part for part in told if part != "__main__"] == list(ORDER[1:-1])


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(SOURCE)))
def test_imports_go_one_way(file: Path):
    assert not wrong_imports(file.read_text("utf-8"), name_of(file), package=file.name == "__init__.py")


@pytest.mark.parametrize(
    ("module", "code"),
    [
        ("cxr.hosts.folder", "from cxr.datasets import load"),
        ("cxr.datasets.nih", "import cxr.hosts.folder"),
        ("cxr.datasets.nih", "from cxr import hosts"),
        ("cxr.index.rows", "def late():\n    from cxr.library.layout import Layout"),
        ("cxr.transfer.fetch", "from ..library import layout"),
        ("cxr.errors", "if TYPE_CHECKING:\n    from cxr.model import Issue"),
    ],
)
def test_an_import_against_the_order_is_seen(module: str, code: str):
    """Wherever it stands and however it is written."""
    assert wrong_imports(code, module)


@pytest.mark.parametrize(
    ("module", "code"),
    [
        ("cxr.cli.download", "from cxr.library.download import download"),
        ("cxr.datasets.nih", "from cxr.datasets import Terms\nfrom . import Release"),
        ("cxr.hosts.kaggle", "from cxr import __version__"),
    ],
)
def test_an_import_along_the_order_is_let_through(module: str, code: str):
    assert not wrong_imports(code, module)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(SOURCE)))
def test_only_cxr_torch_imports_torch_and_nothing_imports_the_tests(file: Path):
    module = name_of(file)
    package = file.name == "__init__.py"
    others = {name.split(".")[0] for name in imports(file.read_text("utf-8"), module, package=package)}
    forbidden = {"tests", "benchmarks", "pytest", "hypothesis"}
    if part_of(module) != "torch":
        forbidden |= {"torch", "torchvision", "lightning", "diffusers"}
    assert not others & forbidden


def prints(code: str) -> list[int]:
    """Return the lines on which ``print`` is called."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(SOURCE)))
def test_only_the_command_line_prints(file: Path):
    """A library talks through logs, progress and what it returns."""
    if part_of(name_of(file)) != "cli":
        assert not prints(file.read_text("utf-8"))


def test_a_print_is_seen():
    assert prints("def f():\n    print('hello')\n") == [2]


@pytest.mark.parametrize("package", ["datasets", "hosts", "checks"])
def test_a_dataset_a_host_and_a_check_is_one_file(package: str):
    """No folder hides one, and the key that users type is the file's name."""
    assert not [
        entry.name for entry in (SOURCE / package).iterdir() if entry.is_dir() and entry.name != "__pycache__"
    ]


@pytest.mark.parametrize(("package", "mark"), [("datasets", "RELEASES"), ("hosts", "connect")])
def test_each_file_of_datasets_and_hosts_is_one(package: str, mark: str):
    """What datasets or hosts share stands in a file whose name begins with an underscore."""
    listed = importlib.import_module(f"cxr.{package}").keys()
    files = {file.stem for file in (SOURCE / package).glob("*.py") if not file.stem.startswith("_")}
    assert set(listed) == files
    for name in listed:
        assert hasattr(importlib.import_module(f"cxr.{package}.{name}"), mark), f"{package}/{name}.py"


def test_each_check_is_named_after_its_code():
    """The code that ``validate`` prints is the name of the file to open."""
    codes = importlib.import_module("cxr.checks").codes()
    assert len(codes) > 20
    for code in codes:
        assert code == importlib.import_module(f"cxr.checks.{code}").CODE


HEAVY = {"cv2", "imagecodecs", "keyring", "numpy", "polars", "simplejpeg", "sqlite3", "torch", "yaml"}


def loaded_by(arguments: list[str]) -> tuple[str, set[str]]:
    """Run cxr in a Python of its own; return what it printed and the modules it had loaded at its end."""
    code = (
        "import atexit, sys\n"
        "atexit.register(lambda: print('loaded:', *sys.modules))\n"
        f"sys.argv = ['cxr', *{arguments!r}]\n"
        "from cxr.__main__ import main\n"
        "main()\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    printed, _, modules = run.stdout.rpartition("loaded: ")
    return printed, set(modules.split())


@pytest.mark.parametrize(
    ("arguments", "expected", "heavy"),
    [
        (["--help"], "Usage: cxr", HEAVY | {"pydantic", "cxr.model", "cxr.cli.download"}),
        (["--version"], "cxr 0.", HEAVY | {"pydantic", "cxr.model", "cxr.cli.download"}),
        # typer itself loads pydantic, where it is installed, to read a command's parameters.
        (["download", "--help"], "--source", HEAVY | {"cxr.library"}),
    ],
    ids=["help", "version", "download-help"],
)
def test_help_loads_nothing_heavy(arguments: list[str], expected: str, heavy: set[str]):
    """``cxr --help`` answers at once because what takes long to import comes late."""
    printed, loaded = loaded_by(arguments)
    assert expected in printed
    assert "cxr.cli._app" in loaded
    assert loaded & heavy == set()


def test_no_file_of_ours_names_a_registry():
    """Packages come from whatever registry the user's own client is set to."""
    address = re.compile(
        r"https?://[\w.-]*(?:py" + r"pi|pythonhosted|npm" + r"js|registry)[\w.-]*", re.IGNORECASE
    )
    texts = [
        file
        for pattern in ("*.py", "*.md", "*.toml", "*.txt", "*.yaml", "Makefile", ".ci/run")
        for file in REPOSITORY.rglob(pattern)
        if not {".venv", "build", "dist", "demo-library", ".mypy_cache", ".hypothesis"}
        & set(file.relative_to(REPOSITORY).parts)
    ]
    assert len(texts) > len(FILES)
    assert [str(file) for file in texts if address.search(file.read_text("utf-8", "replace"))] == []
