// RA-15: which sample, or which of its corners, is a bin's maximum. A winner is the ranks of its sample along y and x, times two, plus
// one for the high corner (if corners are what is compared).
#pragma once

#include "library/sampled_maximum.cuh"
#include "library/winner.cuh"

// Candidates are compared in the order of samples, which for an inverted axis is that of falling ranks.
struct Order {
    int first, step, count;  // ranks of the listed samples
    int index;               // of the first of them, among all samples of the bin
};

ROIKIT_FN Order order_of(const Axis& axis, int p) {
    Ranks ranks = listed_ranks(axis, p, (const Sample*)0);
    if (OUTSIDE == Outside::clamp && ranks.begin > 0) {
        // Samples before the edge, and one exactly on it, read the same, but only the latter moves with the box: see both.
        const int on_edge = first_rank(axis, p, (acc_t)0, false);
        ranks.begin = on_edge > 1 ? on_edge - 1 : 0;
    }
    const int count = ranks.end > ranks.begin ? ranks.end - ranks.begin : 0;
    if (axis.bin < (acc_t)0) return Order{ranks.end - 1, -1, count, axis.taken - ranks.end};
    return Order{ranks.begin, 1, count, ranks.begin};
}

// Whether the first sample that is outside comes before the i-th row of those that are inside: by rows, then by columns.
ROIKIT_FN bool outside_is_first(const Axis& axis_x, const Order& y, const Order& x, int i) {
    if (y.count == 0 || x.count == 0 || y.index > 0 || x.index > 0) return true;
    return x.count < axis_x.taken && i > 0;  // rows that are outside as a whole come last
}

// The winners of the bin (p, q), whose samples lie on `map`.
template <int N> ROIKIT_FN Best<N> find_winner(const Axis& axis_y, const Axis& axis_x, int p, int q, const feature_t* map,
                                               const MapSteps& steps) {
    const Order y = order_of(axis_y, p), x = order_of(axis_x, q);
    const acc_t start = MAX_START == MaxStart::value ? MAX_START_VALUE : -infinity();
    Best<N> best = best_from<N>(start);
    ROIKIT_ROLLED for (int i = 0; i < y.count; ++i) {
        const int rank_y = y.first + i * y.step;
        const Sample sy = sample_at(axis_y, p, rank_y);
        const feature_t* const low = map + sy.low * steps.row;
        const feature_t* const high = map + sy.high * steps.row;
        ROIKIT_ROLLED for (int j = 0; j < x.count; ++j) {
            const int rank_x = x.first + j * x.step;
            const Sample sx = sample_at(axis_x, q, rank_x);
            acc_t c00[N], c01[N], c10[N], c11[N];
            for (int v = 0; v < N; ++v) {
                const int64 left = sx.low * steps.pixel + v * steps.channel, right = sx.high * steps.pixel + v * steps.channel;
                c00[v] = widen(low[left]), c01[v] = widen(low[right]);
                c10[v] = widen(high[left]), c11[v] = widen(high[right]);
            }
            const acc_t w00 = sy.weight_low * sx.weight_low, w01 = sy.weight_low * sx.weight_high;
            const acc_t w10 = sy.weight_high * sx.weight_low, w11 = sy.weight_high * sx.weight_high;
            if (MAX == Max::corner) {
                consider<N>(best, c00, w00, 2 * rank_y, 2 * rank_x);
                consider<N>(best, c01, w01, 2 * rank_y, 2 * rank_x + 1);
                consider<N>(best, c10, w10, 2 * rank_y + 1, 2 * rank_x);
                consider<N>(best, c11, w11, 2 * rank_y + 1, 2 * rank_x + 1);
            } else {
                for (int v = 0; v < N; ++v) {
                    c00[v] = multiply_add(w11, c11[v], multiply_add(w10, c10[v], multiply_add(w01, c01[v], w00 * c00[v])));
                }
                consider<N>(best, c00, (acc_t)1, 2 * rank_y, 2 * rank_x);
            }
        }
    }
    const bool zero_counts = OUTSIDE == Outside::zero && MAX != Max::sample_inside && axis_y.taken > 0 && axis_x.taken > 0 &&
                             (y.count < axis_y.taken || x.count < axis_x.taken);
    for (int v = 0; v < N && zero_counts; ++v) {
        const bool before = outside_is_first(axis_x, y, x, y.step * (best.y[v] / 2 - y.first));
        if (best.value[v] < (acc_t)0 || (best.value[v] == (acc_t)0 && before)) best.y[v] = -1;
    }
    return best;
}
