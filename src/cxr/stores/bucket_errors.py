"""What an object store's refusal means, and what to do about it.

The library's own texts hold URLs, which may hold signatures, and dumps of its state: no word of them is
passed on, only the status and the code.
"""

import re
from dataclasses import dataclass
from typing import Final

from obstore.exceptions import BaseError

from cxr.errors import AccessError, CxrError, HostError, StorageError
from cxr.stores.bucket import AZURE, GOOGLE, S3, Bucket

LIBRARY_ERRORS: Final = (BaseError, OSError, ValueError)
"""What the library raises."""

_CODE: Final = re.compile(r"<Code>\s*(\w+)\s*</Code>")
_STATUS: Final = re.compile(r"status code: (\d{3})\b")
_REGION: Final = re.compile(r"<Region>\s*([a-z0-9-]+)\s*</Region>|expecting '([a-z0-9-]+)'")
_NO_BUCKET: Final = frozenset({"NoSuchBucket", "ContainerNotFound", "ContainerBeingDeleted"})
_EXPIRED: Final = frozenset({"ExpiredToken", "TokenRefreshRequired", "ExpiredTokenException"})
_UNKNOWN: Final = frozenset(
    {
        "InvalidAccessKeyId",
        "SignatureDoesNotMatch",
        "InvalidToken",
        "AuthenticationFailed",
        "InvalidAuthenticationInfo",
        "NoAuthenticationInformation",
    }
)
_OTHER_REGION: Final = frozenset(
    {"PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"}
)
_DAMAGED: Final = frozenset({"BadDigest", "InvalidDigest", "XAmzContentSHA256Mismatch", "Md5Mismatch"})
_UNLISTABLE: Final = re.compile(r'invalid path: [^"]*Path "([^"]+)"')
_NO: Final = frozenset({400, 401, 403, 404, 409})
_BUSY: Final = frozenset({408, 429})
# Without credentials the library asks the machine's own cloud for some, at these addresses.
_NO_KEYS: Final = ("oken request", "/latest/api/token", "//169.254.169.254/", "//metadata.google.internal/")
# How the library begins where whoever gives it keys has none to give.
_NO_LONGER: Final = ("lacked valid authentication", "lacked the necessary privileges")
_SERVICES: Final = {S3: "aws", GOOGLE: "gcs", AZURE: "azure"}
_MAKE: Final = {
    S3: "aws s3 mb s3://{}",
    GOOGLE: "gcloud storage buckets create gs://{}",
    AZURE: "az storage container create --name {}",
}
_MAY: Final = {
    S3: "s3:PutObject, s3:GetObject, s3:ListBucket, s3:DeleteObject and s3:AbortMultipartUpload",
    GOOGLE: "the role Storage Object User",
    AZURE: "the role Storage Blob Data Contributor, or a signature with read, write, create, delete and list",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """What is known of a refusal.

    Attributes:
        status: HTTP status; ``None`` where there was no answer.
        code: The store's own name for it; empty where it gives none.
        region: The region that it names in place of ours; mostly empty.
        text: The library's, to look for words in; never to be shown.
    """

    status: int | None
    code: str
    region: str
    text: str

    @property
    def damaged(self) -> bool:
        """Whether other bytes arrived than were sent."""
        return self.code in _DAMAGED

    @property
    def may_pass(self) -> bool:
        """Whether the store has merely failed, or had too much to do."""
        return self.status is not None and (self.status >= 500 or self.status in _BUSY)

    @property
    def denied(self) -> bool:
        """Whether the store has said no, and has not merely failed; nor has a proxy said it."""
        return self.status in _NO

    def __str__(self) -> str:
        return " ".join(part for part in (str(self.status or ""), self.code) if part)


def refusal(error: Exception) -> Refusal:
    """Read status and code out of what the library raised."""
    text = str(error)
    status, code, region = _STATUS.search(text), _CODE.search(text), _REGION.search(text)
    number = int(status[1]) if status else None
    if number is None and isinstance(error, FileNotFoundError):
        number = 404
    return Refusal(
        number, code[1] if code else "", (region[1] or region[2]) if region else "", text.partition("\n\n")[0]
    )


def unlistable(text: str) -> str:
    """Return the key, or prefix of keys, that the library says it cannot list; empty where it says otherwise.

    It takes no key that has an empty segment, ``.`` or ``..``, which a store itself does.
    """
    key = _UNLISTABLE.search(text)
    return key[1] if key else ""


def explained_refusal(bucket: Bucket, error: Exception) -> CxrError:
    """Return what a refusal means and what can be done about it.

    Args:
        bucket: Of which something was asked.
        error: One of `LIBRARY_ERRORS`.
    """
    told = refusal(error)
    if told.code in _OTHER_REGION or "Received redirect without LOCATION" in told.text:
        return _other_region(bucket, told)
    if told.code in _NO_BUCKET:
        return StorageError(
            f"There is no bucket {bucket.name} for {bucket} ({told}).",
            next_step=f"Check its name, or make it: `{_MAKE[bucket.scheme].format(bucket.name)}`.",
        )
    if any(words in told.text for words in _NO_KEYS):
        return _no_credentials(bucket)
    if told.code in _EXPIRED or "time frame" in told.text:  # Azure's words for a signature that is over
        return AccessError(
            f"The credentials for {bucket} have expired ({told}).",
            next_step="Get new ones (`aws sso login`, or a new signature), then run the same command again: "
            "it goes on where it stopped.",
        )
    if told.code == "RequestTimeTooSkewed":
        return AccessError(
            f"{bucket} refuses what it is sent ({told}): the clock of this machine is wrong.",
            next_step="Set the clock, then run the same command again.",
        )
    return _by_status(bucket, told)


def _by_status(bucket: Bucket, told: Refusal) -> CxrError:
    if told.code in _UNKNOWN or told.status == 401:
        return AccessError(
            f"{bucket} does not know the credentials that it was sent ({told}).",
            think="The key is mistyped, was withdrawn, or belongs to another account or endpoint.",
            next_step=f"`cxr credentials test {_SERVICES[bucket.scheme]}` says which are used, from where.",
        )
    if told.status == 403:
        return AccessError(
            f"{bucket} refuses what was asked ({told}).",
            think="The credentials are known, but not allowed to do this there.",
            next_step=f"Ask the bucket's owner for {_MAY[bucket.scheme]}.",
        )
    if told.status is None:
        return _without_answer(bucket, told)
    if told.status == 407:
        return HostError(
            f"A proxy on the way to {bucket} asks who this is ({told}).",
            next_step="Name a proxy in HTTPS_PROXY that lets this machine through, or the store in NO_PROXY.",
        )
    if told.may_pass:
        return HostError(
            f"{bucket} answers with an error after several tries ({told}).",
            think="The store is overloaded or out of order for now.",
            next_step="Run the same command again later: it goes on where it stopped.",
        )
    return StorageError(
        f"{bucket} answers with an error ({told}).",
        next_step="Run the same command again later: it goes on where it stopped.",
    )


def _other_region(bucket: Bucket, told: Refusal) -> StorageError:
    region = told.region or "REGION"
    return StorageError(
        f"The bucket {bucket.name} lies in another region" + (f", {region}." if told.region else "."),
        think="S3 answers only in the region where a bucket lies.",
        next_step=f"Set AWS_REGION={region}, or `region` in the profile, and run the same command again."
        + ("" if told.region else f" `aws s3api get-bucket-location --bucket {bucket.name}` says which."),
    )


def _without_answer(bucket: Bucket, told: Refusal) -> CxrError:
    if any(words in told.text for words in _NO_LONGER):
        test = f"`cxr credentials test {_SERVICES[bucket.scheme]}` says which are used."
        login = "Run `aws sso login`, then the same command again: it goes on where it stopped."
        return AccessError(
            f"The credentials for {bucket} could not be had or renewed.",
            think="A single sign-on is over, or a role may no longer be taken.",
            next_step=f"{login if bucket.scheme == S3 else 'Get new ones.'} {test}",
        )
    if key := unlistable(told.text):
        return StorageError(
            f"{bucket.scheme}://{bucket.name}/{key} has an empty segment (//), `.` or `..` in its name and "
            "cannot be listed.",
            next_step="Remove or rename what is called so, or choose a narrower prefix that leaves it out.",
        )
    return HostError(
        f"{bucket} cannot be reached.",
        think="The network, its address, a proxy or a certificate is in the way.",
        next_step="Check the endpoint and the network, then run the same command again: it goes on where "
        "it stopped.",
    )


def _no_credentials(bucket: Bucket) -> AccessError:
    return AccessError(
        f"There are no credentials for {bucket}.",
        think="This machine has none of its own either, as machines in a cloud may have.",
        next_step=f"Run `cxr credentials set {_SERVICES[bucket.scheme]}`.",
    )
