"""How GNU wget is started: what it is told, and by which way.

What is secret goes into it by its wgetrc, a file of mode 0600 that has no name any more: nothing is seen in
the list of processes, and nothing is left behind when this process is killed. Addresses may be signed, so
they go into it by its standard input.
"""

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Final

from cxr.credentials import variables
from cxr.hosts._wget_run import Run
from cxr.http import HttpSettings, RefusedError
from cxr.http.address import Origin
from cxr.http.headers import written
from cxr.http.proxies import proxy_for
from cxr.http.request import Request
from cxr.secret import Secret

_ARGUMENTS: Final = (
    *("--no-verbose", "--server-response", "--output-document=-", "--input-file=-"),
    *("--tries=1", "--max-redirect=0", "--no-cookies", "--no-netrc", "--no-hsts", "--no-iri"),
)
_BEHIND_THE_FIRST: Final = re.compile(r"bytes=([1-9][0-9]*)-[0-9]*")
_GRACE: Final = 30  # seconds that wget waits longer than we do; they count once this process is gone
_AUTHORITIES: Final = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")  # as in cxr.http.trust


def start(program: str, request: Request, secret: Secret | None, settings: HttpSettings) -> Run:
    """Start wget for a request.

    Args:
        program: wget's path.
        request: What to ask; its headers are sent beside wget's own.
        secret: Value of the Authorization header.
        settings: How long to wait.

    Raises:
        RefusedError: a header cannot be sent, a proxy not be used, or wget not be started.
    """
    origin = request.address.origin
    fields = dict(request.headers) | ({"authorization": secret.reveal()} if secret else {})
    lines = [f"header = {line}\n" for line in written(fields).split("\r\n") if line]
    believed, folder = _authorities(os.environ)
    with ExitStack() as ours, ExitStack() as its:
        wgetrc, addresses, authorities = (
            ours.enter_context(_holding(text))
            for text in ("".join(lines), f"{request.address.url}\n", believed)
        )
        arguments = [*_ARGUMENTS, *_arguments(request, settings)]
        if believed:
            arguments.append(f"--ca-certificate={_as_file(authorities)}")
        if folder is not None:
            arguments.append(f"--ca-directory={folder}")
        told = its.enter_context(_holding(""))
        try:
            process = subprocess.Popen(  # noqa: S603  no shell, and among the arguments nothing of a host
                [program, *arguments],
                bufsize=0,
                stdin=addresses,
                stdout=subprocess.PIPE,
                stderr=told,
                env={**_environ(origin), "WGETRC": _as_file(wgetrc)},
                pass_fds=[wgetrc.fileno(), authorities.fileno()],
                process_group=0,  # what Ctrl-C means is decided here
            )
        except OSError as error:
            raise RefusedError("wget", f"{program} could not be started: {error.strerror}.") from error
        its.pop_all()  # the run closes it
        return Run(process, told, origin.name, settings)


def _holding(text: str) -> IO[bytes]:
    """Return a file that nobody else can open, at its beginning."""
    file = tempfile.TemporaryFile()  # noqa: SIM115  its caller closes it
    file.write(text.encode("latin-1"))
    file.seek(0)
    return file


def _as_file(file: IO[bytes]) -> str:
    """Return the path by which a process that inherits a file can open it."""
    return f"/dev/fd/{file.fileno()}"


def _arguments(request: Request, settings: HttpSettings) -> Iterator[str]:
    answer, stall = (f"{seconds + _GRACE:g}" for seconds in (settings.answer_timeout, settings.stall_timeout))
    yield from (f"--dns-timeout={answer}", f"--connect-timeout={answer}")
    yield f"--read-timeout={max(answer, stall, key=float)}"
    if found := _BEHIND_THE_FIRST.fullmatch(request.headers.get("range", "")):
        yield f"--start-pos={found[1]}"  # else wget takes the answer for a misunderstanding
    if proxy_for(request.address.origin, os.environ) is None:
        yield "--no-proxy"


def _authorities(environ: Mapping[str, str]) -> tuple[str, Path | None]:
    """Return the certificates of the files that the environment names, together, and a folder of others.

    wget takes one of each.

    Raises:
        RefusedError: one cannot be read.
    """
    texts, folder = {}, None
    for variable in _AUTHORITIES:
        path = Path(environ.get(variable, ""))
        if not environ.get(variable):
            continue
        if path.is_dir():
            folder = folder or path
            continue
        try:
            texts[path] = path.read_text("latin-1")
        except OSError as error:
            reason = f"{variable} names {path}, which cannot be read: {error.strerror}."
            raise RefusedError("certificates", reason) from error
    return "\n".join(texts.values()), folder


def _environ(origin: Origin) -> Mapping[str, str]:
    """Return this process's own without credentials, with the proxy as wget reads it, in plain English."""
    secrets = variables()
    kept = {name: one for name, one in os.environ.items() if name not in secrets}
    if (proxy := proxy_for(origin, os.environ)) is not None:
        address = os.environ[proxy.variable].strip()
        kept |= {"https_proxy": address if "://" in address else f"http://{address}"}
        kept = {name: one for name, one in kept.items() if name != "no_proxy"}  # it was heeded already
    return kept | {"LC_ALL": "C"}
