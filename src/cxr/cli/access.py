"""Say how to get access to a dataset, step by step.

Examples:
    cxr access nih
"""

from typing import Annotated

import typer

from cxr.cli._names import dataset_key
from cxr.cli._output import width, wrap
from cxr.cli._run import Run


def command(run: Run, key: Annotated[str, typer.Argument(metavar="KEY", help="The dataset.")]) -> None:
    """Print the dataset's guide."""
    from cxr import datasets

    found = dataset_key(key)
    dataset = datasets.load(found)
    terms = dataset.TERMS
    run.out.document(
        {
            "key": found,
            "title": dataset.TITLE,
            "access": terms.access,
            "licence": terms.licence,
            "summary": terms.summary,
            "steps": list(terms.steps),
            "links": dict(terms.links),
        }
    )
    columns = width()
    run.out.show(wrap(f"{dataset.TITLE}: {terms.access}. {terms.licence}.", columns))
    run.out.show(wrap(terms.summary, columns))
    run.out.show()
    for number, step in enumerate(terms.steps, 1):
        run.out.show(wrap(f"{number}. {step}", columns, "  ", "     "))
    if terms.links:
        run.out.show()
        for name, address in terms.links.items():
            run.out.show(f"  {name}: {address}")
