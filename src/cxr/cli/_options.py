"""The flags that several verbs share, each with one help text."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cxr.errors import UsageError

if TYPE_CHECKING:
    from cxr.stores.origins import Origin


def path(text: str) -> Path:
    """Return a path as typed; what can be done with it is for whoever opens it to say.

    Raises:
        typer.BadParameter: it is empty, which Python would take for the working directory.
    """
    if not text.strip():
        raise typer.BadParameter("it is empty. Is a variable of the shell not set?")
    return Path(text)


def origin(text: str) -> "Origin":
    """Return where a copy lies, as typed: a path, or a prefix of a bucket.

    Raises:
        typer.BadParameter: it is empty, or begins as a bucket's address and is none.
    """
    from cxr.stores.origins import origin_of

    path(text)
    try:
        return origin_of(text)
    except UsageError as error:
        raise typer.BadParameter(f"{error.happened} {error.next_step}") from error


BaseDir = Annotated[
    Path | None,
    typer.Option(
        "--base-dir",
        metavar="DIR",
        parser=path,
        help="The library. By default paths.base_dir of the configuration.",
    ),
]
ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config", metavar="FILE", help="Settings to read instead of $CXR_CONFIG or ./config.yaml."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no remarks.")]
Verbose = Annotated[
    int,
    typer.Option(
        "--verbose",
        "-v",
        count=True,
        show_default=False,
        help="Say more: problems of tables, tracebacks.",
    ),
]

Source = Annotated[
    str, typer.Option("--source", metavar="KEY", help="The dataset; `cxr datasets` lists them.")
]
SourceOrAll = Annotated[
    str,
    typer.Option(
        "--source", metavar="KEY|all", help="The dataset, or all of them; `cxr datasets` lists them."
    ),
]
Release = Annotated[
    str | None,
    typer.Option(
        "--release", metavar="R", help="Which release; by default the first that `cxr datasets show` lists."
    ),
]
Tables = Annotated[
    Path | None,
    typer.Option(
        "--tables",
        metavar="PATH",
        parser=path,
        help="The published tables: a file, or the folder they lie in.",
    ),
]
Workers = Annotated[
    int | None, typer.Option("--workers", metavar="N", min=1, max=256, help="How many at a time.")
]
MaxTime = Annotated[
    str | None,
    typer.Option("--max-time", metavar="TIME", help="Stop in time, state kept: 11h50m, for a batch queue."),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask. Never accepts a dataset's terms.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]
AcceptTerms = Annotated[
    list[str] | None,
    typer.Option("--accept-terms", metavar="KEY", help="I have read this dataset's terms and accept them."),
]
Limit = Annotated[int | None, typer.Option("--limit", metavar="N", min=1, help="How many images.")]
Sample = Annotated[
    str | None,
    typer.Option("--sample", metavar="random", help="Draw a sample: 1,000 images, or --limit many."),
]
SampleBy = Annotated[
    str | None, typer.Option("--sample-by", metavar="image|study|patient", help="Draw these whole.")
]
View = Annotated[
    str | None,
    typer.Option("--view", metavar="VIEW", help="frontal, lateral, or a position: PA, AP, ..."),
]
Finding = Annotated[
    list[str] | None,
    typer.Option("--finding", metavar="NAME", help="Positive for it; give it again for either of several."),
]
Patient = Annotated[
    list[str] | None,
    typer.Option("--patient", metavar="ID", help="Of this patient; give it again for several."),
]
Host = Annotated[
    str | None, typer.Option("--host", metavar="H", help="Where to fetch it from: kaggle, box, ...")
]
Copy = Annotated[
    Path | None,
    typer.Option(
        "--from",
        metavar="PATH|URL",
        parser=origin,
        help="A copy that you already have, on a disk or in a bucket; it is never changed.",
    ),
]
