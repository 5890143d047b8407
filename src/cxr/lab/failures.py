"""The switches: what can go wrong at the hosts, how often, and when.

A switch strikes per request or per file. Both are drawn from the seed and from what is asked for, not from
the order in which threads ask: the second request for the same bytes meets the same luck in every run.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, MutableMapping
from threading import Lock
from typing import Literal, NamedTuple

from cxr.errors import UsageError


class Failure(NamedTuple):
    """A switch.

    Attributes:
        name: As typed after ``--fail``.
        hosts: At which hosts it does something.
        per: ``request``: each is drawn anew. ``file``: a file is hit, or not, as long as the switch is on; at
            least one is.
        about: One line.
    """

    name: str
    hosts: tuple[str, ...]
    per: Literal["request", "file"]
    about: str


_KAGGLE, _BOX, _PHYSIONET = ("kaggle",), ("box",), ("physionet",)
_EVERY = (*_KAGGLE, *_BOX, *_PHYSIONET)
FAILURES: Mapping[str, Failure] = {
    failure.name: failure
    for failure in (
        Failure("anonymous-denied", _KAGGLE, "request", "403 for whoever sends no credentials"),
        Failure("missing-dataset", _KAGGLE, "request", "403, as for a dataset that does not exist"),
        Failure("rate-limit", (*_KAGGLE, *_PHYSIONET), "request", "429, some with Retry-After"),
        Failure("no-single-files", (*_KAGGLE, *_PHYSIONET), "file", "404 for a file that is listed"),
        Failure("csv-zipped", _KAGGLE, "file", "a table comes inside a zip, as its link's name then says"),
        Failure("expired-link", _KAGGLE, "request", "a signed link ends before its time: 400 from then on"),
        Failure("no-ranges", (*_KAGGLE, *_PHYSIONET), "request", "Range is ignored: 200 and the whole file"),
        Failure("wrong-md5", _KAGGLE, "request", "x-goog-hash states another MD5"),
        Failure("truncated-archive", _BOX, "file", "an archive ends early, and the host says that is all"),
        Failure("wrong-archive-md5", _BOX, "file", "an archive in which some bytes of an image were flipped"),
        Failure("link-gone", _BOX, "file", "404 for a shared link"),
        Failure("address-refused", _PHYSIONET, "request", "403 before any password, as for cloud servers"),
        Failure("wrong-sha256", _PHYSIONET, "file", "SHA256SUMS.txt states another checksum of an image"),
        Failure("flipped-byte", _PHYSIONET, "request", "a byte of a file is another, but for the two lists"),
        Failure("truncated-file", _PHYSIONET, "request", "a file ends early, and the host says that is all"),
        Failure("server-error", _EVERY, "request", "500 or 503, some with Retry-After"),
        Failure("early-close", _EVERY, "request", "the connection is closed before the last byte"),
        Failure("reset", _EVERY, "request", "the connection is reset before the last byte"),
        Failure("stall", _EVERY, "request", "bytes stop coming, and the connection stays open"),
    )
}
"""Every switch, by name."""


class Failures(MutableMapping[str, float]):
    """How often each switch strikes, 0 to 1; may be changed while the hosts run.

    Args:
        rates: Switch to rate; those left out are off.
        seed: Other luck for another seed.

    Raises:
        UsageError: there is no such switch, or the rate is outside 0 to 1.
    """

    def __init__(self, rates: Mapping[str, float], seed: int) -> None:
        self._lock = Lock()
        self._seed = seed
        self._rates: dict[str, float] = {}
        self._asked: Counter[tuple[str, str]] = Counter()
        self.update(rates)

    def strikes(self, name: str, subject: str) -> bool:
        """Draw for one request.

        Args:
            name: The switch.
            subject: What is asked for; each further time for the same is a draw of its own.
        """
        rate = self.get(name, 0.0)
        if not rate:
            return False
        return self.draw(name, subject, str(self._times(name, subject))) < rate

    def hit(self, name: str, files: Collection[str]) -> frozenset[str]:
        """Return which of some files a switch hits: none when it is off, else at least one."""
        rate = self.get(name, 0.0)
        if not rate or not files:
            return frozenset()
        luck = {file: self.draw(name, file) for file in files}
        unluckiest = min(luck, key=luck.__getitem__)
        return frozenset({unluckiest, *(file for file in files if luck[file] < rate)})

    def draw(self, *words: str) -> float:
        """Return a number from 0 to below 1, the same for the same words and seed."""
        digest = hashlib.blake2b("\0".join([str(self._seed), *words]).encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") / 2**64

    def turn(self, name: str) -> int:
        """Return how often a switch's forms were asked for before, so that they take turns."""
        return self._times(name, "")

    def _times(self, name: str, subject: str) -> int:
        with self._lock:
            self._asked[name, subject] += 1
            return self._asked[name, subject] - 1

    def __getitem__(self, name: str) -> float:
        return self._rates[name]

    def __setitem__(self, name: str, rate: float) -> None:
        if name not in FAILURES:
            raise UsageError(
                f"There is no failure {name!r}.", next_step=f"Choose from: {', '.join(FAILURES)}."
            )
        if not 0 <= rate <= 1:
            raise UsageError(
                f"The failure {name} cannot strike at a rate of {rate:g}.",
                next_step="Choose a rate from 0 (never) to 1 (always), such as 0.1.",
            )
        self._rates = {**self._rates, name: rate}

    def __delitem__(self, name: str) -> None:
        self._rates = {other: rate for other, rate in self._rates.items() if other != name}

    def __iter__(self) -> Iterator[str]:
        return iter(self._rates)

    def __len__(self) -> int:
        return len(self._rates)
