"""A listing of a destination, asked by name."""

from hypothesis import given
from hypothesis import strategies as st

from cxr.library.mirror_there import There
from cxr.stores import Stored


@given(st.dictionaries(st.text(), st.integers(0, 1 << 50)), st.text())
def test_each_file_has_its_size_and_no_other_file_has_one(files, absent):
    there = There(Stored(name, size) for name, size in files.items())
    assert {name: there.size(name) for name in files} == files
    assert there.size(absent) == files.get(absent)
