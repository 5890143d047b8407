"""A configuration file, read into dotted keys with the line that each stands on."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from cxr.errors import ConfigError

_LARGEST = 1_000_000  # bytes
_DEEPEST = 4  # of our own keys: terms.radiopaedia.permission


class Entry(NamedTuple):
    """One value of a file.

    Attributes:
        key: Dotted.
        value: As YAML reads it.
        line: From 1.
    """

    key: str
    value: Any
    line: int


def read_entries(path: Path, sections: frozenset[str]) -> list[Entry]:
    """Read a YAML file as dotted keys, in its order. Sections are opened; what else holds keys stays whole.

    A section without a value is empty.

    Raises:
        ConfigError: it cannot be read, is not UTF-8 or YAML, repeats a key, or begins with none.
    """
    text = _read(path)
    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        if node is None or node.tag == "tag:yaml.org,2002:null":
            return []
        if not isinstance(node, yaml.MappingNode):
            raise _unusable(path, node.start_mark.line, "it begins with no key but a list or a word", "")
        loader.flatten_mapping(node)
        return list(_entries(loader, node, "", path, sections))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _unusable(
            path, mark.line if mark else None, error.problem or error.context or "", ""
        ) from error
    except yaml.YAMLError as error:
        raise _unusable(path, None, "it holds a character that no text file has", "") from error
    except RecursionError as error:
        raise _unusable(path, None, "it is nested deeper than any configuration", "") from error


def _read(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            data = stream.read(_LARGEST + 1)
    except OSError as error:
        raise ConfigError(
            f"The configuration file {path} cannot be read: {error.strerror}.",
            next_step="Give another with `--config`, or write one with `cxr config init`.",
        ) from error
    if len(data) > _LARGEST:
        raise ConfigError(
            f"{path} is larger than a configuration file can be (1 MB).",
            next_step="Give the right file with `--config`.",
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n")
        raise _unusable(path, line, "it is not UTF-8 text", "Save the file as UTF-8.") from error


def _unusable(path: Path, line: int | None, reason: str, next_step: str) -> ConfigError:
    where = f"{path}, line {line + 1}" if line is not None else str(path)
    return ConfigError(
        f"{where}: {reason}.",
        think="A configuration file is YAML: `key: value` a line, indented by spaces.",
        next_step=next_step or "Correct that line; `cxr config init` writes a file to compare with.",
    )


def _entries(
    loader: yaml.SafeLoader, node: yaml.MappingNode, prefix: str, path: Path, sections: frozenset[str]
) -> Iterator[Entry]:
    seen: dict[str, int] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line
        name = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
        if name is None:
            raise _unusable(path, line, "a key must be a word", "")
        if name in seen:
            raise _unusable(path, line, f"{prefix}{name} stands here again, after line {seen[name]}", "")
        seen[name] = line + 1
        key = prefix + name
        if key in sections and isinstance(value_node, yaml.MappingNode) and key.count(".") < _DEEPEST:
            loader.flatten_mapping(value_node)
            yield from _entries(loader, value_node, f"{key}.", path, sections)
        else:
            try:
                value = loader.construct_object(value_node, deep=True)
            except (ValueError, TypeError) as error:  # such as 2024-99-99, a date to YAML
                raise _unusable(path, line, f"the value of {key} is no number, date or text", "") from error
            if not (key in sections and value is None):
                yield Entry(key, value, line + 1)
