"""The numbers that a GPU computes with (`cuda/library/rounded.cuh`), their instructions replaced by a CPU's operations."""

import ctypes
import subprocess
from importlib.resources import files

import numpy as np
import pytest

from roikit.kernels.execution import host

INSTRUCTIONS = """
typedef long long int64;
#define ROIKIT_FN static inline
#define ROIKIT_METHOD inline
#define BINARY(name, operation) template <class T> T name(T a, T b) { return a operation b; }
BINARY(add, +) BINARY(subtract, -) BINARY(mul, *) BINARY(divide, /)
#define COMPARISON(name, operation) template <class T> bool name(T a, T b) { return a operation b; }
COMPARISON(is_less, <) COMPARISON(is_at_most, <=) COMPARISON(is_greater, >) COMPARISON(is_at_least, >=)
COMPARISON(is_equal, ==) COMPARISON(is_unequal, !=)
template <class T> T negative(T x) { return -x; }
static inline float multiply_add(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
static inline double multiply_add(double a, double b, double c) { return __builtin_fma(a, b, c); }
template <class T> T larger(T a, T b) { return b > a || b != b ? b : a; }
static inline float whole_of(float x) { return __builtin_truncf(x); }
static inline double whole_of(double x) { return __builtin_trunc(x); }
static inline double sqrt_of(double x) { return __builtin_sqrt(x); }
static inline double floor_of(double x) { return __builtin_floor(x); }
static inline double ceil_of(double x) { return __builtin_ceil(x); }
template <class To, class From> To converted(From x) { return (To)x; }
"""

CALLS = """
extern "C" float rounded_float(float x) { return (float)round_of(Rounded<float>(x)); }
extern "C" double rounded_double(double x) { return (double)round_of(Rounded<double>(x)); }
extern "C" double expression(double x, int n) {
    typedef Rounded<double> Number;
    Number sum = Number(x);
    sum += -Number(n) / Number(4) - Number(0.5f) * (Number(x) + Number(1));
    const Number best = larger(sum, floor_of(sum)), least = multiply_add(Number(2), best, ceil_of(best));
    const bool ordered = least < best || best <= least && !(best > least) && best != least + Number(1) && least >= best;
    return (double)(ordered ? sqrt_of(least * least) : best) + (int)best + (double)(int64)best;
}
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    text = files("roikit.kernels").joinpath("cuda", "library", "rounded.cuh").read_text(encoding="utf-8")
    numbers = text.split("// ---- numbers")[1].split("\n", 1)[1].removesuffix("#endif\n")
    target = tmp_path_factory.mktemp("rounded") / "rounded.so"
    flags = [
        *host.compiler(),
        "-std=c++17",
        "-O1",
        "-shared",
        "-fPIC",
        "-ffp-contract=off",
        "-w",
        "-x",
        "c++",
        "-",
        "-o",
    ]
    subprocess.run([*flags, str(target)], input=INSTRUCTIONS + numbers + CALLS, text=True, check=True)
    loaded = ctypes.CDLL(str(target))
    loaded.rounded_float.argtypes, loaded.rounded_float.restype = [ctypes.c_float], ctypes.c_float
    loaded.rounded_double.argtypes, loaded.rounded_double.restype = [ctypes.c_double], ctypes.c_double
    loaded.expression.argtypes, loaded.expression.restype = [ctypes.c_double, ctypes.c_int], ctypes.c_double
    return loaded


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        (0.0, 0.0), (-0.0, -0.0), (0.5, 1.0), (-0.5, -1.0), (1.5, 2.0), (2.5, 3.0), (-2.5, -3.0), (-1.25, -1.0), (7.75, 8.0),
        (0.5 - 2.0**-25, 0.0), (-0.5 + 2.0**-25, -0.0), (2.0**22 + 0.5, 2.0**22 + 1), (2.0**23 + 1, 2.0**23 + 1),
        (-(2.0**62), -(2.0**62)), (1e-40, 0.0), (float("inf"), float("inf")), (float("-inf"), float("-inf")),
    ],
)  # fmt: skip
def test_halves_are_rounded_away_from_zero(library, x, expected):
    for function in (library.rounded_float, library.rounded_double):
        assert np.array_equal(function(x), expected)
        assert np.signbit(function(x)) == np.signbit(expected)


def test_what_is_no_number_stays_so(library):
    assert np.isnan(library.rounded_float(float("nan")))


def test_operators_are_those_that_they_look_like(library):
    """x = 8, n = 2: the sum 8 - 1/2 - 4.5 = 3 is its own floor; 2 · 3 + 3 = 9 is no less; √81 + 3 + 3."""
    assert library.expression(8.0, 2) == 15.0
