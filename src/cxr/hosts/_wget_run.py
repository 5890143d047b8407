"""One process of GNU wget, and what comes out of it."""

import os
import re
import select
import subprocess
import threading
from collections.abc import Iterator
from typing import IO, Final

from cxr.http import HttpSettings, RefusedError, RequestError, TransientError
from cxr.http.head import Head, parse_head
from cxr.http.sockets import closed

_BLOCK: Final = 256 << 10
# The answer's head as --server-response tells it, each line behind two spaces. wget reads 64 KiB at most.
_HEAD: Final = re.compile(rb"(?m)^  HTTP/.*\n(?:  .*\n)*")
_MOST_TOLD: Final = 256 << 10
_NETWORK, _CERTIFICATE, _PROTOCOL = 4, 5, 7  # what wget ends with: its manual, "Exit Status"


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
        if code in {0, _PROTOCOL}:
            return TransientError("malformed", f"{self._origin} sent wget an answer that cannot be read.")
        if code == _NETWORK or code < 0:
            return TransientError(
                "connection", f"wget got no answer from {self._origin} (it ended with {code})."
            )
        return RefusedError("wget", f"wget cannot ask {self._origin}: it ended with {code}.")
