"""The layers put over each other: each value with where it came from, or an error that says where."""

import os
import reprlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from cxr.config import sources
from cxr.config.keys import accepts, leaves, nearest, sections
from cxr.config.settings import Config
from cxr.config.yaml_file import read_entries
from cxr.credentials.surroundings import Surroundings, here
from cxr.errors import ConfigError
from cxr.logs import redact

_PREFIX = "CXR_"
# Variables that are no settings: which file, where tests find real images, and what .ci/run forbids them.
_NOT_SETTINGS = frozenset({"CXR_CONFIG", "CXR_TEST_DATA", "CXR_FORBID_SKIPS", sources.VARIABLE})


class Given(NamedTuple):
    """A value that some layer gives.

    Attributes:
        key: Dotted, known or not.
        value: As it was written.
        origin: Where, for people.
    """

    key: str
    value: Any
    origin: str


class Setting(NamedTuple):
    """A setting in effect.

    Attributes:
        key: Dotted.
        value: As text, number, boolean or None; passwords and signatures in it are masked.
        origin: Where it came from: a file and line, a variable, ``command line`` or ``default``.
    """

    key: str
    value: str | int | float | bool | None
    origin: str


def load(
    config_file: Path | None, flags: Mapping[str, object], *, sources_file: Path | None = None
) -> Config:
    """Read all layers and return what is in effect.

    Args:
        config_file: From ``--config``; else the first that exists of the usual places is read, if any.
        flags: Dotted key to value; those that are None were not given.
        sources_file: A ``dataset_sources.yaml``; else the first that exists of the usual places, if any.

    Raises:
        ConfigError: a file cannot be read, or a key is unknown or its value not accepted; it names where.
    """
    surroundings = here(prefix=_PREFIX)
    path = _find_file(config_file, surroundings)
    given = [*_from_file(path), *_from_dotenv(surroundings), *_from_environ(surroundings.environ)]
    given += [Given(key, value, "command line") for key, value in flags.items() if value is not None]
    config = _merge(given)
    config._sources = sources.load_sources(surroundings, sources_file)  # noqa: SLF001  ours, set once here
    return config


def effective(config: Config) -> list[Setting]:
    """Return every setting with its value and where it came from, in the order of the model.

    Behind them stands what takes the place of addresses and names in the code.
    """
    values = config.model_dump(mode="json")
    settings = [Setting(key, _shown(values, key), config.origin(key)) for key in leaves()]
    return settings + [
        Setting(f"sources.{key}", one.value if isinstance(one.value, str) else "a list", one.origin)
        for key, one in config.sources.overrides.items()
    ]


def _shown(values: Mapping[str, Any], key: str) -> str | int | float | bool | None:
    found: Any = values
    for part in key.split("."):
        found = found[part]
    assert found is None or isinstance(found, str | int | float | bool)
    return redact(found) if isinstance(found, str) else found


def _find_file(config_file: Path | None, surroundings: Surroundings) -> Path | None:
    if config_file is not None:
        return config_file.expanduser()
    named = surroundings.environ.get("CXR_CONFIG", "").strip()
    if named:
        if not Path(named).expanduser().exists():
            raise ConfigError(
                f"There is no file {named}, which $CXR_CONFIG names.",
                next_step="Correct or unset CXR_CONFIG, or write the file with `cxr config init`.",
            )
        return Path(named).expanduser()
    usual = (Path("config.yaml"), surroundings.cxr_home / "config.yaml")
    return next((path for path in usual if os.path.lexists(path)), None)


def _from_file(path: Path | None) -> Iterable[Given]:
    if path is None:
        return []
    return [
        Given(entry.key, entry.value, f"{path}, line {entry.line}")
        for entry in read_entries(path, sections())
    ]


def _from_dotenv(surroundings: Surroundings) -> Iterable[Given]:
    dotenv = surroundings.dotenv
    return [
        Given(_key(name), value, f"{dotenv.path}, line {dotenv.lines[name]} ({name})")
        for name, value in dotenv.values.items()
        if not _is_no_setting(name)
    ]


def _from_environ(environ: Mapping[str, str]) -> Iterable[Given]:
    return [
        Given(_key(name), value.strip(), f"environment variable {name}")
        for name, value in environ.items()
        if name.startswith(_PREFIX) and not _is_no_setting(name) and value.strip()
    ]


def _is_no_setting(variable: str) -> bool:
    return variable in _NOT_SETTINGS or variable.startswith(sources.PREFIX)


def _key(variable: str) -> str:
    return variable.removeprefix(_PREFIX).lower().replace("__", ".")


def _merge(given: Iterable[Given]) -> Config:
    latest: dict[str, Given] = {}
    for one in given:
        if one.key not in leaves():
            raise _unknown(one)
        latest[one.key] = one
    try:
        config = Config.model_validate(_nested(latest.values()))
    except ValidationError as error:
        raise _wrong(error, latest) from None
    config._origins.update({key: one.origin for key, one in latest.items()})  # noqa: SLF001  ours, set once here
    return config


def _nested(given: Iterable[Given]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for one in given:
        *path, name = one.key.split(".")
        branch = tree
        for part in path:
            branch = branch.setdefault(part, {})
        branch[name] = one.value
    return tree


def _unknown(given: Given) -> ConfigError:
    # No value is quoted: what stands under an unknown name may be a password.
    if given.key in sections():
        return ConfigError(
            f"{given.origin}: {given.key} is a section and holds no value of its own.",
            next_step=f"Set what is in it: {', '.join(_inside(given.key))}.",
        )
    guess = nearest(given.key)
    parent = given.key.rpartition(".")[0]
    known = _inside(parent if parent in sections() else "")
    return ConfigError(
        f"{given.origin}: there is no setting {given.key}.",
        think=f"The nearest is {guess}." if guess else f"Known here: {', '.join(known)}.",
        next_step="Correct or remove it; `cxr config show` lists every setting."
        + (
            " If the file is another program's, name yours with `--config`." if "yaml" in given.origin else ""
        ),
    )


def _inside(section: str) -> list[str]:
    """Return what stands directly in a section, ``""`` for the whole: ``datasets`` gives its keys alone."""
    prefix = f"{section}." if section else ""
    depth = prefix.count(".") + 1
    return list(dict.fromkeys(".".join(key.split(".")[:depth]) for key in leaves() if key.startswith(prefix)))


def _wrong(error: ValidationError, latest: Mapping[str, Given]) -> ConfigError:
    lines = []
    for detail in error.errors(include_url=False, include_context=False):
        key = ".".join(str(part) for part in detail["loc"])
        key = next((one for one in leaves() if key == one or key.startswith(f"{one}.")), key)
        if key in leaves():
            origin = latest[key].origin if key in latest else "default"
            value = latest[key].value if key in latest else detail["input"]
            lines.append(f"{origin}: {key} cannot be {_quoted(value)}; it accepts {accepts(key)}.")
        else:
            lines.append(f"{detail['msg'].removeprefix('Value error, ')}.")
    return ConfigError("\n".join(dict.fromkeys(lines)), next_step="Correct that value.")


def _quoted(value: object) -> str:
    return redact("null" if value is None else reprlib.repr(value))
