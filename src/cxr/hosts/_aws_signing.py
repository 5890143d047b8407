"""Signed addresses of S3, by botocore: as whom, and for which region."""

import threading
from dataclasses import dataclass
from typing import Any, Final

from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError
from botocore.session import Session

from cxr.credentials import SERVICES, find, problems
from cxr.http import RefusedError

_GOOD_FOR: Final = 3600  # seconds; each request is signed anew
_DEFAULT_REGION: Final = "us-east-1"
_NOBODY: Final = f"There are no credentials for AWS, and nobody is let in without. {SERVICES['aws'].how}"


@dataclass(frozen=True, slots=True)
class Account:
    """As whom S3 is asked; without key and profile, as whoever botocore finds (a role of the machine, say).

    Attributes:
        where: The place of the credentials, for people.
        key_id: Access key id.
        key: Secret access key.
        token: Session token.
        profile: Name of a profile of the AWS tools.
        wrong: Why the credentials that are there cannot be used; empty where they can.
    """

    where: str = ""
    key_id: str = ""
    key: str = ""
    token: str = ""
    profile: str = ""
    wrong: str = ""

    def __repr__(self) -> str:
        return f"Account({self.where})"


def signing(endpoint: str, *, anonymous: bool) -> "Signing":
    """Return what signs for one service.

    Args:
        endpoint: Where S3 is; empty for Amazon's own.
        anonymous: Nobody's credentials may go there.

    Raises:
        ConfigError: ``.env``, where credentials may lie, cannot be read.
    """
    return Signing(endpoint, Account() if anonymous else _account(), anonymous=anonymous)


def _account() -> Account:
    found = find("aws")
    if found is None:
        return Account()
    if not found.usable:
        fatal = next(one for one in problems(found) if one.fatal)
        return Account(found.where, wrong=f"{fatal.happened} {fatal.next_step}")
    names = ("access_key_id", "secret_access_key", "session_token", "profile")
    return Account(found.where, *(found.text(name) for name in names))


class Signing:
    """Signs addresses. Threads share it; it can be pickled.

    Args:
        endpoint: Where S3 is; empty for Amazon's own.
        account: As whom.
        anonymous: Nothing is signed.
    """

    def __init__(self, endpoint: str, account: Account, *, anonymous: bool) -> None:
        self._endpoint = endpoint
        self._account = account
        self._anonymous = anonymous
        self._lock = threading.Lock()
        self._made: Any = None

    def __reduce__(self) -> tuple[object, ...]:
        return _again, (self._endpoint, self._account, self._anonymous)

    @property
    def who(self) -> str:
        """The place of the credentials, for people; empty for none."""
        return "" if self._anonymous else self._account.where or "this machine's AWS role"

    def missing(self) -> str:
        """Return what is missing before anything can be asked; empty where nothing is."""
        if self._anonymous:
            return "" if self._endpoint else _NOBODY
        if self._account.wrong:
            return self._account.wrong
        try:
            self.url("list_objects_v2", {"Bucket": "any-bucket"})
        except RefusedError as error:
            return error.reason
        return ""

    def region(self) -> str:
        """Return the region that a bucket is asked in."""
        return str(self._client().meta.region_name)

    def url(self, operation: str, parameters: dict[str, Any]) -> str:
        """Return the signed address that does an operation of S3.

        Raises:
            RefusedError: there are no credentials that could sign.
        """
        try:
            signed = self._client().generate_presigned_url(
                operation, Params=parameters, ExpiresIn=_GOOD_FOR, HttpMethod="GET"
            )
        except NoCredentialsError:
            raise RefusedError("credentials", _NOBODY) from None
        except BotoCoreError as error:  # an expired login, an unknown profile: its text names it
            raise RefusedError("credentials", f"AWS credentials: {error}") from error
        except ClientError as error:  # a role that is not given: its code says why
            code = error.response.get("Error", {}).get("Code", "")
            raise RefusedError("credentials", f"AWS credentials: the role is refused ({code}).") from None
        return str(signed)

    def _client(self) -> Any:
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made

    def _make(self) -> Any:
        account = self._account
        try:
            session = Session(profile=account.profile or None)
            how = {"addressing_style": "path"} if self._endpoint else {}
            return session.create_client(
                "s3",
                region_name=session.get_config_variable("region") or _DEFAULT_REGION,
                endpoint_url=self._endpoint or None,
                aws_access_key_id=account.key_id or None,
                aws_secret_access_key=account.key or None,
                aws_session_token=account.token or None,
                config=Config(signature_version=UNSIGNED if self._anonymous else "s3v4", s3=how),
            )
        except BotoCoreError as error:
            raise RefusedError("credentials", f"AWS credentials: {error}") from error


def _again(endpoint: str, account: Account, anonymous: bool) -> Signing:
    return Signing(endpoint, account, anonymous=anonymous)
