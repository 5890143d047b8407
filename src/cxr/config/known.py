"""The datasets and hosts that a configuration may name: those that are here, and those to come."""

import pkgutil
from pathlib import Path

_PACKAGE = Path(__file__).parent.parent

# Of the datasets and hosts to come: a configuration that names them is right already.
_PLANNED_DATASETS = (
    *("nih", "mimic", "chexpert", "chexphoto", "radiopaedia"),
    *("pneumonia", "indiana", "padchest", "synthetic", "local"),
)
_PLANNED_HOSTS = ("kaggle", "box", "physionet", "aws", "gcs", "azure", "redivis", "openi", "b2drop", "folder")


def _with_modules(planned: tuple[str, ...], package: str) -> tuple[str, ...]:
    found = (module.name for module in pkgutil.iter_modules([str(_PACKAGE / package)]))
    return (*planned, *sorted(name for name in found if name[0] != "_" and name not in planned))


DATASETS = _with_modules(_PLANNED_DATASETS, "datasets")
HOSTS = _with_modules(_PLANNED_HOSTS, "hosts")
