"""Progress: silence, lines, or bars, always on stderr."""

import io

from cxr.cli._bars import Drawn
from cxr.cli._progress import Lines, Tracker, choose
from cxr.progress import Silence


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_what_suits_the_stream():
    assert isinstance(choose(quiet=True), Silence)
    assert isinstance(choose(quiet=False, stream=io.StringIO()), Lines)
    assert isinstance(choose(quiet=False, stream=Terminal()), Drawn)


def test_a_line_tells_files_bytes_rate_time_left_and_failures():
    phase = Tracker("NIH", 5_000, None, now=0.0)
    phase.add(1_200, 1_400_000_000, 2)
    assert phase.line(now=60.0) == (
        "NIH: 1,200 of 5,000 files, 1.4 GB, 1,200 files a minute, 3 min 10 s left, 2 failed"
    )


def test_a_line_says_only_what_is_known():
    phase = Tracker("Checks", None, None, now=0.0)
    assert phase.line(now=0.0) == "Checks: 0 files"
    phase.add(3, 0, 0)
    assert phase.line(now=0.5) == "Checks: 3 files"


def test_plain_lines_come_now_and_then_not_for_each_file():
    stream = io.StringIO()
    lines = Lines(stream, every=3_600)
    lines.start("NIH", 1_000, None)
    for _ in range(1_000):
        lines.advance(files=1)
    lines.say("one thing")
    lines.finish()
    told = stream.getvalue().splitlines()
    assert told[0] == "NIH: 1,000 files to go"
    assert told[1] == "one thing"
    assert told[2].startswith("NIH: 1,000 of 1,000 files")
    assert len(told) == 3


def test_plain_lines_have_no_colour_and_no_control_characters():
    stream = io.StringIO()
    lines = Lines(stream, every=0)
    lines.start("a\x1b[1mb", 2, 10)
    lines.advance(files=1, size=5, failed=1)
    lines.finish()
    assert "\x1b" not in stream.getvalue()


def test_a_bar_shows_failures_and_takes_markup_for_text():
    """Names in brackets come from folders: they are text, not rich's markup."""
    stream = Terminal()
    bar = Drawn(stream)
    bar.start("[red]x[/nothing]", 2, None)
    bar.say("[bold]said[/bold]")
    bar.advance(files=1, failed=1)
    bar.finish()
    assert "[bold]said[/bold]" in stream.getvalue()
    assert "1 failed" in stream.getvalue()


def test_finishing_twice_or_before_the_start_is_nothing():
    for stream, progress in ((lines := io.StringIO(), Lines(lines)), (bars := Terminal(), Drawn(bars))):
        progress.finish()
        progress.advance(files=1)
        assert stream.getvalue() == ""
        progress.start("x", 1, 1)
        progress.advance(files=1)
        progress.finish()
        told = stream.getvalue()
        assert "1 of 1 files" in told
        progress.finish()
        assert stream.getvalue() == told
