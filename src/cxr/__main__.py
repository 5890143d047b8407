"""``python -m cxr`` and the ``cxr`` command."""


def main() -> None:
    """Run the command line."""
    from cxr.cli import run  # noqa: PLC0415  the library must be importable without the command line

    run()


if __name__ == "__main__":
    main()
