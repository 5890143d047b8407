"""As whom, and as which program, PhysioNet is asked."""

import base64
import importlib.metadata
from contextlib import suppress
from dataclasses import replace

from cxr.credentials import Found, problems
from cxr.http import HttpSettings
from cxr.secret import Secret


def named(settings: HttpSettings) -> HttpSettings:
    """Return settings with a name that says where we are from, as PhysioNet asks of programs.

    A name that the user has chosen stays.
    """
    if settings.user_agent != HttpSettings().user_agent:
        return settings
    with suppress(importlib.metadata.PackageNotFoundError):
        urls = importlib.metadata.metadata("cxr").get_all("Project-URL") or []
        for label, _, url in (one.partition(", ") for one in urls):
            if label == "Homepage":
                return replace(settings, user_agent=f"{settings.user_agent} (+{url})")
    return settings


def authorization(found: Found | None) -> Secret | None:
    """Return the value of the header; ``None`` where there are no credentials that could be used."""
    if found is None or not found.usable:
        return None
    pair = f"{found.text('username')}:{found.text('password')}"
    return Secret(f"Basic {base64.b64encode(pair.encode()).decode()}")


def unusable(found: Found | None) -> str:
    """Return why credentials cannot be used, with the next step; empty where they can or there are none."""
    if found is None or found.usable:
        return ""
    fatal = next(one for one in problems(found) if one.fatal)
    return f"{fatal.happened} {fatal.next_step}"
