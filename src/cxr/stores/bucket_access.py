"""How a bucket is reached: endpoint, region and credentials, from the places where users have them.

http is for loopback alone: elsewhere patients' images and keys would be readable on the way.
"""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from cxr.credentials import Found, find
from cxr.credentials.surroundings import Surroundings, here
from cxr.errors import ConfigError, StorageError
from cxr.secret import Secret
from cxr.stores.aws_profile import profile_values
from cxr.stores.bucket import AZURE, GOOGLE, S3, Bucket

_S3_ENDPOINT = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
_S3_REGION = ("AWS_REGION", "AWS_DEFAULT_REGION")
_GOOGLE_ENDPOINT = ("STORAGE_EMULATOR_HOST",)
_AZURE_ENDPOINT = ("AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT")
_AZURE_ACCOUNT = ("AZURE_STORAGE_ACCOUNT", "AZURE_STORAGE_ACCOUNT_NAME")
_VARIABLES = frozenset({*_S3_ENDPOINT, *_S3_REGION, *_GOOGLE_ENDPOINT, *_AZURE_ENDPOINT, *_AZURE_ACCOUNT})
_OWN_KEYS = frozenset({"aws_access_key_id", "aws_secret_access_key"})


@dataclass(frozen=True, slots=True)
class BucketAccess:
    """How a bucket is reached. It can be pickled, for further processes.

    Attributes:
        options: What the object-store library is told, by its names.
        endpoint: Base URL in place of the provider's own; empty for that.
        profile: An AWS profile whose keys the AWS library alone can get (roles, single sign-on), or empty.
    """

    options: Mapping[str, str | Secret] = field(default_factory=dict)
    endpoint: str = ""
    profile: str = ""

    @property
    def is_plain_http(self) -> bool:
        """Whether nothing is encrypted; that is for loopback."""
        return self.endpoint.startswith("http://")


def access_to(bucket: Bucket) -> BucketAccess:
    """Find out how a bucket is reached, from the environment, ``.env`` and what `cxr credentials` keeps.

    Raises:
        ConfigError: an endpoint is no https URL and not on this machine, or ``.env`` cannot be read.
        StorageError: Azure's account is not known.
    """
    around = here(variables=_VARIABLES)
    access = {S3: _s3, GOOGLE: _google, AZURE: _azure}[bucket.scheme](bucket, around)
    if access.endpoint:
        _check(access.endpoint)
    return access


def _s3(_: Bucket, around: Surroundings) -> BucketAccess:
    found = _usable("aws")
    profile = found.text("profile") if found else ""
    values = profile_values(profile, around) if profile else {}
    options: dict[str, str | Secret] = {
        "region": _first(around, _S3_REGION) or values.get("region", "") or "us-east-1"
    }
    if found and not profile:
        options |= found.values
    elif values.keys() >= _OWN_KEYS and "role_arn" not in values:
        options["access_key_id"] = values["aws_access_key_id"]
        options["secret_access_key"] = Secret(values["aws_secret_access_key"])
        if token := values.get("aws_session_token"):
            options["session_token"] = Secret(token)
        profile = ""
    endpoint = _first(around, _S3_ENDPOINT) or values.get("endpoint_url", "")
    return BucketAccess(options, endpoint, profile)


def _google(_: Bucket, around: Surroundings) -> BucketAccess:
    endpoint = _first(around, _GOOGLE_ENDPOINT)
    if endpoint:
        # Google's own libraries take the variable with and without http://.
        return BucketAccess({}, endpoint if "://" in endpoint else f"http://{endpoint}")
    found = _usable("gcs")
    file = found.text("credentials_file") if found else ""
    return BucketAccess({"application_credentials": file} if file else {})


def _azure(bucket: Bucket, around: Surroundings) -> BucketAccess:
    found = _usable("azure")
    endpoint = _first(around, _AZURE_ENDPOINT)
    given = _azure_values(found, bucket) if found else {}
    account = str(given.pop("account_name", "")) or _first(around, _AZURE_ACCOUNT)
    endpoint = endpoint or str(given.pop("endpoint", ""))
    if not account:
        raise StorageError(
            f"It is not known in which storage account {bucket} lies.",
            next_step="Set AZURE_STORAGE_ACCOUNT, or AZURE_STORAGE_CONNECTION_STRING, or run "
            "`cxr credentials set azure`.",
        )
    given.pop("endpoint", None)
    return BucketAccess({**given, "account_name": account}, endpoint)


def _azure_values(found: Found, bucket: Bucket) -> dict[str, str | Secret]:
    """Return what the library is told from the first of: connection string, key, signature, link."""
    if string := found.text("connection_string"):
        return _connection_string(string)
    account = {"account_name": found.text("account")}
    if key := found.text("key"):
        return {**account, "account_key": Secret(key)}
    if token := found.text("sas_token"):
        return {**account, "sas_key": Secret(token.lstrip("?"))}
    return _link(found.text("link"), bucket)


def _connection_string(string: str) -> dict[str, str | Secret]:
    pairs = dict(part.split("=", 1) for part in string.split(";") if "=" in part)
    values: dict[str, str | Secret] = {"account_name": pairs.get("AccountName", "")}
    if key := pairs.get("AccountKey"):
        values["account_key"] = Secret(key)
    if token := pairs.get("SharedAccessSignature"):
        values["sas_key"] = Secret(token.lstrip("?"))
    if endpoint := pairs.get("BlobEndpoint", ""):
        values["endpoint"] = endpoint.rstrip("/")
    elif suffix := pairs.get("EndpointSuffix", ""):
        scheme = pairs.get("DefaultEndpointsProtocol", "https")
        values["endpoint"] = f"{scheme}://{values['account_name']}.blob.{suffix}"
    return values


def _link(link: str, bucket: Bucket) -> dict[str, str | Secret]:
    """Take a container's link apart; one to another container is of no use."""
    parts = urlsplit(link)
    if parts.path.strip("/") != bucket.name or not parse_qsl(parts.query):
        return {}
    account = (parts.hostname or "").partition(".")[0]
    return {
        "account_name": account,
        "sas_key": Secret(parts.query),
        "endpoint": f"{parts.scheme}://{parts.netloc}",
    }


def _usable(service: str) -> Found | None:
    found = find(service)
    return found if found is not None and found.usable else None


def _first(around: Surroundings, names: tuple[str, ...]) -> str:
    return next((found[0].rstrip("/") for name in names if (found := around.variable(name))), "")


def _check(endpoint: str) -> None:
    parts = urlsplit(endpoint)
    if parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname or "")):
        return
    raise ConfigError(
        f"The object store's endpoint {parts.hostname or 'that was given'} is not an https address.",
        think="Over http, images and keys could be read on the way; it is allowed on this machine alone.",
        next_step="Give its https address in AWS_ENDPOINT_URL, AZURE_STORAGE_ENDPOINT or the like.",
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
