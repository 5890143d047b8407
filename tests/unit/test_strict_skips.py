"""The run that forbids skips, tried on small suites of its own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
SETTINGS = """
[pytest]
markers =
    gpu: needs a CUDA device
    acceptance: long
addopts = --strict-markers -p no:cacheprovider
"""
SKIPPED = "import pytest\n\ndef test_one():\n    pytest.skip('needs nginx')\n"
MODULE_SKIPPED = "import pytest\n\npytest.skip('needs wget', allow_module_level=True)\n"
GPU = "import pytest\n\n@pytest.mark.gpu\ndef test_one():\n    pytest.skip('no device')\n"
EXPECTED_FAILURE = "import pytest\n\n@pytest.mark.xfail\ndef test_one():\n    assert False\n"
PASSING = "def test_one():\n    pass\n"


def run_suite(
    folder: Path, body: str, *arguments: str, forbid: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run pytest over one test file with the project's own conftest."""
    shutil.copy(REPOSITORY / "tests" / "conftest.py", folder / "conftest.py")
    (folder / "pytest.ini").write_text(SETTINGS)
    (folder / "test_small.py").write_text(body)
    (folder / "test_passing.py").write_text(PASSING)
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "CXR_"))}
    if forbid:
        environment["CXR_FORBID_SKIPS"] = "1"
    return subprocess.run(
        [sys.executable, "-m", "pytest", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("workers", [(), ("--numprocesses", "1")], ids=["alone", "xdist"])
@pytest.mark.parametrize(("body", "reason"), [(SKIPPED, "needs nginx"), (MODULE_SKIPPED, "needs wget")])
def test_a_skip_fails_a_strict_run_and_is_named(
    tmp_path: Path, body: str, reason: str, workers: tuple[str, ...]
):
    run = run_suite(tmp_path, body, *workers)
    assert run.returncode == 1, run.stdout
    assert "skips that CXR_FORBID_SKIPS forbids" in run.stdout
    assert reason in run.stdout.split("CXR_FORBID_SKIPS forbids")[1]


@pytest.mark.parametrize("body", [GPU, EXPECTED_FAILURE, PASSING], ids=["gpu", "xfail", "passing"])
def test_what_is_marked_gpu_may_skip_in_a_strict_run(tmp_path: Path, body: str):
    run = run_suite(tmp_path, body)
    assert run.returncode == 0, run.stdout


def test_a_skip_passes_a_plain_run(tmp_path: Path):
    assert run_suite(tmp_path, SKIPPED, forbid=False).returncode == 0


def test_a_run_that_fails_anyway_keeps_its_own_exit_status(tmp_path: Path):
    run = run_suite(tmp_path, SKIPPED, "--no-such-option")
    assert run.returncode == 4, run.stdout
