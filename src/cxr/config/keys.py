"""The dotted keys of the settings (``download.timeout``): which exist, what each accepts, the nearest."""

import difflib
from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from cxr.config.known import DATASETS
from cxr.config.settings import Config, DatasetSettings


@cache
def leaves() -> Mapping[str, FieldInfo]:
    """Return every setting by its dotted key, in the order of the model."""
    found: dict[str, FieldInfo] = {}
    for name, field in Config.model_fields.items():
        if name == "datasets":
            for key in DATASETS:
                found |= _leaves(DatasetSettings, f"datasets.{key}.")
        else:
            found |= _leaves(_section(field), f"{name}.")
    return found


def _leaves(model: type[BaseModel], prefix: str) -> dict[str, FieldInfo]:
    found: dict[str, FieldInfo] = {}
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            found |= _leaves(field.annotation, f"{prefix}{name}.")
        else:
            found[prefix + name] = field
    return found


def _section(field: FieldInfo) -> type[BaseModel]:
    kind = field.annotation
    assert isinstance(kind, type)
    assert issubclass(kind, BaseModel)
    return kind


@cache
def sections() -> frozenset[str]:
    """Return the dotted key of every group of settings (``datasets.nih``)."""
    return frozenset(key[:dot] for key in leaves() for dot, letter in enumerate(key) if letter == ".")


def nearest(key: str) -> str | None:
    """Return the known key or section that an unknown one was likely meant to be, or ``None``."""
    known = [*sorted(sections()), *leaves()]
    parent, _, name = key.lower().rpartition(".")
    same_name = [one for one in known if one.rpartition(".")[2] == name]
    if len(same_name) == 1:  # the right name in the wrong section
        return same_name[0]
    if parent in sections() or not parent:
        names = {one.rpartition(".")[2]: one for one in known if one.rpartition(".")[0] == parent}
        close = difflib.get_close_matches(name, names, 1, 0.6) or [one for one in names if one in name]
        if close:
            return names[close[0]]
    at_its_depth = [one for one in known if one.count(".") == key.count(".")]
    close = difflib.get_close_matches(key.lower(), at_its_depth, 1, 0.8)
    return close[0] if close and parent not in sections() else None


def accepts(key: str) -> str:
    """Say what a setting accepts, such as ``a whole number from 1 to 1024``."""
    model, name = _owner(key)
    return _in_words(model.model_json_schema()["properties"][name])


def _owner(key: str) -> tuple[type[BaseModel], str]:
    parts = key.split(".")
    if parts[0] == "datasets":
        return DatasetSettings, parts[-1]
    model: type[BaseModel] = Config
    for part in parts[:-1]:
        model = _section(model.model_fields[part])
    return model, parts[-1]


def _in_words(schema: Mapping[str, Any]) -> str:
    if "accepts" in schema:
        return str(schema["accepts"])
    if "anyOf" in schema:
        return ", or ".join(_in_words(one) for one in schema["anyOf"])
    kind = {
        "integer": "a whole number",
        "number": "a number",
        "boolean": "true or false",
        "string": "text",
        "null": "null",
    }[schema["type"]]
    least, most = schema.get("minimum"), schema.get("maximum")
    if "exclusiveMinimum" in schema:
        return f"{kind} above {schema['exclusiveMinimum']:g}, at most {most:g}"
    if most is not None:
        return f"{kind} from {least:g} to {most:g}"
    return f"{kind}, {least:g} or more" if least is not None else kind
