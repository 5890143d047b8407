"""The services that ask who we are: what each needs, and the places where it is looked for, in order."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from cxr.credentials.aws import AwsProfiles
from cxr.credentials.google import AdcFile
from cxr.credentials.kaggle_login import KaggleLogin
from cxr.credentials.netrc_file import Netrc
from cxr.credentials.places import JsonFile, Stored, TokenFile, TokenVariable, Variables
from cxr.credentials.reading import Place


class Kind(StrEnum):
    """What a field holds."""

    SECRET = "secret"  # noqa: S105  the name of a kind, no password
    NAME = "name"  # may be shown
    FILE = "file"  # the path of a file that holds the secret


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that a service needs.

    Attributes:
        name: As used in `Found.values`.
        title: For the one who types it.
        kind: Whether it may be shown.
    """

    name: str
    title: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Service:
    """A service that asks who we are.

    Attributes:
        key: As typed after ``cxr credentials set``.
        title: For people.
        fields: Everything that it may need.
        ways: Each a set of fields that suffices, the preferred first.
        places: Where they are looked for, the first that suffices is taken.
        how: How a person gets them, a sentence or two.
    """

    key: str
    title: str
    fields: tuple[Field, ...]
    ways: tuple[frozenset[str], ...]
    places: tuple[Place, ...]
    how: str

    def field(self, name: str) -> Field | None:
        """Return the field with that name, or ``None``."""
        return next((field for field in self.fields if field.name == name), None)

    def variables(self) -> dict[str, str]:
        """Return the variables that are read for it, each with the field it gives."""
        return {name: field for place in self.places for name, field in place.variables().items()}


# The order of Kaggle's own clients, with what was given to cxr itself before the older file.
_KAGGLE = Service(
    "kaggle",
    "Kaggle",
    (
        Field("token", "API token", Kind.SECRET),
        Field("username", "user name", Kind.NAME),
        Field("key", "API key", Kind.SECRET),
    ),
    (frozenset({"token"}), frozenset({"username", "key"})),
    (
        TokenVariable("KAGGLE_API_TOKEN", "token"),
        TokenFile("token", ("~/.kaggle/access_token", "~/.kaggle/access_token.txt")),
        TokenVariable("KAGGLE_API_V1_TOKEN", "token"),
        KaggleLogin(),
        Variables({"username": "KAGGLE_USERNAME", "key": "KAGGLE_KEY"}),
        Stored(),
        JsonFile(
            ("username", "key"),
            ("$KAGGLE_CONFIG_DIR/kaggle.json",),
            ("~/.kaggle/kaggle.json", "$XDG_CONFIG_HOME/kaggle/kaggle.json"),
        ),
    ),
    "On kaggle.com, Settings, API: create a token, and save what it gives as ~/.kaggle/kaggle.json "
    "or ~/.kaggle/access_token.",
)

_PHYSIONET = Service(
    "physionet",
    "PhysioNet",
    (Field("username", "user name", Kind.NAME), Field("password", "password", Kind.SECRET)),
    (frozenset({"username", "password"}),),
    (
        Variables({"username": "PHYSIONET_USERNAME", "password": "PHYSIONET_PASSWORD"}),
        Stored(),
        Netrc("physionet.org"),
    ),
    "Register at physionet.org; credentialed data also needs the training and a signed agreement.",
)

_GCS = Service(
    "gcs",
    "Google Cloud Storage",
    (
        Field("credentials_file", "path of the credentials file", Kind.FILE),
        Field("project", "project that pays for requests", Kind.NAME),
    ),
    (frozenset({"credentials_file"}),),
    (
        Variables({"credentials_file": "GOOGLE_APPLICATION_CREDENTIALS", "project": "GOOGLE_CLOUD_PROJECT"}),
        Stored(),
        AdcFile("$XDG_CONFIG_HOME/gcloud/application_default_credentials.json", "GOOGLE_CLOUD_PROJECT"),
    ),
    "Run `gcloud auth application-default login`, or create a service account that may read the bucket and "
    "download its JSON key.",
)

_AWS = Service(
    "aws",
    "Amazon Web Services",
    (
        Field("access_key_id", "access key id", Kind.NAME),
        Field("secret_access_key", "secret access key", Kind.SECRET),
        Field("session_token", "session token", Kind.SECRET),
        Field("profile", "profile", Kind.NAME),
    ),
    (frozenset({"access_key_id", "secret_access_key"}), frozenset({"profile"})),
    (
        Variables(
            {
                "access_key_id": "AWS_ACCESS_KEY_ID",
                "secret_access_key": "AWS_SECRET_ACCESS_KEY",
                "session_token": "AWS_SESSION_TOKEN",
            }
        ),
        AwsProfiles(named=True),
        Stored(),
        AwsProfiles(named=False),
    ),
    "Run `aws configure`, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
)

_AZURE = Service(
    "azure",
    "Azure Blob Storage",
    (
        Field("link", "link with a signature, as the portal shows it", Kind.SECRET),
        Field("connection_string", "connection string", Kind.SECRET),
        Field("account", "storage account", Kind.NAME),
        Field("key", "account key", Kind.SECRET),
        Field("sas_token", "signature (SAS token)", Kind.SECRET),
    ),
    (
        frozenset({"link"}),
        frozenset({"connection_string"}),
        frozenset({"account", "key"}),
        frozenset({"account", "sas_token"}),
    ),
    (
        Variables(
            {
                "link": "AZURE_STORAGE_SAS_URL",
                "connection_string": "AZURE_STORAGE_CONNECTION_STRING",
                "account": "AZURE_STORAGE_ACCOUNT",
                "key": "AZURE_STORAGE_KEY",
                "sas_token": "AZURE_STORAGE_SAS_TOKEN",
            }
        ),
        Stored(),
    ),
    "Accept the dataset's agreement on its page; the link that it then shows is what to give here.",
)

_REDIVIS = Service(
    "redivis",
    "Redivis",
    (Field("token", "API token", Kind.SECRET),),
    (frozenset({"token"}),),
    (Variables({"token": "REDIVIS_API_TOKEN"}), Stored()),
    "On redivis.com, Workspace, Settings, API tokens: create one that may read data.",
)

SERVICES: Mapping[str, Service] = MappingProxyType(
    {service.key: service for service in (_KAGGLE, _PHYSIONET, _GCS, _AWS, _AZURE, _REDIVIS)}
)


def variables() -> frozenset[str]:
    """Return the name of every variable that is read for a credential."""
    return frozenset(name for service in SERVICES.values() for name in service.variables())
