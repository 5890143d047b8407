"""nginx on a free port of loopback: the server that all sides are measured against."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_CONF = """
daemon off; master_process off; worker_processes 1;
pid {place}/nginx.pid; error_log {place}/error.log;
events {{ worker_connections 1024; }}
http {{
  log_format sent '$bytes_sent $request_uri';
  access_log {log};
  sendfile on; tcp_nopush on; keepalive_requests 1000000; keepalive_timeout 600s; etag on;
  client_body_temp_path {place}/body; proxy_temp_path {place}/proxy; fastcgi_temp_path {place}/fastcgi;
  uwsgi_temp_path {place}/uwsgi; scgi_temp_path {place}/scgi;
  server {{ listen 127.0.0.1:{port}; root {root}; autoindex on; {more} }}
}}
"""


@dataclass(frozen=True, slots=True)
class Nginx:
    """A running server.

    Attributes:
        port: Its port.
        log: A line an answer: bytes sent, headers included, and what was asked for.
    """

    port: int
    log: Path

    @property
    def url(self) -> str:
        """Its root."""
        return f"http://127.0.0.1:{self.port}"

    def bytes_sent(self) -> int:
        """Return how much went out since the last call; a kept log is needed."""
        time.sleep(0.2)  # an answer is logged when its connection is done with it
        lines = self.log.read_text().splitlines()
        self.log.write_text("")
        return sum(int(line.split(" ", 1)[0]) for line in lines)


@contextmanager
def serving(root: Path, place: Path, more: str = "", *, count: bool = False) -> Iterator[Nginx]:
    """Serve a folder while the context lasts.

    Args:
        root: The folder.
        place: An empty folder for the server's own files.
        more: Further lines of its configuration; ``{port}`` is its port.
        count: Keep a log of the bytes sent.
    """
    place.mkdir()
    log = place / "sent.log"
    log.touch()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    conf = place / "nginx.conf"
    conf.write_text(
        _CONF.format(
            place=place,
            root=root,
            port=port,
            log=f"{log} sent" if count else "off",
            more=more.replace("{port}", str(port)),
        )
    )
    server = subprocess.Popen(["nginx", "-c", conf, "-p", place, "-e", place / "error.log"])
    try:
        _wait(port)
        yield Nginx(port, log)
    finally:
        server.terminate()
        server.wait()


def _wait(port: int) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("nginx does not answer")
