"""From what a release says of its hosts to a host that lets us in."""

from typing import Final

from cxr import hosts
from cxr.config import Config
from cxr.datasets import Release
from cxr.errors import AccessError, ConfigError, CxrError, HostError, UsageError
from cxr.hosts import Host, Place
from cxr.http import HttpSettings, RequestError
from cxr.library.request import Asked
from cxr.transfer.retry import RetryPolicy, call_with_retries

_NO_ACCESS: Final = frozenset({401, 403})


def reachable(release: Release) -> tuple[str, ...]:
    """Return the keys of the release's hosts that this version can reach without a copy of the user's."""
    return tuple(key for key in release.hosts if key in hosts.keys() and key != "folder")  # noqa: SIM118  a function


def connected(
    source: str, release: Release, key: str, config: Config, *, patience: float = float("inf")
) -> Host:
    """Return a host that is told what it holds of a release and where it is; nothing is asked yet.

    Args:
        source: Key of the dataset.
        release: Which release.
        key: Of the host.
        config: The settings.
        patience: Seconds until it has to begin to answer, at most.

    Raises:
        AccessError: its credentials cannot be read.
        ConfigError: the user gives it an address that it has no use for.
    """
    _check_addresses(key, config)
    place = config.sources.place(release.places.get(key, Place()), source, key)
    settings = HttpSettings(
        answer_timeout=min(config.download.timeout, patience),
        stall_timeout=config.download.stall_timeout,
        user_agent=config.download.user_agent or HttpSettings().user_agent,
    )
    return hosts.connect(key, place, settings)


def _check_addresses(key: str, config: Config) -> None:
    """Refuse an address that nothing would read, such as a misspelt one."""
    known = hosts.addresses(key)
    unknown = sorted(config.sources.addresses(key).keys() - known.keys())
    if unknown:
        wrong = config.sources.overrides[f"hosts.{key}.{unknown[0]}"]
        raise ConfigError(
            f"{wrong.origin}: {key} has no address {unknown[0]!r}.",
            think=f"Its addresses are: {', '.join(known)}." if known else f"{key} has no address at all.",
            next_step="Correct or remove it; `cxr config init` writes a file to compare with.",
        )


def let_in(asked: Asked, key: str) -> Host:
    """Return a host that was asked and lets us in.

    Raises:
        UsageError: the release is not there, or the host cannot be asked without more.
        ConfigError: the user gives it an address that it has no use for.
        AccessError: it does not let us in; its next steps begin with hosts that need no account.
        HostError: it does not answer.
    """
    source, release = asked.source, asked.release
    if key not in release.hosts:
        raise UsageError(
            f"{source} is not at the host {key!r}.", next_step=f"Its hosts are: {', '.join(release.hosts)}."
        )
    if key == "folder":
        raise UsageError("The host `folder` is a copy that you have.", next_step="Say where: --from PATH.")
    if key not in reachable(release):
        raise UsageError(
            f"This version of cxr cannot download {source} from {key} yet.",
            next_step=_ways(source, release, key),
        )
    host = connected(source, release, key, asked.config)
    try:
        access = call_with_retries(host.check_access, retry_policy(asked.config))
    except RequestError as error:
        raise HostError(
            f"{key} could not be asked for {source}: {error.reason}",
            think="Nothing was fetched. The host may have trouble, or the network between.",
            next_step=_later(source, release, key),
        ) from error
    if not access.ready:
        raise AccessError(
            f"{key} does not let us in.", next_step=missing_step(source, release, key, access.missing)
        )
    return host


def missing_step(source: str, release: Release, key: str, missing: str) -> str:
    """Return what there is to do where a host does not let us in: other hosts first, then its own way."""
    others = [host for host in reachable(release) if host != key]
    ways = [
        f"Without it: `cxr download --source {source} --host {host}{_tables(release, host, key)}`."
        for host in others
    ]
    return " ".join([*ways, missing])


def _tables(release: Release, host: str, refused: str) -> str:
    """Return what has to be typed where a host has images alone, and the tables' host was refused."""
    return " --tables FILE" if refused in release.tables_from and host not in release.tables_from else ""


def not_given(asked: Asked, key: str, what: str, error: RequestError) -> CxrError:
    """Return what it means that a host which let us in does not give something.

    Args:
        asked: What is asked for.
        key: Of the host.
        what: What it does not give, as the middle of a sentence.
        error: What the host said.
    """
    if error.status in _NO_ACCESS:
        step = missing_step(asked.source, asked.release, key, error.reason)
        return AccessError(f"{key} does not give {what}.", next_step=step)
    return HostError(
        f"{what[0].upper()}{what[1:]} could not be had from {key}: {error.reason}",
        next_step=_later(asked.source, asked.release, key),
    )


def _ways(source: str, release: Release, key: str) -> str:
    others = [host for host in reachable(release) if host != key]
    if others:
        return f"Take another host: `cxr download --source {source} --host {others[0]}`."
    return (
        f"Name that copy: `cxr download --source {source} --from PATH`. "
        f"`cxr access {source}` says how to get one."
    )


def _later(source: str, release: Release, key: str) -> str:
    others = [host for host in reachable(release) if host != key]
    other = f", or take another host: `cxr download --source {source} --host {others[0]}`" if others else ""
    return f"Try the same command again later{other}."


def retry_policy(config: Config) -> RetryPolicy:
    """Return how often and how patiently a request is made again, as configured."""
    download = config.download
    return RetryPolicy(attempts=download.retry_attempts + 1, delay=download.retry_delay)
