"""SHA256SUMS.txt, however its lines are cut and written."""

from contextlib import contextmanager
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from cxr.hosts._checksums import with_checksums
from cxr.model import Remote

LINES = {
    "a.jpg": b"1" * 64 + b" a.jpg",
    "b c.jpg": b"A" * 64 + b"  b c.jpg\r",
    "d.jpg": b"2" * 64 + b" *d.jpg",
    "e/f.jpg": b"3" * 64 + b" ./e/f.jpg",
}
JUNK = (b"", b"# a comment", b"1" * 63 + b" short.jpg", b"9" * 64, b"8" * 64 + b" unlisted.jpg")


@given(st.permutations([*LINES.values(), *JUNK]), st.lists(st.integers(0, 700), max_size=8), st.booleans())
def test_each_listed_file_gets_its_own_and_others_keep_theirs(lines, cuts, ends):
    text = b"\n".join(lines) + b"\n" * ends
    edges = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    blocks = [text[start:end] for start, end in pairwise(edges)]

    @contextmanager
    def sums():
        yield iter(blocks)

    remotes = {path: Remote(path, 1, "md5:before") for path in [*LINES, "without.jpg"]}
    told = {path: one.checksum for path, one in with_checksums(remotes, sums).items()}
    assert told == {
        "a.jpg": f"sha256:{'1' * 64}",
        "b c.jpg": f"sha256:{'a' * 64}",
        "d.jpg": f"sha256:{'2' * 64}",
        "e/f.jpg": f"sha256:{'3' * 64}",
        "without.jpg": "md5:before",
    }
