"""Write config.yaml, .env.example and dataset_sources.yaml, with everything explained.

The files go into the working directory, where cxr finds them. --config FILE names another place for the
first, and the others go beside it. As written, none of them changes anything. Where one is there already,
nothing is written unless --force is given.

Examples:
    cxr config init
    cxr config init --config settings.yaml --force
"""

from pathlib import Path
from typing import Annotated

import typer

from cxr.cli._run import Run


def command(
    run: Run,
    *,
    force: Annotated[bool, typer.Option("--force", help="Replace the files that are there.")] = False,
) -> None:
    """Write the three files."""
    from cxr.config import env_example_text, init_text
    from cxr.config.sources import FILE
    from cxr.errors import UsageError
    from cxr.library.sources_text import sources_text
    from cxr.stores.atomic import write_text

    config = run.config_file or Path("config.yaml")
    texts = {
        config: init_text(),
        config.parent / ".env.example": env_example_text(),
        config.parent / FILE: sources_text(),
    }
    there = [str(path) for path in texts if path.exists()]
    if there and not force:
        raise UsageError(
            f"{' and '.join(there)} {'is' if len(there) == 1 else 'are'} there already.",
            next_step="Edit what is there, replace it with --force, or name another with --config FILE.",
        )
    for path, text in texts.items():
        write_text(path, text)
    run.out.document({"written": [str(path.absolute()) for path in texts]})
    for path in texts:
        run.out.done(f"Wrote {path}")
