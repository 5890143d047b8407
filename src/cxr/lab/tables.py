"""The text files of NIH ChestX-ray14, with the habits of the real ones."""

from collections.abc import Iterable, Mapping, Sequence

from cxr.lab.nih import Drawn, Image

_COLUMNS = (
    "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,"
    "OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y]"
)
# Somebody's conversion to binary and back left its trace in v2020.
_SPACING_2020 = {"0.143": "0.14300000000000002", "0.168": "0.168"}

ENTRIES_2017 = "Data_Entry_2017.csv"
ENTRIES_2020 = "Data_Entry_2017_v2020.csv"


def texts(images: Sequence[Image]) -> Mapping[str, str]:
    """Return each table by its published name."""
    return {
        ENTRIES_2017: _lines([f"{_COLUMNS},", *map(_entry_2017, images)]),
        ENTRIES_2020: _lines([_COLUMNS, *map(_entry_2020, images)]),
        "BBox_List_2017.csv": _lines(
            [
                "Image Index,Finding Label,Bbox [x,y,w,h],,,",
                *(_box(image, box) for image in images for box in image.boxes),
            ]
        ),
        # Neither list ends with a newline.
        **_list("test_list.txt", (image.name for image in images if image.test)),
        **_list("train_val_list.txt", (image.name for image in images if not image.test)),
    }


def _list(name: str, images: Iterable[str]) -> dict[str, str]:
    """Return an official list; none where few patients leave it empty, which no published one is."""
    text = "\n".join(images)
    return {name: text} if text else {}


def _lines(lines: Iterable[str]) -> str:
    return "\n".join(lines) + "\n"


def _entry_2017(image: Image) -> str:
    return f"{_entry(image, image.number, image.age_2017, image.detector[2])},"


def _entry_2020(image: Image) -> str:
    return _entry(image, image.follow_up, image.age, _SPACING_2020[image.detector[2]])


def _entry(image: Image, follow_up: int, age: int, spacing: str) -> str:
    width, height, _ = image.detector
    cells = (
        *(image.name, "|".join(image.labels), follow_up, image.patient, age, image.sex, image.view),
        *(width, height, spacing, spacing),
    )
    return ",".join(map(str, cells))


def _box(image: Image, box: Drawn) -> str:
    return ",".join([image.name, box.finding, *(f"{number:.12f}" for number in box.corners), "", "", ""])
