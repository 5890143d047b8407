"""As whom Kaggle is asked: what its clients' credentials become in a request."""

import base64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cxr.credentials import Found, problems
from cxr.secret import Secret

_MARGIN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class SignIn:
    """As whom Kaggle is asked.

    Attributes:
        where: The place of the credentials, for people; empty where there are none.
        authorization: Value of the header; ``None`` for anonymous requests.
        refresh_token: What gets another token once this one is too old; ``None`` where nothing does.
        expires: When it will be.
        wrong: Why the credentials that are there cannot be used, with the next step; empty where they can.
    """

    where: str = ""
    authorization: Secret | None = None
    refresh_token: Secret | None = None
    expires: datetime | None = None
    wrong: str = ""

    def is_over(self, now: datetime) -> bool:
        """Whether the token has run out, or is about to."""
        return self.expires is not None and now > self.expires - _MARGIN


def sign_in(found: Found | None) -> SignIn:
    """Return what credentials amount to."""
    if found is None:
        return SignIn()
    if not found.usable:
        fatal = next(one for one in problems(found) if one.fatal)
        return SignIn(found.where, wrong=f"{fatal.happened} {fatal.next_step}")
    if not (token := found.text("token")):
        pair = f"{found.text('username')}:{found.text('key')}"
        return SignIn(found.where, Secret(f"Basic {base64.b64encode(pair.encode()).decode()}"))
    refresh = found.text("refresh_token")
    return SignIn(
        found.where,
        Secret(f"Bearer {token}"),
        Secret(refresh) if refresh else None,
        _moment(found.text("expires")),
    )


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
