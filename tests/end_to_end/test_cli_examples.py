"""Every example that a ``--help`` prints works as it stands."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.labs import lab
from support.nih_folder import make_nih_folder
from support.program import cxr, environment

from cxr.cli import _files


def examples(package="cxr.cli"):
    for module in _files.verbs(package).values():
        yield from _files.help_text(module).examples
        if _files.is_group(module):
            yield from examples(module)


EXAMPLES = sorted(set(examples()))


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """What the examples speak of: a copy of NIH's folder, one's own images, a key, a library."""
    world = tmp_path_factory.mktemp("world")
    make_nih_folder(world / "ChestXray-NIHCC", 24, side=64)
    shutil.copytree(world / "ChestXray-NIHCC" / "images", world / "my-images")
    key = '{"username": "ada", "key": "0123456789abcdef0123456789abcdef"}'
    for place in (world / "kaggle.json", world / ".kaggle" / "kaggle.json"):
        place.parent.mkdir(exist_ok=True)
        place.write_text(key)
        place.chmod(0o600)
    cxr(world, "download", "--source", "synthetic", "--limit", 4, "--size", 64, "--base-dir", "library", "-q")
    return world


@pytest.fixture(scope="module")
def hosts():
    """The variables that point at the lab's hosts."""
    with lab(images=24) as running:
        yield running.environment


def test_there_are_examples():
    assert len(EXAMPLES) >= len(_files.verbs("cxr.cli"))


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_example_works(example, world, hosts, tmp_path):
    """It ends with 0, in a directory where its files are, with a library that holds some phantoms."""
    home = tmp_path / "home"
    shutil.copytree(world, home)
    beside_python = str(Path(sys.executable).parent)
    variables = (
        environment(home)
        | hosts
        | {
            "CXR_PATHS__BASE_DIR": str(home / "library"),
            "PATH": f"{beside_python}{os.pathsep}{os.environ['PATH']}",
        }
    )
    done = subprocess.run(
        example,
        shell=True,
        cwd=home,
        env=variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"{example}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr
