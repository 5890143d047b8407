"""The filters of a selection: view, finding, patient."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from cxr.captions.form import codes_of
from cxr.errors import UsageError
from cxr.model import Labeller, Record, State
from cxr.view_position import matches


class Filter:
    """Says of each record whether it passes; what is not asked for passes.

    Args:
        view: ``frontal``, ``lateral``, or a view position in any case.
        findings: Positive in any of these, as published or common, by the labeller that the index shows.
        patients: Of any of these, as published or as patient key, zeros before a number left out.
        labellers: Those of the dataset.

    Raises:
        UsageError: no labeller knows one of the findings.
    """

    def __init__(
        self,
        view: str | None,
        findings: Sequence[str],
        patients: Sequence[str],
        labellers: Sequence[Labeller],
    ) -> None:
        self._view = view.strip() if view else None
        self._findings = _positive(findings, labellers) if findings else None
        self._patients = {_loose(patient): patient for patient in patients}
        self._seen: set[str] = set()

    @property
    def patients_missing(self) -> tuple[str, ...]:
        """The patients asked for whom no record had so far, as they were asked for."""
        return tuple(name for key, name in self._patients.items() if key not in self._seen)

    def __call__(self, record: Record) -> bool:
        """Say whether a record passes."""
        if self._patients:
            names = {_loose(record.patient_id), _loose(record.patient_key)} & self._patients.keys()
            self._seen |= names
            if not names:
                return False
        if self._view is not None and not matches(record.view_position, self._view):
            return False
        if self._findings is None:
            return True
        codes, states = codes_of(record), self._findings.get(record.labeller, ())
        return bool(codes) and any(codes[position] in positive for position, positive in states)


def _positive(
    names: Iterable[str], labellers: Sequence[Labeller]
) -> dict[str, list[tuple[int, frozenset[str]]]]:
    """Return, for each labeller that knows one of the findings, where its codes say so and with which."""
    wanted = [_word(name) for name in names]
    found: dict[str, list[tuple[int, frozenset[str]]]] = {}
    known: dict[str, str] = {}
    for labeller in labellers:
        positive = frozenset(code for code, said in labeller.codes.items() if said.state is State.POSITIVE)
        for position, finding in enumerate(labeller.findings):
            words = {_word(finding.published), _word(finding.common or "")} - {""}
            known.update(dict.fromkeys(words, finding.published))
            if not words.isdisjoint(wanted):
                found.setdefault(labeller.key, []).append((position, positive))
    for name in names:
        if _word(name) not in known:
            raise _unknown_finding(name, known)
    return found


def _unknown_finding(name: str, known: dict[str, str]) -> UsageError:
    if not known:
        return UsageError(
            f"--finding {name}: this dataset has no labels.", next_step="Leave --finding out for it."
        )
    near = list(dict.fromkeys(known[word] for word in get_close_matches(_word(name), known, n=3)))
    if near:
        return UsageError(
            f"--finding {name}: no labeller of this dataset speaks of it.",
            next_step=f"Did you mean {' or '.join(repr(word) for word in near)}?",
        )
    every = ", ".join(dict.fromkeys(known.values()))
    return UsageError(
        f"--finding {name}: no labeller of this dataset speaks of it.", next_step=f"They know: {every}."
    )


def _word(finding: str) -> str:
    return " ".join(finding.replace("_", " ").split()).casefold()


def _loose(patient: str) -> str:
    """Return a patient's id or key without the zeros before a number."""
    namespace, colon, number = patient.strip().rpartition(":")
    if number.isdecimal() and number.isascii():
        number = number.lstrip("0") or "0"
    return f"{namespace}{colon}{number}"
