"""A place in an object store, as users type it: ``s3://bucket/prefix``, ``gs://...``, ``az://container/...``."""

import re
from dataclasses import dataclass
from typing import Final

from cxr.errors import UsageError

S3: Final = "s3"
GOOGLE: Final = "gs"
AZURE: Final = "az"
SCHEMES: Final = (S3, GOOGLE, AZURE)
# The union of what the three allow; each refuses the rest by itself, in its own words.
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,220}")


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket (Azure: a container), and a prefix in it.

    Attributes:
        scheme: One of `SCHEMES`.
        name: Of the bucket.
        prefix: What the names in it begin with, without slashes at either end; empty for the whole bucket.
    """

    scheme: str
    name: str
    prefix: str = ""

    @classmethod
    def parse(cls, url: str) -> "Bucket":
        """Take a URL apart.

        Raises:
            UsageError: it names no place in an object store.
        """
        scheme, separator, rest = url.partition("://")
        name, _, prefix = rest.partition("/")
        prefix = prefix.strip("/")
        segments = prefix.split("/") if prefix else []
        plain = not any(segment in {"", ".", ".."} or "\0" in segment for segment in segments)
        if (
            separator
            and scheme in SCHEMES
            and _NAME.fullmatch(name)
            and plain
            and not set(prefix) & {"?", "#"}
        ):
            return cls(scheme, name, prefix)
        shown = url.partition("?")[0]  # what follows may be a signature
        raise UsageError(
            f"{shown} names no place in an object store.",
            next_step="Write s3://BUCKET/PREFIX, gs://BUCKET/PREFIX or az://CONTAINER/PREFIX.",
        )

    def __str__(self) -> str:
        return f"{self.scheme}://{self.name}/{self.prefix}".rstrip("/")

    def url(self, name: str) -> str:
        """Return the URL of an object below the prefix."""
        return f"{self}/{name}"
