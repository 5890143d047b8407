"""Credentials from stdin."""

import pytest

from cxr.cli.credentials._asking import read
from cxr.credentials import SERVICES
from cxr.errors import UsageError

KAGGLE, PHYSIONET = SERVICES["kaggle"], SERVICES["physionet"]


def test_a_kaggle_json_is_read_as_it_is():
    assert read(KAGGLE, '{"username": "ada", "key": "k"}\n') == {"username": "ada", "key": "k"}


def test_lines_are_read_and_a_value_may_hold_an_equals_sign():
    assert read(PHYSIONET, "username = ada\nPASSWORD=a=b\n") == {"username": "ada", "password": "a=b"}


def test_one_line_suffices_where_one_value_does():
    assert read(KAGGLE, "KGAT_abc=\n") == {"token": "KGAT_abc="}


@pytest.mark.parametrize(
    "text", ["", "hunter2", "a\nb", "{", '{"password": 1}', '["hunter2"]', "[" * 100_000]
)
def test_what_is_not_understood_is_refused_and_never_quoted(text):
    with pytest.raises(UsageError) as caught:
        read(PHYSIONET, text)
    assert "hunter2" not in str(caught.value)
    assert "password and username" in caught.value.think
