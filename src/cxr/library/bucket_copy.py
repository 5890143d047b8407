"""A copy in a bucket: its listing, and its tables, which are fetched to be read."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from cxr.errors import HostError
from cxr.hosts import Host
from cxr.hosts._bucket_folder import BucketFolder, readable
from cxr.http import RequestError
from cxr.library.connecting import retry_policy
from cxr.library.request import Asked
from cxr.library.scratch import Scratch
from cxr.library.table_paths import finds
from cxr.library.tables import tables_here
from cxr.model import Remote
from cxr.stores.bucket import Bucket
from cxr.transfer.retry import call_with_retries
from cxr.transfer.save import save


def listed(asked: Asked, bucket: Bucket) -> tuple[BucketFolder, list[Remote]]:
    """Return the prefix as a host, and what lies below it.

    Args:
        asked: What is asked for.
        bucket: Where the copy is.

    Raises:
        AccessError: it does not let us in.
        HostError: it does not say what it holds.
    """
    host = readable(bucket)
    try:
        return host, call_with_retries(lambda: list(host.list()), retry_policy(asked.config))
    except RequestError as error:
        raise _not_given(f"The listing of {bucket}", error) from error


def tables_of(asked: Asked, host: Host, listing: Sequence[Remote], scratch: Scratch) -> Mapping[str, Path]:
    """Return the tables of a copy in a bucket: role to file. Those that are there are fetched.

    Args:
        asked: What is asked for; tables that it names come first.
        host: Where the copy is.
        listing: What it holds.
        scratch: Where tables are kept for now.

    Raises:
        TableError: there are none.
        HostError: one could not be had.
    """
    by_path = {remote.path: remote for remote in listing if not _is_one_of_many(remote.path)}
    is_named = asked.request.tables is not None
    if (is_named or not finds(asked.dataset, [*by_path])) and (here := tables_here(asked)):
        return here
    policy, tables = retry_policy(asked.config), {}
    for role, path in asked.dataset.find_tables(by_path).items():
        tables[role] = scratch.folder / Path(path).name
        try:
            save(host, by_path[path], tables[role], policy)
        except RequestError as error:
            raise _not_given(host.url(by_path[path]), error) from error
    return tables


def _is_one_of_many(path: str) -> bool:
    """Say whether a text is one of a tree of reports, as PhysioNet's zip of them unpacks.

    Each would cost a request before anything is read: of a bucket, reports are read from the zip alone.
    """
    folder, _, name = path.rpartition("/")
    return name.endswith(".txt") and "files" in folder.split("/")


def _not_given(what: str, error: RequestError) -> HostError:
    return HostError(
        f"{what} could not be had: {error.reason}", next_step="Try the same command again later."
    )
