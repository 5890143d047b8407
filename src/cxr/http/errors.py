"""Why a request did not give what it asked for, told apart by whether asking again can help."""

_ON_THE_WAY = frozenset({"address", "certificate", "certificates", "name", "not_https", "proxy", "tls"})


class RequestError(OSError):
    """A request failed.

    Args:
        code: Stable name for ledgers and tables, such as ``http_404``, ``stalled``, ``connection``.
        reason: One sentence for people, without a secret.
        status: The HTTP status, where there was an answer.
    """

    def __init__(self, code: str, reason: str, *, status: int | None = None) -> None:
        self.code = code
        self.reason = reason
        self.status = status
        super().__init__(reason)

    @property
    def is_on_the_way(self) -> bool:
        """Whether the host was not reached: an address, a proxy or a certificate is in the way."""
        return self.code in _ON_THE_WAY or self.code.startswith("proxy_")

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuilt, (type(self), dict(self.__dict__))


class RefusedError(RequestError):
    """Asking again cannot help: 401, 403, 404 and the other answers that stay as they are."""


class TransientError(RequestError):
    """Asking again may help: no connection, a stall, a cut body, 408, 429, 5xx.

    Args:
        code: As for `RequestError`.
        reason: As for `RequestError`.
        status: The HTTP status, where there was an answer.
        retry_after: Seconds that the host asks us to wait; ``None`` where it does not say.
        throttled: The host has too much to do (429, 503, time-outs): fewer connections are due.
    """

    def __init__(
        self,
        code: str,
        reason: str,
        *,
        status: int | None = None,
        retry_after: float | None = None,
        throttled: bool = False,
    ) -> None:
        super().__init__(code, reason, status=status)
        self.retry_after = retry_after
        self.throttled = throttled


def _rebuilt(kind: type[RequestError], state: dict[str, object]) -> RequestError:
    """Make the error again in the process that it was sent to."""
    error = kind.__new__(kind)
    OSError.__init__(error, state["reason"])
    error.__dict__.update(state)
    return error
