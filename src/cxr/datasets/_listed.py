"""Labels of a closed world: one cell lists what was found (``Effusion|Mass``), and the rest was not."""

from typing import NamedTuple

from cxr.model import Labeller, PackedStatements

POSITIVE, NEGATIVE, UNMENTIONED = "+-."
"""The codes that such a labeller declares in `Labeller.codes`."""


class Fault(NamedTuple):
    """What is wrong with a cell whose row is kept.

    Attributes:
        code: Stable name.
        message: One sentence that quotes the cell.
    """

    code: str
    message: str


class Said(NamedTuple):
    """What one cell says.

    Attributes:
        statements: One entry, or none where the cell is empty.
        faults: What is wrong with it.
    """

    statements: tuple[PackedStatements, ...]
    faults: tuple[Fault, ...]


class ListedLabels(dict[str, Said]):
    """Cells to what they say; each distinct cell is interpreted once.

    Words are matched exactly. Beside a word outside the vocabulary nothing is negative, since the word may
    stand for any of the findings: what is not listed is unmentioned there.

    Args:
        labeller: Whose vocabulary it is.
        nothing: The word that excludes all others.
        separator: Between words.
    """

    def __init__(self, labeller: Labeller, nothing: str, separator: str = "|") -> None:
        super().__init__()
        self._labeller = labeller
        self._nothing = nothing
        self._separator = separator
        self._vocabulary = tuple(finding.published for finding in labeller.findings)

    def __missing__(self, cell: str) -> Said:
        said = self[cell] = self._interpret(cell)
        return said

    def _interpret(self, cell: str) -> Said:
        if not cell.strip():
            return Said((), (Fault("no_label", "Its cell of labels is empty: nothing is stated"),))
        words = cell.split(self._separator)
        unknown = [word for word in words if word not in self._vocabulary]
        faults = [Fault("unknown_label", f"{word[:60]!r} is not a label of this dataset") for word in unknown]
        if self._nothing in words and len(set(words)) > 1:
            faults.append(
                Fault("contradictory_labels", f"{self._nothing!r} stands beside others: {cell[:80]!r}")
            )
        rest = UNMENTIONED if unknown else NEGATIVE
        codes = "".join(POSITIVE if word in words else rest for word in self._vocabulary)
        return Said((PackedStatements(self._labeller.key, codes),), tuple(faults))
