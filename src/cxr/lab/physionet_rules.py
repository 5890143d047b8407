"""Who may have what at the lab's PhysioNet, and whose password it looks at."""

import base64
import binascii
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from cxr.lab.mimic_build import JPG, TEXTS

PASSWORD: Final = "invented-for-the-lab"  # noqa: S105  it opens nothing but a lab
"""Of every account that the lab has by itself."""
AGENTS: Final = ("Wget/", "libwfdb/")
"""How the user agents begin whose password the real host looks at; other programs get 403."""


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who has registered.

    Attributes:
        name: Of the user.
        password: Of the user.
        credentialed: PhysioNet has approved the application, training included.
        agreements: The projects, each in one version, whose agreement is signed.
    """

    name: str
    password: str = field(default=PASSWORD, repr=False)
    credentialed: bool = True
    agreements: frozenset[str] = frozenset({JPG, TEXTS})

    def may_read(self, project: str) -> bool:
        """Say whether the files of a project are open to this account."""
        return self.credentialed and project in self.agreements


READER = Account("lab-reader")
"""May read both projects."""
IMAGES_ONLY = Account("lab-images-only", agreements=frozenset({JPG}))
REPORTS_ONLY = Account("lab-reports-only", agreements=frozenset({TEXTS}))
NEWCOMER = Account("lab-newcomer", credentialed=False)
"""Has signed both agreements and is not credentialed."""


@dataclass(frozen=True, slots=True)
class PhysioNetRules:
    """What this PhysioNet asks of its visitors.

    Attributes:
        accounts: Who is registered.
        agents: How the user agents begin whose password is looked at.
        sessions: Whether whoever returns the test cookie gets a session, and needs no password from then on.
        second_host: Whether files come from a host of another name, by redirect.
    """

    accounts: Sequence[Account] = (READER, IMAGES_ONLY, REPORTS_ONLY, NEWCOMER)
    agents: Sequence[str] = AGENTS
    sessions: bool = True
    second_host: bool = False

    def listens_to(self, agent: str) -> bool:
        """Say whether this user agent's password is looked at."""
        return agent.startswith(tuple(self.agents))

    def account(self, authorization: str) -> Account | None:
        """Return whose user name and password these are.

        Args:
            authorization: The header, with the ``Basic`` scheme of RFC 7617.
        """
        scheme, _, coded = authorization.partition(" ")
        try:
            given = base64.b64decode(coded.strip(), validate=True)
        except binascii.Error:
            return None
        for account in self.accounts:
            if scheme.lower() == "basic" and hmac.compare_digest(
                given, f"{account.name}:{account.password}".encode()
            ):
                return account
        return None
