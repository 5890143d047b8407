"""What a profile of the AWS tools says: keys, region and endpoint; https://docs.aws.amazon.com/sdkref/."""

import configparser
from collections.abc import Mapping
from pathlib import Path

from cxr.credentials.surroundings import Surroundings


def profile_values(name: str, around: Surroundings) -> Mapping[str, str]:
    """Return the values of a profile from the credentials file and, where that has none, the config file.

    What cannot be read counts as not there: `cxr credentials test aws` says what is wrong with the files.
    """
    values: dict[str, str] = {}
    for variable, file, section in (
        ("AWS_CONFIG_FILE", "config", name if name == "default" else f"profile {name}"),
        ("AWS_SHARED_CREDENTIALS_FILE", "credentials", name),
    ):
        found = around.variable(variable)
        path = Path(found[0]).expanduser() if found else around.home / ".aws" / file
        parser = configparser.ConfigParser(strict=False, interpolation=None, default_section="\0")
        try:
            parser.read_string(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, configparser.Error):
            continue
        if parser.has_section(section):
            values |= dict(parser.items(section))
    return values
