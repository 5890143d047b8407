"""B5: ten images of a remote archive of tens of gigabytes, by `cxr download` as a user types it.

Targets: under three times the images' own bytes, counted where they are sent, and for a zip its directory.
The zip has 112,120 members and 45 GB: all but those that are asked for are holes. The tar.gz is a real one of
half a gigabyte. What a user would do instead is to fetch the whole archive: the rclone of Debian 12 (1.60)
reads no members of remote archives.
"""

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from benchmarks._images import images
from benchmarks._nginx import Nginx, serving
from benchmarks._nih_tables import names, write_tables
from benchmarks._sides import need
from benchmarks._zip45 import write_sparse_zip
from cxr.library.sampling import images as sampled

_TEN, _TIMES, _SEED = 10, 3.0, 5
_SIZE, _ZIP_IMAGES, _FOLDERS, _TAR_IMAGES = 401_000, 112_120, 12, 1_250
_SAMPLE = ("--sample", "random", "--seed", str(_SEED), "--limit", str(_TEN))
_INDEXES = Path("metadata", "archives", "nih")
_KAGGLE = """
location = /v1/datasets.DatasetApiService/GetDataset {
  default_type application/json;
  return 200 '{"ref": "nih-chest-xrays/data", "currentVersionNumber": 3}';
}
location = /v1/datasets.DatasetApiService/DownloadDataset { return 302 http://127.0.0.1:{port}/archive.zip; }
"""


class Asked(NamedTuple):
    """What all downloads from one host share.

    Attributes:
        host: Its key.
        tables: What names the images.
        library: Where to.
        env: What points cxr at the server.
    """

    host: str
    tables: Path
    library: Path
    env: Mapping[str, str]


class Cost(NamedTuple):
    """What ten images cost.

    Attributes:
        seconds: On the clock.
        sent: Bytes that the server sent, heads of answers included.
        own: Bytes of the images.
    """

    seconds: float
    sent: int
    own: int


def main() -> bool:
    """Print what was read; return whether the targets are met."""
    need("nginx")
    with tempfile.TemporaryDirectory() as made_in:
        place = Path(made_in)
        (place / "www").mkdir()
        return all([_zip(place), _tar(place)])


def _zip(place: Path) -> bool:
    tables = place / "zip_tables"
    tables.mkdir()
    write_tables(tables, _ZIP_IMAGES)
    listed = list(names(_ZIP_IMAGES))
    members = {
        name: f"images_{number * _FOLDERS // _ZIP_IMAGES + 1:03d}/images/{name}"
        for number, name in enumerate(listed)
    }
    wanted = [*listed[:_TEN], *(f"{one}.png" for one in sampled((name[:-4] for name in listed), _TEN, _SEED))]
    real = dict(zip((members[name] for name in wanted), images(len(wanted), _SIZE), strict=True))
    path = place / "www" / "archive.zip"
    made = write_sparse_zip(path, list(members.values()), real, _SIZE - 500)
    on_disk = f"{path.stat().st_blocks * 512 / 1e6:.0f} MB on the disk"
    print(f"B5 a zip of {made.size / 1e9:.1f} GB ({on_disk}), directory {made.directory:,} bytes")
    with serving(place / "www", place / "nginx_zip", _KAGGLE, count=True) as server:
        asked = Asked("kaggle", tables, place / "from_zip", _kaggle(server))
        first = _download(server, asked, "--limit", str(_TEN))
        others = _download(server, asked, *_SAMPLE)
    met = _told("zip, the first ten", first, made.size, made.directory)
    return _told("zip, ten at random, with the directory of before", others, made.size) and met


def _tar(place: Path) -> bool:
    tables, path = place / "tar_tables", place / "www" / "images_001.tar.gz"
    tables.mkdir()
    write_tables(tables, _TAR_IMAGES)
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        for name, data in zip(names(_TAR_IMAGES), images(_TAR_IMAGES, _SIZE), strict=True):
            member = tarfile.TarInfo(f"images/{name}")
            member.size = len(data)
            archive.addfile(member, BytesIO(data))
    whole = path.stat().st_size
    print(f"B5 a tar.gz of {whole / 1e6:.0f} MB, {_TAR_IMAGES:,} images")
    last = f"{_TAR_IMAGES // 4 + 40_000:08d}"
    with serving(place / "www", place / "nginx_tar", count=True) as server:
        env = _box(server, place, path.name)
        first = _download(server, Asked("box", tables, place / "from_tar", env), "--limit", str(_TEN))
        deep = _download(server, Asked("box", tables, place / "deep", env), "--patient", last)
        shutil.copytree(place / "deep" / _INDEXES, place / "given" / _INDEXES)
        others = _download(server, Asked("box", tables, place / "given", env), *_SAMPLE)
    index = sum(one.stat().st_size for one in (place / "deep" / _INDEXES).iterdir())
    print(f"B5 {deep.sent / 1e6:.0f} MB were read once for the seek index of {index / 1e6:.1f} MB")
    met = _told("tar.gz, the first ten", first, whole)
    return _told("tar.gz, ten at random, with a seek index", others, whole) and met


def _kaggle(server: Nginx) -> dict[str, str]:
    return {f"CXR_SOURCES__HOSTS__KAGGLE__{name}": f"{server.url}/v1" for name in ("API", "WEB")}


def _box(server: Nginx, place: Path, archive: str) -> dict[str, str]:
    sources = place / "dataset_sources.yaml"
    sources.write_text(
        f"hosts:\n  box:\n    shared: {server.url}\n"
        f"datasets:\n  nih:\n    box:\n      files:\n        {archive}: {archive}\n      checksums: {{}}\n"
    )
    return {"CXR_DATASET_SOURCES": str(sources)}


def _download(server: Nginx, asked: Asked, *selection: str) -> Cost:
    """Run the command and return what it cost."""
    before = _own(asked.library)
    server.bytes_sent()
    began = time.monotonic()
    done = subprocess.run(
        [
            *(sys.executable, "-m", "cxr", "download", "--source", "nih", "--host", asked.host, *selection),
            *("--tables", str(asked.tables), "--base-dir", str(asked.library), "--yes", "--quiet"),
        ],
        env=os.environ | {"HOME": str(asked.library.with_name("home"))} | asked.env,
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.monotonic() - began
    if done.returncode:
        raise SystemExit(f"cxr ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return Cost(seconds, server.bytes_sent(), _own(asked.library) - before)


def _own(library: Path) -> int:
    folder = library / "Images"
    return sum(one.stat().st_size for one in folder.iterdir()) if folder.is_dir() else 0


def _told(what: str, cost: Cost, whole: int, directory: int = 0) -> bool:
    times = (cost.sent - directory) / cost.own
    met = times < _TIMES
    print(
        f"B5 {what}: {cost.seconds:.1f} s; {cost.sent:,} bytes sent for {cost.own:,} of images, "
        f"{times:.2f} times{' beside the directory' if directory else ''} (target {_TIMES:.0f}), "
        f"{whole / cost.sent:,.0f} times less than the archive: {'met' if met else 'NOT MET'}"
    )
    return met
