"""Running the real program."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

COMMAND = [sys.executable, "-m", "cxr"]


def environment(home: Path) -> dict[str, str]:
    """Return an environment without the developer's own settings, in which no cloud is near."""
    names = ("PATH", "LANG", "LC_ALL", "TMPDIR", "CXR_DATASET_SOURCES")
    kept = {name: os.environ[name] for name in names if name in os.environ}
    own = {"HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config"), "COLUMNS": "100"}
    return kept | own | {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}  # nobody listens there


def cxr(
    home: Path,
    *arguments: object,
    expect: int | None = 0,
    variables: Mapping[str, str] | None = None,
    **options: Any,
) -> subprocess.CompletedProcess[str]:
    """Run ``cxr`` with a home of its own; fail with all it said unless it ends with ``expect``.

    ``variables`` come on top of those that every run has.
    """
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=home,
        env=environment(home) | dict(variables or {}),
        stdin=subprocess.DEVNULL,
        timeout=300,
        check=False,
        **options,
    )
    said = f"cxr {' '.join(map(str, arguments))}\nexit {done.returncode}\n{done.stdout}\n{done.stderr}"
    assert expect is None or done.returncode == expect, said
    return done


def cxr_json(
    home: Path, *arguments: object, expect: int | None = 0, variables: Mapping[str, str] | None = None
) -> Any:
    """Run ``cxr`` with ``--json`` and return what it printed."""
    return json.loads(cxr(home, *arguments, "--json", expect=expect, variables=variables).stdout)
