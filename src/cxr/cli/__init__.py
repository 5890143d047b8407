"""The command line: one file a command, a few lines over the library."""


def run() -> None:
    """Run the command that was typed and exit with its code."""
