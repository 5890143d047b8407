"""stdout and stderr."""

import io
import json

from cxr.cli._output import Output, bold, wrap


def test_with_json_stdout_is_one_document(capsys):
    out = Output(json=True)
    out.show("text")
    out.done("text")
    out.table(("a",), [("b",)])
    out.remark("remark")
    out.document({"café": 1})
    printed = capsys.readouterr()
    assert json.loads(printed.out) == {"café": 1}
    assert printed.err == "remark\n"


def test_quiet_leaves_out_what_was_done_but_not_what_was_asked_for(capsys):
    out = Output(quiet=True)
    out.done("did")
    out.remark("remark")
    out.show("asked")
    out.document({})
    printed = capsys.readouterr()
    assert printed.out == "asked\n"
    assert printed.err == ""


def test_a_piped_table_is_aligned_numbers_to_the_right_and_nothing_cut(capsys):
    long = "x" * 300
    Output().table(("key", "images", "note"), [("nih", "112,120", long), ("local", "5", "a\x1b[0m\nb")])
    assert capsys.readouterr().out == (
        f"key     images  note\nnih    112,120  {long}\nlocal        5  a\\x1b[0m b\n"
    )


def test_what_a_terminal_would_obey_is_escaped_wherever_text_goes(capsys):
    """File names and table cells may hold escapes, also C1's one character and changes of direction."""
    hostile = "a\x1b]0;title\x07\x9b31m\u202eb\x7f"
    out = Output()
    out.show(hostile)
    out.done(hostile)
    out.remark(hostile)
    out.table(("name", hostile), [(hostile, hostile)])
    Output(json=True).document({hostile: hostile})
    printed = capsys.readouterr()
    assert not set("\x1b\x07\x9b\u202e\x7f") & set(printed.out + printed.err)
    assert json.loads(printed.out[printed.out.index("{") :]) == {hostile: hostile}


def test_json_is_json_where_the_terminal_lacks_a_letter(monkeypatch):
    """Not with Python's own escapes, which no JSON reader knows."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding="latin-1", errors="backslashreplace")
    monkeypatch.setattr("sys.stdout", stream)
    data = {"caf\xe9": "\N{LUNGS} \udce9"}
    Output(json=True).document(data)
    text = stream.buffer.getvalue().decode("latin-1")
    assert json.loads(text) == data
    assert "caf\xe9" in text


def test_prose_is_broken_for_a_terminal_and_commands_stay_whole():
    text = wrap("Type `cxr download --source nih --from PATH` and go on after that.", 40, "  ")
    assert all(len(line) <= 40 for line in text.splitlines())
    assert "--from" in text.split()


def test_no_colour_where_nobody_sees_it(capsys):
    import sys

    assert bold("Error:", sys.stderr, "red") == "Error:"
