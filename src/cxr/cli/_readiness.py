"""Whether a dataset can be downloaded now, and if not, the one step that is missing."""

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from cxr.cli._catalogue import is_made, needs_copy

if TYPE_CHECKING:
    from cxr.config import Config
    from cxr.hosts import Access


def access_to(key: str, config: "Config") -> "Access":
    """Return whether a dataset is ready, with the missing step, and what does not come although it is."""
    from cxr import datasets
    from cxr.datasets import default_release
    from cxr.errors import CxrError
    from cxr.hosts import Access
    from cxr.http import RequestError
    from cxr.library.connecting import connected, missing_step, reachable
    from cxr.transfer.retry import RetryPolicy, call_with_retries

    dataset = datasets.load(key)
    settings = config.datasets[key]
    release = dataset.RELEASES.get(settings.release or "") or default_release(dataset)
    if is_made(release):
        return Access(ready=True)
    if needs_copy(release):
        return Access(ready=False, missing=_name_a_copy(key, release.hosts))
    host = settings.source or release.hosts[0]
    if host not in (others := reachable(release)):
        missing = (
            f"This version does not download from {host}, which datasets.{key}.source names "
            f"({config.origin(f'datasets.{key}.source')}). Its hosts are: {', '.join(others)}."
        )
        return Access(ready=False, missing=missing)
    try:
        with closing(connected(key, release, host, config)) as asked:
            access = call_with_retries(asked.check_access, RetryPolicy(attempts=3, delay=0.5, patience=20))
    except CxrError as error:
        return Access(ready=False, missing=f"{error.happened} {error.next_step}")
    except RequestError as error:
        return Access(ready=False, missing=f"{error.reason} Try again later.")
    return (
        access if access.ready else replace(access, missing=missing_step(key, release, host, access.missing))
    )


def _name_a_copy(key: str, hosts: tuple[str, ...]) -> str:
    later = [host for host in hosts if host != "folder"]
    what = "Name the copy that you have" if later else "Name your folder"
    why = f" ({', '.join(later)} come with a later version)" if later else ""
    return f"{what}: cxr download --source {key} --from PATH{why}."


def missing_steps(config: "Config") -> dict[str, str]:
    """Return the datasets that ``--source all`` leaves out, each with the step that is missing."""
    from cxr import datasets

    missing = {}
    for key in datasets.keys():  # noqa: SIM118  a function
        if not datasets.load(key).TERMS.in_all:
            missing[key] = f"`all` never takes it. Name it: --source {key}."
        elif not config.datasets[key].enabled:
            missing[key] = f"datasets.{key}.enabled is false ({config.origin(f'datasets.{key}.enabled')})."
        elif step := access_to(key, config).missing:
            missing[key] = step
    return missing
