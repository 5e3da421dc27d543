"""Faults of arithmetic, to inject into the oracle: numbers with fewer bits than RA-14 asks for, in calls of each data type."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ....exact.floats import FLOAT_TYPES
from ....operation import Operation
from . import arithmetic_formulas as faults
from .arithmetic_formulas import TENSOR_FLOAT_32, each, flushed_in, halves_away_in, nearest_in, towards_zero_in
from .mutants import Mutant, only

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ....exact.floats import FloatType

IN_HALF = "torchvision, mmcv and MXNet (float16)"


def _computed_in(name: str, type_: FloatType, dtype: str, who: str = "") -> Iterator[Mutant]:
    """The steps of a call of a data type, each computed in another type."""
    nearest = nearest_in(type_)

    def fault(what: str, **how: Any) -> Mutant:
        return Mutant(f"{what} in {name} of a call in {dtype}", who, dtype=dtype, **how)

    yield fault("boxes", before=faults.corners(nearest))
    yield fault("scale", before=faults.scale(nearest))
    yield fault("coordinates", rules=faults.coordinates_in(type_))
    yield fault("weights", rules=faults.weights_in(nearest))
    yield fault("sums", after=faults.sums_in(type_), concerns=only("avg"))


def _of_storage(dtype: str) -> Iterator[Mutant]:
    """Wrong ways to round a result to a data type, or to read the type's pixels."""
    type_ = FLOAT_TYPES[dtype]

    def fault(what: str, **how: Any) -> Mutant:
        return Mutant(f"{what} in {dtype}", dtype=dtype, **how)

    yield fault("subnormal pixels flushed", before=faults.pixels(flushed_in(type_)))
    yield fault("subnormal results flushed", after=lambda values, _: each(flushed_in(type_))(values))
    if dtype in ("float16", "bfloat16"):
        yield fault("results cut off", after=lambda values, _: each(towards_zero_in(type_))(values))
        yield fault("halves rounded away from zero", after=lambda values, _: each(halves_away_in(type_))(values))


def _of_float32(what: str, who: str = "", **how: Any) -> Mutant:
    return Mutant(what, who, dtype="float32", **how)


def _gradients() -> Iterator[Mutant]:
    """Faults of arithmetic that a backward may have alone."""
    for wide, type_, dtype in (
        ("float16", FLOAT_TYPES["float16"], "float16"),
        ("bfloat16", FLOAT_TYPES["bfloat16"], "bfloat16"),
        ("float32", FLOAT_TYPES["float32"], "float64"),
        ("TF32", TENSOR_FLOAT_32, "float32"),
    ):
        for mutant in _computed_in(wide, type_, dtype):
            if mutant.after is Mutant("").after:
                yield replace(mutant, name=f"backward: {mutant.name}", operation=Operation.FEATURE_GRADIENT)
        yield Mutant(
            f"gradient added up in {wide} of a call in {dtype}", "atomic additions to the gradient itself" if wide == dtype else "",
            after=faults.gradient_sums_in(type_), concerns=only("avg"), operation=Operation.FEATURE_GRADIENT, dtype=dtype,
        )  # fmt: skip
        if wide != dtype:
            yield Mutant(
                f"arriving gradient in {wide} of a call in {dtype}", before=faults.arriving(nearest_in(type_)),
                operation=Operation.FEATURE_GRADIENT, dtype=dtype,
            )  # fmt: skip


ARITHMETIC_MUTANTS: tuple[Mutant, ...] = (
    *_computed_in("float16", FLOAT_TYPES["float16"], "float16", IN_HALF),
    *_computed_in("bfloat16", FLOAT_TYPES["bfloat16"], "bfloat16"),
    *_computed_in("float32", FLOAT_TYPES["float32"], "float64"),
    *_computed_in("float16", FLOAT_TYPES["float16"], "float32", "autocast"),
    *_of_storage("float16"),
    *_of_storage("bfloat16"),
    *_of_storage("float32"),
    *_of_storage("float64"),
    Mutant("pixels in float32 of a call in float64", before=faults.pixels(nearest_in(FLOAT_TYPES["float32"]))),
    Mutant("results in float32 of a call in float64", after=lambda values, _: each(nearest_in(FLOAT_TYPES["float32"]))(values)),
    _of_float32("pixels in float16 of a call in float32", "autocast", before=faults.pixels(nearest_in(FLOAT_TYPES["float16"]))),
    _of_float32("pixels in TF32", "tensor cores", before=faults.pixels(nearest_in(TENSOR_FLOAT_32))),
    _of_float32("weights in TF32", "tensor cores", rules=faults.weights_in(nearest_in(TENSOR_FLOAT_32))),
    _of_float32("weights in steps of 1/256", "texture units", rules=faults.weights_in(faults.in_steps_of(256))),
    _of_float32("subnormal products flushed", "CuPy's kernels", after=faults.products_flushed(FLOAT_TYPES["float32"]), concerns=only("avg")),
    _of_float32("scale of three decimals", before=faults.scale(faults.decimals(3))),
    _of_float32("scale of six decimals", "%f", before=faults.scale(faults.decimals(6))),
    _of_float32("scale as one over a whole stride", before=faults.scale(faults.whole_stride)),
    _of_float32("scale as a power of two", "torchvision's MultiScaleRoIAlign", before=faults.scale(faults.power_of_two)),
)  # fmt: skip
"""Faults of the arithmetic of outputs."""

GRADIENT_ARITHMETIC_MUTANTS: tuple[Mutant, ...] = tuple(_gradients())
"""Faults of the arithmetic of gradients."""
