"""One process of GNU wget, and what comes out of it.

What is secret goes into it by its wgetrc, a file of mode 0600 that has no name any more: nothing is seen in
the list of processes, and nothing is left behind when this process is killed. Addresses may be signed, so
they go into it by its standard input.
"""

import os
import re
import select
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Final

from cxr.credentials import variables
from cxr.http import HttpSettings, RefusedError, RequestError, TransientError
from cxr.http.address import Origin
from cxr.http.head import Head, parse_head
from cxr.http.headers import written
from cxr.http.proxies import proxy_for
from cxr.http.request import Request
from cxr.http.sockets import closed
from cxr.secret import Secret

_ARGUMENTS: Final = (
    *("--no-verbose", "--server-response", "--output-document=-", "--input-file=-"),
    *("--tries=1", "--max-redirect=0", "--no-cookies", "--no-netrc", "--no-hsts", "--no-iri"),
)
_BLOCK: Final = 256 << 10
# The answer's head as --server-response tells it, each line behind two spaces. wget reads 64 KiB at most.
_HEAD: Final = re.compile(rb"(?m)^  HTTP/.*\n(?:  .*\n)*")
_MOST_TOLD: Final = 256 << 10
_BEHIND_THE_FIRST: Final = re.compile(r"bytes=([1-9][0-9]*)-[0-9]*")
_GRACE: Final = 30  # seconds that wget waits longer than we do; they count once this process is gone
_AUTHORITIES: Final = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")  # as in cxr.http.trust
_NETWORK, _CERTIFICATE, _PROTOCOL = 4, 5, 7  # what wget ends with: its manual, "Exit Status"


def start(program: str, request: Request, secret: Secret | None, settings: HttpSettings) -> "Run":
    """Start wget for a request.

    Args:
        program: wget's path.
        request: What to ask; its headers are sent beside wget's own.
        secret: Value of the Authorization header.
        settings: How long to wait.

    Raises:
        RefusedError: a header cannot be sent, a proxy not be used, or wget not be started.
    """
    fields = dict(request.headers) | ({"authorization": secret.reveal()} if secret else {})
    lines = [f"header = {line}\n" for line in written(fields).split("\r\n") if line]
    told = tempfile.TemporaryFile()  # noqa: SIM115  it is closed when the run ends
    try:
        with _holding("".join(lines)) as wgetrc, _holding(f"{request.address.url}\n") as addresses:
            process = subprocess.Popen(  # noqa: S603  no shell, and among the arguments nothing of a host
                [program, *_ARGUMENTS, *_arguments(request, settings)],
                bufsize=0,
                stdin=addresses,
                stdout=subprocess.PIPE,
                stderr=told,
                env={**_environ(request.address.origin), "WGETRC": f"/dev/fd/{wgetrc.fileno()}"},
                pass_fds=[wgetrc.fileno()],
                process_group=0,  # what Ctrl-C means is decided here
            )
    except RequestError:
        told.close()
        raise
    except OSError as error:
        told.close()
        raise RefusedError("wget", f"{program} could not be started: {error.strerror}.") from error
    return Run(process, told, request.address.origin.name, settings)


class Run:
    """A process that asks for one file.

    Args:
        process: It.
        told: Where it writes what it has to say.
        origin: Who is asked, for sentences.
        settings: How long to wait.
    """

    def __init__(
        self, process: subprocess.Popen[bytes], told: IO[bytes], origin: str, settings: HttpSettings
    ) -> None:
        assert process.stdout is not None
        self._process = process
        self._out = process.stdout
        self._told = told
        self._origin = origin
        self._settings = settings
        self._coming = select.poll()
        self._coming.register(self._out, select.POLLIN)
        self._is_cut = threading.Event()
        self._status = 0

    def head(self) -> Head:
        """Return the answer's head.

        Raises:
            TransientError: there is no connection, or no answer in time.
            RefusedError: the certificate is not accepted, or wget cannot do what it is asked for.
        """
        timeout = self._settings.answer_timeout
        if not self._coming.poll(timeout * 1000):
            reason = f"{self._origin} did not answer within {timeout:g} seconds."
            raise TransientError("no_answer", reason, throttled=True)
        # It has written the head before it writes a byte of the body. The place in the file is its own:
        # a seek here would have it write over what it has told.
        found = _HEAD.findall(os.pread(self._told.fileno(), _MOST_TOLD, 0))
        if not found:
            raise self._failure()
        head = parse_head(b"\n".join(line[2:] for line in found[-1].rstrip(b"\n").split(b"\n")))
        self._status = head.status
        return head

    def blocks(self) -> Iterator[bytes]:
        """Yield the body in blocks of 1 byte to 256 KiB.

        Raises:
            TransientError: it ended early, stalled or broke; what had come until then was yielded.
        """
        patience = self._settings.stall_timeout
        while True:
            if not self._coming.poll(patience * 1000):
                reason = f"{self._origin} sent nothing for {patience:g} seconds."
                raise TransientError("stalled", reason, throttled=True)
            block = os.read(self._out.fileno(), _BLOCK)
            if not block:
                break
            yield block
        if self._is_cut.is_set():
            raise closed()
        if self._process.wait() and self._status < 300:
            raise TransientError("cut_short", f"{self._origin} ended the connection before a body's end.")

    def pieces(self) -> Iterator[bytes]:
        """Yield the body as `blocks` does."""
        return self.blocks()

    def cut(self) -> None:
        """End the process: whoever reads gets a TransientError."""
        self._is_cut.set()
        self._process.kill()

    def end(self) -> None:
        """End the process, if it has not ended, and leave nothing of it."""
        self._process.kill()
        self._process.wait()
        self._out.close()
        self._told.close()

    def _failure(self) -> RequestError:
        """Return why there is no answer."""
        code = self._process.wait()
        if self._is_cut.is_set():
            return closed()
        if code == _CERTIFICATE:
            return RefusedError("certificate", f"wget does not accept the certificate of {self._origin}.")
        if code in {_NETWORK, _PROTOCOL} or code < 0:
            return TransientError(
                "connection", f"wget got no answer from {self._origin} (it ended with {code})."
            )
        return RefusedError("wget", f"wget cannot ask {self._origin}: it ended with {code}.")


def _holding(text: str) -> IO[bytes]:
    """Return a file that nobody else can open, at its beginning."""
    file = tempfile.TemporaryFile()  # noqa: SIM115  its caller closes it
    file.write(text.encode("latin-1"))
    file.seek(0)
    return file


def _arguments(request: Request, settings: HttpSettings) -> Iterator[str]:
    answer, stall = (f"{seconds + _GRACE:g}" for seconds in (settings.answer_timeout, settings.stall_timeout))
    yield from (f"--dns-timeout={answer}", f"--connect-timeout={answer}")
    yield f"--read-timeout={max(answer, stall, key=float)}"
    if found := _BEHIND_THE_FIRST.fullmatch(request.headers.get("range", "")):
        yield f"--start-pos={found[1]}"  # else wget takes the answer for a misunderstanding
    if proxy_for(request.address.origin, os.environ) is None:
        yield "--no-proxy"
    for variable in _AUTHORITIES:
        if path := os.environ.get(variable):
            yield f"--ca-directory={path}" if Path(path).is_dir() else f"--ca-certificate={path}"
            return


def _environ(origin: Origin) -> Mapping[str, str]:
    """Return this process's own without credentials, with the proxy as wget reads it, in plain English."""
    secrets = variables()
    kept = {name: one for name, one in os.environ.items() if name not in secrets}
    if (proxy := proxy_for(origin, os.environ)) is not None:
        address = os.environ[proxy.variable].strip()
        kept |= {"https_proxy": address if "://" in address else f"http://{address}"}
        kept = {name: one for name, one in kept.items() if name != "no_proxy"}  # it was heeded already
    return kept | {"LC_ALL": "C"}
