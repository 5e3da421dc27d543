"""Powers of `cuda/library/powers.cuh` on a CPU: within the bounds that the text derives, fused or not."""

import ctypes
import math
import subprocess
from decimal import Decimal, localcontext
from pathlib import Path

import numpy as np
import pytest

from roikit.kernels.execution import host, source

CALLS = """
extern "C" {
void two_to_all(const feature_t* x, feature_t* y, long long n) { for (int64 i = 0; i < n; ++i) y[i] = two_to(x[i]); }
void log2_of_all(const feature_t* x, feature_t* y, long long n) { for (int64 i = 0; i < n; ++i) y[i] = log2_of(x[i]); }
void raised_all(const feature_t* x, feature_t* y, long long n) { for (int64 i = 0; i < n; ++i) y[i] = raised(x[i], y[i]); }
}
"""
CPU = Path("/proc/cpuinfo")
UNITS = {"float": 2.0**-24, "double": 2.0**-53}
DTYPES = {"float": np.float32, "double": np.float64}
WAYS = [(name, flags) for name in UNITS for flags in ((), ("-mfma",))]


@pytest.fixture(scope="module", params=WAYS, ids=lambda way: " ".join((way[0], *way[1])))
def functions(request, tmp_path_factory):
    name, flags = request.param
    if flags and CPU.is_file() and "fma" not in CPU.read_text(encoding="utf-8"):
        pytest.skip("this CPU has no fused operation")
    text = (
        f"#define ROIKIT_FEATURE_T {name}\n" + source._read("library/numeric.cuh") + source._read("library/powers.cuh")
    )
    target = tmp_path_factory.mktemp("powers") / "powers.so"
    options = [
        "-std=c++17",
        "-O1",
        "-shared",
        "-fPIC",
        "-ffp-contract=off",
        "-w",
        *flags,
        "-x",
        "c++",
        "-",
        "-o",
        str(target),
    ]
    subprocess.run([*host.compiler(), *options], input=text + CALLS, text=True, check=True)
    library = ctypes.CDLL(str(target))

    def called(function, x, y=None):
        x = np.array(x, DTYPES[name])
        found = np.zeros_like(x) if y is None else np.array(y, DTYPES[name])
        getattr(library, function)(
            ctypes.c_void_p(x.ctypes.data), ctypes.c_void_p(found.ctypes.data), ctypes.c_longlong(x.size)
        )
        return x, found

    return name, called


def exact(number):
    return Decimal(float(number))


def drawn(name):
    reach = 149 if name == "float" else 1074
    rng = np.random.default_rng(3)
    return np.concatenate([rng.uniform(-1, 1, 400), rng.uniform(-reach, 120, 400), [-0.5, 0.5, -reach, 0.25, -1e-30]])


def test_powers_of_two_are_within_4_units(functions):
    name, called = functions
    xs, found = called("two_to_all", drawn(name))
    least = Decimal(2) ** (-149 if name == "float" else -1074)
    with localcontext() as context:
        context.prec = 60
        for x, y in zip(xs, found, strict=True):
            due = (exact(x) * Decimal(2).ln()).exp()
            assert abs(exact(y) - due) <= 4 * Decimal(UNITS[name]) * due + least / 2, float(x)


def test_logarithms_are_within_8_units(functions):
    name, called = functions
    rng = np.random.default_rng(4)
    near = 1 + rng.uniform(-1, 1, 200) * 2.0 ** -rng.integers(1, 20, 200)
    wide = 2.0 ** rng.uniform(-140, 120, 400)
    xs, found = called("log2_of_all", np.concatenate([near, wide, [1.41421356, 1.4142137, 0.70710678, 2.0**-149]]))
    with localcontext() as context:
        context.prec = 60
        for x, y in zip(xs, found, strict=True):
            due = exact(x).ln() / Decimal(2).ln()
            assert abs(exact(y) - due) <= 8 * Decimal(UNITS[name]) * abs(due), float(x)


@pytest.mark.parametrize("y", [1.0, 1.5, 7.25, 40.0, 0.125])
def test_powers_are_within_what_their_exponents_allow(functions, y):
    name, called = functions
    xs, found = called("raised_all", np.random.default_rng(5).uniform(0.01, 1, 400), np.full(400, y))
    with localcontext() as context:
        context.prec = 60
        for x, power in zip(xs, found, strict=True):
            exponent = exact(x).ln() * Decimal(y)
            allowed = (5 + 10 * abs(exponent)) * Decimal(UNITS[name]) * exponent.exp() + Decimal(2) ** -149
            assert abs(exact(power) - exponent.exp()) <= allowed, float(x)


def test_what_is_whole_is_exact_and_what_is_no_number_stays_so(functions):
    name, called = functions
    least = -149 if name == "float" else -1074
    whole = np.arange(least, 128.0)
    xs, found = called("two_to_all", whole)
    assert found.tolist() == [2.0 ** int(x) for x in xs]
    xs, found = called("log2_of_all", [2.0 ** int(n) for n in whole])
    assert found.tolist() == whole.tolist()
    _, found = called("two_to_all", [math.nan, math.inf, -math.inf, 1e30, -1e30])
    assert np.isnan(found[0])
    assert found[1:].tolist() == [math.inf, 0, math.inf, 0]
    _, found = called("raised_all", [0, 1, math.nan], [2.5, 7.5, 1.0])
    assert found[:2].tolist() == [0, 1]
    assert np.isnan(found[2])
