"""Every setting, its default, and what it accepts. The configuration files are generated from here."""

import os
import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    model_validator,
)

from cxr.config.known import DATASETS, HOSTS
from cxr.config.sources import Sources

# ``stanford`` means whatever host the release has by default.
_ALIASES: Mapping[str, str | None] = {"google_cloud": "gcs", "stanford": None}


def _number(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("not a number")  # noqa: TRY004  pydantic reports ValueError, not TypeError
    return value


def _nothing(value: object) -> object:
    words = ("null", "none", "~")
    return None if isinstance(value, str) and value.strip().lower() in words else value


def _folder(value: Path) -> Path:
    if re.match(r"[a-z][a-z0-9+]+:/", str(value)):  # one slash: a Path has lost the other
        raise ValueError("an address")
    if "\0" in str(value):
        raise ValueError("not a path")
    try:
        return Path(os.path.abspath(value.expanduser()))  # noqa: PTH100  keeps symbolic links as they are
    except RuntimeError as error:
        raise ValueError("in a home directory that cannot be found") from error


def _inside(value: str) -> str:
    parts = PurePosixPath(value).parts
    if not parts or parts[0] in ("/", "~") or ".." in parts or "\0" in value or value.strip() != value:
        raise ValueError("not a folder inside base_dir")
    return "/".join(parts)


def _host(value: str | None) -> str | None:
    key = (value or "").strip().lower()
    key = _ALIASES.get(key, key) or ""
    if key and key not in HOSTS:
        raise ValueError("not a host")
    return key or None


Count = Annotated[int, Field(ge=1, le=1024), BeforeValidator(_number)]
Tries = Annotated[int, Field(ge=0, le=100), BeforeValidator(_number)]
Seconds = Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False), BeforeValidator(_number)]
Timeout = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False), BeforeValidator(_number)]
Folder = Annotated[
    Path, AfterValidator(_folder), Field(json_schema_extra={"accepts": "a folder of this machine"})
]
Inside = Annotated[
    str,
    AfterValidator(_inside),
    Field(json_schema_extra={"accepts": "the name of a folder inside base_dir, such as Images"}),
]
HostKey = Annotated[
    str | None,
    BeforeValidator(_nothing),
    AfterValidator(_host),
    Field(json_schema_extra={"accepts": f"one of {', '.join((*HOSTS, *_ALIASES))}, or null"}),
]
Limit = Annotated[Annotated[int, Field(ge=1)] | None, BeforeValidator(_number), BeforeValidator(_nothing)]
Words = Annotated[Annotated[str, Field(max_length=1000)] | None, BeforeValidator(_nothing)]

Agent = Annotated[
    Annotated[str, Field(pattern=r"^[!-~][ -~]{0,199}$")] | None,
    BeforeValidator(_nothing),
    Field(json_schema_extra={"accepts": "a program's name, such as Name/1.0, or null"}),
]


class Section(BaseModel):
    """A group of settings. They do not change once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


class Paths(Section):
    """Where the library lies."""

    base_dir: Folder = Field(default=Path("~/cxr-library"), description="The library.")
    images_dir: Inside = Field(default="Images", description="Images, inside base_dir.")
    captions_dir: Inside = Field(
        default="captions", description="A text file for each image, inside base_dir."
    )
    metadata_dir: Inside = Field(
        default="metadata", description="The index and what is written from it, inside base_dir."
    )
    temp_dir: Inside = Field(default="temp", description="Parts of files still under way, inside base_dir.")

    @model_validator(mode="after")
    def _are_apart(self) -> Self:
        """Refuse folders of which one is, or holds, another: ``cleanup`` empties ``temp_dir``."""
        taken = {"raw": "the folder of the tables", "logs": "the folder of the log files"}
        for name in ("images_dir", "captions_dir", "metadata_dir", "temp_dir"):
            mine = getattr(self, name)
            for other, use in taken.items():
                if f"{mine}/".startswith(f"{other}/") or f"{other}/".startswith(f"{mine}/"):
                    raise ValueError(f"paths.{name} ({mine}) and {use} ({other}) overlap")
            taken[mine] = f"paths.{name}"
        return self


class Download(Section):
    """How files are fetched."""

    concurrent_downloads: Count = Field(default=5, description="Connections at once, over all hosts.")
    retry_attempts: Tries = Field(
        default=3, description="How often a file is tried again when trying again can help."
    )
    retry_delay: Seconds = Field(
        default=5, description="Seconds before the first new try; later ones wait longer."
    )
    timeout: Timeout = Field(default=300, description="Seconds until a host begins to answer a request.")
    stall_timeout: Timeout = Field(
        default=60, description="Seconds without a byte after which a connection is given up and made anew."
    )
    user_agent: Agent = Field(
        default=None,
        description="What cxr calls itself; null for its own name. A host may have told you another.",
    )
    verify_checksums: bool = Field(
        default=True,
        description="Compare files with the checksums of their host; members of archives always are.",
    )


class DatasetSettings(Section):
    """One dataset."""

    enabled: bool = Field(default=True, description="Whether `--source all` takes it.")
    source: HostKey = Field(
        default=None, description="The host it comes from; null for the release's default."
    )
    limit: Limit = Field(default=None, description="How many images; null for all.")
    release: Words = Field(default=None, description="Which release; null for the default.")


def _each_dataset(given: object) -> object:
    return {key: given.get(key) or {} for key in DATASETS} if isinstance(given, dict) else given


EachDataset = Annotated[Mapping[str, DatasetSettings], BeforeValidator(_each_dataset)]


class RadiopaediaTerms(Section):
    """Radiopaedia bars machine learning unless its editors permit it."""

    permission: Words = Field(
        default=None,
        description="Who permitted machine learning with its cases, and when; null while nobody has.",
    )


class TermsSettings(Section):
    """What you were permitted beyond a dataset's own terms."""

    radiopaedia: RadiopaediaTerms = Field(default_factory=RadiopaediaTerms)


class Config(Section):
    """All settings, as they are in effect."""

    paths: Paths = Field(default_factory=Paths)
    download: Download = Field(default_factory=Download)
    datasets: EachDataset = Field(default_factory=dict, description="The datasets, by their keys.")
    terms: TermsSettings = Field(default_factory=TermsSettings)

    _origins: dict[str, str] = PrivateAttr(default_factory=dict)
    _sources: Sources = PrivateAttr(default_factory=Sources)

    def origin(self, key: str) -> str:
        """Say where the value of a dotted key came from: a file and line, a variable, a flag, ``default``."""
        return self._origins.get(key, "default")

    @property
    def sources(self) -> Sources:
        """What takes the place of the addresses and names in the code."""
        return self._sources
