from dataclasses import replace

import pytest
from support.nih_folder import make_nih_folder

from cxr.config import load
from cxr.database.connection import Database
from cxr.index.read import out_of_date
from cxr.library.all_there import all_there
from cxr.library.captioning import Captions
from cxr.library.done import done
from cxr.library.download import download
from cxr.library.open import open_library
from cxr.library.prepare import DownloadRequest, prepare
from cxr.library.selection import Selection
from cxr.progress import Silence

IMAGES = 12


@pytest.fixture
def made(tmp_path):
    """Give a library of twelve images, and what asks it again: whether it says that all is there."""
    folder = make_nih_folder(tmp_path / "nih", IMAGES, side=16)
    config = load(None, {"paths.base_dir": str(tmp_path / "L")})
    request = DownloadRequest("nih", origin=folder)
    with open_library(config, write=True, verb="test") as library:
        download(library, prepare(request, config, library.layout), Silence())

        def ask(selection=Selection(), between=lambda: None):  # noqa: B008  it cannot be changed
            had = done(library.database, "nih")
            prepared = prepare(replace(request, selection=selection), config, library.layout, had)
            between()
            stale = out_of_date(library.database, "nih", prepared.reading).keys()
            return all_there(library, prepared, Captions(library, prepared), stale=stale, done=had)

        yield library, folder, ask


def first(folder):
    return min(folder.iterdir())


def set_aside(database: Database):
    database.execute("UPDATE images SET status = 'quarantined' WHERE id = 1")


def test_a_finished_library_is_all_there_whatever_of_it_is_selected(made):
    _, _, ask = made
    assert ask()
    assert ask(Selection(limit=3))
    assert ask(Selection(sample="random", limit=5, seed=1))


def test_a_selection_of_nothing_is_not_there(made):
    assert not made[2](Selection(patients=("99999999",)))


@pytest.mark.parametrize("what", ["image", "cut image", "caption", "empty caption", "ledger", "reading"])
def test_what_is_amiss_with_one_image_is_seen(made, what):
    library, _, ask = made
    image, caption = first(library.layout.images), first(library.layout.captions)
    match what:
        case "image":
            image.unlink()
        case "cut image":
            data = image.read_bytes()
            image.unlink()  # a hard link to the user's copy
            image.write_bytes(data[:-1])
        case "caption":
            caption.unlink()
        case "empty caption":
            caption.write_bytes(b"")
        case "ledger":
            library.database.execute("DELETE FROM ledger WHERE image_id = (SELECT min(image_id) FROM ledger)")
        case "reading":
            library.database.execute("UPDATE images SET reading = 'another' WHERE id = 1")
    assert not ask()


def test_an_image_that_was_set_aside_needs_its_caption_alone(made):
    library, _, ask = made
    set_aside(library.database)
    (name,) = library.database.row("SELECT image_path FROM images WHERE id = 1")
    (library.layout.base / name).unlink()
    assert ask()
    (caption,) = library.database.row("SELECT caption_path FROM images WHERE id = 1")
    (library.layout.base / caption).unlink()
    assert not ask()


def test_what_another_run_took_away_since_the_plan_is_missed(made):
    library, _, ask = made

    def take_away():
        (image_id,) = library.database.row("SELECT min(image_id) FROM ledger")
        for table in ("ledger", "images"):
            library.database.execute(f"DELETE FROM {table} WHERE image_id = ?", (image_id,))

    assert not ask(between=take_away)


def test_images_of_another_release_are_looked_at_one_by_one(made):
    library, _, ask = made
    library.database.execute("UPDATE images SET release = 'another' WHERE id = 1")
    assert not ask()


def test_an_image_that_is_new_in_the_copy_is_not_there(made):
    _, folder, ask = made
    table = folder / "Data_Entry_2017_v2020.csv"
    name = "00009999_000.png"
    table.write_text(table.read_text() + f"{name},Mass,0,9999,50,M,PA,2500,2048,0.168,0.168\n")
    (folder / "images" / name).write_bytes(first(folder / "images").read_bytes())
    assert not ask()
