"""Show the settings in effect and where each came from, secrets masked.

Examples:
    cxr config show
    cxr config show --json
"""

from cxr.cli._run import Run


def command(run: Run) -> None:
    """List every setting."""
    from cxr.config import effective

    settings = effective(run.config)
    run.out.document({one.key: {"value": one.value, "origin": one.origin} for one in settings})
    run.out.table(
        ("setting", "value", "from"), [(one.key, _shown(one.value), one.origin) for one in settings]
    )


def _shown(value: object) -> str:
    """Return a value as YAML spells it."""
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)
