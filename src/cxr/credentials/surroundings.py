"""What credentials and settings are looked for in: the environment, ``.env``, and the user's folders."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cxr.credentials.dotenv import DotEnv, read_dotenv


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where a command runs.

    Attributes:
        environ: Environment variables.
        dotenv: The ``.env`` file of the working directory.
        home: The user's home directory.
        config_home: Where programs keep their settings, ``$XDG_CONFIG_HOME`` or ``~/.config``.
    """

    environ: Mapping[str, str] = field(repr=False)
    dotenv: DotEnv
    home: Path
    config_home: Path

    @property
    def cxr_home(self) -> Path:
        """Where cxr keeps what belongs to the user and not to a library."""
        return self.config_home / "cxr"

    def variable(self, name: str) -> tuple[str, str] | None:
        """Return a variable's value and where it stands, or ``None`` where it is unset or empty."""
        value = self.environ.get(name, "").strip()
        if value:
            return value, f"environment variable {name}"
        value = self.dotenv.values.get(name, "")
        return (value, f"{name} in {self.dotenv.path}") if value else None


def here(*, variables: frozenset[str] = frozenset(), prefix: str = "") -> Surroundings:
    """Return where this process runs.

    Args:
        variables: Names that are read from ``.env``.
        prefix: Names in ``.env`` that begin with it are read too; empty for none.

    Raises:
        ConfigError: ``.env`` cannot be read.
    """
    home = _home()
    config_home = os.environ.get("XDG_CONFIG_HOME", "")
    folder = Path(config_home) if config_home.startswith("/") else home / ".config"
    dotenv = read_dotenv(
        Path(".env"), lambda name: name in variables or bool(prefix and name.startswith(prefix))
    )
    return Surroundings(dict(os.environ), dotenv, home, folder)


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError:  # a container's user without a name and without $HOME
        return Path("/nonexistent")
