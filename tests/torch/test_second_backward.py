"""A gradient that is asked for again of the same output must be the same."""

import pytest

from roikit.conformance.adapters._torch_gradient import answer
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.implementation import TwoAnswersError
from roikit.conformance.operation import Operation

torch = pytest.importorskip("torch")
CASES = {case.id: case for case in golden_cases() if case.id in ("hg-grad", "hb-grad")}


class Doubling(torch.autograd.Function):
    """Sums all it is given; every backward through it counts for as many as there were."""

    @staticmethod
    def forward(context, maps, boxes, grows):
        context.backwards, context.grows, context.shapes = 0, grows, (maps.shape, boxes.shape)
        return (maps.sum() + boxes.sum()).reshape(1, 1, 1, 1).expand(3, 2, 2, 2).clone()

    @staticmethod
    def backward(context, arriving):
        context.backwards += context.grows
        return *(arriving.sum() * (1 + context.backwards) + torch.zeros(shape) for shape in context.shapes), None


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_a_gradient_that_grows_with_every_backward_is_two_answers(case):
    call = case.call("torchvision", "float32", "NCHW")
    first = answer(call, call.boxes, lambda maps, boxes: Doubling.apply(maps, boxes, 0)[: len(call.boxes)])
    assert first.shape == (call.input.shape if call.operation == Operation.FEATURE_GRADIENT else (len(call.boxes), 4))
    with pytest.raises(TwoAnswersError, match="two backwards through one graph"):
        answer(call, call.boxes, lambda maps, boxes: Doubling.apply(maps, boxes, 1)[: len(call.boxes)])
