"""Which kind of file system a folder lies on: locks and SQLite's WAL need one that this machine owns.

SQLite's write-ahead log shares memory between processes, and that does not cross machines; POSIX locks over
NFS and SMB depend on server and mount options. So a library on such a mount gets a rollback journal
(`cxr.database.connection`) and a lease file (``cxr.library.lease``).
"""

import platform
import re
import subprocess
from pathlib import Path

# Names as the kernel reports them; also what WSL calls a Windows drive (9p, drvfs).
NETWORK_TYPES = frozenset(
    {
        *("nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "afpfs", "webdav", "afs", "ncpfs"),
        *("lustre", "beegfs", "fhgfs_client", "gpfs", "ceph", "panfs", "pvfs2", "orangefs", "glusterfs"),
        *("9p", "drvfs", "davfs", "wekafs", "quobyte", "moosefs", "gfs2", "ocfs2", "macfuse", "osxfuse"),
        *("fuse.sshfs", "fuse.rclone", "fuse.s3fs", "fuse.gcsfuse", "fuse.goofys", "fuse.blobfuse"),
        *("fuse.blobfuse2", "fuse.mount-s3", "fuse.juicefs", "fuse.JuiceFS", "fuse.glusterfs", "fuse.ceph"),
        *("fuse.ceph-fuse", "fuse.beegfs", "fuse.lustre", "fuse.davfs", "fuse.mfs", "fuse.smbnetfs"),
    }
)
_OCTAL = re.compile(r"\\([0-7]{3})")
_MAC_LINE = re.compile(r"^.+ on (?P<point>/.*) \((?P<kind>[^,)]+)[^)]*\)$")


def is_network(path: Path) -> bool:
    """Say whether ``path`` lies on a file system that other machines may write at the same time.

    A kind that is not known counts as local. The path need not exist; its nearest existing parent counts.
    """
    return filesystem_type(path) in NETWORK_TYPES


def filesystem_type(path: Path) -> str:
    """Return the kind of file system that holds ``path`` (``ext4``, ``nfs4``), empty where unknown."""
    place = path.resolve().as_posix()
    read = _macos if platform.system() == "Darwin" else _linux
    try:
        return _longest(place, read())
    except (OSError, subprocess.SubprocessError):
        return ""


def mounts_of_linux(table: str) -> list[tuple[str, str]]:
    """Return (mount point, kind) of each line of ``/proc/self/mountinfo`` (proc(5)), in its order."""
    mounts = []
    for line in table.splitlines():
        before, dash, after = line.partition(" - ")
        fields, kinds = before.split(" "), after.split(" ")
        if dash and len(fields) > 4:
            # A space or a newline in a mount point is written as a backslash and three octal digits.
            point = _OCTAL.sub(lambda match: chr(int(match[1], 8)), fields[4])
            mounts.append((point, kinds[0]))
    return mounts


def mounts_of_macos(output: str) -> list[tuple[str, str]]:
    """Return (mount point, kind) of each line that macOS's ``mount`` prints."""
    matches = (_MAC_LINE.match(line) for line in output.splitlines())
    return [(match["point"], match["kind"]) for match in matches if match]


def _linux() -> list[tuple[str, str]]:
    return mounts_of_linux(Path("/proc/self/mountinfo").read_text("utf-8", "surrogateescape"))


def _macos() -> list[tuple[str, str]]:
    done = subprocess.run(["/sbin/mount"], capture_output=True, timeout=5, check=True)
    return mounts_of_macos(done.stdout.decode("utf-8", "surrogateescape"))


def _longest(place: str, mounts: list[tuple[str, str]]) -> str:
    """Choose the deepest mount above ``place``; of two on one point, the later, which covers the other."""
    best, kind = "", ""
    for point, this_kind in mounts:
        above = point in ("/", place) or place.startswith(point.rstrip("/") + "/")
        if above and len(point) >= len(best):
            best, kind = point, this_kind
    return kind
