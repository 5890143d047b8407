"""Tables in the form of NIH ChestX-ray14, of any length, with invented patients."""

from collections.abc import Iterator
from pathlib import Path

ENTRIES = "Data_Entry_2017_v2020.csv"
_FIRST = 40_001  # the real patients end at 30,805
_EACH = 4  # images a patient
_HEADER = (
    "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,"
    "OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y]\n"
)
_LABELS = ("No Finding", "Effusion", "Infiltration|Mass", "Atelectasis", "Cardiomegaly|Edema")


def names(images: int) -> Iterator[str]:
    """Yield the names of so many images, in order."""
    for number in range(images):
        yield f"{_FIRST + number // _EACH:08d}_{number % _EACH:03d}.png"


def write_tables(folder: Path, images: int) -> Path:
    """Write the entries and both official lists; return the entries' path."""
    with (
        (folder / ENTRIES).open("w") as entries,
        (folder / "train_val_list.txt").open("w") as train,
        (folder / "test_list.txt").open("w") as test,
    ):
        entries.write(_HEADER)
        for number, name in enumerate(names(images)):
            patient = number // _EACH
            sex, view = "MF"[patient % 2], ("PA", "AP")[number % 3 == 0]
            entries.write(f"{name},{_LABELS[number % 5]},{number % _EACH},{_FIRST + patient},")
            entries.write(f"{20 + patient % 70},{sex},{view},2500,2048,0.168,0.168\n")
            (test if patient % 5 == 0 else train).write(name + "\n")
    return folder / ENTRIES
