"""Rules whose meaning is contested, and what that does to a verdict.

Where libraries read a rule differently and have not agreed, each is judged by the reading that its dialect declares. If it does
not follow that one, but another that is in use, nobody can call it wrong: its verdict is *contested*, which fails no run.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .. import operators
from ..verdict import Judgement, Verdict
from .judge import judge_output

if TYPE_CHECKING:
    import numpy as np

    from ..cases.case import Case
    from ..operator import Question


def question_of(case: Case) -> Question | None:
    """The contested rule that what a case expects depends on, if there is one."""
    return operators.get(case.operator).contested_in(case.mode) if case.kind == "value" else None


def judge_reading(case: Case, dialect: str, output: np.ndarray, dtype: str, layout: str) -> Judgement:
    """Judges an output by what its dialect says, and, if that is contested and not followed, by the other readings."""
    expectation = case.expectation(dialect, dtype)
    assert expectation is not None
    judgement = judge_output(case, expectation, output, dtype, layout)
    question = question_of(case) if judgement.verdict == Verdict.DEVIATES else None
    if question is None:
        return judgement
    for other in question.others(dialect):
        allowed = case.expectation(other, dtype)
        if allowed and judge_output(case, allowed, output, dtype, layout).verdict == Verdict.CONFORMS:
            reason = (
                f"follows {other} ({question.describe(other)}), not {dialect} ({question.describe(dialect)}); "
                f"contested: {' '.join(question.links)}"
            )
            return replace(judgement, verdict=Verdict.CONTESTED, reason=reason)
    return judgement
