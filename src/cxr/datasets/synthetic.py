"""Synthetic phantoms: chest radiographs that show nobody, made on your own machine.

Any number of frontal images (PA and AP) at any size from 16 to 4096 pixels, from a seed. Use them to try
everything that cxr does without an account, to test pipelines, and to teach. They are not for training a
model that will read people's radiographs, nor for measuring one.

What is in an image is known because it was painted: heart size, effusion, nodules, consolidation,
pneumothorax and devices, each with a box. The labels are therefore true, which no other dataset's are; but
what a phantom shows is simpler than any disease.

- **Numbers.** ``count`` (200), ``seed`` (42) and ``size`` (1024) are the user's choice. Phantom 17 of a seed
  is the same whatever the count, and at another size it is the same picture on another pixel grid.
- **Cardiomegaly** is a cardiothoracic ratio drawn above 0.55. All other hearts are drawn below 0.5, so that
  no case is on the border.
- **Nodules** measure 10 to 30 mm across on a field of 430 mm.
- **No Finding** follows from the others: none but Support Devices is there. Captions do not list it.
- **Patients** have one to four images, one after the other; each image is its own study. Build and heart
  size stay, position, exposure and the other findings change.
- **Names.** ``image_id`` is ``s{seed}_{size}_{number}``, the stem puts ``synthetic_`` before it. A patient is
  ``s{seed}_p{number of the first image}``, the same person at every size.
"""

from collections.abc import Iterable, Iterator, Mapping

from cxr.datasets import Example, Problems, Published, Release, Terms
from cxr.errors import UsageError
from cxr.images import phantom
from cxr.images.phantom.names import PhantomName, parse
from cxr.model import Code, LabelledFinding, Labeller, PackedStatements, Record, Region, Scope, State

TITLE = "Synthetic phantoms"
NAMESPACE = "synthetic"
TERMS = Terms(
    licence="MIT",
    summary="Made by cxr on your machine. They show nobody: use and share them freely.",
    access="open",
    in_all=False,
    shareable=True,
    steps=("Nothing to do: `cxr download --source synthetic --limit 200 --seed 42 --size 1024` makes them.",),
)
ATTRIBUTION = "cxr phantom generator"
CITATION = """@misc{cxr_phantoms,
  title = {Synthetic chest radiograph phantoms},
  howpublished = {Made with the cxr package},
}"""
RELEASES = {
    "1": Release(
        key="1",
        hosts=("phantoms",),
        images=0,
        patients=0,
        pixel_processing="none: the grey of a phantom is made, not processed",
        minimum_resolution=0,  # the size is the user's own choice
        average_bytes=434_000,  # at 1024 pixels
    )
}

_NO_FINDING = LabelledFinding("No Finding", "no_finding", listed=False)
_PAINTED = {
    "Cardiomegaly": "cardiomegaly",
    "Consolidation": "consolidation",
    "Effusion": "effusion",
    "Nodule": "nodule",
    "Pneumothorax": "pneumothorax",
    "Support Devices": "support_devices",
}
_PHANTOM = Labeller(
    key="phantom",
    name="cxr phantom (true by construction)",
    version="1",
    scope=Scope.IMAGE,
    closed_world=False,
    findings=(*(LabelledFinding(word, common) for word, common in _PAINTED.items()), _NO_FINDING),
    codes={"1": Code(State.POSITIVE, "1"), "0": Code(State.NEGATIVE, "0")},
)
LABELLERS = (_PHANTOM,)
DEFAULTS: Mapping[str, int] = {"count": 200, "seed": 42, "size": 1024}
"""What is made when `Published.options` does not say."""
EXAMPLE = Example(tables={}, files=(), images=DEFAULTS["count"])


def find_tables(paths: Iterable[str]) -> Mapping[str, str]:  # noqa: ARG001  the protocol's argument
    """Return no tables: phantoms need none."""
    return {}


def read(published: Published, problems: Problems) -> Iterator[Record]:  # noqa: ARG001  nothing goes wrong
    """Yield a record for each phantom, without painting it.

    `Published.options` may hold ``count``, ``seed`` and ``size``; `DEFAULTS` fills what is missing.

    Raises:
        UsageError: the count or seed is negative, or the size cannot be made.
    """
    chosen = {**DEFAULTS, **published.options}
    if chosen["count"] < 0:
        raise UsageError(
            f"{chosen['count']} phantoms cannot be made.",
            next_step="Ask for a number from 0 up with --limit.",
        )
    for index in range(chosen["count"]):
        truth = phantom.describe(chosen["seed"], index, chosen["size"])
        yield _record(truth, published.release)


def image_id_of(path: str) -> str | None:
    """Return the image id in ``seed42/size1024/000017.png`` or in a library's file name, else ``None``."""
    name = parse(path)
    return name.image_id if name else None


def _record(truth: phantom.PhantomTruth, release: str) -> Record:
    name = PhantomName(truth.seed, truth.size, truth.index)
    patient = f"s{truth.seed}_p{truth.patient:05d}"
    return Record(
        source="synthetic",
        release=release,
        image_id=name.image_id,
        stem=f"synthetic_{name.image_id}",
        published_path=name.path,
        patient_id=patient,
        patient_key=f"{NAMESPACE}:{patient}",
        study_id=f"{patient}_st{truth.visit}",
        view_position=truth.view,
        view_published=truth.view,
        view_origin="published",
        sex=truth.sex,
        age_published=str(truth.age),
        age_years=float(truth.age),
        statements=(PackedStatements(_PHANTOM.key, _codes(truth)),),
        labeller=_PHANTOM.key,
        regions=tuple(_region(finding, box, truth.size) for finding, box in truth.regions),
        table_release=release,
    )


def _codes(truth: phantom.PhantomTruth) -> str:
    shown = set(truth.findings)
    clear = not shown - {"Support Devices"}
    return "".join("1" if word in shown else "0" for word in _PAINTED) + ("1" if clear else "0")


def _region(finding: str, box: phantom.Box, size: int) -> Region:
    return Region(
        finding=finding,
        common=_PAINTED[finding],
        labeller=_PHANTOM.key,
        x=round(box.left * size, 2),
        y=round(box.top * size, 2),
        width=round((box.right - box.left) * size, 2),
        height=round((box.bottom - box.top) * size, 2),
        frame_width=size,
        frame_height=size,
    )
