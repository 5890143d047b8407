"""Finding, keeping, listing and removing credentials, and saying what is wrong with them.

No service is asked here: whether it lets us in, the hosts say.
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass

from cxr.credentials.google import google_file_problems
from cxr.credentials.kaggle_login import ENABLED_BY
from cxr.credentials.reading import Problem, Reading
from cxr.credentials.services import SERVICES, Field, Kind, Service, variables
from cxr.credentials.stored import remove_stored, write_stored
from cxr.credentials.surroundings import Surroundings, here
from cxr.errors import AccessError, UsageError
from cxr.logs import hide
from cxr.secret import Secret

_ALSO_IN_DOTENV = ("KAGGLE_CONFIG_DIR", ENABLED_BY, "AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE")


@dataclass(frozen=True, slots=True)
class Found:
    """Credentials of one service, as one place holds them.

    Attributes:
        service: Key of the service.
        where: The place, for people.
        values: Field to value; secrets are wrapped (`Secret.reveal`).
        found_problems: What was wrong with the place when it was read; use `problems`.
    """

    service: str
    where: str
    values: Mapping[str, str | Secret]
    found_problems: tuple[Problem, ...] = ()

    @property
    def usable(self) -> bool:
        """Whether they suffice to ask the service."""
        complete = any(way <= self.values.keys() for way in SERVICES[self.service].ways)
        return complete and not any(problem.fatal for problem in self.found_problems)

    def text(self, name: str) -> str:
        """Return a field's value for sending it, empty where there is none."""
        value = self.values.get(name, "")
        return value.reveal() if isinstance(value, Secret) else value

    def masked(self) -> dict[str, str]:
        """Return the values for people: secrets as ``****``."""
        return {name: str(value) for name, value in self.values.items()}


def find(service: str) -> Found | None:
    """Return a service's credentials from the first place that has enough; else the first with a problem.

    Raises:
        UsageError: there is no such service.
        ConfigError: ``.env`` cannot be read.
    """
    declared = _service(service)
    around = _around()
    first: Found | None = None
    for place in declared.places:
        reading = place.read(service, around)
        if reading is None:
            continue
        found = _found(declared, reading)
        if found.usable:
            return found
        first = first or found
    return first


def need(service: str) -> Found:
    """Return a service's credentials.

    Raises:
        AccessError: there are none that could be used; it says what to do.
    """
    found = find(service)
    if found is not None and found.usable:
        return found
    declared = _service(service)
    if found is None:
        raise AccessError(
            f"There are no credentials for {declared.title}.",
            think=declared.how,
            next_step=f"Run `cxr credentials set {service}`.",
        )
    wrong = next(problem for problem in problems(found) if problem.fatal)
    raise AccessError(wrong.happened, think=declared.how, next_step=wrong.next_step)


def problems(found: Found) -> tuple[Problem, ...]:
    """Return what is wrong with credentials as far as it shows without asking the service."""
    declared = _service(found.service)
    if found.usable or any(problem.fatal for problem in found.found_problems):
        return found.found_problems
    missing = min((way - found.values.keys() for way in declared.ways), key=len)
    titles = " and ".join(field.title for field in declared.fields if field.name in missing)
    lacking = Problem(
        f"{found.where}: the {titles} for {declared.title} is missing.",
        f"Add it there, or run `cxr credentials set {found.service}`.",
    )
    return (*found.found_problems, lacking)


def listing() -> list[Found]:
    """Return what is found for each service, in the order they are declared; those without are left out."""
    return [found for found in map(find, SERVICES) if found is not None]


def store(service: str, values: Mapping[str, str]) -> str:
    """Keep credentials for later runs: in the system's keyring where one works, else in a 0600 file.

    Args:
        service: Key of the service.
        values: Field to value, one of the service's ways complete.

    Returns:
        Where they are kept, for people.

    Raises:
        UsageError: a field is unknown, empty or missing.
        StorageError: they could not be kept.
    """
    declared = _service(service)
    cleaned = {name: _cleaned(declared, name, value) for name, value in values.items()}
    if not any(way <= cleaned.keys() for way in declared.ways):
        ways = ", or ".join(" and ".join(sorted(way)) for way in declared.ways)
        raise UsageError(f"{declared.title} needs {ways}.", next_step=declared.how)
    for name, value in cleaned.items():
        _wrapped(declared.field(name), value)
    return write_stored(service, cleaned, _around().cxr_home)


def remove(service: str) -> str | None:
    """Forget what `store` kept; files and variables of other programs stay as they are.

    Returns:
        Where it was kept, or ``None`` where nothing was.

    Raises:
        UsageError: there is no such service.
        StorageError: it could not be removed.
    """
    _service(service)
    return remove_stored(service, _around().cxr_home)


def _around() -> Surroundings:
    return here(variables=frozenset({*variables(), *_ALSO_IN_DOTENV}))


def _service(key: str) -> Service:
    if key in SERVICES:
        return SERVICES[key]
    close = difflib.get_close_matches(key.lower(), SERVICES, 1)
    raise UsageError(
        f"There are no credentials called {key!r}." + (f" Did you mean {close[0]}?" if close else ""),
        next_step=f"Choose one of: {', '.join(SERVICES)}.",
    )


def _cleaned(service: Service, name: str, value: str) -> str:
    if service.field(name) is None:
        known = ", ".join(field.name for field in service.fields)
        raise UsageError(f"{service.title} has no field {name!r}.", next_step=f"Choose among: {known}.")
    cleaned = value.strip()
    if not cleaned or not cleaned.isprintable():
        raise UsageError(
            f"The {name} for {service.title} is empty or holds characters that cannot be typed.",
            next_step="Give it again, on one line.",
        )
    return cleaned


def _found(service: Service, reading: Reading) -> Found:
    values = {name: _wrapped(service.field(name), value) for name, value in reading.values.items()}
    found = reading.problems
    if "username" in reading.values:
        for value in values.values():
            if isinstance(value, Secret):  # as an Authorization header holds it
                hide(f"{reading.values['username']}:{value.reveal()}")
    path = values.get("credentials_file")
    if path is not None:
        found = (*found, *google_file_problems(path, reading.where))
    return Found(service.key, reading.where, values, found)


def _wrapped(field: Field | None, value: str) -> str | Secret:
    # The content of a key file, put where its path belongs, is a secret as well.
    plain = field is not None and (
        field.kind is Kind.NAME or (field.kind is Kind.FILE and not value.startswith("{"))
    )
    return value if plain else Secret(value)
