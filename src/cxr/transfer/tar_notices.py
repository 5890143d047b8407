"""What is to be said of an archive that was read, apart from its images."""

from typing import Final

from cxr.logs import get_logger
from cxr.transfer.archive_source import ArchiveSource
from cxr.transfer.gzip_stream import GzipStream
from cxr.transfer.tar_members import Member

_MOST: Final = 20  # members that one line names

_log = get_logger(__name__)


class Notices:
    """Collects what goes into the log when the reading has ended.

    Args:
        name: Of the archive, for people.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._left_out: list[str] = []
        self._number = 0

    def leave_out(self, member: Member, fault: str) -> None:
        """Take note of a member that is not read."""
        self._number += 1
        if len(self._left_out) < _MOST:
            self._left_out.append(f"{member.shown} is {fault}")

    def tell(self) -> None:
        """Name the members that were left out."""
        if self._number:
            _log.warning(
                "members of an archive are left out",
                archive=self._name,
                number=self._number,
                members=self._left_out,
            )


def tell_checksums(name: str, source: ArchiveSource, stream: GzipStream, published: str) -> None:
    """Say where an archive is not what it should be, as far as it was read.

    Args:
        name: Of the archive, for people.
        source: Its bytes.
        stream: Its content.
        published: ``md5:<hex>``, as somebody lists it; empty where nobody does.
    """
    if stream.wrong_sums:
        _log.error(
            "an archive does not have the CRC-32 that its end says: PNGs taken from it were right by their "
            "own, other images may be damaged, which `cxr validate` finds",
            archive=name,
        )
    if source.whole_md5 and source.whole_md5 != published.lower():
        # The list is a third party's: the archive may have been replaced by its owner.
        _log.warning(
            "an archive does not have the MD5 that is listed for it",
            archive=name,
            listed=published,
            found=source.whole_md5,
        )
