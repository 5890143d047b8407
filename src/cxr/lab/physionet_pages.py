"""What PhysioNet answers that is no file: refusals, redirects, folders, and what its API says of projects."""

import json
from collections.abc import Sequence
from email.utils import formatdate
from html import escape
from time import gmtime, strftime
from typing import Final, NamedTuple
from urllib.parse import quote

from cxr.lab.exchange import Reply
from cxr.lab.mimic_build import JPG, TEXTS
from cxr.lab.packing import SECONDS

_HTML: Final = {"Content-Type": "text/html; charset=utf-8"}
_DATE = strftime("%d-%b-%Y %H:%M", gmtime(SECONDS))
_NAME_WIDTH = 51  # of the column of names in a listing by nginx


class Published(NamedTuple):
    """What the API says of a project.

    Attributes:
        project: Its key and version, as in addresses.
        title: As published.
        day: Of its publication.
        doi: Of this version.
    """

    project: str
    title: str
    day: str
    doi: str


PUBLISHED: Final = (
    Published(
        JPG,
        "MIMIC-CXR-JPG - chest radiographs with structured labels",
        "2024-03-12",
        "10.13026/jsn5-t979",
    ),
    Published(TEXTS, "MIMIC-CXR Database", "2024-07-23", "10.13026/4jqj-jw95"),
)


def password_asked() -> Reply:
    """Return 401, with the cookie that shows whether a client keeps cookies."""
    headers = {
        "WWW-Authenticate": 'Basic realm="PhysioNet", charset="UTF-8"',
        "Set-Cookie": "testcookie=1; HttpOnly; Path=/; SameSite=Lax; Secure",
    }
    return _page(401, "Authorization required", headers)


def refused() -> Reply:
    """Return 403; the page does not say for which of several reasons."""
    return _page(403, "Access denied")


def absent() -> Reply:
    """Return 404."""
    return _page(404, "Page not found")


def moved(location: str) -> Reply:
    """Return a redirect."""
    return Reply(302, {"Location": location, **_HTML})


def unchanged(etag: str) -> Reply:
    """Return 304, as nginx does for whoever names the date of what is there."""
    return Reply(304, {"ETag": etag, "Last-Modified": formatdate(SECONDS, usegmt=True)})


def folder(path: str, entries: Sequence[tuple[str, int]]) -> Reply:
    """Return the page of a folder as nginx makes it.

    Args:
        path: Of the address.
        entries: Names and sizes; those of folders end with a slash.
    """
    lines = ['<a href="../">../</a>']
    for name, size in sorted(entries, key=lambda entry: (not entry[0].endswith("/"), entry[0])):
        gap = " " * max(1, _NAME_WIDTH - len(name))
        told = "-" if name.endswith("/") else str(size)
        lines.append(f'<a href="{quote(name)}">{escape(name)}</a>{gap}{_DATE} {told:>19}')
    listing = "\n".join(lines)
    title = f"Index of {escape(path)}"
    head = f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<h1>{title}</h1><hr><pre>"
    return Reply(200, _HTML, f"{head}{listing}\r\n</pre><hr></body>\r\n</html>\r\n".encode())


def api(path: str, sizes: dict[str, int]) -> Reply:
    """Answer what is asked of the published projects.

    Args:
        path: Behind ``/api/v1/project/published/``.
        sizes: Bytes of each project's files.
    """
    slug, _, version = path.strip("/").partition("/")
    found = [one for one in PUBLISHED if not slug or one.project.partition("/")[0] == slug]
    if version:
        exact = [_details(one, sizes) for one in found if one.project == f"{slug}/{version}"]
        return _json(exact[0]) if exact else absent()
    return _json([_short(one) for one in found]) if found else absent()


def _short(one: Published) -> dict[str, object]:
    slug, _, version = one.project.partition("/")
    return {"slug": slug, "title": one.title, "version": version}


def _details(one: Published, sizes: dict[str, int]) -> dict[str, object]:
    return {
        **_short(one),
        "abstract": "Synthetic patients, made by cxr lab.",
        "license": {"name": "PhysioNet Credentialed Health Data License 1.5.0"},
        "short_description": "Synthetic patients, made by cxr lab.",
        "project_home_page": "",
        "publish_datetime": f"{one.day}T00:00:00Z",
        "doi": one.doi,
        "main_storage_size": sizes[one.project],
        "compressed_storage_size": sizes[one.project],
    }


def _json(document: object) -> Reply:
    return Reply(200, {"Content-Type": "application/json"}, json.dumps(document).encode())


def _page(status: int, words: str, headers: dict[str, str] | None = None) -> Reply:
    text = f"<!DOCTYPE html><html><head><title>{words}</title></head><body><h1>{words}</h1></body></html>"
    return Reply(status, {**_HTML, **(headers or {})}, text.encode())
