"""Where a user's own copy lies: a path on this machine, or a prefix of a bucket."""

from pathlib import Path

from cxr.stores.bucket import SCHEMES, Bucket

Origin = Path | Bucket


def origin_of(text: str) -> Origin:
    """Return the place that a text names: a bucket's where it begins with ``s3://``, ``gs://`` or ``az://``.

    Raises:
        UsageError: it begins so, and names no place in a bucket.
    """
    scheme, separator, _ = text.partition("://")
    return Bucket.parse(text) if separator and scheme in SCHEMES else Path(text)
