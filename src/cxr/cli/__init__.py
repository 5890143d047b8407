"""The command line: one file a command, a few lines over the library.

A module of this package whose name does not begin with ``_`` is a verb: its docstring is the help that people
read, ``Examples:`` and all, and its function ``command`` does the work. A package in it is a verb with verbs
of its own (``cxr datasets show``).
"""


def run() -> None:
    """Run the command that was typed and exit with its code."""
    import gc

    from cxr.cli._app import main  # the package stays importable without typer

    # A command keeps most of what it reads, hundreds of thousands of records: to look through all of them
    # again and again for what could be freed takes a tenth of its time.
    gc.set_threshold(100_000, 20, 20)
    raise SystemExit(main())
