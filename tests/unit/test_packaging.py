"""What is built and installed: the wheel, its metadata, the two ways to start it, the pins."""

import ast
import re
import subprocess
import sys
import tomllib
import zipfile
from email.parser import Parser
from importlib import metadata
from pathlib import Path

import pytest

import cxr

REPOSITORY = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
PIN = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)==(?P<version>[0-9][A-Za-z0-9.+!]*)")
PINS = [line for line in (REPOSITORY / "constraints.txt").read_text("utf-8").splitlines() if line[:1] != "#"]


def canonical(name: str) -> str:
    """Return a distribution's name as registries compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def required_names(extra: str) -> set[str]:
    """Return what the project itself asks for with an extra, or without one for ``""``."""
    lines = PROJECT["optional-dependencies"][extra] if extra else PROJECT["dependencies"]
    return {canonical(re.split(r"[\[<>=~! ;]", line)[0]) for line in lines}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel, built from this tree by the pinned backend."""
    pytest.importorskip("hatchling", reason="needs hatchling: install the extra `test`")
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=REPOSITORY, check=True, capture_output=True, timeout=120)
    (built,) = folder.glob("*.whl")
    return zipfile.ZipFile(built)


def test_the_wheel_holds_the_whole_package_and_nothing_else(wheel: zipfile.ZipFile):
    """Every module and ``py.typed`` are in it; no test, benchmark or document is."""
    source = REPOSITORY / "src"
    files = {path.relative_to(source).as_posix() for path in (source / "cxr").rglob("*") if path.is_file()}
    expected = {name for name in files if "__pycache__" not in name}
    held = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert held == expected
    assert "cxr/py.typed" in held


def test_the_wheel_carries_the_licence_the_version_and_the_readme(wheel: zipfile.ZipFile):
    (info,) = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
    message = Parser().parsestr(wheel.read(info).decode())
    assert message["Version"] == cxr.__version__
    assert message["License-Expression"] == "MIT"
    assert message["Requires-Python"] == ">=3.11"
    assert message.get_payload().startswith("# cxr")
    assert any(name.endswith("licenses/LICENSE") for name in wheel.namelist())


def test_the_extras_are_those_of_the_design():
    """Each optional part is an extra of its own, and `test` and `check` are what developers add."""
    users = {"aws", "dicom", "diffusion", "export", "ray", "targz", "torch", "web"}
    assert set(PROJECT["optional-dependencies"]) == users | {"test", "check"}


@pytest.mark.parametrize("lines", [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()])
def test_nothing_is_required_twice(lines: list[str]):
    names = [canonical(re.split(r"[\[<>=~! ;]", line)[0]) for line in lines]
    assert len(names) == len(set(names))


def test_what_the_design_rules_out_is_not_required():
    """Licences: fastdup is non-commercial, albumentationsx AGPL, pylibjpeg-libjpeg GPL."""
    wanted = set().union(*(required_names(extra) for extra in ["", *PROJECT["optional-dependencies"]]))
    assert not wanted & {"fastdup", "albumentationsx", "pylibjpeg-libjpeg"}


@pytest.mark.parametrize(
    "command", [[sys.executable, "-m", "cxr"], [str(Path(sys.executable).with_name("cxr"))]]
)
def test_both_ways_to_start_it_say_the_version(command: list[str]):
    run = subprocess.run([*command, "--version"], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout.strip().split()[-1] == cxr.__version__


def test_constraints_are_names_and_versions_only():
    """No address, no path, no hash, no option, nothing twice."""
    assert [line for line in PINS if not PIN.fullmatch(line)] == []
    names = [canonical(PIN.fullmatch(line)["name"]) for line in PINS]
    assert names == sorted(set(names))


@pytest.mark.parametrize("extra", ["", "test", "check"])
def test_what_the_make_targets_install_is_pinned(extra: str):
    pinned = {canonical(PIN.fullmatch(line)["name"]) for line in PINS}
    assert required_names(extra) <= pinned


def test_what_is_installed_here_is_what_the_constraints_say():
    """Packages that other extras brought are the user's own affair."""
    for line in PINS:
        name, version = line.split("==")
        try:
            installed = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
        assert installed == version, f"{name} {installed} is installed, constraints.txt says {version}"


def test_every_module_that_src_imports_is_in_the_standard_library_or_required():
    """What a module imports is declared, so that a plain ``pip install`` runs it."""
    distributions = metadata.packages_distributions()
    declared = set().union(*(required_names(extra) for extra in ["", *PROJECT["optional-dependencies"]]))
    declared -= required_names("test") | required_names("check")
    missing = set()
    for file in (REPOSITORY / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            for top in {name.split(".")[0] for name in names} - {"cxr", *sys.stdlib_module_names}:
                owners = {canonical(owner) for owner in distributions.get(top, [top])}
                if not owners & declared:
                    missing.add(f"{file.name}: {top}")
    assert missing == set()
