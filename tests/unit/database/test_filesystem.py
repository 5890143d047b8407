"""Which mounts count as network file systems."""

from pathlib import Path

import pytest

from cxr.database import filesystem
from cxr.database.filesystem import filesystem_type, is_network, mounts_of_linux, mounts_of_macos

MOUNTINFO = r"""
22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw
30 22 0:40 / /home rw,relatime shared:5 - nfs4 files:/home rw,vers=4.2
31 30 8:2 / /home/local rw - xfs /dev/sdb1 rw
32 22 0:41 / /mnt/lab\040share rw - cifs //lab/share rw
33 22 0:42 / /data rw - ext4 /dev/sdc1 rw
34 22 0:43 / /data rw - fuse.sshfs me@host:/data rw
35 22 0:44 / /scratch rw - lustre mds@tcp:/scratch rw
a line that is none
"""
MAC = """\
/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)
//me@files._smb._tcp.local/X-rays on /Volumes/X rays (2024) (smbfs, nodev, nosuid, mounted by me)
files:/export on /Volumes/nfs (nfs, asynchronous)
"""


@pytest.fixture
def linux(monkeypatch):
    monkeypatch.setattr(filesystem, "_linux", lambda: mounts_of_linux(MOUNTINFO))
    monkeypatch.setattr(filesystem.platform, "system", lambda: "Linux")


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/library", "ext4"),
        ("/home/me/cxr-library", "nfs4"),
        ("/homes/me", "ext4"),
        ("/home/local/library", "xfs"),
        ("/mnt/lab share/library", "cifs"),
        ("/data/library", "fuse.sshfs"),
        ("/scratch", "lustre"),
    ],
)
def test_the_deepest_and_latest_mount_counts(linux, path, kind):
    assert filesystem_type(Path(path)) == kind
    assert is_network(Path(path)) == (kind not in {"ext4", "xfs"})


@pytest.mark.parametrize(
    ("path", "network"),
    [("/Users/me/lib", False), ("/Volumes/X rays (2024)/lib", True), ("/Volumes/nfs/a", True)],
)
def test_macos(monkeypatch, path, network):
    monkeypatch.setattr(filesystem, "_macos", lambda: mounts_of_macos(MAC))
    monkeypatch.setattr(filesystem.platform, "system", lambda: "Darwin")
    assert is_network(Path(path)) == network


def test_where_nothing_can_be_asked_a_disk_counts_as_local(monkeypatch):
    def gone():
        raise FileNotFoundError

    monkeypatch.setattr(filesystem, "_linux", gone)
    monkeypatch.setattr(filesystem.platform, "system", lambda: "Linux")
    assert filesystem_type(Path("/anywhere")) == ""
    assert not is_network(Path("/anywhere"))
