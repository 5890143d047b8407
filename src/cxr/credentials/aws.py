"""The profiles of the AWS tools."""

import configparser
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cxr.credentials.reading import Problem, Reading, read_private
from cxr.credentials.surroundings import Surroundings


@dataclass(frozen=True)
class AwsProfiles:
    """The profiles of the AWS tools: the one that ``AWS_PROFILE`` names, or ``default``."""

    named: bool

    def read(self, service: str, around: Surroundings) -> Reading | None:  # noqa: ARG002  the protocol's
        """Return the profile's name; its keys are left to the AWS library."""
        found = around.variable("AWS_PROFILE")
        if self.named != (found is not None):
            return None
        wanted = found[0] if found else "default"
        files = [self._file(around, "AWS_SHARED_CREDENTIALS_FILE", "credentials")]
        files.append(self._file(around, "AWS_CONFIG_FILE", "config"))
        problems: tuple[Problem, ...] = ()
        for path in files:
            if not path.is_file():
                continue
            profiles, wrong = _profiles(path)
            problems += wrong
            if wanted in profiles:
                return Reading(f"{path}, profile {wanted}", {"profile": wanted}, problems)
        if found is not None:
            missing = Problem(
                f"There is no AWS profile {wanted}, which AWS_PROFILE names.",
                f"Run `aws configure --profile {wanted}`.",
            )
            return Reading(found[1], {}, (*problems, missing))
        return Reading(str(files[0]), {}, problems) if problems else None

    def variables(self) -> Mapping[str, str]:
        """Return the variable it reads."""
        return {"AWS_PROFILE": "profile"}

    @staticmethod
    def _file(around: Surroundings, variable: str, name: str) -> Path:
        found = around.variable(variable)
        return Path(found[0]).expanduser() if found else around.home / ".aws" / name


def _profiles(path: Path) -> tuple[set[str], tuple[Problem, ...]]:
    text, problems = read_private(path, private=path.name == "credentials")
    if text is None:
        return set(), problems
    parser = configparser.ConfigParser(strict=False, interpolation=None, default_section="\0")
    try:
        parser.read_string(text)
    except configparser.Error:
        return set(), (*problems, Problem(f"{path} is not an AWS profile file.", "Run `aws configure`."))
    return {section.removeprefix("profile ").strip() for section in parser.sections()}, problems
