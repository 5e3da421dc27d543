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
from ..call import DTYPES, Operation
from . import sizes
from .cases import expect

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..cases.case import Case


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
) -> Case:
    """Draws a case of one dialect and one data type, whose answer is exact where the call is, and otherwise has bounds.

    A call that cannot be judged in the data type drawn becomes one of float32 or float64, if these are among ``dtypes``; else the
    case expects nothing. ``kinks`` are as in `fuzzing.cases.expect`. If ``size`` is ``"real"``, some calls repeat a small one
    at the size of real use; arrays lie in memory in ``ways``, of `sizes.ARRANGEMENTS`.
    """
    operation = Operation(draw(st.sampled_from(operations)))
    operator = operators.get(op)
    assert operator.draws is not None
    drawn = draw(
        operator.draws.arguments(
            modes=modes or operator.modes, classes=classes or operator.draws.box_classes, operation=operation
        )
    )
    dialect, dtype = draw(st.sampled_from(dialects)), draw(st.sampled_from(dtypes))
    large = draw(sizes.enlarged(drawn, operation)) if size != "small" else None
    lies = draw(sizes.arranged([name for name in operator.call.axes if name in drawn], ways))
    case = expect(drawn, dialect, dtype, operation, kinks=kinks, op=op, enlarged=large, arranged=lies)
    for wider in ("float32", "float64"):
        if not case.expected and wider in dtypes and wider != dtype:
            case = expect(drawn, dialect, wider, operation, kinks=kinks, op=op, enlarged=large, arranged=lies)
    return case
