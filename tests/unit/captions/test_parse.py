"""A caption read back gives what it was rendered from."""

import pytest

from cxr.captions.parse import parse
from cxr.model import State

TEXT = """\
SOURCE: Invented: the second
PATIENT_ID: 1
STUDY_ID: 2
VIEW_POSITION: PA
IMAGE_ID: 3

=== FINDINGS ===
One line.

Another line.

=== IMPRESSION ===
Nothing.

=== STRUCTURED LABELS ===
Edema: not mentioned
Mass: of: the: lung: uncertain

=== METADATA ===
Patient Age: 58
Patient Sex: M
Image Date: unknown
Image Quality: good
Dataset: Invented
Text Origin: report (en, full)
Labeller: somebody
"""


def test_every_part_is_read():
    caption = parse(TEXT)
    assert caption.header["SOURCE"] == "Invented: the second"
    assert caption.findings == "One line.\n\nAnother line."
    assert caption.impression == "Nothing."
    assert caption.labels == (("Edema", State.UNMENTIONED), ("Mass: of: the: lung", State.UNCERTAIN))
    assert caption.metadata["Image Quality"] == "good"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("=== IMPRESSION ===", "== IMPRESSION ==", "the sections are"),
        ("IMAGE_ID: 3", "IMAGE: 3", "no line begins with IMAGE_ID:"),
        ("Labeller: somebody", "Labeller: ", "Labeller has no value"),
        ("Edema: not mentioned", "Edema: absent", "line 1 is not of the form"),
    ],
)
def test_what_is_no_caption_is_refused_with_the_place(old, new, said):
    with pytest.raises(ValueError, match=said):
        parse(TEXT.replace(old, new))
