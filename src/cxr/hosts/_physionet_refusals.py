"""What PhysioNet's refusals mean, and what there is to do: as much as its answers tell.

It answers 401 to a password that is wrong, and 403 both to programs that it does not know and to people who
may not read a project (2024-10). A request without password tells these two apart, one of each project
tells which agreement is missing; the rest looks alike.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from cxr.credentials import SERVICES
from cxr.http import RefusedError

SITE: Final = "https://physionet.org"
AGENT_SETTING: Final = "download.user_agent"


def missing(refused: Mapping[str, RefusedError], allowed: Collection[str], where: str) -> str:
    """Return the step that is missing where projects are refused, as a sentence or two for the user.

    Args:
        refused: What was said, by project with its version, such as ``mimic-cxr-jpg/2.1.0``; at least one.
        allowed: Projects that the same account may read.
        where: The place of the credentials; empty where there are none.
    """
    project, error = next(iter(refused.items()))
    if error.status == 401:
        return wrong_password(where) if where else no_credentials()
    if error.status == 403:
        return not_allowed(tuple(refused), allowed) if where else no_credentials()
    if error.status == 404:
        return not_there(project)
    return error.reason


def no_credentials() -> str:
    """Return what to do where a password is asked for, and there is none."""
    how = SERVICES["physionet"].how
    return f"PhysioNet asks for a user name and password. {how} Then run `cxr credentials set physionet`."


def wrong_password(where: str) -> str:
    """Return what to do where a password is not accepted; it came from ``where``."""
    return (
        f"PhysioNet does not accept the user name and password from {where}. Try them at {SITE}/login/, "
        "then run `cxr credentials set physionet`."
    )


def no_wget(agent: str) -> str:
    """Return what to do where PhysioNet does not listen to our name, and wget is not here."""
    return (
        f"PhysioNet (403) lets in only programs that it knows, and {agent} is not among them yet. Then cxr "
        "fetches by GNU wget, as PhysioNet's own pages say, but GNU wget is not on this machine: "
        "`apt install wget`, `dnf install wget1` or `brew install wget`. If PhysioNet has told you another "
        f"program's name to use, set it as `{AGENT_SETTING}` in the configuration."
    )


def turned_away() -> str:
    """Return what may be wrong where even wget is not asked for a password."""
    return (
        "PhysioNet refuses (403) before it asks for a password, both cxr and GNU wget. Either it refuses "
        "this network, as it does with some cloud providers': try from another one; or it has stopped to "
        f"let wget in: {SITE}/news/ may say so. If PhysioNet has told you another program's name to use, set "
        f"it as `{AGENT_SETTING}` in the configuration."
    )


def not_allowed(refused: Sequence[str], allowed: Collection[str]) -> str:
    """Return what may be missing where an account may not read a project.

    Args:
        refused: The projects with their versions, such as ``mimic-cxr-jpg/2.1.0``.
        allowed: Projects that the same account may read.
    """
    names = " and ".join(refused)
    agreements = " and ".join(f"{SITE}/sign-dua/{project}/" for project in refused)
    if allowed:
        return (
            f"PhysioNet (403) does not let this account read {names}, though it does "
            f"{' and '.join(sorted(allowed))}: the agreement of {names} is missing. Sign it: {agreements}. "
            f"If you have, its page names the training that it asks for: {SITE}/content/{refused[0]}/"
        )
    return (
        f"PhysioNet (403) does not let this account read {names}, and does not say why. One of these is "
        f"missing: your account is not credentialed ({SITE}/settings/credentialing/); the training is not "
        f"submitted or accepted ({SITE}/settings/training/); the agreement for this very version is not "
        f"signed ({agreements})."
    )


def not_there(project: str) -> str:
    """Return what it means that a project has no list of its files."""
    return (
        f"PhysioNet (404) has no {project}. Its page says which versions there are: {SITE}/content/{project}/"
    )
