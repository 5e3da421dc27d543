"""The parts of a script that reproduces a case: its arrays as literals, what is expected of it, and the rules, as comments."""

from __future__ import annotations

import re
from dataclasses import asdict
from functools import cache
from textwrap import fill, indent
from typing import TYPE_CHECKING

from .. import operators
from ..arrays import leaves, sparse_images
from .arrays import Repetition, arranged, array, maps

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from ..cases.case import Case, Expectation
    from ..results.deviations import Deviation

_COLUMNS = 110


def inputs(
    case: Case, arrays: Mapping[str, np.ndarray], dtype: str, boxes_dtype: str, ways: Mapping[str, str], *, apart: bool
) -> str:
    """The statements that make ``features`` and ``boxes``, and, if they are to be ``apart``, ``batch_indices``.

    ``arrays`` are those of the call; by name in ``ways`` how they lie in memory.
    """
    feature, boxes = case.arguments["input"], case.arguments["boxes"]
    about = getattr(operators.call_type(case.operator), "corners", "x1, y1, x2, y2")
    lines = [f"features = {maps(feature, dtype)}"]
    if case.memory == "sparse":
        images, shape = sparse_images(feature["shape"][1:]), ", ".join(map(str, feature["shape"][1:]))
        lines.append(
            f"last, features = features, np.zeros(({images}, {shape}), {dtype})  # most of it is never touched"
        )
        lines.append("features[-1] = last[0]")
        boxes = [[images - 1, *box[1:]] for box in boxes]
    if grad := case.arguments.get("grad"):
        lines.append(f"grad = {maps(grad, dtype)}")
    beside = {name: case.arguments.get(name) for name in ("weights", "offset")}
    lines += [f"{name} = {maps(values, dtype)}" for name, values in beside.items() if values]
    if case.memory == "transposed":
        lines.append("features = np.ascontiguousarray(features.transpose(0, 1, 3, 2)).transpose(0, 1, 3, 2)  # strides")
    if apart:
        corners, indices = [row[1:] for row in boxes], [int(float(row[0])) for row in boxes]
        width = len(corners[0]) if corners else 4
        lines.append(f"boxes = {array(corners, (len(boxes), width), boxes_dtype)}  # {about}")
        lines.append(f"batch_indices = {array(indices, (len(boxes),), 'np.int64')}")
    else:
        width = len(boxes[0]) if boxes else 5
        lines.append(f"boxes = {array(boxes, (len(boxes), width), boxes_dtype)}  # batch index, {about}")
    if case.enlarged:
        lines += Repetition(case).inputs(dtype, apart=apart)
    lines += [arranged({"input": "features"}.get(name, name), way, arrays[name]) for name, way in ways.items()]
    return "\n".join(lines)


def expected(case: Case, expectation: Expectation) -> str:
    """The statements that make ``expected``, and whatever else the comparison needs."""
    shape = case.stated_shape
    lines = []
    if case.invalid_rois:
        which = ", ".join(map(str, case.invalid_rois))
        lines.append(f"# Box {which} is not valid: an error is as good as NaN, as long as the other boxes are right.")
    lines += _enlarged(case, "expected", array(expectation.output, shape))
    if expectation.bound is not None:
        why = "the greatest error that rounding explains"
        lines += _enlarged(case, "bound", f"{array(expectation.bound, shape)}  # {why}")
    if _has_nonfinite(expectation):
        either = [value == "nonfinite" for value in leaves(expectation.output)]
        lines.append(f"nonfinite = {array(either, shape)}  # NaN or infinite: either will do")
    for answer in expectation.answers[1:]:
        lines.append("# Rounding, or a convention, may lead to this instead.")
        lines += _enlarged(case, "other", array(answer.output, shape))
        if answer.bound is not None:
            lines += _enlarged(case, "other_bound", array(answer.bound, shape))
    return "\n".join(lines)


def _enlarged(case: Case, name: str, value: str) -> list[str]:
    """The statements that give a name to a value of the small call, and make it that of the large one, if there is one."""
    return [f"{name} = {value}", *(Repetition(case).answer(name) if case.enlarged else ())]


def refusable(pooling: str) -> str:
    """``pooling`` such that an error ends the script, and is as good as the right values."""
    return f"""try:
{indent(pooling, "    ")}
except Exception as error:
    print("Refused:", error)
    sys.exit(0)"""


def keeping(pooling: str) -> str:
    """``pooling`` such that the result is kept, as it is and as it was."""
    return f"{pooling}\nkept.append((output, output.copy()))"


def one_of_several(text: str, said: str, setup: str) -> str:
    """The statements of a call of several, about which this is said, with what it needs besides."""
    return "\n".join([_comment(said[:1].upper() + said[1:] + "."), *([setup, ""] if setup else []), text])


def comparison(expectation: Expectation) -> str:
    """The statements that make ``agrees``."""
    lines = ["agrees = np.isclose(output, expected, rtol=0, atol=bound, equal_nan=True)"]
    if expectation.bound is None:
        lines = ["# Every step is exact in this data type, so that no rounding explains a difference."]
        lines.append("agrees = np.isclose(output, expected, rtol=0, atol=0, equal_nan=True)")
    if _has_nonfinite(expectation):
        lines.append("agrees |= nonfinite & ~np.isfinite(output)")
    if len(expectation.answers) > 1:
        bound = "other_bound" if expectation.answers[1].bound is not None else "0"
        lines.append(f"agrees |= np.isclose(output, other, rtol=0, atol={bound}).all()")
    return "\n".join(lines)


def _has_nonfinite(expectation: Expectation) -> bool:
    return any(value == "nonfinite" for value in leaves(expectation.output))


def heading(case: Case, dialect: str, known: Deviation | None, command: str) -> str:
    """The comment that a script begins with."""
    paragraphs = [_comment(f"{case.id}: {case.title}")]
    paragraphs += (_rule(case.operator, dialect, rule) for rule in case.rules)
    if known:
        paragraphs.append(_comment(f"Known: {known.reason}. {known.link}".rstrip()))
    paragraphs.append(_comment(f"Written by `{command}`; the rules are those of roikit's SPECIFICATION.md."))
    return "\n#\n".join(paragraphs)


def _comment(text: str) -> str:
    return fill(text, _COLUMNS, initial_indent="# ", subsequent_indent="# ", break_long_words=False)


@cache
def _sections(operator: str) -> dict[str, tuple[str, str]]:
    """Title and text of each rule of an operator."""
    document = operators.folder(operator).joinpath("RULES.md").read_text(encoding="utf-8")
    _, *parts = re.split(r"^## ([A-Z]+-\d+) (.+)$", document, flags=re.MULTILINE)
    return {rule: (title, text) for rule, title, text in zip(parts[::3], parts[1::3], parts[2::3], strict=True)}


@cache
def _rule(operator: str, dialect: str, rule: str) -> str:
    """A comment with the first paragraph of a rule, and the choices that ``dialect`` makes in it."""
    title, text = _sections(operator)[rule]
    choices = asdict(operators.dialects_of(operator)[dialect])
    paragraph, *rest = text.strip().split("\n\n")
    for name in re.findall(r"Decision point `(\w+)`", paragraph):
        formula = re.search(rf"^\| `{choices[name]}` \| (.+?) \|", "\n".join(rest), re.MULTILINE)
        paragraph += f" {formula[1]}" if formula else ""
    paragraph = re.sub(r"Decision point `(\w+)`", lambda match: f"{match[1]} = {choices[match[1]]}", paragraph)
    return _comment(f"{rule} {title}: {re.sub('[*`]', '', paragraph)}")
