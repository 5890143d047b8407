"""View positions: DICOM's words, and which of them are frontal or lateral."""

FRONTAL = frozenset({"PA", "AP"})
LATERAL = frozenset({"LATERAL", "LL", "RL"})
UNKNOWN = "UNKNOWN"


def matches(view_position: str, wanted: str) -> bool:
    """Say whether a view is the wanted one; ``frontal`` and ``lateral`` stand for their groups."""
    group = {"FRONTAL": FRONTAL, "LATERAL": LATERAL}.get(wanted.upper())
    return view_position in group if group is not None else view_position == wanted.upper()
