// Means of the samples of a bin that are no sums: SW-14, the root of the mean of powers, and SW-15, the mean by weights e^(beta f).
//
// The specialisation defines ROIKIT_MEAN as lp or softmax.
#pragma once

#include "library/powers.cuh"
#include "library/runs.cuh"

enum class Mean { lp, softmax };

constexpr Mean MEAN = Mean::ROIKIT_MEAN;

// What a struct of parameters has besides a sampled geometry: p, or beta.
#undef ROIKIT_GEOMETRY_FIELDS
#define ROIKIT_GEOMETRY_FIELDS                                                              \
    int sampling_y, sampling_x;                                                             \
    double parameter;

ROIKIT_FN acc_t magnitude(acc_t x) { return x < (acc_t)0 ? -x : x; }

// The value of a sample between four weighed pixels, by the weights of these. In the output and in gradients it is the same to the last bit.
template <class T> ROIKIT_FN T between(const Sample& y, const Sample& x, const T& c00, const T& c01, const T& c10, const T& c11) {
    const acc_t w00 = y.weight_low * x.weight_low, w01 = y.weight_low * x.weight_high;
    const acc_t w10 = y.weight_high * x.weight_low, w11 = y.weight_high * x.weight_high;
    return multiply_add(w11, c11, multiply_add(w10, c10, multiply_add(w01, c01, w00 * c00)));
}

// Half of what a value exceeds another by, which does not overflow.
ROIKIT_FN acc_t half_beyond(acc_t value, acc_t other) { return value * (acc_t)0.5f - other * (acc_t)0.5f; }

// SW-15: e^(beta (value - greatest)).
ROIKIT_FN acc_t exponential(acc_t value, acc_t greatest, acc_t beta) {
    return two_to(beta * half_beyond(value, greatest) * number(2.8853900817779268));
}

// What a sample of this value is sent, of what arrives at its bin. Of the bin `share` is what arrives over the number of samples, or the sum
// of exponentials; `scale` what powers are relative to, or the greatest of beta f over beta; `centre` the output, of lp relative to `scale`.
ROIKIT_FN acc_t sent_to(acc_t value, acc_t share, acc_t scale, acc_t centre, acc_t parameter) {
    if (MEAN == Mean::lp) {
        const acc_t power = share * raised(magnitude(value) / scale / centre, parameter - (acc_t)1);
        return value == (acc_t)0 ? (acc_t)0 : value < (acc_t)0 ? -power : power;
    }
    const acc_t weight = exponential(value, scale, parameter);
    const acc_t sent = share * weight * multiply_add((acc_t)2, parameter * half_beyond(value, centre), (acc_t)1);
    return weight == (acc_t)0 ? weight : sent;  // which may be beside an infinite factor
}

// What gradients get of bins are three arrays, one after the other, each of the shape of an output of a third of the rows of boxes (means.py).
constexpr int ARRAYS_OF_BINS = 3;

template <class Params> ROIKIT_FN int64 numbers_of_bins(const Params& params) {
    return params.rois / ARRAYS_OF_BINS * params.channels * params.bins_y * params.bins_x;
}
