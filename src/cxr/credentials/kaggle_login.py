"""What ``kaggle auth login`` keeps: a token for some hours, and another one that gets the next."""

import os
from dataclasses import dataclass

from cxr.credentials.reading import NoVariables, Problem, Reading, expand, json_object, read_private
from cxr.credentials.surroundings import Surroundings

ENABLED_BY = "KAGGLE_ENABLE_OAUTH"
_YES = frozenset({"1", "true", "yes"})  # what Kaggle's own program takes for it, in these letters
_PATH = "~/.kaggle/credentials.json"
_FIELDS = {"access_token": "token", "refresh_token": "refresh_token", "access_token_expiration": "expires"}
_AGAIN = "Run `kaggle auth login` again."


@dataclass(frozen=True)
class KaggleLogin(NoVariables):
    """The file of ``kaggle auth login``. Kaggle's program, too, reads it only where a variable says so.

    Beside the token it gives ``refresh_token`` and ``expires``, which nobody types: they are no fields of the
    service, and hidden like secrets.
    """

    def read(self, service: str, around: Surroundings) -> Reading | None:  # noqa: ARG002  the protocol's
        """Return the token, what gets the next one, and when that is due."""
        enabled = around.variable(ENABLED_BY)
        path = expand(_PATH, around)
        if enabled is None or enabled[0] not in _YES or path is None or not os.path.lexists(path):
            return None
        text, problems = read_private(path)
        if text is None:
            return Reading(str(path), {}, problems)
        content = json_object(text)
        if content is None:
            return Reading(str(path), {}, (*problems, Problem(f"{path} is not a JSON object.", _AGAIN)))
        texts = {name: value.strip() for name, value in content.items() if isinstance(value, str)}
        values = {ours: texts[theirs] for theirs, ours in _FIELDS.items() if texts.get(theirs)}
        if "token" not in values:
            problems = (*problems, Problem(f'{path} has no "access_token".', _AGAIN))
        return Reading(str(path), values, problems)
