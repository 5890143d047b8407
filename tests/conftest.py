"""What every test may ask for, and what a strict run forbids."""

import os
from pathlib import Path

import hypothesis
import pytest

# How long an example takes says nothing here: the machine may be busy with others.
hypothesis.settings.register_profile("cxr", deadline=None)
hypothesis.settings.load_profile("cxr")

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of real public files, ``$CXR_TEST_DATA`` or ``../shared/data`` beside the checkout."""
    folder = Path(os.environ.get("CXR_TEST_DATA") or REPOSITORY.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"needs the real test data in {folder} (set CXR_TEST_DATA)")
    return folder.resolve()


class ForbiddenSkips:
    """Fails a run in which something was skipped, save tests marked ``gpu`` and expected failures."""

    def __init__(self) -> None:
        self.skips: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note each skipped test."""
        if report.skipped and "gpu" not in report.keywords and not hasattr(report, "wasxfail"):
            self.skips.append(_skip_line(report))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note each module that was skipped whole."""
        if report.skipped:
            self.skips.append(_skip_line(report))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Turn a passing run with such skips into a failed one."""
        if self.skips and exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Name them."""
        if self.skips:
            terminalreporter.section("skips that CXR_FORBID_SKIPS forbids", red=True, bold=True)
            for line in self.skips:
                terminalreporter.write_line(line, red=True)


def _skip_line(report: pytest.TestReport | pytest.CollectReport) -> str:
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longreprtext
    return f"{report.nodeid}: {reason.removeprefix('Skipped: ')}"


def pytest_configure(config: pytest.Config) -> None:
    """Keep every test off the network, and let ``CXR_FORBID_SKIPS=1`` fail a run with a skip.

    A worker of xdist leaves the second to its controller.
    """
    os.environ["CXR_DATASET_SOURCES"] = str(REPOSITORY / "tests" / "support" / "no_hosts.yaml")
    if os.environ.get("CXR_FORBID_SKIPS") == "1" and not hasattr(config, "workerinput"):
        config.pluginmanager.register(ForbiddenSkips(), "forbidden-skips")
