"""Lists of boxes: image, finding, x, y, width, height."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from cxr import tables
from cxr.datasets import Problems
from cxr.model import Region, TableProblem

_ROUNDING = 0.01  # pixels by which a published box may leave its frame


class Boxes(NamedTuple):
    """How a list of boxes is to be understood.

    Attributes:
        columns: Image, finding, x, y, width, height.
        vocabulary: Published finding to key in `cxr.vocabulary`, or ``None``.
        labeller: Who drew them.
        frame: Width and height of the images whose pixels these are.
        image_id_of: File name to image id, ``None`` for what is no image.
    """

    columns: Sequence[tables.Column]
    vocabulary: Mapping[str, str | None]
    labeller: str
    frame: tuple[int, int]
    image_id_of: Callable[[str], str | None]

    def read(self, path: Path, problems: Problems) -> dict[str, tuple[Region, ...]]:
        """Return the regions of each image; tell of the rows that give none.

        Raises:
            TableError: the list as a whole cannot be read.
        """
        regions: dict[str, tuple[Region, ...]] = {}
        name = tables.shown(Path(path.name))
        for line, cells in tables.read(path, self.columns, problems):
            image_id = self.image_id_of(cells[0])
            region = self._region(cells[1], cells[2:])
            if image_id is None or region is None:
                frame = f"{self.frame[0]} x {self.frame[1]} pixels"
                message = f"{tables.quote(', '.join(cells))} is no box of a known finding within {frame}"
                problems(TableProblem(name, line, "bad_box", message, image_id or "", dropped=False))
            else:
                regions[image_id] = (*regions.get(image_id, ()), region)
        return regions

    def _region(self, finding: str, cells: Sequence[str]) -> Region | None:
        try:
            x, y, width, height = map(float, cells)
        except ValueError:
            return None
        # Comparisons with NaN are false, so NaN is refused too.
        starts = x >= 0 and y >= 0 and width > 0 and height > 0
        ends = x + width <= self.frame[0] + _ROUNDING and y + height <= self.frame[1] + _ROUNDING
        if not (starts and ends) or finding not in self.vocabulary:
            return None
        common = self.vocabulary[finding]
        return Region(finding, common, self.labeller, x, y, width, height, *self.frame)
