"""Hypothesis strategies for golden cases. Needs ``pip install 'roikit[fuzz]'``.

>>> from hypothesis import given
>>> from roikit.conformance.fuzzing.strategies import cases
>>> @given(cases(dialects=["torchvision"], dtypes=["float32"]))
... def test_it(case): ...  # case.call(…) makes the arrays, judge.judge_output judges the result
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from .. import operators
from ..call import DTYPES
from ..cases.history import AT_ONCE
from ..operation import Operation
from . import sequences, sizes
from .cases import Following, expect
from .sequences import SINGLE, THREADS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..cases.case import Case

_EXACT = "ordinary"  # boxes whose calls are exact, but for few


@st.composite
def cases(
    draw: st.DrawFn,
    *,
    dialects: Sequence[str],
    dtypes: Sequence[str] = DTYPES,
    modes: Sequence[str] = (),
    classes: Sequence[str] = (),
    operations: Sequence[str] = (Operation.FORWARD,),
    kinks: bool = False,
    op: str = operators.DEFAULT,
    size: str = "small",
    ways: Sequence[str] = ("contiguous",),
    kinds: Sequence[str] = (SINGLE,),
) -> Case:
    """Draws a case of one dialect and one data type, whose answer is exact where the call is, and otherwise has bounds.

    A call that cannot be judged in the data type drawn becomes one of float32 or float64, if these are among ``dtypes``; else the
    case expects nothing. ``kinks`` are as in `fuzzing.cases.expect`. If ``size`` is ``"real"``, some calls repeat a small one
    at the size of real use; arrays lie in memory in ``ways``, of `sizes.ARRANGEMENTS`. Others follow the call as ``kinds`` say,
    of `sequences.KINDS`, where all of them are exact.
    """
    operation = Operation(draw(st.sampled_from(operations)))
    operator = operators.get(op)
    assert operator.draws is not None
    kind = draw(sequences.kinds(kinds))
    classes = classes or operator.draws.box_classes
    if kind != SINGLE and _EXACT in classes:
        classes = (_EXACT,)
    drawn = draw(operator.draws.arguments(modes=modes or operator.modes, classes=classes, operation=operation))
    if kind != SINGLE:
        drawn = sequences.varied(drawn, operator.call)
    dialect, dtype = draw(st.sampled_from(dialects)), draw(st.sampled_from(dtypes))
    # Where each bin has channels of its own, those of the maps and of the output do not repeat alike.
    may_grow = size != "small" and sizes.channel_unit(drawn, operator.call) <= 1
    large = draw(sizes.enlarged(drawn, operation)) if may_grow else None
    lies = draw(sizes.arranged([name for name in operator.call.axes if name in drawn], ways))
    steps = []
    if kind != SINGLE and not drawn.get("invalid_rois"):
        steps = draw(sequences.steps(kind, drawn, operator.call, modes or operator.modes, grows=large is None))
    follow = Following(kind, tuple(steps), THREADS if kind == AT_ONCE else 0) if steps else None

    def made(dtype: str) -> Case:
        return expect(
            drawn, dialect, dtype, operation, kinks=kinks, op=op, enlarged=large, arranged=lies, following=follow
        )

    case = made(dtype)
    for wider in ("float32", "float64"):
        if not case.expected and wider in dtypes and wider != dtype:
            case = made(wider)
    return case
