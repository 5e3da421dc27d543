"""The golden cases as tests of pytest: ``pytest --pyargs roikit.conformance --roikit-implementation mypackage.ops:roi_align``.

Each case is a test for each dialect, data type and layout that the implementation is judged by, run by the worker that ``roikit
conform`` uses. Known deviations are expected to fail, strictly. Without ``--roikit-implementation`` this plugin does nothing.

Exit statuses mean what they mean of ``roikit conform``: one that cannot be loaded is a test that fails, and if nothing could be
judged and all else passed the status is 3.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .results.result import Subject
    from .running.plugin_run import PluginRun
    from .workers.session import Plan

_HERE = Path(__file__).resolve().parent
_NOTHING_RUN = 3  # as in exits.py, whose imports are not wanted in every run of pytest
_CAUSES = "roikit causes"
_RUN: pytest.StashKey[PluginRun] = pytest.StashKey()
"""The run of this process, once its calls are planned."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the options."""
    group = parser.getgroup("roikit", "conformance of RoI operators (pytest --pyargs roikit.conformance …)")
    for option, metavar, text in (
        ("implementation", "NAME", "MODULE:FUNCTION with torchvision's signature, or a registered implementation"),
        ("arrays", "KIND", "what arrays a function takes: auto, numpy, torch or cupy"),
        ("edition", "YYYY-MM", "only the cases that there were in this edition"),
        ("size", "SIZE", "how large calls may be: small, real (by default) or huge"),
        (
            "deviations",
            "FILE",
            "known deviations, instead of the list that roikit has: these tests are expected to fail",
        ),
        ("timeout", "SECONDS", "limit of a single call; 30 unless given"),
        ("diagnose-seconds", "SECONDS", "how long causes of failures are looked for; 10 unless given"),
    ):
        group.addoption(f"--roikit-{option}", metavar=metavar, help=text)
    text = "all cases, dialects and data types, not the quick tier alone; so do cases that are selected, and huge ones"
    group.addoption("--roikit-full", action="store_true", help=text)
    for option, text in (
        ("op", "only this operator; of a function, the one that it computes: RoIAlign unless this says otherwise"),
        ("dialect", "judge by this dialect only; a function, by this one instead of torchvision's; may be repeated"),
        ("dtype", "only this data type; a function is run in float32 unless this says otherwise; may be repeated"),
        ("layout", "only NCHW or NHWC"),
        ("select", "only cases whose id, group or rule matches; may be repeated"),
    ):
        group.addoption(f"--roikit-{option}", metavar="NAME", action="append", default=[], help=text)


def pytest_configure(config: pytest.Config) -> None:
    """Counts verdicts, and gathers why calls failed, if there is an implementation to judge."""
    if not config.getoption("--roikit-implementation"):
        return
    if hasattr(config, "workerinput"):  # xdist's workers report to one
        config.pluginmanager.register(_Worker(), "roikit-worker")
    else:
        config.pluginmanager.register(_Verdicts(), "roikit-verdicts")


class _Worker:
    """A process of pytest that makes some of the calls, and says why they failed."""

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        run = session.config.stash.get(_RUN, None)
        output: dict[str, Any] = session.config.workeroutput  # type: ignore[attr-defined]
        output[_CAUSES] = run.causes() if run else []


class _Verdicts:
    """Which verdicts there were and why, and what that makes of the exit status."""

    def __init__(self) -> None:
        self.found: set[str] = set()
        self.causes: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.nodeid.startswith("roikit.conformance::"):
            self.found.update(str(value) for name, value in report.user_properties if name == "verdict")

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        self.causes += getattr(node, "workeroutput", {}).get(_CAUSES, [])

    @property
    def are_none(self) -> bool:
        return bool(self.found) and self.found <= {"unsupported", "absent"}

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        if self.are_none and exitstatus == pytest.ExitCode.OK:
            session.exitstatus = _NOTHING_RUN

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
        if self.are_none:
            terminalreporter.write_line("roikit: nothing was run: all is unsupported or absent (-rs says why)")
        run = config.stash.get(_RUN, None)
        said = [*self.causes, *run.causes()] if run else self.causes
        for text in dict.fromkeys(said):
            terminalreporter.write_line(f"roikit: why · {text}")


def pytest_collect_directory(path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collects the golden cases where ``--pyargs roikit.conformance`` points to."""
    if path.resolve() != _HERE or not parent.config.getoption("--roikit-implementation"):
        return None
    cases: pytest.Collector = Cases.from_parent(parent, path=path, nodeid="roikit.conformance")
    return cases


class Cases(pytest.Directory):
    """The calls that an implementation is judged by."""

    def collect(self) -> Iterator[pytest.Item]:
        """Asks the implementation what it can do, and yields a test for each call; or one that says why there are none.

        Raises:
            UsageError: there is no such dialect, case …
        """
        from .running.plugin_run import start

        run, subject = start(self.config)
        self.config.add_cleanup(run.close)
        self.config.stash[_RUN] = run
        if not run.plans:
            yield NoCalls.from_parent(self, name="loads", subject=subject)
        for made in run.plans:
            yield CaseItem.from_parent(self, made=made, run=run)


class NoCalls(pytest.Item):
    """Instead of cases, if there are none to run: fails if the implementation cannot be loaded."""

    def __init__(self, *, subject: Subject, **keywords: Any) -> None:
        """Remembers what the implementation says of itself."""
        super().__init__(**keywords)
        self._subject = subject

    def runtest(self) -> None:
        """Says why there are no cases."""
        subject = self._subject
        self.user_properties.append(("verdict", "unsupported" if subject.state == "ran" else subject.state))
        match subject.state:
            case "broken":
                pytest.fail(f"{subject.implementation} could not be loaded: {subject.reason}", pytrace=False)
            case "absent":
                pytest.skip(f"{subject.implementation} is absent: {subject.reason}")
            case _:
                pytest.skip(f"{subject.implementation} describes none of these calls")

    def reportinfo(self) -> tuple[Path, None, str]:
        """Where the test is from."""
        return self.path, None, self.name


class CaseItem(pytest.Item):
    """A case under one dialect, data type and layout."""

    def __init__(self, *, made: Plan, run: PluginRun, **keywords: Any) -> None:
        """Names the test after the call, and marks it if it is known to deviate."""
        case, *how = made
        super().__init__(name=f"{case.id}[{'-'.join(how)}]", **keywords)
        self._made, self._run = made, run
        self.user_properties += [("rules", " ".join(case.rules)), ("group", case.group)]
        if known := run.known(made):
            self.add_marker(
                pytest.mark.xfail(reason=known.reason, strict=known.is_strict(case.id), raises=_DeviatesError)
            )

    def runtest(self) -> None:
        """Makes the call. What is not supported is skipped; a contested reading is an expected failure."""
        from .verdict import Verdict

        judgement = self._run.judge(self._made)
        self.user_properties.append(("verdict", judgement.verdict.value))
        if judgement.verdict == Verdict.UNSUPPORTED:
            pytest.skip(judgement.reason)
        if judgement.verdict == Verdict.CONTESTED and not self._run.known(self._made):
            pytest.xfail(f"contested: {judgement.reason}")
        known = self._run.known(self._made, judgement.verdict)
        if judgement.verdict != Verdict.CONFORMS:
            if known and known.verdicts:
                pytest.xfail(known.reason)
            raise _DeviatesError(f"{judgement.verdict.value}: {judgement.reason}")
        if known and known.verdicts and known.is_strict(self._made[0].id):
            raise _DeviatesError(f"conforms, but is listed as a known deviation: {known.reason}")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Says what came instead of what, which needs no traceback."""
        if not isinstance(excinfo.value, _DeviatesError):
            return super().repr_failure(excinfo, style)
        case, dialect, dtype, _ = self._made
        lines = [
            str(excinfo.value),
            f"case:  {case.title}",
            f"rules: {', '.join(case.rules)}, as {dialect} has them; see operators/{case.operator}/RULES.md in {_HERE}",
            f"again: roikit conform {self._run.typed} --select {case.id} --dialect {dialect} --dtype {dtype}",
        ]
        return "\n".join(lines)

    def reportinfo(self) -> tuple[Path, None, str]:
        """Where the test is from: the group of its case."""
        return self.path, None, self.name


class _DeviatesError(Exception):
    """A case does not conform."""
