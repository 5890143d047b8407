"""The way of one ``cxr download``: request, plan, confirmation, run."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from cxr.cli import _confirm
from cxr.cli._names import dataset_key
from cxr.cli._output import width
from cxr.cli._readiness import missing_steps
from cxr.cli._run import Run
from cxr.cli._selection import Flags, check_selected, request_for
from cxr.cli._summary import no_image_of, tell
from cxr.cli._terms import Acceptance
from cxr.cli._there import there
from cxr.cli._ways import Ways
from cxr.errors import AccessError, OlderLibraryError, PlanNotConfirmed, UsageError

if TYPE_CHECKING:
    from cxr.library.plan import Plan
    from cxr.library.prepare import Prepared
    from cxr.library.request import DownloadRequest


class Outcome(NamedTuple):
    """How the download of one dataset ended.

    Attributes:
        document: The plan or the summary, ready for JSON.
        exit_code: 1 where images failed.
    """

    document: dict[str, Any]
    exit_code: int = 0


class Downloading:
    """One ``cxr download`` as it was typed.

    Args:
        run: The command.
        flags: Which images, and from where.
        resume: Take the last selection instead.
        dry_run: Only plan.
        yes: Do not ask.
        accepted: Datasets whose terms the user accepts now.
    """

    def __init__(
        self, run: Run, flags: Flags, *, resume: bool, dry_run: bool, yes: bool, accepted: Sequence[str]
    ) -> None:
        from cxr.library.open import layout_of

        self.run, self.flags = run, flags
        self.resume, self.dry_run, self.yes = resume, dry_run, yes
        self.layout = layout_of(run.config)
        self.terms = Acceptance(self.layout.metadata, accepted)
        if resume and flags.selects:
            raise UsageError(
                "--resume takes the last selection again, and other flags choose another one.",
                next_step="Leave --resume out (finished files are never fetched twice), or give it alone.",
            )

    def one(self, source: str) -> int:
        """Download one dataset and return the exit code."""
        key = dataset_key(source)
        self.terms.only_of(key)
        outcome = self._carry_out(self._request(key))
        self.run.out.document(outcome.document)
        return outcome.exit_code

    def every(self) -> int:
        """Download each dataset that is enabled and ready; name the missing step of each other."""
        from cxr import datasets

        if self.flags.origin is not None or self.flags.tables is not None:
            raise UsageError(
                "--from and --tables name one dataset's files, and --source all means several.",
                next_step="Name the dataset: --source KEY.",
            )
        missing = missing_steps(self.run.config)
        for key in datasets.keys():  # noqa: SIM118  a function
            if key not in missing and (step := self.terms.missing_step(key, datasets.load(key))):
                missing[key] = step
        ready = [key for key in datasets.keys() if key not in missing]  # noqa: SIM118  a function
        if not ready:
            raise AccessError(
                "No dataset is ready to be downloaded.",
                think="\n".join(f"{key}: {step}" for key, step in missing.items()),
                next_step="Take the missing step of one of them, or try `cxr download --source synthetic`.",
            )
        for key, step in missing.items():
            self.run.out.remark(f"{datasets.load(key).TITLE} ({key}) is left out: {step}")
        outcomes = {key: self._carry_out(self._request(key)) for key in ready}
        self.run.out.document(
            {"sources": {key: one.document for key, one in outcomes.items()}, "not_ready": missing}
        )
        return max(one.exit_code for one in outcomes.values())

    def _request(self, key: str) -> "DownloadRequest":
        if self.resume:
            return self._last_request(key)
        request = request_for(key, self.flags, self.run.config)
        if request.selection.limit != self.flags.limit:
            setting = f"datasets.{key}.limit"
            origin = self.run.config.origin(setting)
            self.run.out.remark(f"{setting} is {request.selection.limit:,} ({origin}).")
        return request

    def _last_request(self, key: str) -> "DownloadRequest":
        from cxr.library.requests import last_request

        try:
            with self.run.library(write=False) as library:
                request = last_request(library, key)
        except OlderLibraryError:
            with self.run.library(write=True) as library:
                request = last_request(library, key)
        if request is None:
            raise UsageError(
                f"Nothing of {key} was downloaded into {self.layout.base} before.",
                next_step=f"Start with `cxr download --source {key}`; --resume goes on later.",
            )
        return replace(request, workers=self.flags.workers)

    def _carry_out(self, request: "DownloadRequest") -> Outcome:
        from cxr.library.download import download
        from cxr.library.plan import plan as plan_for
        from cxr.library.prepare import prepare
        from cxr.library.quarantine import count_set_aside

        key = request.source
        prepared = prepare(request, self.run.config, self.layout, there(self.run, self.layout, key))
        for moved in self.run.config.sources.moved(prepared.host.key):
            self.run.out.remark(f"{prepared.host.key} is asked at {moved.value} ({moved.origin}).")
        check_selected(prepared)
        ways = Ways(self.run, prepared, self.layout)
        plan = plan_for(prepared, self.layout.base, ways.chosen)
        if self.dry_run:
            self._show_plan(plan, prepared, ways)
            missing = {"patients_missing": prepared.counts.patients_missing}
            return Outcome(plan.to_json() | missing | ways.to_json())
        self.terms.require(key, prepared.dataset)  # before anybody is asked, and before a library is made
        prepared = self._confirmed(prepared, plan, ways)
        with (
            self.run.library(write=True) as library,
            self.run.progress() as seen,
        ):
            self.terms.settle(key, prepared.dataset)
            summary = download(library, prepared, seen)
            set_aside = count_set_aside(library, key)
        tell(self.run, summary, prepared, self.layout, set_aside=set_aside)
        return Outcome(summary.to_json() | {"set_aside": set_aside}, summary.exit_code)

    def _confirmed(self, prepared: "Prepared", plan: "Plan", ways: Ways) -> "Prepared":
        """Return what the user wants after all.

        Raises:
            PlanNotConfirmed: nothing.
        """
        stop = _confirm.reason_against(plan)
        chosen = self.resume or prepared.request.selection.count is not None
        step = _confirm.next_step(
            terminal=_confirm.is_terminal(),
            yes=self.yes,
            chosen=chosen,
            large=stop is not None,
            nothing_to_do=plan.images == plan.already,
        )
        if step is _confirm.Step.RUN:
            return prepared
        self._tell_plan(plan, prepared, ways)
        if step is _confirm.Step.ASK_HOW_MANY:
            return self._asked_how_many(prepared, plan)
        if step is _confirm.Step.ASK_WHETHER and stop is not None and _confirm.ask_whether(stop):
            return prepared
        assert stop is not None
        raise stop

    def _asked_how_many(self, prepared: "Prepared", plan: "Plan") -> "Prepared":
        from cxr.library.prepare import prepare

        answer = _confirm.ask_how_many(plan.images)
        if answer is None:
            raise PlanNotConfirmed("Nothing was downloaded, as you asked.")
        if answer == "all":
            return prepared
        flags = replace(
            self.flags,
            limit=None if answer == "sample" else int(answer),
            sample="random" if answer == "sample" else None,
        )
        request = request_for(prepared.request.source, flags, self.run.config)
        return prepare(request, self.run.config, self.layout, there(self.run, self.layout, request.source))

    def _plan_lines(self, plan: "Plan", prepared: "Prepared", ways: Ways, columns: int) -> list[str]:
        origin = prepared.request.origin
        described = prepared.request.selection.describe()
        lines = _confirm.plan_lines(plan, prepared.dataset.TITLE, described, str(origin or ""), columns)
        return [*lines, *ways.lines(columns), *no_image_of(prepared.counts.patients_missing)]

    def _show_plan(self, plan: "Plan", prepared: "Prepared", ways: Ways) -> None:
        for line in self._plan_lines(plan, prepared, ways, width()):
            self.run.out.show(line)

    def _tell_plan(self, plan: "Plan", prepared: "Prepared", ways: Ways) -> None:
        for line in self._plan_lines(plan, prepared, ways, width(sys.stderr)):
            _confirm.write(line)
