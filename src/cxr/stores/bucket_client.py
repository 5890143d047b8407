"""The object-store library, told how to reach a bucket, how long to wait and how often to try."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from obstore.store import AzureStore, GCSStore, ObjectStore, S3Store

from cxr import __version__
from cxr.errors import AccessError, MissingExtraError
from cxr.secret import Secret
from cxr.stores.bucket import AZURE, GOOGLE, Bucket
from cxr.stores.bucket_access import BucketAccess
from cxr.stores.bucket_errors import LIBRARY_ERRORS

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig, S3Credential

# The library tries again after 5xx, 429 and broken connections. Here to see whether a store is there at all.
_RETRY: Final["RetryConfig"] = {
    "max_retries": 6,
    "retry_timeout": timedelta(minutes=2),
    "backoff": {
        "init_backoff": timedelta(milliseconds=200),
        "max_backoff": timedelta(seconds=15),
        "base": 2,
    },
}
PATIENT: Final["RetryConfig"] = {
    "max_retries": 100,
    # What is tried again bears its first signature, which S3 and Azure take for 15 minutes.
    "retry_timeout": timedelta(minutes=10),
    "backoff": {
        "init_backoff": timedelta(milliseconds=200),
        "max_backoff": timedelta(seconds=15),
        # Each wait is drawn between the first and this many times the last: with 2, all stay short.
        "base": 4,
    },
}
"""How long a store that fails is waited for once a run is under way."""
_CA_FILES: Final = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


def client_for(
    bucket: Bucket, access: BucketAccess, *, anonymous: bool = False, retry: "RetryConfig | None" = None
) -> ObjectStore:
    """Return the library's client for the names below a bucket's prefix. Nothing is asked of the store.

    Args:
        bucket: Where.
        access: How it is reached.
        anonymous: Ask without credentials, as anybody may.
        retry: How often and for how long to try again; by default for seconds.

    Raises:
        AccessError: a credentials file cannot be used.
        MissingExtraError: the credentials take the AWS library, which is not installed.
    """
    options: dict[str, Any] = {name: _revealed(value) for name, value in access.options.items()}
    common: dict[str, Any] = {
        "prefix": bucket.prefix or None,
        "client_options": _client_options(access),
        "retry_config": _RETRY if retry is None else retry,
    }
    if anonymous:
        kept = {"region", "account_name"}
        common["skip_signature"] = True
        options = {name: value for name, value in options.items() if name in kept}
    try:
        if bucket.scheme == GOOGLE:
            return _google(bucket, access, options | common, anonymous=anonymous)
        if access.endpoint:
            options["endpoint"] = access.endpoint
        if bucket.scheme == AZURE:
            return AzureStore(bucket.name, **options, **common)
        if access.profile and not anonymous:
            common["credential_provider"] = _Botocore(access.profile)
        # The checksum goes with every request, and S3 refuses bytes that are not those.
        return S3Store(bucket.name, checksum_algorithm="SHA256", **options, **common)
    except LIBRARY_ERRORS:  # a credentials file that is none, for one; the text may show what is in it
        raise _unusable(bucket) from None


def _google(bucket: Bucket, access: BucketAccess, options: dict[str, Any], *, anonymous: bool) -> GCSStore:
    if access.endpoint:
        options["base_url"] = access.endpoint
        if not anonymous:  # an emulator asks for no token, but the library does
            options["credential_provider"] = _emulator_token
    return GCSStore(bucket.name, **options)


def _emulator_token() -> Any:
    return {"token": "emulator", "expires_at": None}


def _client_options(access: BucketAccess) -> "ClientConfig":
    options: ClientConfig = {
        "user_agent": f"cxr/{__version__}",
        # Of a whole request: 16 MiB over a line of 0.5 Mbit/s. The library's read_timeout would count while
        # it sends, too.
        "timeout": timedelta(minutes=5),
        "allow_http": access.is_plain_http,
    }
    if access.is_plain_http:
        # On this machine, then. Any proxy of ours takes the place of the environment's, and none is asked.
        options |= {"proxy_url": "http://127.0.0.1:9", "proxy_excludes": "localhost,127.0.0.0/8,::1"}
    for variable in _CA_FILES:
        path = Path(os.environ.get(variable) or os.devnull)
        if path.is_file():
            options["root_certificate"] = path.read_bytes()
            break
    return options


def _revealed(value: str | Secret) -> str:
    return value.reveal() if isinstance(value, Secret) else value


def _unusable(bucket: Bucket) -> AccessError:
    service = {"s3": "aws", "gs": "gcs", "az": "azure"}[bucket.scheme]
    return AccessError(
        f"The credentials for {bucket} cannot be used as they are.",
        next_step=f"`cxr credentials test {service}` says what is wrong with them.",
    )


class _Botocore:
    """Gets keys as the AWS tools do: roles, single sign-on, programs.

    Args:
        profile: The profile's name.

    Raises:
        MissingExtraError: botocore is not installed.
        AccessError: it finds no keys.
    """

    def __init__(self, profile: str) -> None:
        try:
            from botocore.session import Session  # noqa: PLC0415  an extra
        except ImportError:
            raise MissingExtraError(
                f"The AWS profile {profile} takes a role or single sign-on, which the part `aws` can use.",
                next_step="pip install 'cxr[aws]'",
            ) from None
        self._credentials = Session(profile=profile).get_credentials()
        if self._credentials is None:
            raise AccessError(
                f"The AWS profile {profile} gives no keys.",
                next_step=f"Run `aws sso login --profile {profile}`, or `aws configure --profile {profile}`.",
            )

    def __call__(self) -> "S3Credential":
        frozen = self._credentials.get_frozen_credentials()
        return {
            "access_key_id": frozen.access_key,
            "secret_access_key": frozen.secret_key,
            "token": frozen.token,
            # Asked again by then: botocore renews them when it is time.
            "expires_at": datetime.now(UTC) + timedelta(minutes=5),
        }
