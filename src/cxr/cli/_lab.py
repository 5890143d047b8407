"""What ``cxr lab`` reads from its flags, and what it tells."""

import shlex
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from threading import TIMEOUT_MAX, Event

from cxr.cli._output import Output
from cxr.cli._words import count, parse_duration, size
from cxr.errors import UsageError
from cxr.lab import FAILURES, Lab

_RATE = 0.1  # where none is given
_LIBRARY = "lab-library"
_TITLES = {"kaggle": "Kaggle", "box": "Box", "physionet": "PhysioNet"}


def rates(typed: Sequence[str]) -> dict[str, float]:
    """Return how often each failure of ``NAME`` or ``NAME=RATE`` is to strike.

    Raises:
        UsageError: a rate is no number. Whether the name is known is for the lab to say.
    """
    found = {}
    for each in typed:
        name, given, rate = each.partition("=")
        try:
            found[name] = float(rate) if given else _RATE
        except ValueError:
            raise UsageError(
                f"--fail {each}: {rate!r} is not a rate.", next_step=f"Write it so: --fail {name}=0.1"
            ) from None
    return found


def seconds(typed: str | None) -> float | None:
    """Return how long the lab is to run, ``None`` for until it is stopped.

    Raises:
        UsageError: it is not a time, or one that no thread can wait.
    """
    if typed is None:
        return None
    try:
        until = parse_duration(typed)
    except ValueError:
        raise UsageError(
            f"--for {typed} is not a time.", next_step="Write it with units: 10m, 2h, 45s."
        ) from None
    if until > TIMEOUT_MAX:
        raise UsageError(
            f"--for {typed} is longer than any lab can run.", next_step="Leave it out: Ctrl-C ends the lab."
        )
    return until


def tell_failures(out: Output) -> None:
    """Say which failures there are."""
    rows = [(one.name, ", ".join(one.hosts), one.per, one.about) for one in FAILURES.values()]
    header = ("failure", "host", "drawn per", "what happens")
    out.document([dict(zip(("name", "hosts", "per", "about"), row, strict=True)) for row in rows])
    out.table(header, rows)


def serve(out: Output, lab: Lab, until: float | None) -> None:
    """Say where the hosts are, wait for the time to pass or a stop from outside, and say what was served."""
    with suppress(KeyboardInterrupt):  # the usual way to end it, as soon as something is told
        _tell(out, lab)
        sys.stdout.flush()
        Event().wait(until)
    out.remark(_served(lab))


def _tell(out: Output, lab: Lab) -> None:
    out.document(
        {
            "hosts": {host: lab.origin(host) for host in lab.accounts},
            "images": len(lab.images),
            "mimic_images": len(lab.mimic.images),
            "tables": str(lab.tables),
            "environment": dict(lab.environment),
            "failures": dict(lab.failures),
            "latency_seconds": lab.pace.latency,
            "bytes_per_second": lab.pace.bytes_per_second,
        }
    )
    mimic = count(len(lab.mimic.images), "image")
    out.show(f"Kaggle     {lab.origin('kaggle')}  {count(len(lab.images), 'image')} and the tables of 2017")
    out.show(f"Box        {lab.origin('box')}  the same images in twelve archives")
    out.show(f"PhysioNet  {lab.origin('physionet')}  {mimic} of MIMIC-CXR-JPG, and the project with reports")
    out.show(f"Tables     {lab.tables}  NIH's, with the corrected ones of 2020")
    if lab.failures:
        out.show("Fails      " + ", ".join(f"{name} {rate:g}" for name, rate in lab.failures.items()))
    out.show()
    out.show("In another terminal:")
    for name, value in lab.environment.items():
        out.show(f"  export {name}={shlex.quote(value)}")
    out.show(f"  cxr download --source nih --limit 10 --base-dir {_LIBRARY}")
    out.show(f"  cxr download --source nih --host box --base-dir {_LIBRARY}")
    out.show(f"  cxr download --source mimic --limit 10 --accept-terms mimic --base-dir {_LIBRARY}")
    out.show()
    out.show("Ctrl-C ends the lab and removes what it made.")


def _served(lab: Lab) -> str:
    lines = []
    for host, accounts in lab.accounts.items():
        requests = count(accounts.count, "request")
        lines.append(f"{_TITLES[host]}: {requests}, {size(accounts.bytes_sent)} sent")
        struck = Counter(one.failure for one in accounts.exchanges if one.broken)
        if struck:
            lines[-1] += "; " + ", ".join(f"{name} {count(n, 'time')}" for name, n in struck.most_common())
    return "\n".join(f"{line}." for line in lines)
