"""What S3 answers: a page of a listing, or a refusal and what it means."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple
from urllib.parse import unquote_plus
from xml.etree import ElementTree as ET

from cxr.credentials import SERVICES
from cxr.http import TransientError

_CODE: Final = re.compile(rb"<Code>([A-Za-z0-9]{1,64})</Code>")
_REGION: Final = re.compile(rb"<Region>([a-z0-9-]{1,32})</Region>")
_TOO_OLD: Final = frozenset({"ExpiredToken", "TokenRefreshRequired"})
_UNKNOWN: Final = frozenset({"InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken"})
_ELSEWHERE: Final = frozenset(
    {
        *("PermanentRedirect", "TemporaryRedirect", "AuthorizationHeaderMalformed"),
        *("AuthorizationQueryParametersError", "IllegalLocationConstraintException"),
    }
)


class Page(NamedTuple):
    """One page of a listing.

    Attributes:
        objects: Key and size of each.
        token: What asks for the next page; empty at the end.
    """

    objects: list[tuple[str, int]]
    token: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer without what was asked for.

    Attributes:
        status: The HTTP status.
        code: S3's own word for it; empty where it has none.
        region: Where the bucket is, as far as S3 says; empty where it does not.
    """

    status: int
    code: str
    region: str

    @classmethod
    def read(cls, status: int, headers: Mapping[str, str], body: bytes) -> "Refusal":
        """Return what an answer refuses."""
        code, region = _CODE.search(body), _REGION.search(body)
        said = headers.get("x-amz-bucket-region", "").strip()
        return cls(status, code[1].decode() if code else "", said or (region[1].decode() if region else ""))


def meaning(refusal: Refusal, who: str, region: str) -> str:
    """Return what a refusal means, with the next step; empty where the status says it all.

    Args:
        refusal: The answer.
        who: The place of the credentials, for people; empty where there are none.
        region: The one that was asked.
    """
    is_elsewhere = refusal.status < 400 or refusal.code in _ELSEWHERE
    if refusal.region and refusal.region != region and is_elsewhere:
        here = refusal.region
        return f"The bucket is in {here}, and {region} was asked. `export AWS_REGION={here}`."
    told = {
        **dict.fromkeys(_TOO_OLD, f"The session in {who} has run out. Sign in again: `aws sso login`."),
        **dict.fromkeys(_UNKNOWN, f"The keys in {who} are not taken. {SERVICES['aws'].how}"),
        "RequestTimeTooSkewed": "The clock of this machine is wrong by more than 15 minutes. Set it.",
        "NoSuchBucket": "There is no such bucket.",
    }
    if refusal.code in told or refusal.status not in {401, 403}:
        return told.get(refusal.code, "")
    if not who:
        return f"There are no credentials. {SERVICES['aws'].how}"
    return (
        f"The account in {who} is not let in. One of these: the AWS account is not linked in your PhysioNet "
        "profile (https://physionet.org/settings/cloud/); access was not asked for on the project's page "
        "(Files, AWS); no agreement is signed; its own policy forbids reading S3; or the bucket is in "
        f"another region than {region}."
    )


def listed(body: bytes) -> Page:
    """Read a page of a listing.

    Raises:
        TransientError: it is none.
    """
    try:
        root = ET.fromstring(body)  # noqa: S314  over TLS from S3; expat bounds what entities may become
        found = [one for one in root if _name(one) == "Contents"]
        decode = unquote_plus if _text(root, "EncodingType") == "url" else str  # botocore asks for it
        objects = [(decode(_text(one, "Key")), int(_text(one, "Size"))) for one in found]
    except (ET.ParseError, ValueError) as error:
        raise TransientError("unexpected_answer", "Amazon S3: a listing came that cannot be read.") from error
    more = _text(root, "IsTruncated") == "true"
    return Page(objects, _text(root, "NextContinuationToken") if more else "")


def _name(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def _text(element: ET.Element, name: str) -> str:
    return next((one.text or "" for one in element if _name(one) == name), "")
