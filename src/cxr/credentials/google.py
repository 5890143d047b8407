"""The credentials files of Google Cloud."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cxr.credentials.reading import Problem, Reading, expand, json_object, read_private
from cxr.credentials.surroundings import Surroundings
from cxr.secret import Secret

_AGAIN = "Download the key again, or run `gcloud auth application-default login`."
_GOOGLE_KINDS = {
    "service_account": ("client_email", "private_key"),
    "authorized_user": ("client_id", "refresh_token"),
    "external_account": ("audience",),
    "impersonated_service_account": ("source_credentials",),
}


@dataclass(frozen=True)
class AdcFile:
    """The file that ``gcloud auth application-default login`` writes."""

    path: str
    project: str
    """The variable that names the project."""

    def read(self, service: str, around: Surroundings) -> Reading | None:  # noqa: ARG002  the protocol's
        """Return the file's path."""
        path = expand(self.path, around)
        if path is None or not path.is_file():
            return None
        project = around.variable(self.project)
        return Reading(
            str(path), {"credentials_file": str(path)} | ({"project": project[0]} if project else {})
        )

    def variables(self) -> Mapping[str, str]:
        """Return the variable it reads."""
        return {self.project: "project"}


def google_file_problems(path: str | Secret, where: str) -> tuple[Problem, ...]:
    """Say what is wrong with a credentials file, without asking Google."""
    if isinstance(path, Secret):
        happened = "GOOGLE_APPLICATION_CREDENTIALS holds the key itself where the path of its file belongs."
        return (Problem(happened, "Save the key in a file, chmod 600, and give the file's path."),)
    file = Path(path).expanduser()
    if not file.exists():
        return (Problem(f"There is no file {path} ({where}).", _AGAIN),)
    text, found = read_private(file)
    if text is None:
        return found
    wrong = _wrong_with(json_object(text))
    return (*found, Problem(f"{path} {wrong}.", _AGAIN)) if wrong else found


def _wrong_with(content: Mapping[str, object] | None) -> str:
    if content is None:
        return "is not a JSON object"
    kind = content.get("type")
    if not isinstance(kind, str) or kind not in _GOOGLE_KINDS:
        return "holds no Google credentials"
    missing = [name for name in _GOOGLE_KINDS[kind] if not content.get(name)]
    return f"has no {' and '.join(missing)}" if missing else ""
