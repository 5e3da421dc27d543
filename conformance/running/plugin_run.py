"""What the pytest plugin runs: one implementation and the calls that it is judged by. Imported when there is one to judge."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ..cases import quick
from ..cases.case import SIZES, up_to
from ..cases.golden import golden_cases, golden_ids
from ..cases.selection import check_names, of_edition, select_cases
from ..errors import UsageError
from ..implementation import registered
from ..results import deviations
from ..workers.greeting import describe
from ..workers.twice import Twice
from .evidence import Evidence
from .runner import harmless_first, plan
from .targets import operators_of, select_targets, selection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..cases.case import Case
    from ..results.deviations import Deviation
    from ..results.result import Subject
    from ..verdict import Judgement, Verdict
    from ..workers.process import Target
    from ..workers.session import Plan
    from .request import Selection

_SECONDS = 30.0


class PluginRun:
    """An implementation that is being judged, call by call."""

    def __init__(
        self, target: Target, seconds: float, listed: Sequence[Deviation], patience: float | None = None
    ) -> None:
        """Starts nothing yet; ``listed`` are its known deviations, ``patience`` the seconds that causes are looked for."""
        self.target = target
        self.plans: list[Plan] = []
        self._session, self._listed = Twice(target, seconds, threading.Event()), listed
        self._evidence = Evidence(target.name, patience)

    def plan(self, cases: Sequence[Case], chosen: Selection) -> Subject:
        """Asks the implementation what it can do, and plans the calls; none if it does not say."""
        subject = self._session.open()
        if subject.state == "ran":
            self.plans = harmless_first(plan(describe(subject), cases, chosen, self.target))
        return subject

    @property
    def typed(self) -> str:
        """How ``roikit conform`` is told of the implementation."""
        return f"-i {self.target.name}" if ":" in self.target.name else self.target.name

    def known(self, made: Plan, verdict: Verdict | None = None) -> Deviation | None:
        """The known deviation that a call is expected to show; or may, once it has this verdict."""
        case, dialect, dtype, _ = made
        return deviations.find(self._listed, case, dialect, dtype, verdict)

    def judge(self, made: Plan) -> Judgement:
        """Makes a call and judges the answer."""
        ((_, judged),) = self._session.judge([made])
        if not self.known(made, judged.judgement.verdict):
            self._evidence.add(made, judged)
        return judged.judgement

    def causes(self) -> list[str]:
        """Why calls failed that were not known to, in words."""
        return [cause.text_for("--roikit-diagnose-seconds") for cause in self._evidence.causes()]

    def close(self) -> None:
        """Ends the workers."""
        self._session.close()


def start(config: pytest.Config) -> tuple[PluginRun, Subject]:
    """The run that the options of pytest ask for, its calls planned, and what the implementation says of itself.

    Raises:
        pytest.UsageError: they ask for what is not there.
    """

    def option(name: str) -> str | None:
        value: str | None = config.getoption(f"--roikit-{name}")
        return value

    def several(name: str) -> list[str]:
        values: list[str] = config.getoption(f"--roikit-{name}")
        return values

    name, dtypes = option("implementation") or "", several("dtype")
    is_function = name not in registered()
    try:
        asked = several("op")
        size = check_names("size", [option("size") or "real"], SIZES)[0]
        is_quick = not (option("full") or several("select") or size == "huge")
        dtypes = dtypes or (["float32"] if is_function else [])
        chosen = selection(dtypes, several("layout"), several("dialect"), asked, quick=is_quick)
        names, functions = ([], [name]) if is_function and ":" in name else ([name], [])
        (target,) = select_targets(names, functions, option("arrays") or "auto", chosen.dialects, [], (), asked)
        known = up_to(size, of_edition(golden_cases(*operators_of([target], chosen)), option("edition")))
        cases = select_cases(quick.cases_of(known) if is_quick else known, several("select"))
        path = option("deviations")
        listed = deviations.read(Path(path), golden_ids()) if path else deviations.load(name)
        patience = option("diagnose-seconds")
        run = PluginRun(
            target, float(option("timeout") or _SECONDS), listed, None if patience is None else float(patience)
        )
        subject = run.plan(cases, chosen)
    except (UsageError, OSError, ValueError) as error:
        raise pytest.UsageError(f"roikit: {error}") from None
    return run, subject
