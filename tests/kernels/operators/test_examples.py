"""Every operator has the tests that all of them share."""

from roikit import kernels
from roikit.kernels import operators
from tests.kernels.operators.examples import EXAMPLES, OF_MAPS


def test_every_operator_has_an_example():
    """One that has none is in none of these tests."""
    assert {example.operator for example in EXAMPLES.values()} == set(operators.NAMES)


def test_every_function_of_an_operator_is_one_of_its_operations():
    for example in EXAMPLES.values():
        prefix = f"{example.operator}_"
        named = {name.removeprefix(prefix) for name in kernels.__all__ if name.startswith(f"{prefix}backward")}
        assert {"forward"} | {name for name in named if not name.endswith("workspace")} == set(example.operations)
        assert {*OF_MAPS, "forward", "backward_boxes", "backward_offset"} >= set(example.operations), example.operator
