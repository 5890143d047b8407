"""Buckets on loopback as S3 and Google Cloud Storage show them: XML listings by prefix, objects by Range."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from urllib.parse import quote_plus, unquote
from xml.sax.saxutils import escape

from support.stub_service import Asked, Service, Told, serving

DATE = formatdate(1_700_000_000, usegmt=True)
Refuse = Callable[[Asked], Told | None]


def refusal(status: int, code: str, message: str = "", *headers: tuple[str, str]) -> Told:
    """Answer as these services refuse."""
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return Told(status, body.encode(), [("Content-Type", "application/xml"), *headers])


@dataclass
class Buckets:
    """What is there.

    Attributes:
        objects: ``bucket/key`` to content.
        page: Entries of a page of a listing.
        refuse: Asked first; may be exchanged.
        listed: Prefixes that were listed, in order.
    """

    objects: dict[str, bytes]
    page: int = 1000
    refuse: Refuse = lambda _: None
    listed: list[tuple[str, str]] = field(default_factory=list)

    def answer(self, asked: Asked) -> Told:
        """Answer one request."""
        if (refused := self.refuse(asked)) is not None:
            return refused
        bucket, _, key = unquote(asked.path).lstrip("/").partition("/")
        names = sorted(name.partition("/")[2] for name in self.objects if name.partition("/")[0] == bucket)
        if not names:
            return refusal(404, "NoSuchBucket")
        if not key:
            return self._listing(bucket, names, asked.query)
        content = self.objects.get(f"{bucket}/{key}")
        return refusal(404, "NoSuchKey") if content is None else self._object(content, asked)

    def _object(self, content: bytes, asked: Asked) -> Told:
        tag = etag(content)
        headers = [("ETag", tag), ("Accept-Ranges", "bytes"), ("Last-Modified", DATE)]
        if asked.headers.get("if-match", tag) != tag:
            return refusal(412, "PreconditionFailed")
        wanted = asked.headers.get("range", "")
        if not wanted or asked.headers.get("if-range", tag) != tag:
            return Told(200, content, headers)
        first, _, last = wanted.removeprefix("bytes=").partition("-")
        start, end = int(first), min(int(last or len(content)) + 1, len(content))
        if start >= len(content):
            return refusal(416, "InvalidRange")
        part = ("Content-Range", f"bytes {start}-{end - 1}/{len(content)}")
        return Told(206, content[start:end], [*headers, part])

    def _listing(self, bucket: str, names: list[str], query: Mapping[str, str]) -> Told:
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
        self.listed.append((prefix, delimiter))
        entries: dict[str, str] = {}
        for name in names:
            if name.startswith(prefix):
                head, slash, _ = name[len(prefix) :].partition(delimiter) if delimiter else (name, "", "")
                if slash:
                    shown = f"{prefix}{head}/"
                    entries[shown] = f"<CommonPrefixes><Prefix>{escape(shown)}</Prefix></CommonPrefixes>"
                else:
                    entries[name] = _entry(name, self.objects[f"{bucket}/{name}"], query)
        after = query.get("continuation-token", "")
        left = [name for name in sorted(entries) if name > after]
        more = left[self.page :]
        token = (
            f"<NextContinuationToken>{escape(left[self.page - 1])}</NextContinuationToken>" if more else ""
        )
        body = (
            "<?xml version='1.0' encoding='UTF-8'?><ListBucketResult>"
            f"<Name>{bucket}</Name><Prefix>{escape(prefix)}</Prefix>"
            + ("<EncodingType>url</EncodingType>" if query.get("encoding-type") == "url" else "")
            + f"<IsTruncated>{'true' if more else 'false'}</IsTruncated>{token}"
            + "".join(entries[name] for name in left[: self.page])
            + "</ListBucketResult>"
        )
        return Told(200, body.encode(), [("Content-Type", "application/xml")])


def etag(content: bytes) -> str:
    """Return what both show for an object that was uploaded in one part, without keys of one's own."""
    return f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'


def _entry(name: str, content: bytes, query: Mapping[str, str]) -> str:
    shown = quote_plus(name) if query.get("encoding-type") == "url" else escape(name)
    return (
        f"<Contents><Key>{shown}</Key><LastModified>2023-11-14T22:13:20.000Z</LastModified>"
        f"<ETag>{escape(etag(content), {chr(34): '&quot;'})}</ETag><Size>{len(content)}</Size></Contents>"
    )


@contextmanager
def buckets(objects: Mapping[str, bytes], **more: object) -> Iterator[tuple[Buckets, Service]]:
    """Serve some objects, ``bucket/key`` to content, until the block ends."""
    there = Buckets(dict(objects), **more)
    with serving(there.answer) as service:
        yield there, service
