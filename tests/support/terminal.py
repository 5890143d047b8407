"""A run on a pseudo-terminal, with the answers typed."""

import os
import pty
import subprocess

from support.program import COMMAND, environment


def on_a_terminal(home, *arguments, answers):
    """Run with a pseudo-terminal for stdin and stderr; answer each question with the next line."""
    ours, theirs = pty.openpty()
    run = subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        cwd=home,
        env=environment(home) | {"TERM": "xterm"},
        stdin=theirs,
        stderr=theirs,
        stdout=subprocess.PIPE,
        text=True,
    )
    os.close(theirs)
    os.write(ours, "".join(f"{answer}\n" for answer in answers).encode())
    seen = b""
    while True:
        try:
            block = os.read(ours, 65_536)
        except OSError:  # Linux's way of saying that the other end is closed
            break
        if not block:
            break
        seen += block
    out = run.communicate(timeout=120)[0]
    os.close(ours)
    return run.returncode, out, seen.decode("utf-8", "replace")
