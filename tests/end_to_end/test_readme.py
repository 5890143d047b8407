"""The README says what is true: its tables against the code, its commands against the real command line."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import typer
from support.labs import lab
from typer.core import TyperGroup

from cxr import datasets, errors, hosts
from cxr.cli._app import program

REPOSITORY = Path(__file__).resolve().parents[2]
README = (REPOSITORY / "README.md").read_text("utf-8")
GUIDES = REPOSITORY.parent / "shared" / "guides"


def section(title: str) -> str:
    """Return what stands below a heading, up to the next of its level."""
    return re.split(r"(?m)^## ", README.split(f"\n## {title}\n", 1)[1])[0]


def rows(text: str) -> list[list[str]]:
    r"""Return the cells of a section's table, without its head; ``\|`` is a bar within a cell."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [
        [cell.strip().replace(r"\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines
    ]
    return cells[2:]


def code_spans(cell: str) -> list[str]:
    """Return what stands between backticks, single or double."""
    return [(two or one).strip() for two, one in re.findall(r"``(.+?)``|`([^`]+)`", cell)]


def bash_lines(text: str) -> list[str]:
    """Return the commands of the fenced shell blocks, without comments."""
    blocks = re.findall(r"(?ms)^[ ]*```(?:bash|sh|console)\n(.*?)^[ ]*```", text)
    lines = [re.sub(r"(^|\s+)#.*", "", line).strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line]


GUIDE_ROWS = rows(section("From the guides' commands to ours"))
OURS_NOW = [span for row in GUIDE_ROWS if row[2] == "now" for span in code_spans(row[1])]
PAGES = sorted(REPOSITORY.glob("*.md")) + sorted((REPOSITORY / "docs").rglob("*.md"))
COMMANDS = OURS_NOW + [line for page in PAGES for line in bash_lines(page.read_text("utf-8"))]


def cxr_commands(lines: list[str]) -> list[str]:
    """Return those that start cxr, each once."""
    return sorted({line for line in lines if line.split()[0] == "cxr"})


def parse(command: str) -> Any:
    """Let the real command line read a command, as far as it goes without running it.

    Raises:
        typer.TyperException: a verb or flag is unknown, or a value is missing or of the wrong type.
    """
    arguments = shlex.split(command)[1:]
    context = program().make_context("cxr", arguments)
    while isinstance(context.command, TyperGroup) and (rest := [*context._protected_args, *context.args]):
        name, below, rest = context.command.resolve_command(context, rest)
        context = below.make_context(name, rest, parent=context)
    return context


def verbs(command: Any = None) -> Iterator[str]:
    """Yield every verb of the real command line, ``datasets show`` too."""
    command = command or program()
    for name in command.list_commands(None):
        yield name
        below = command.get_command(None, name)
        if isinstance(below, TyperGroup):
            yield from (f"{name} {verb}" for verb in verbs(below))


@pytest.mark.parametrize("command", cxr_commands(COMMANDS))
def test_every_command_of_the_documentation_is_one_that_cxr_reads(command: str):
    """Verbs, flags and values are those of this version; a dataset that is named is in it."""
    if command == "cxr --help":
        return
    context = parse(command)
    source = context.params.get("source")
    assert source in {None, "all", *datasets.keys()}


def test_a_command_that_cxr_does_not_know_is_seen():
    with pytest.raises(typer.TyperException):
        parse("cxr download --source nih --no-such-flag")
    with pytest.raises(typer.TyperException):
        parse("cxr downlaod --source nih")


def is_there(kind: str, name: str) -> bool:
    """Say whether this version has what a row says will come later."""
    lists = {"dataset": datasets.keys, "host": hosts.keys, "verb": verbs}
    if kind in lists:
        return name in lists[kind]()
    assert kind == "package", kind
    package = REPOSITORY / "src" / "cxr" / name.removeprefix("cxr.")
    return package.is_dir() or package.with_suffix(".py").is_file()


@pytest.mark.parametrize("row", GUIDE_ROWS, ids=lambda row: row[0])
def test_what_is_said_to_come_later_is_not_there_yet(row: list[str]):
    """Once it is there, its row has to become ``now``."""
    when = row[2]
    later = re.fullmatch(r"later: (dataset|host|verb|package) `(.+)`", when)
    assert when in {"now", "yours"} or later, when
    if later:
        assert not is_there(*later.groups())


def test_what_is_there_is_seen():
    assert is_there("dataset", "nih")
    assert is_there("host", "folder")
    assert is_there("verb", "datasets show")
    assert is_there("package", "cxr.library")


def as_in_the_table(command: str) -> str:
    """Return a guide's command without the names of its author's folders and bucket."""
    command = re.sub(r"s3://[^/]+", "s3://BUCKET", command)
    return command.replace("/MeData/Radiology/CXR", "BASE_DIR").replace("/MeData", "BASE_DIR")


def guide_commands(text: str) -> set[str]:
    """Return the commands and imports of a guide; changing folder is everybody's own."""
    commands = {line for line in bash_lines(text) if not line.startswith("cd ")}
    python = re.findall(r"(?ms)^```python\n(.*?)^```", text)
    imports = {
        line.strip() for block in python for line in block.splitlines() if re.match(r"from genailab\b", line)
    }
    return {as_in_the_table(line) for line in commands | imports}


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5])
def test_every_command_of_the_guides_has_its_row(number: int):
    """Those that begin with ``python`` and all others."""
    if not GUIDES.is_dir():
        pytest.skip(f"needs the guides in {GUIDES}")
    (guide,) = GUIDES.glob(f"{number}-*.md")
    table = {span for row in GUIDE_ROWS for span in code_spans(row[0])}
    assert guide_commands(guide.read_text("utf-8")) - table == set()


def test_the_guides_jq_is_corrected():
    """``.level == "ERROR"`` prints true or false for each line; ``select`` prints the lines."""
    (row,) = [row for row in GUIDE_ROWS if row[0].startswith("`jq ")]
    assert "jq 'select(.level == \"ERROR\")'" in row[1]


DATASET_ROWS = rows(section("Datasets"))
EVERY_KEY = (
    *("nih", "mimic", "chexpert", "chexphoto", "radiopaedia", "pneumonia"),
    *("indiana", "padchest", "synthetic", "local"),
)


def test_the_table_of_datasets_names_each_once_and_those_of_this_version_as_such():
    keys = [code_spans(row[0])[0] for row in DATASET_ROWS]
    assert keys == list(EVERY_KEY)
    here = {code_spans(row[0])[0] for row in DATASET_ROWS if row[3] != "later"}
    assert here == set(datasets.keys())


@pytest.mark.parametrize("key", datasets.keys())
def test_the_table_of_datasets_says_what_the_code_says(key: str):
    """Title, images, and who may have it."""
    (row,) = [row for row in DATASET_ROWS if row[0] == f"`{key}`"]
    dataset = datasets.load(key)
    images = datasets.default_release(dataset).images
    assert dataset.TITLE in row[1]
    if images:
        assert row[2] == f"{images:,}"
    assert dataset.TERMS.access in row[4]


def test_the_exit_codes_are_those_of_the_errors():
    """Each code that an error ends with is in the table, and no other."""
    told = {int(row[0].strip("`")) for row in rows(section("Exit codes"))}
    kinds = [
        kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.CxrError)
    ]
    assert told == {0} | {kind.exit_code for kind in kinds}


@pytest.mark.parametrize("target", ["demo", "test"])
def test_the_two_commands_are_targets_of_the_makefile(target: str):
    assert f"make {target}" in bash_lines(section("Try it"))
    assert re.search(rf"(?m)^{target}:", (REPOSITORY / "Makefile").read_text("utf-8"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_every_link_within_the_project_leads_somewhere(page: Path):
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), target


def run_as_written(
    lines: list[str], folder: Path, copy: Path | None = None, variables: Mapping[str, str] | None = None
) -> Iterator[tuple[str, str]]:
    """Run commands of the README one after the other in a home of their own; yield each with its output."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("CXR_")}
    environment |= {"HOME": str(folder), "PATH": f"{Path(sys.executable).parent}:{environment['PATH']}"}
    environment |= {"XDG_CONFIG_HOME": str(folder / ".config"), "NO_COLOR": "1", "COLUMNS": "120"}
    environment |= variables or {}
    for line in lines:
        command = line.replace("PATH_TO_YOUR_COPY", shlex.quote(str(copy or "")))
        run = subprocess.run(
            ["bash", "-c", command],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert run.returncode == 0, f"{command}\n{run.stdout}\n{run.stderr}"
        yield line, run.stdout


def test_the_first_real_download_goes_as_written(tmp_path: Path):
    """From Kaggle and from Box as the lab has them, into ``~/cxr-library`` of a fresh home."""
    from_hosts, _, _ = section("A first real download").partition("### You have a copy")
    with lab(images=30) as running:
        (tmp_path / "Data_Entry_2017_v2020.csv").write_bytes(
            (running.tables / "Data_Entry_2017_v2020.csv").read_bytes()
        )
        lines = cxr_lines(from_hosts)
        outputs = dict(run_as_written(lines, tmp_path, variables=running.environment))
        assert [host for host, accounts in running.accounts.items() if not accounts.count] == []
    assert re.search(r"nih +yes", outputs["cxr check-access --source nih"])
    assert "--host box" in outputs["cxr download --source nih --dry-run"]
    assert len(list((tmp_path / "cxr-library" / "Images").iterdir())) == 30
    assert list((tmp_path / "cxr-library" / "metadata" / "archives").rglob("*.directory"))


def test_a_copy_comes_into_the_library_as_written(tmp_path: Path, test_data: Path):
    """Ten images of the real NIH files, validated and counted, into ``~/cxr-library`` of a fresh home."""
    _, _, of_a_copy = section("A first real download").partition("### You have a copy")
    lines = cxr_lines(of_a_copy)
    outputs = dict(run_as_written(lines, tmp_path, test_data / "nih"))
    assert len(outputs) >= 3
    library = tmp_path / "cxr-library"
    images = sorted((library / "Images").iterdir())
    assert len(images) == 10
    assert {file.stem for file in (library / "captions").iterdir()} == {file.stem for file in images}
    for folder_or_file in re.findall(r"(?m)^ {2}([\w.]+/?)", tree_of_a_library()):
        assert (library / folder_or_file).exists(), folder_or_file
    logged = [
        json.loads(line) for line in (library / "logs" / "cxr_downloader.json").read_text().splitlines()
    ]
    assert {one["level"] for one in logged} == {"INFO"}  # in capitals, as the table's jq asks for ERROR
    assert len((library / "logs" / "cxr_downloader.log").read_text().splitlines()) == len(logged) > 0


def cxr_lines(text: str) -> list[str]:
    """Return the cxr commands of a section, in order."""
    return [line for line in bash_lines(text) if line.startswith("cxr ")]


def tree_of_a_library() -> str:
    """Return the drawing of a library's folders."""
    (tree,) = re.findall(r"(?ms)^```\n(~/cxr-library.*?)^```", section("What a library looks like"))
    return tree
