"""The files that ``cxr config init`` writes, generated from the settings and the credentials."""

from collections.abc import Iterator

import yaml

from cxr.config import sources
from cxr.config.keys import accepts, leaves
from cxr.config.known import DATASETS
from cxr.credentials import SERVICES

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
    lines = ["# Copy to .env, uncomment what you need, and keep the file to yourself: chmod 600 .env"]
    for service in SERVICES.values():
        lines += ["", f"# {service.title}. {service.how}"]
        for variable, name in service.variables().items():
            field = service.field(name)
            assert field is not None
            lines += _example(variable, field.title)
    lines += ["", "# Settings, as in config.yaml; they override it."]
    for key in leaves():
        _, name, *_ = key.split(".")
        if not key.startswith("datasets."):
            lines += _example(_variable(key), accepts(key))
        elif name == DATASETS[0]:
            lines += _example(_variable(key), f"{accepts(key)}; likewise for each dataset")
    lines += [
        "",
        "# Where hosts are, in place of what the code says; `cxr config init` writes such a file, too.",
    ]
    lines += _example(sources.VARIABLE, f"a file like {sources.FILE}, read in place of the usual ones")
    lines += _example(f"{sources.PREFIX}HOSTS__KAGGLE__API", "one value of it; likewise for each other")
    return "\n".join(lines) + "\n"


def _example(variable: str, meaning: str) -> tuple[str, str]:
    # On a line of its own: behind an empty value the comment would be the value.
    return f"#   {meaning}", f"# {variable}="


def _variable(key: str) -> str:
    return f"CXR_{key.upper().replace('.', '__')}"
