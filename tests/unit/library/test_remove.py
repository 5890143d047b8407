"""A removal leaves nothing of a dataset, says what went, and can be begun again."""

import getpass
import json

import pytest

from cxr.errors import UsageError
from cxr.ledger.write import Outcome, write_outcomes
from cxr.library import remove as removing
from cxr.library.remove import removal, remove
from cxr.library.scrub import scrub_logs
from cxr.logs import get_logger
from cxr.model import Failure


@pytest.fixture
def filled(library, hold):
    """A library of two datasets; of each file, the name or the text says whose it is."""
    for source in ("nih", "local"):
        hold("a1", source)
        hold("b2", source)
        raw = library.layout.raw / source / "one"
        raw.mkdir(parents=True)
        (raw / "table.csv").write_text(f"{source}_a1")
        (library.layout.temp / f"{source}_c3.png.part").write_text("half")
        (library.layout.captions / f".{source}_a1.txt.12.tmp").write_text(f"{source}_a1")
        library.layout.contact_sheet(source).write_text("a picture")
        failed = [Outcome("d4", "folder", Failure("d4", "gone", "gone"))]
        write_outcomes(library.database, source, None, failed)
        speak(source)
    return library


def speak(source):
    log = get_logger("cxr.library.run")
    log.info("run begins", verb="download", source=source)
    log.warning("table", table="t.csv", line=3, image_id=f"{source}-table")
    log.error("image failed", source=source, image_id=f"{source}-failed", reason="it\nis gone")
    try:
        _ = 1 / 0
    except ZeroDivisionError:
        log.exception("image failed", source=source, image_id=f"{source}-raised")
    log.info("run ends", source=source)


def texts(library):
    return {path: path.read_bytes() for path in library.layout.base.rglob("*") if path.is_file()}


def certificates(library):
    return sorted(library.layout.metadata.glob("removed_*.json"))


def test_a_removal_takes_every_file_and_line_of_one_dataset_and_none_of_another(filled):
    others = {p: text for p, text in texts(filled).items() if "local" in p.name or "local" in p.parts}
    done = remove(filled, "nih")
    assert (done.rows, done.images, done.captions, done.tables, done.pictures, done.parts) == (
        2,
        2,
        3,
        1,
        1,
        1,
    )
    left = texts(filled)
    assert [p for p in left if "nih" in p.name] == certificates(filled)
    telling = [p for p, text in left.items() if b"nih" in text and p.suffix not in {".db", ".db-wal"}]
    assert telling == certificates(filled)
    assert others.items() <= left.items()
    assert removal(filled, "local").images == 2


def test_the_logs_keep_what_is_about_other_datasets_and_go_on(filled):
    remove(filled, "nih")
    get_logger("cxr.library.run").error("still heard")
    for path in filled.layout.logs.iterdir():
        text = path.read_text()
        assert "nih" not in text
        assert "local-failed" in text
        assert "local-raised" in text
        assert "ZeroDivisionError" in text
        assert "still heard" in text
    main = (filled.layout.logs / "cxr_downloader.log").read_text()
    assert "local-table" in main
    assert main.count("Traceback") == 1


def test_a_log_with_a_half_line_and_bytes_that_are_no_text_is_scrubbed(library):
    log = library.layout.download_log
    log.write_bytes(b'{"source": "nih", "image_id": "a"}\n\xff\xfe\n[1]\n{"source": "local"}\n{"source": "ni')
    scrub_logs(library.layout, "nih")
    assert log.read_bytes() == b'\xff\xfe\n[1]\n{"source": "local"}\n{"source": "ni'


def test_what_was_never_held_is_refused_without_a_certificate(library, hold):
    hold("a1")
    for refused in (removal, remove):
        with pytest.raises(UsageError, match="nothing of local") as caught:
            refused(library, "local")
        assert caught.value.exit_code == 2
    assert certificates(library) == []
    remove(library, "nih")
    with pytest.raises(UsageError):
        remove(library, "nih")


def test_failures_alone_are_something_to_remove(library):
    write_outcomes(library.database, "nih", None, [Outcome("d4", "folder", Failure("d4", "gone", "gone"))])
    assert remove(library, "nih").rows == 0
    assert "d4" not in library.layout.failed_images.read_text()


@pytest.mark.parametrize("step", ["_remove_empty_folders", "wipe_deleted", "scrub_logs", "_certify"])
def test_a_removal_that_was_interrupted_is_finished_and_certified_whole(filled, monkeypatch, step):
    def killed(*_):
        raise KeyboardInterrupt

    planned = removal(filled, "nih")
    with monkeypatch.context() as patch:
        patch.setattr(removing, step, killed)
        with pytest.raises(KeyboardInterrupt):
            remove(filled, "nih")
    assert certificates(filled) == []
    remove(filled, "nih")
    [certificate] = certificates(filled)
    text = json.loads(certificate.read_text())
    assert {name: text[name] for name in planned.to_json() if name != "certificate"} == {
        name: value for name, value in planned.to_json().items() if name != "certificate"
    }
    assert not filled.layout.removing("nih").exists()


def test_the_certificate_names_a_user_without_a_name(library, hold, monkeypatch):
    def nameless():
        raise KeyError("getpwuid(): uid not found: 4711")

    hold("a1")
    monkeypatch.setattr(getpass, "getuser", nameless)
    remove(library, "nih")
    [certificate] = certificates(library)
    assert json.loads(certificate.read_text())["removed_by"].isdigit()
