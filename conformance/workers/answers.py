"""What a worker's answer to a call says: whether it is an output at all, how it came about, and whether it is right."""

from __future__ import annotations

from dataclasses import replace
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from ..verdict import Judgement, Verdict
from ..verdicts.contested import judge_reading
from ..verdicts.judge import in_file_order, judge_error

if TYPE_CHECKING:
    import numpy as np

    from ..cases.case import Case

    Arrays = dict[str, np.ndarray]

_MOST_VALUES = 2**20  # of a wrong output that is kept


def fingerprint(output: np.ndarray) -> bytes:
    """A hash of shape, type and bytes."""
    about = f"{output.shape} {output.dtype.str}".encode()
    return blake2b(about + output.tobytes(), digest_size=16).digest()


def wrong_output(case: Case, judgement: Judgement, arrays: Arrays, layout: str) -> np.ndarray | None:
    """The output that is wrong, unless it is large, or no array of the shape that is due."""
    if judgement.verdict != Verdict.DEVIATES or case.kind == "error" or arrays["output"].size > _MOST_VALUES:
        return None
    output = in_file_order(case, arrays["output"], layout)
    return output if output.shape == case.shape else None


_NO_OUTPUT = {
    "unsupported": Verdict.UNSUPPORTED,
    "raised": Verdict.REJECTED,
    "died": Verdict.CRASHED,
    "hung": Verdict.TIMED_OUT,
}


def failure_of(answer: dict[str, Any]) -> Judgement | None:
    """The judgement of an answer that is no output, or of how it came about; None if there is nothing to say."""
    if verdict := _NO_OUTPUT.get(answer["type"]):
        return Judgement(verdict, answer["error" if answer["type"] == "raised" else "reason"])
    if answer["wrote_outside"]:
        return Judgement(Verdict.WROTE_OUTSIDE, "memory beside the output array was written to")
    if answer["changed_input"]:
        return Judgement(Verdict.OVERWROTE, "the call changed its input, its boxes or its gradient")
    return None


def unsoundness_of(answer: dict[str, Any]) -> Judgement | None:
    """The judgement of a right output that does not stay what it is; None if there is nothing to say."""
    if not answer["repeatable"]:
        asked = answer.get("asked", "two calls in a row")
        return Judgement(Verdict.NONDETERMINISTIC, f"{asked} gave different results")
    if answer["reused"]:
        return Judgement(Verdict.OVERWROTE, "an earlier result was overwritten, or this one is in the same memory")
    return None


def named(judgement: Judgement, said: str) -> Judgement:
    """A judgement of one call of several."""
    return replace(judgement, reason=f"{said}: {judgement.reason}")


def judge_answer(
    case: Case, answer: dict[str, Any], arrays: Arrays, dialect: str, dtype: str, layout: str
) -> Judgement:
    """The judgement of an answer to the call of a case; of what is right by its values, how it came about decides."""
    if answer["type"] == "raised":
        return judge_error(case, answer["error"])
    if failure := failure_of(answer):
        return failure
    if case.kind == "error":
        return Judgement(Verdict.DEVIATES, "the call was not refused")
    judgement = judge_reading(case, dialect, arrays["output"], dtype, layout)
    unsound = unsoundness_of(answer) if judgement.verdict == Verdict.CONFORMS else None
    return unsound or judgement
