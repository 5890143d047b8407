"""The files that ``cxr config init`` writes, generated from the settings and the credentials."""

from collections.abc import Iterator

import yaml

from cxr.config.keys import accepts, leaves
from cxr.config.settings import DATASETS

_HEAD = """\
# Settings of cxr, with their defaults. What you remove keeps its default.
# A variable of the environment or of .env overrides a value: CXR_DOWNLOAD__TIMEOUT=60. A flag overrides both.
"""


def init_text() -> str:
    """Return a ``config.yaml`` with every setting at its default and what it means beside it."""
    return _HEAD + "\n".join(_yaml_lines()) + "\n"


def _yaml_lines() -> Iterator[str]:
    opened: list[str] = []
    for key, field in leaves().items():
        *path, name = key.split(".")
        for depth, part in enumerate(path):
            if path[: depth + 1] != opened[: depth + 1]:
                if depth == 0:
                    yield ""
                yield f"{'  ' * depth}{part}:"
        opened = path
        comment = f"  # {field.description}" if _is_explained(key) else ""
        yield f"{'  ' * len(path)}{name}: {_scalar(field.get_default(call_default_factory=False))}{comment}"


def _is_explained(key: str) -> bool:
    return not key.startswith("datasets.") or key.split(".")[1] == DATASETS[0]


def _scalar(value: object) -> str:
    if value is None or isinstance(value, bool | int | float):
        return str(yaml.safe_dump(value)).split("\n", 1)[0]
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


def env_example_text() -> str:
    """Return a ``.env.example``: every variable that is read, each commented out."""
    lines = ["# Copy to .env, uncomment what you need, and keep the file to yourself: chmod 600 .env", ""]
    for key in leaves():
        if key.startswith("datasets."):
            continue
        lines.append(f"# {key}: {accepts(key)}")
        lines.append(f"# CXR_{key.upper().replace('.', '__')}=")
    lines.append("# datasets.KEY.limit, and likewise enabled, source, release")
    lines.append("# CXR_DATASETS__NIH__LIMIT=")
    return "\n".join(lines) + "\n"
