"""The sentences that are made from labels where a dataset publishes no report."""

from typing import NamedTuple

from cxr.model import LabelledFinding, Labeller, State
from cxr.vocabulary import FINDINGS

NOTHING_STATED = "No report and no labels came with this image."
NOTHING_FOUND = "No finding of the labelled classes is reported."
NO_FINDING = "no_finding"


class Prose(NamedTuple):
    """The two texts of a caption.

    Attributes:
        findings: Under FINDINGS.
        impression: Under IMPRESSION.
    """

    findings: str
    impression: str


def from_labels(labeller: Labeller, codes: str) -> Prose:
    """Name what is positive, in the labeller's order, then what is uncertain as ``possible ...``.

    A positive ``No Finding`` is not named: that nothing else is named says it.

    Raises:
        ValueError: the codes do not fit the labeller.
    """
    positive = _named(labeller, codes, State.POSITIVE)
    # Two published words may share a common one; what one of them affirms is not merely possible.
    uncertain = [name for name in _named(labeller, codes, State.UNCERTAIN) if name not in positive]
    named = ", ".join([*positive, *(f"possible {name}" for name in uncertain)])
    if not named:
        return Prose(NOTHING_FOUND, NOTHING_FOUND)
    if not positive:
        return Prose(
            f"Chest radiograph demonstrates {named}.",
            f"{named[0].upper()}{named[1:]}. Clinical correlation recommended.",
        )
    return Prose(
        f"Chest radiograph demonstrates findings consistent with {named}.",
        f"Radiographic findings consistent with {named}. Clinical correlation recommended.",
    )


def _named(labeller: Labeller, codes: str, state: State) -> list[str]:
    """Return the findings in that state as prose, each once."""
    return list(
        dict.fromkeys(
            _prose(finding)
            for finding, code in zip(labeller.findings, codes, strict=True)
            if labeller.codes[code].state is state and finding.listed and finding.common != NO_FINDING
        )
    )


def _prose(finding: LabelledFinding) -> str:
    if finding.common is not None:
        return FINDINGS[finding.common].prose
    words = finding.published.replace("_", " ").split()
    return " ".join(word if len(word) > 1 and word.isupper() else word.lower() for word in words)
