// Where bins begin and end, in the arithmetic that a dialect says. An operator that includes this has, besides `Axis`
// (whole_pixels.cuh), the choice EDGES, one of
//   enum class Edges { exact, float16, bfloat16, float32, float64, accumulated };
#pragma once

// A number of the type in which edges are computed. What is rounded here was computed in double precision, which does not show:
// that has more than twice the digits of any type that is rounded to.
ROIKIT_FN double rounded(double x) {
    switch (EDGES) {
        case Edges::float16: {
            float16 narrowed;
            narrow((acc_t)single_of(x), narrowed);
            return (double)widen(narrowed);
        }
        case Edges::bfloat16: {
            bfloat16 narrowed;
            narrow((acc_t)single_of(x), narrowed);
            return (double)widen(narrowed);
        }
        case Edges::float32:
        case Edges::accumulated: return double_of(single_of(x));
        default: return x;
    }
}

// Where bin p begins, from the start of the RoI, as it is computed.
ROIKIT_FN double position(const Axis& axis, int p) {
    if (EDGES == Edges::exact) return mul((double)p, axis.extent) / (double)axis.bins;
    const double step = rounded(rounded(axis.extent) / rounded((double)axis.bins));
    if (EDGES != Edges::accumulated) return rounded(mul(rounded((double)p), step));
    double sum = 0.0;
    ROIKIT_ROLLED for (int i = 0; i < p; ++i) sum = rounded(add(sum, step));
    return sum;
}

// A pixel, or an edge, of the map. False comparisons make a NaN, which an overflow may lead to, the first pixel.
ROIKIT_FN int clipped(double pixel, int size) { return pixel > 0.0 ? pixel < (double)size ? (int)pixel : size : 0; }
