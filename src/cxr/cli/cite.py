"""Print the BibTeX of datasets, to credit them in a paper.

Examples:
    cxr cite nih
    cxr cite nih synthetic
"""

from typing import Annotated

import typer

from cxr.cli._names import dataset_key
from cxr.cli._run import Run


def command(
    run: Run, keys: Annotated[list[str], typer.Argument(metavar="KEY", help="Datasets to cite.")]
) -> None:
    """Print each dataset's citation."""
    from cxr import datasets

    citations = {key: datasets.load(key).CITATION.strip() for key in map(dataset_key, keys)}
    run.out.document(citations)
    run.out.show("\n\n".join(citations.values()))
