"""Opening, damage, full and read-only disks, readers beside a writer."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
from contextlib import contextmanager
from pathlib import Path

import pytest

from cxr.database import connection, migrate
from cxr.database.connection import open_database, open_readonly
from cxr.database.migrations import MIGRATIONS, Migration
from cxr.errors import LibraryError, StorageError, UsageError

PROBLEM = (
    "INSERT INTO table_problems (source, table_name, line, code, message, image_id) VALUES (?, ?, ?, ?, ?, ?)"
)
COUNT = "SELECT count(*) FROM table_problems"


def problem(number=0):
    return ("nih", "t.csv", number, "c", "m" * 500, "")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "metadata" / "master_index.db"


@pytest.fixture
def made(path):
    with open_database(path) as database, database.transaction():
        database.execute_many(PROBLEM, [problem(n) for n in range(2000)])
    return path


def test_makes_the_database_and_finds_it_again(path):
    with open_database(path) as database:
        database.execute(PROBLEM, problem())
    with open_database(path) as database:
        assert database.value(COUNT) == 1
        assert [name for (name,) in database.rows("SELECT name FROM migrations")] == [
            m.name for m in MIGRATIONS
        ]


def test_an_empty_file_left_by_a_kill_is_a_new_database(path):
    path.parent.mkdir()
    path.touch()
    with open_database(path) as database:
        assert database.value(COUNT) == 0


@pytest.mark.parametrize(("network", "journal"), [(False, "wal"), (True, "truncate")])
def test_journal_follows_the_file_system(made, monkeypatch, network, journal):
    monkeypatch.setattr(connection, "is_network", lambda _: network)
    with open_database(made) as database:
        assert database.value("PRAGMA journal_mode") == journal
        assert database.value(COUNT) == 2000


def test_a_step_that_fails_leaves_nothing_of_itself(made, monkeypatch):
    bad = Migration("0002_bad", "CREATE TABLE half (a); CREATE TABLE migrations (b);")
    monkeypatch.setattr(migrate, "MIGRATIONS", (*MIGRATIONS, bad))
    with pytest.raises(sqlite3.OperationalError):
        open_database(made)
    with open_readonly_as_before(monkeypatch, made) as database:
        assert database.value("SELECT count(*) FROM sqlite_master WHERE name = 'half'") == 0


@contextmanager
def open_readonly_as_before(monkeypatch, path):
    monkeypatch.setattr(migrate, "MIGRATIONS", MIGRATIONS)
    with open_readonly(path) as database:
        yield database


def test_a_missing_step_is_applied_to_write_and_asked_for_to_read(made, monkeypatch):
    step = Migration(
        "0002_more", "CREATE TABLE more (a);\n-- a remark; with a semicolon\nCREATE TABLE again (b);"
    )
    monkeypatch.setattr(migrate, "MIGRATIONS", (*MIGRATIONS, step))
    with pytest.raises(LibraryError, match="0002_more"):
        open_readonly(made)
    with open_database(made) as database:
        assert database.value("SELECT count(*) FROM again") == 0
    with open_readonly(made) as database:
        assert database.value(COUNT) == 2000


@pytest.mark.parametrize("opening", [open_database, open_readonly])
def test_a_database_of_a_newer_cxr_is_refused_and_left_alone(made, opening):
    with open_database(made) as database:
        database.execute("INSERT INTO migrations VALUES ('0099_future', '9.9.9', '2030-01-01')")
    before = made.read_bytes()
    with pytest.raises(LibraryError) as caught:
        opening(made)
    text = str(caught.value)
    assert "9.9.9" in text
    assert "0099_future" in text
    assert "upgrade" in text.lower()
    assert made.read_bytes() == before


@pytest.mark.parametrize("opening", [open_database, open_readonly])
def test_a_database_of_another_program_is_refused(path, opening):
    path.parent.mkdir()
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE songs (title)")
    other.close()
    with pytest.raises(LibraryError, match="not a library's"):
        opening(path)


DAMAGE = {
    "not a database": lambda data: b"<html>404 Not Found</html>" * 400,
    "cut in half": lambda data: data[: len(data) // 2],
    "cut to its first page": lambda data: data[:4096],
    "cut within its header": lambda data: data[:50],
    "zeros over its schema": lambda data: data[:100] + bytes(8092) + data[8192:],
}


@pytest.mark.parametrize("opening", [open_database, open_readonly])
@pytest.mark.parametrize("how", DAMAGE)
def test_a_damaged_database_is_said_to_be_so(made, opening, how):
    made.write_bytes(DAMAGE[how](made.read_bytes()))
    with pytest.raises(LibraryError) as caught, opening(made) as database:
        database.value(COUNT)
    assert str(made) in caught.value.happened
    assert caught.value.next_step


def test_damage_found_late_is_said_too(made):
    data = bytearray(made.read_bytes())
    data[-40 * 4096 :] = b"\xff" * (40 * 4096)
    made.write_bytes(data)
    with pytest.raises(LibraryError, match="damaged"), open_readonly(made) as database:
        list(database.rows("SELECT * FROM table_problems"))


def test_no_library_is_the_users_mistake(path):
    with pytest.raises(UsageError, match="no library"):
        open_readonly(path)
    assert not path.parent.exists()


def test_a_full_disk_keeps_what_was_committed(made):
    with open_database(made) as database:
        pages = database.value("PRAGMA page_count")
        database.execute(f"PRAGMA max_page_count = {pages + 2}")
        with pytest.raises(StorageError, match="No space"), database.transaction():
            database.execute_many(PROBLEM, [problem(n) for n in range(5000)])
        assert database.value(COUNT) == 2000
        with database.transaction():
            database.execute("DELETE FROM table_problems WHERE line = 7")
        assert database.value(COUNT) == 1999


def test_a_folder_that_cannot_be_made_is_a_storage_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StorageError):
        open_database(tmp_path / "file" / "metadata" / "master_index.db")


@contextmanager
def read_only(folder):
    """Make a folder read-only for whoever runs the test; root gives up its rights for the while."""
    for path in (folder, *folder.iterdir()):
        path.chmod(0o555 if path.is_dir() else 0o444)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
        folder.chmod(0o755)


@pytest.fixture
def open_folder():
    """A folder that every user may enter, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def test_reads_from_a_read_only_folder_and_says_that_it_cannot_be_written(made, open_folder):
    path = open_folder / "master_index.db"
    shutil.copy(made, path)
    with read_only(open_folder):
        with open_readonly(path) as database:
            assert database.value(COUNT) == 2000
        with pytest.raises(StorageError):
            open_database(path)
        assert list(open_folder.iterdir()) == [path]


def test_reads_what_a_killed_writer_left_in_its_log_from_a_read_only_folder(made, open_folder):
    path = open_folder / "master_index.db"
    with open_database(made) as database:
        database.execute(PROBLEM, problem())
        for name in ("", "-wal", "-shm"):
            shutil.copy(f"{made}{name}", f"{path}{name}")
    with read_only(open_folder), open_readonly(path) as database:
        assert database.value(COUNT) == 2001


def test_a_reader_works_beside_a_writer_and_sees_one_state(made):
    with open_database(made) as writer, open_readonly(made) as reader:
        with writer.transaction():
            writer.execute("DELETE FROM table_problems")
            assert reader.value(COUNT) == 2000
        with reader.snapshot():
            assert reader.value(COUNT) == 0
            writer.execute(PROBLEM, problem())
            assert reader.value(COUNT) == 0
        assert reader.value(COUNT) == 1


def test_a_reader_cannot_write(made):
    with open_readonly(made) as database, pytest.raises(StorageError):
        database.execute(PROBLEM, problem())


def test_a_second_writer_is_told_that_the_library_is_in_use(made, monkeypatch):
    monkeypatch.setattr(connection, "BUSY_SECONDS", 0.01)
    with open_database(made) as first, open_database(made) as second:
        with first.transaction(), pytest.raises(LibraryError, match="Another program"), second.transaction():
            pass
        assert second.value(COUNT) == 2000


def test_a_transaction_that_fails_leaves_nothing_even_of_an_inner_one(made):
    def stopped(database):
        with database.transaction():
            with database.transaction():
                database.execute("DELETE FROM table_problems")
            raise KeyboardInterrupt

    with open_database(made) as database:
        with pytest.raises(KeyboardInterrupt):
            stopped(database)
        assert database.value(COUNT) == 2000


def test_a_kill_in_a_transaction_loses_that_transaction_only(made):
    script = f"""
        import os, signal
        from pathlib import Path
        from cxr.database.connection import open_database
        database = open_database(Path({str(made)!r}))
        with database.transaction():
            database.execute("DELETE FROM table_problems WHERE line < 10")
        with database.transaction():
            database.execute("DELETE FROM table_problems")
            os.kill(os.getpid(), signal.SIGKILL)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=False)
    assert done.returncode == -signal.SIGKILL
    with open_database(made) as database:
        assert database.value(COUNT) == 1990
        assert database.value("PRAGMA integrity_check") == "ok"
