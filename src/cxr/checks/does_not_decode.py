"""The bytes cannot be decoded without guessing."""

from cxr.checks.case import Card, Case, fault
from cxr.model import Issue, Severity

CODE = "does_not_decode"
SEVERITY = Severity.ERROR
CARD = Card(
    meaning=(
        "The pixels are damaged, or of a kind that cxr does not read; a lenient reader "
        "would show something wrong."
    ),
    measured=(
        "Strict reading: every chunk and checksum of a PNG and all its scanlines; every "
        "marker of a JPEG and all its codes without one warning of the decoder; a whole "
        "decode of the other formats."
    ),
    source="W3C PNG 3rd edition; ITU-T T.81; TIFF 6.0; RFC 9649",
)


def check(case: Case) -> Issue | None:
    """Return what is wrong, or ``None``."""
    return fault(case, CODE, SEVERITY)
