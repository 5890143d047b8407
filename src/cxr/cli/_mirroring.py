"""The way of one ``cxr mirror``: request, plan, confirmation, run, and the commands that check the result."""

import shlex
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cxr.cli import _confirm
from cxr.cli._mirror_told import lines, plan_lines
from cxr.cli._names import dataset_key
from cxr.cli._output import width
from cxr.cli._run import Run
from cxr.cli._selection import Flags, check_selected, request_for
from cxr.cli._terms import Acceptance
from cxr.cli._ways import Ways
from cxr.errors import PlanNotConfirmed

if TYPE_CHECKING:
    from cxr.library.mirror_run import MirrorSummary
    from cxr.library.mirror_there import There
    from cxr.library.plan import Plan
    from cxr.library.prepare import Prepared
    from cxr.library.request import DownloadRequest


class Mirroring:
    """One ``cxr mirror`` as it was typed.

    Args:
        run: The command.
        flags: Which images, and from where.
        source: The dataset.
        to: Where to.
        state: Where the state is kept.
        metadata_only: No images.
        reports: The archive of all reports, too.
        verify: Read again what is there, and repair it.
        dry_run: Only plan.
        yes: Do not ask.
        accepted: Datasets whose terms the user accepts now.

    Raises:
        UsageError: there is no such dataset, or no such place.
    """

    def __init__(
        self,
        run: Run,
        flags: Flags,
        source: str,
        to: str,
        state: Path | None,
        *,
        metadata_only: bool,
        reports: bool,
        verify: bool,
        dry_run: bool,
        yes: bool,
        accepted: Sequence[str],
    ) -> None:
        from cxr.library.mirror_place import destination, state_of

        self.run, self.flags, self.key = run, flags, dataset_key(source)
        self.to, self.state = destination(to), state
        self.layout = state_of(self.key, self.to, state)
        self.metadata_only, self.reports, self.verify = metadata_only, reports, verify
        self.dry_run, self.yes = dry_run, yes
        self.terms = Acceptance(self.layout.metadata, accepted)
        self.terms.only_of(self.key)
        self.there: There | None = None

    def carry_out(self) -> int:
        """Mirror, or plan it, and return the exit code."""
        from cxr.library.mirror import mirror
        from cxr.library.mirror_place import open_state
        from cxr.library.mirror_run import MirrorRequest

        prepared = self._prepared(request_for(self.key, self.flags, self.run.config))
        plan, ways = self._plan(prepared)
        if self.dry_run:
            for line in self._plan_lines(plan, prepared, ways, width()):
                self.run.out.show(line)
            free = {"free": plan.free if self.to.folder else None}
            self.run.out.document(plan.to_json() | free | {"to": self.to.text} | ways.to_json())
            return 0
        self.terms.require(self.key, prepared.dataset)  # before anybody is asked
        prepared = self._confirmed(prepared, plan, ways)
        with open_state(self.layout, self.run.config) as state, self.run.progress() as seen:
            self.terms.settle(self.key, prepared.dataset)
            request = MirrorRequest(
                prepared,
                self.to,
                metadata_only=self.metadata_only,
                reports=self.reports,
                verify=self.verify,
                there=self.there,
            )
            summary = mirror(state, request, seen)
        self._tell(summary, prepared)
        return summary.exit_code

    def _prepared(self, request: "DownloadRequest") -> "Prepared":
        from cxr.library.mirror_already import count_already
        from cxr.library.prepare import prepare

        request = replace(request, unread=frozenset({"reports"}))  # a mirror has them, and reads none
        prepared = prepare(request, self.run.config, self.layout)
        for moved in self.run.config.sources.moved(prepared.host.key):
            self.run.out.remark(f"{prepared.host.key} is asked at {moved.value} ({moved.origin}).")
        check_selected(prepared)
        self.there = count_already(prepared, self.to, self.layout, self.there)
        return prepared

    def _plan(self, prepared: "Prepared") -> "tuple[Plan, Ways]":
        from cxr.library.plan import plan

        ways = Ways(self.run, prepared, self.layout)
        reckoned = plan(prepared, self.to.folder or self.layout.base, ways.chosen)
        if self.to.folder is None:  # nothing is linked into a bucket, and none is ever full
            size = prepared.size - prepared.size_already
            reckoned = replace(reckoned, bytes=size, free=sys.maxsize)
        return reckoned, ways

    def _confirmed(self, prepared: "Prepared", plan: "Plan", ways: Ways) -> "Prepared":
        """Return what the user wants after all.

        Raises:
            PlanNotConfirmed: nothing.
        """
        if self.metadata_only:
            return prepared
        stop = _confirm.reason_against(plan)
        step = _confirm.next_step(
            terminal=_confirm.is_terminal(),
            yes=self.yes,
            chosen=prepared.request.selection.count is not None,
            large=stop is not None,
            nothing_to_do=plan.images == plan.already,
        )
        if step is _confirm.Step.RUN:
            return prepared
        for line in self._plan_lines(plan, prepared, ways, width(sys.stderr)):
            _confirm.write(line)
        if step is _confirm.Step.ASK_HOW_MANY:
            return self._asked_how_many(prepared, plan)
        if step is _confirm.Step.ASK_WHETHER and stop is not None and _confirm.ask_whether(stop):
            return prepared
        assert stop is not None
        raise stop

    def _asked_how_many(self, prepared: "Prepared", plan: "Plan") -> "Prepared":
        answer = _confirm.ask_how_many(plan.images)
        if answer is None:
            raise PlanNotConfirmed("Nothing was mirrored, as you asked.")
        if answer == "all":
            return prepared
        sampled = answer == "sample"
        flags = replace(
            self.flags,
            limit=None if sampled else int(answer),
            sample="random" if sampled else None,
        )
        return self._prepared(request_for(self.key, flags, self.run.config))

    def _plan_lines(self, plan: "Plan", prepared: "Prepared", ways: Ways, columns: int) -> list[str]:
        return [*plan_lines(plan, prepared, self.to, columns), *ways.lines(columns)]

    def _tell(self, summary: "MirrorSummary", prepared: "Prepared") -> None:
        again = shlex.join(self._again(prepared))
        for line in lines(summary, prepared.dataset.TITLE, again):
            self.run.out.done(line)
        if summary.exit_code:
            self.run.out.remark(
                f"{self.layout.failed_images} says why for each file that failed; it lies at the "
                "destination, too. The same command tries them again."
            )
        self.run.out.document(summary.to_json() | {"state": str(self.layout.base)})

    def _again(self, prepared: "Prepared") -> list[str]:
        """Return the command that means the same images at the same places."""
        request = prepared.request
        chosen = request.selection
        values = [
            ("--release", request.release),
            ("--host", request.host),
            ("--from", request.origin),
            ("--tables", request.tables),
            ("--limit", chosen.limit),
            ("--sample", chosen.sample),
            ("--seed", chosen.seed if chosen.sample else None),
            ("--sample-by", chosen.sample_by),
            ("--view", chosen.view),
            *(("--finding", finding) for finding in chosen.findings),
            *(("--patient", patient) for patient in chosen.patients),
            ("--state", self.state),
        ]
        switches = [("--metadata-only", self.metadata_only), ("--reports", self.reports)]
        words = ["cxr", "mirror", "--source", self.key, "--to", self.to.text]
        words += [word for flag, value in values if value is not None for word in (flag, str(value))]
        return words + [flag for flag, given in switches if given]
