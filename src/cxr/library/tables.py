"""Where a dataset's published tables come from: a path, the library, the copy, the host, or another host."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from cxr.datasets import Dataset
from cxr.errors import CxrError, HostError, TableError
from cxr.hosts import Host
from cxr.hosts import folder as folder_host
from cxr.http import RefusedError, RequestError, TransientError
from cxr.library.connecting import let_in, not_given, retry_policy
from cxr.library.holdings import Holdings, ListedFiles, holdings_of
from cxr.library.request import Asked
from cxr.library.scratch import Scratch
from cxr.library.table_paths import finds
from cxr.library.zip_holdings import ZipMembers
from cxr.logs import get_logger
from cxr.model import Place, Remote
from cxr.transfer.retry import call_with_retries
from cxr.transfer.save import save, save_member

_log = get_logger(__name__)


def tables_of_copy(asked: Asked, listing: Sequence[Remote], place: Path) -> Mapping[str, Path]:
    """Return the tables of a copy that the user has: role to file.

    Args:
        asked: What is asked for; tables that it names come first.
        listing: What the copy holds.
        place: Where the copy is.

    Raises:
        TableError: there are none.
    """
    paths = [remote.path for remote in listing]
    if asked.request.tables is None and finds(asked.dataset, paths):
        return _found(asked.dataset, place, paths)
    return tables_here(asked) or _found(asked.dataset, place, paths)


def tables_here(asked: Asked) -> Mapping[str, Path]:
    """Return tables that need not be fetched: those that the user names, else those that the library keeps.

    Raises:
        TableError: the path that the user names holds none.
    """
    named, kept = asked.request.tables, asked.kept_tables
    if named is not None:
        return _found(asked.dataset, *folder_host.tables_in(named))
    if kept.is_dir():
        place, paths = folder_host.tables_in(kept)
        if finds(asked.dataset, paths):
            return _found(asked.dataset, place, paths)
    return {}


def tables_at_hosts(asked: Asked, host: Host, holdings: Holdings, scratch: Scratch) -> Mapping[str, Path]:
    """Fetch the tables from the host, or from another that has them; role to file.

    Args:
        asked: What is asked for.
        host: Where the images come from.
        holdings: What it holds.
        scratch: Where they are kept for now.

    Raises:
        TableError: none of the hosts gives them; it says which ways there are.
        HostError: the host has them, and did not give them.
    """
    if asked.release.tables_from and host.key not in asked.release.tables_from:
        return _from_others(asked, scratch)
    try:
        return _fetch(asked, host, lambda: holdings, scratch.folder)
    except RequestError as error:
        raise not_given(asked, host.key, f"the tables of {asked.dataset.TITLE}", error) from error


def missing_tables(
    asked: Asked, host: Host, holdings: Holdings, scratch: Scratch, here: Mapping[str, Path]
) -> Mapping[str, Path]:
    """Return the tables with those that the host has besides, where it gives them by now.

    Some need an agreement of their own: an earlier run may have been refused.

    Args:
        asked: What is asked for.
        host: Where the images come from.
        holdings: What it holds.
        scratch: Where they are kept for now.
        here: What the library keeps.
    """
    if asked.request.tables is not None or not isinstance(holdings, ListedFiles):
        return here
    if not finds(asked.dataset, [*holdings.others]):
        return here
    roles = asked.dataset.find_tables(holdings.others)
    wanted = {role: path for role, path in roles.items() if role not in here}
    try:
        return {**_fetch_listed(asked, host, holdings, wanted, scratch.folder), **here}
    except RequestError as error:
        _log.warning("tables", source=asked.source, host=host.key, reason=error.reason)
        return here


def _from_others(asked: Asked, scratch: Scratch) -> Mapping[str, Path]:
    dataset, hosts = asked.dataset, asked.release.tables_from
    reasons, trouble = [], False
    for key in hosts:
        try:
            host = let_in(asked, key)
            return _fetch(asked, host, partial(holdings_of, asked, host, scratch), scratch.folder)
        except (CxrError, RequestError) as error:
            told = error.happened if isinstance(error, CxrError) else error.reason
            _log.warning("tables", source=asked.source, host=key, reason=told)
            reasons.append(f"{key}: {told}")
            trouble = trouble or isinstance(error, HostError | TransientError)
    if trouble:
        raise HostError(
            f"The tables of {dataset.TITLE} could not be had now. {' '.join(reasons)}",
            think="Images without labels are of no use, so nothing was fetched.",
            next_step="Try the same command again later, or name tables that you have: --tables FILE.",
        )
    page = next(iter(dataset.TERMS.links.values()), "")
    accounts = " or ".join(f"`cxr credentials set {key}`" for key in hosts)
    raise TableError(
        f"The images of {dataset.TITLE} can be had there, and nothing says what they show: no tables.",
        think="Images without labels are of no use, so nothing was fetched. " + " ".join(reasons),
        next_step=f"Get the table by hand from {page} and name it: --tables FILE. Or let it come from "
        f"{' or '.join(hosts)}: {accounts}. Or name a copy that has it: --from PATH.",
    )


def _fetch(
    asked: Asked, host: Host, holdings_now: Callable[[], Holdings], folder: Path
) -> Mapping[str, Path]:
    """Fetch the tables as files of their own; those of very large datasets may only be had from the archive.

    A host without archives has told all its files already. Kaggle answers 404 to single files of such
    datasets, although it lists them.
    """
    if not host.archives:
        holdings = holdings_now()
        assert isinstance(holdings, ListedFiles)
        paths = asked.dataset.find_tables(holdings.others)
        return _fetch_listed(asked, host, holdings, paths, folder)
    try:
        return _fetch_files(asked, host, folder)
    except RefusedError:
        holdings = holdings_now()
        if not isinstance(holdings, ZipMembers):
            raise
    members = {remote.path for remote in holdings.directory.remotes()}
    policy, tables = retry_policy(asked.config), {}
    for role, path in asked.dataset.find_tables(members).items():
        tables[role] = folder / Path(path).name
        save_member(host, holdings.directory, path, tables[role], policy)
    return tables


def _fetch_files(asked: Asked, host: Host, folder: Path) -> Mapping[str, Path]:
    policy = retry_policy(asked.config)
    by_path = {remote.path: remote for remote in call_with_retries(lambda: list(host.list()), policy)}
    tables = {}
    for role, path in asked.dataset.find_tables(by_path).items():
        tables[role] = folder / Path(path).name
        save(host, by_path[path], tables[role], policy, verify=asked.config.download.verify_checksums)
    return tables


def _fetch_listed(
    asked: Asked, host: Host, holdings: ListedFiles, paths: Mapping[str, str], folder: Path
) -> Mapping[str, Path]:
    """Fetch tables that are files of their own; of those that need another agreement, what is given."""
    policy, verify = retry_policy(asked.config), asked.config.download.verify_checksums
    place = asked.release.places.get(host.key, Place())
    elsewhere = {*place.files, *place.files.values()}
    tables = {}
    for role, path in paths.items():
        if role in asked.request.unread:
            continue
        table = folder / Path(path).name
        try:
            save(host, holdings.others[path], table, policy, verify=verify)
        except RefusedError as error:
            if path not in elsewhere:
                raise
            _log.warning("table", source=asked.source, host=host.key, table=path, reason=error.reason)
            holdings.notes.append(f"{host.key} does not give {Path(path).name}: {error.reason}")
        else:
            tables[role] = table
    return tables


def _found(dataset: Dataset, place: Path, paths: Sequence[str]) -> Mapping[str, Path]:
    return {role: place / path for role, path in dataset.find_tables(paths).items()}
