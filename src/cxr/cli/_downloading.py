"""The way of one ``cxr download``: request, plan, confirmation, run."""

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from cxr.cli import _confirm
from cxr.cli._names import dataset_key
from cxr.cli._output import width
from cxr.cli._readiness import missing_steps
from cxr.cli._run import Run
from cxr.cli._selection import Flags, check_selected, request_for
from cxr.cli._summary import tell
from cxr.errors import AccessError, OlderLibraryError, PlanNotConfirmed, UsageError

if TYPE_CHECKING:
    from cxr.library.plan import Plan
    from cxr.library.prepare import DownloadRequest, Prepared
    from cxr.library.run import DownloadSummary


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
        self, run: Run, flags: Flags, *, resume: bool, dry_run: bool, yes: bool, accepted: tuple[str, ...]
    ) -> None:
        from cxr.library.open import layout_of

        self.run, self.flags = run, flags
        self.resume, self.dry_run, self.yes = resume, dry_run, yes
        self.accepted = tuple(map(dataset_key, accepted))
        self.layout = layout_of(run.config)
        if resume and flags.selects:
            raise UsageError(
                "--resume takes the last selection again, and other flags choose another one.",
                next_step="Leave --resume out (finished files are never fetched twice), or give it alone.",
            )

    def one(self, source: str) -> int:
        """Download one dataset and return the exit code."""
        result = self._carry_out(self._request(dataset_key(source)))
        self.run.out.document(result.to_json())
        return _exit_code(result)

    def every(self) -> int:
        """Download each dataset that is enabled and ready; name the missing step of each other."""
        from cxr import datasets

        if self.flags.origin is not None or self.flags.tables is not None:
            raise UsageError(
                "--from and --tables name one dataset's files, and --source all means several.",
                next_step="Name the dataset: --source KEY.",
            )
        missing = missing_steps(self.run.config)
        ready = [key for key in datasets.keys() if key not in missing]  # noqa: SIM118  a function
        if not ready:
            raise AccessError(
                "No dataset is ready to be downloaded.",
                think="\n".join(f"{key}: {step}" for key, step in missing.items()),
                next_step="Take the missing step of one of them, or try `cxr download --source synthetic`.",
            )
        for key, step in missing.items():
            self.run.out.remark(f"{datasets.load(key).TITLE} ({key}) is left out: {step}")
        results = {key: self._carry_out(self._request(key)) for key in ready}
        self.run.out.document(
            {"sources": {key: one.to_json() for key, one in results.items()}, "not_ready": missing}
        )
        return max(_exit_code(result) for result in results.values())

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

    def _carry_out(self, request: "DownloadRequest") -> "DownloadSummary | Plan":
        from cxr.library.download import download
        from cxr.library.plan import plan as plan_for
        from cxr.library.prepare import prepare

        prepared = prepare(request, self.run.config, self.layout, self._done(request.source))
        check_selected(prepared)
        plan = plan_for(prepared, self.layout.base)
        if self.dry_run:
            self._show_plan(plan, prepared)
            return plan
        prepared = self._confirmed(prepared, plan)
        with (
            self.run.library(write=True) as library,
            self.run.progress() as seen,
        ):
            summary = download(library, prepared, seen)
        tell(self.run, summary, prepared, self.layout)
        return summary

    def _done(self, key: str) -> frozenset[str]:
        """Return the ids of the images that the library has, none where there is no library yet."""
        from cxr.library.done import done

        if not self.layout.database.exists():
            return frozenset()
        try:
            with self.run.library(write=False) as library:
                return done(library.database, key)
        except OlderLibraryError:  # the run brings it up to date; until then nobody knows what it holds
            return frozenset()

    def _confirmed(self, prepared: "Prepared", plan: "Plan") -> "Prepared":
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
        self._tell_plan(plan, prepared)
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
        self.flags = replace(
            self.flags,
            limit=None if answer == "sample" else int(answer),
            sample="random" if answer == "sample" else None,
        )
        request = request_for(prepared.request.source, self.flags, self.run.config)
        return prepare(request, self.run.config, self.layout, self._done(request.source))

    def _plan_lines(self, plan: "Plan", prepared: "Prepared", columns: int) -> list[str]:
        origin = prepared.request.origin
        described = prepared.request.selection.describe()
        return _confirm.plan_lines(plan, prepared.dataset.TITLE, described, str(origin or ""), columns)

    def _show_plan(self, plan: "Plan", prepared: "Prepared") -> None:
        for line in self._plan_lines(plan, prepared, width()):
            self.run.out.show(line)

    def _tell_plan(self, plan: "Plan", prepared: "Prepared") -> None:
        for line in self._plan_lines(plan, prepared, width(sys.stderr)):
            _confirm.write(line)


def _exit_code(result: "DownloadSummary | Plan") -> int:
    return int(getattr(result, "exit_code", 0))
