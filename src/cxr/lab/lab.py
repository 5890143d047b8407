"""The lab: starts the hosts, says where they are, and what was asked of them."""

import tempfile
from collections.abc import Callable, Collection, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, Final, Self

import yaml

from cxr.errors import UsageError
from cxr.lab.archives import BOX_ARCHIVES, Shelf, shelf
from cxr.lab.box import SHARED, Box
from cxr.lab.exchange import Accounts, Exchange, Reply, Request
from cxr.lab.failures import Failures
from cxr.lab.kaggle import Kaggle
from cxr.lab.kaggle_storage import KaggleStorage
from cxr.lab.mimic import MimicContents
from cxr.lab.mimic_shelf import MimicShelf, mimic_shelf
from cxr.lab.nih import Contents, Pixels
from cxr.lab.physionet import FILES, PhysioNet
from cxr.lab.physionet_rules import PhysioNetRules
from cxr.lab.server import Server, require_free
from cxr.lab.service import Pace, Service
from cxr.progress import Progress

NIH_HOSTS: Final = ("kaggle", "box")
HOSTS: Final = (*NIH_HOSTS, "physionet")
KAGGLE_TEST_PORT = 7777
"""Where Kaggle's own programs look when ``KAGGLE_API_ENVIRONMENT=TEST``."""


class Lab:
    """The simulated hosts. They run while the context lasts, on 127.0.0.1 alone.

    Args:
        images: How many images of NIH they hold, and how many of MIMIC.
        size: Pixels a side; of MIMIC, of the tallest from top to bottom.
        seed: Of the patients and of the failures.
        folders: ``images_001`` to this one; twelve are published.
        pixels: ``phantom``, or ``noise`` where there are to be thousands.
        hosts: Which are started; those of NIH where nothing is said.
        ports: Host to port; any free one for those left out.
        failures: Switch to rate, 0 to 1.
        anonymous: Whether Kaggle answers without credentials.
        credentials: The values of Authorization that Kaggle knows; ``None`` for any.
        physionet: What PhysioNet asks of its visitors.
        pace: How fast they answer.
        folder: Where the hosts' files are made, and found again by the next lab with the same contents; a
            temporary one by default, removed at the end.
        progress: Who watches while they are made.

    Raises:
        UsageError: what is asked for cannot be made.

    Attributes:
        failures: How often each switch strikes; may be changed while the lab runs.
        pace: How fast the hosts answer.
        accounts: Host to what was asked of it and what came of that.
        dataset_sources: The file that points cxr at the lab.
    """

    def __init__(  # noqa: PLR0913  each is a choice of its own, and has a default
        self,
        *,
        images: int = 60,
        size: int = 512,
        seed: int = 0,
        folders: int = 12,
        pixels: Pixels = "phantom",
        hosts: Collection[str] = NIH_HOSTS,
        ports: Mapping[str, int] | None = None,
        failures: Mapping[str, float] | None = None,
        anonymous: bool = True,
        credentials: Collection[str] | None = None,
        physionet: PhysioNetRules | None = None,
        pace: Pace | None = None,
        folder: Path | None = None,
        progress: Progress | None = None,
    ) -> None:
        self._contents = Contents(images, size, seed, folders, pixels)
        self._mimic_contents = MimicContents(images, size, seed, pixels)
        self._rules = physionet or PhysioNetRules()
        self._shelf: Shelf | None = None
        self._mimic: MimicShelf | None = None
        self._ports = dict(ports or {})
        unknown = {*hosts, *self._ports} - {*HOSTS}
        if unknown:
            raise UsageError(
                f"The lab has no host {', '.join(sorted(unknown))}.", next_step=f"It has: {', '.join(HOSTS)}."
            )
        self._hosts = hosts
        _require_different(self._ports)
        self._anonymous, self._credentials = anonymous, credentials
        self.pace = pace or Pace()
        self._folder = folder
        self._progress = progress
        self.accounts = {host: Accounts() for host in hosts}
        self._servers: dict[str, Server] = {}
        self._stack = ExitStack()
        self.failures = Failures(failures or {}, seed)

    def __enter__(self) -> Self:
        for port in self._ports.values():
            require_free(port)  # before a minute goes into making images
        with ExitStack() as stack:
            own = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cxr-lab-")))
            root = self._folder or own
            if {*self._hosts} & {*NIH_HOSTS}:
                self._shelf = shelf(root, self._contents, self._progress)
            if "physionet" in self._hosts:
                self._mimic = mimic_shelf(root, self._mimic_contents, self._progress)
            starts = {
                "kaggle": self._start_kaggle,
                "box": self._start_box,
                "physionet": self._start_physionet,
            }
            for host in self._hosts:
                starts[host](stack)
            self.dataset_sources = own / "dataset_sources.yaml"
            self.dataset_sources.write_text(yaml.safe_dump(self._sources(), sort_keys=False), "utf-8")
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables that point cxr at the lab, and Kaggle's own programs where the port is theirs.

        PhysioNet's first account is among them: an invented one.
        """
        variables = {"CXR_DATASET_SOURCES": str(self.dataset_sources)}
        if "kaggle" in self._servers and self._servers["kaggle"].port == KAGGLE_TEST_PORT:
            variables["KAGGLE_API_ENVIRONMENT"] = "TEST"
        if "physionet" in self._servers:
            first = self._rules.accounts[0]
            variables |= {"PHYSIONET_USERNAME": first.name, "PHYSIONET_PASSWORD": first.password}
        return variables

    @property
    def images(self) -> Mapping[str, str]:
        """Path in NIH's published tree to SHA-256, in the order of the paths."""
        return {path: sha256 for path, (_, sha256) in self.shelf.images.items()}

    @property
    def sizes(self) -> Mapping[str, int]:
        """Path in NIH's published tree to bytes."""
        return {path: size for path, (size, _) in self.shelf.images.items()}

    @property
    def tables(self) -> Path:
        """The folder of the tables, with the v2020 one that Kaggle does not have."""
        return self.shelf.tables

    @property
    def shelf(self) -> Shelf:
        """The files that Kaggle and Box serve.

        Raises:
            KeyError: neither is in this lab.
        """
        if self._shelf is None:
            raise KeyError("nih")
        return self._shelf

    @property
    def mimic(self) -> MimicShelf:
        """The files that PhysioNet serves.

        Raises:
            KeyError: it is not in this lab.
        """
        if self._mimic is None:
            raise KeyError("mimic")
        return self._mimic

    def image_bytes(self, path: str) -> bytes:
        """Return an image by its path in NIH's published tree.

        Raises:
            KeyError: there is none.
        """
        return self.shelf.image(path)

    def origin(self, server: str) -> str:
        """Return where a server is reached.

        Args:
            server: ``kaggle``, ``kaggle-storage``, ``box``, ``box-download``, ``physionet``, or
                ``physionet-bulk`` where it has a second host.
        """
        return self._servers[server].origin

    def requests(self, host: str) -> tuple[Exchange, ...]:
        """Return what was asked of a host and what came of it, oldest first."""
        return self.accounts[host].exchanges

    def bytes_sent(self, host: str) -> int:
        """Return how many bytes of bodies a host has sent up to now."""
        return self.accounts[host].bytes_sent

    def bytes_by_path(self, host: str) -> Mapping[str, int]:
        """Return the same by path."""
        return self.accounts[host].bytes_by_path

    def count(self, host: str) -> int:
        """Return how many requests a host has answered."""
        return self.accounts[host].count

    def reset_accounts(self) -> None:
        """Forget what was asked."""
        for accounts in self.accounts.values():
            accounts.reset()

    def _start_kaggle(self, stack: ExitStack) -> None:
        storage = KaggleStorage(self.shelf, self.failures)
        storing = self._start(stack, "kaggle", "kaggle-storage", storage.answer)
        kaggle = Kaggle(
            self.shelf, self.failures, storage, storing.origin, self._anonymous, self._credentials
        )
        self._start(stack, "kaggle", "kaggle", kaggle.answer)

    def _start_box(self, stack: ExitStack) -> None:
        box = Box(self.shelf, self.failures)
        downloads = self._start(stack, "box", "box-download", box.download)
        self._start(stack, "box", "box", partial(box.shared, downloads=downloads.origin))

    def _start_physionet(self, stack: ExitStack) -> None:
        physionet = PhysioNet(self.mimic, self.failures, self._rules)
        answer = physionet.answer
        if self._rules.second_host:
            second = self._start(stack, "physionet", "physionet-bulk", physionet.download)
            answer = partial(physionet.answer, downloads=second.origin)
        self._start(stack, "physionet", "physionet", answer)

    def _start(self, stack: ExitStack, host: str, name: str, answer: Callable[[Request], Reply]) -> Server:
        port = self._ports.get(host, 0) if name == host else 0
        server = stack.enter_context(Server(port, Service(name, answer, self.accounts[host], self.pace)))
        self._servers[name] = server
        return server

    def _sources(self) -> Mapping[str, Any]:
        """Return what the configuration of cxr says of these hosts."""
        hosts: dict[str, dict[str, str]] = {}
        datasets: dict[str, dict[str, dict[str, dict[str, str]]]] = {}
        if "kaggle" in self._servers:
            origin = self.origin("kaggle")
            hosts["kaggle"] = {"api": f"{origin}/v1", "web": f"{origin}/api/v1"}
        if "box" in self._servers:
            hosts["box"] = {"shared": f"{self.origin('box')}{SHARED}"}
            md5 = {name: f"md5:{self.shelf.files[name].md5}" for name in BOX_ARCHIVES}
            datasets["nih"] = {"box": {"checksums": md5}}
        if "physionet" in self._servers:
            hosts["physionet"] = {"files": f"{self.origin('physionet')}{FILES}"}
        return {"hosts": hosts, "datasets": datasets}


def _require_different(ports: Mapping[str, int]) -> None:
    hosts: dict[int, str] = {}
    for host, port in ports.items():
        if port and port in hosts:
            raise UsageError(
                f"{hosts[port]} and {host} cannot both have port {port}.",
                next_step="Give each a port of its own, or 0 for any that is free.",
            )
        hosts[port] = host
