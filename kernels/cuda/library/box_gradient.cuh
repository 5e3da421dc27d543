// The gradient for the boxes of an operator that samples its maps (RA-16), by the lanes of lanes.cuh.
#pragma once

#include "library/lanes.cuh"
#include "library/runs.cuh"

// How a sample moves along an axis, and the value between its pixels with it, if the first or the second corner of the RoI moves by
// one feature pixel; times the number of bins.
struct Motion {
    acc_t first, second;
};

ROIKIT_FN Motion motion_of(const Axis& axis, int bins, int p, int rank) {
    const acc_t at = position(axis, p, rank);
    if (!(at >= (acc_t)0 && at < (acc_t)(axis.size - 1))) return Motion{(acc_t)0, (acc_t)0};  // in the clamped bands
    if (axis.held) return Motion{(acc_t)bins, (acc_t)0};
    const int i = axis.bin < (acc_t)0 ? axis.taken - 1 - rank : rank;
    const acc_t share = (acc_t)p + ((acc_t)i + (acc_t)0.5f) / axis.grid;
    return Motion{(acc_t)bins - share, share};
}

// Four pixels of N channels, with the rows or columns of the map that `Sample` names.
template <int N> struct Corners {
    Vector<N> c00, c01, c10, c11;

    ROIKIT_METHOD Corners(const Place& at, const Sample& y, const Sample& x)
        : c00(read_channels<N>(at.map + y.low * at.row + x.low * at.pixel, at.map_step)),
          c01(read_channels<N>(at.map + y.low * at.row + x.high * at.pixel, at.map_step)),
          c10(read_channels<N>(at.map + y.high * at.row + x.low * at.pixel, at.map_step)),
          c11(read_channels<N>(at.map + y.high * at.row + x.high * at.pixel, at.map_step)) {}
};

template <int N> ROIKIT_FN void add_motion(Sums<N>& sums, const Vector<N>& grad, const Corners<N>& pixel, const Sample& sy,
                                           const Sample& sx, const Motion& y, const Motion& x) {
    const Vector<N> left = sx.weight_low * (pixel.c10 - pixel.c00), top = sy.weight_low * (pixel.c01 - pixel.c00);
    const Vector<N> down = grad * multiply_add<N>(sx.weight_high, pixel.c11 - pixel.c01, left);
    const Vector<N> right = grad * multiply_add<N>(sy.weight_high, pixel.c11 - pixel.c10, top);
    sums.by[0] = multiply_add<N>(x.first, right, sums.by[0]);
    sums.by[1] = multiply_add<N>(y.first, down, sums.by[1]);
    sums.by[2] = multiply_add<N>(x.second, right, sums.by[2]);
    sums.by[3] = multiply_add<N>(y.second, down, sums.by[3]);
}

// A corner that has the maximum moves by its own weights alone.
ROIKIT_FN void add_corner(Sums<1>& sums, acc_t grad, const Winner& winner, const Corners<1>& pixel, const Sample& sy,
                          const Sample& sx, const Motion& y, const Motion& x) {
    const bool high_y = winner.y & 1, high_x = winner.x & 1;
    const Vector<1> value = high_y ? high_x ? pixel.c11 : pixel.c10 : high_x ? pixel.c01 : pixel.c00;
    const acc_t down = (high_y ? grad : -grad) * (high_x ? sx.weight_high : sx.weight_low);
    const acc_t right = (high_x ? grad : -grad) * (high_y ? sy.weight_high : sy.weight_low);
    sums.by[0] = multiply_add<1>(x.first * right, value, sums.by[0]);
    sums.by[1] = multiply_add<1>(y.first * down, value, sums.by[1]);
    sums.by[2] = multiply_add<1>(x.second * right, value, sums.by[2]);
    sums.by[3] = multiply_add<1>(y.second * down, value, sums.by[3]);
}

// A sample along an axis, and how it moves.
struct Moving {
    Sample at;
    Motion by;
};

ROIKIT_FN Moving moving(const Axis& axis, int bins, int p, int rank) {
    return Moving{sample_at(axis, p, rank), motion_of(axis, bins, p, rank)};
}

// A row or a column of bins: of an average its samples that are inside, or those of a clamped edge as one. A CPU, where a bin is gone
// through channel by channel, works the first ones out once.
struct AlongAxis {
    const Axis* axis;
    int bins, p;
    Runs runs;
#ifndef __CUDA_ARCH__
    static constexpr int KEPT = 2;
    Moving kept[KEPT];

    AlongAxis() = default;
#endif

    ROIKIT_METHOD AlongAxis(const Axis& axis, int bins, int p, const BoxGradientParams&) : axis(&axis), bins(bins), p(p), runs{0, 0, 0, 0} {
        if (MODE != Mode::avg) return;
        runs = runs_of(axis, p);
#ifndef __CUDA_ARCH__
        for (int n = 0; n < KEPT && n < runs.count(); ++n) kept[n] = moving(axis, bins, p, run_at(runs, n).rank);
#endif
    }

    ROIKIT_METHOD Moving operator[](int i) const {
#ifndef __CUDA_ARCH__
        if (i < KEPT) return kept[i];
#endif
        const int rank = run_at(runs, i).rank;
        return moving(*axis, bins, p, rank);
    }
};

struct SampledBin {
    typedef AlongAxis Along;

    const Roi& roi;
    const BoxGradientParams& params;
    AlongAxis y, x;
    bool counts;

    ROIKIT_METHOD SampledBin(const Roi& roi, const BoxGradientParams& params, int p, int q)
        : SampledBin(roi, params, AlongAxis(roi.y, params.bins_y, p, params), AlongAxis(roi.x, params.bins_x, q, params)) {}

    ROIKIT_METHOD SampledBin(const Roi& roi, const BoxGradientParams& params, const AlongAxis& y, const AlongAxis& x)
        : roi(roi), params(params), y(y), x(x), counts(true) {}

    template <int N> ROIKIT_METHOD void add(Sums<N>& sums, Sums<1>& rest, const Place& at) const {
        if (MODE == Mode::avg) {
            add_average<N>(sums, at);
        } else {
            add_maximum<N>(rest, at);
        }
    }

    template <int N> ROIKIT_METHOD void add_average(Sums<N>& sums, const Place& at) const {
        const Vector<N> arriving = read_channels<N>(at.grad, at.grad_step);
        ROIKIT_ROLLED for (int i = 0; i < y.runs.count(); ++i) {
            const Moving along_y = y[i];
            ROIKIT_ROLLED for (int j = 0; j < x.runs.count(); ++j) {
                const Moving along_x = x[j];
                const Corners<N> pixel(at, along_y.at, along_x.at);
                add_motion<N>(sums, of_all(arriving, i, j), pixel, along_y.at, along_x.at, along_y.by, along_x.by);
            }
        }
    }

    // What arrives at as many samples as a run along y and one along x have.
    template <int N> ROIKIT_METHOD Vector<N> of_all(const Vector<N>& arriving, int i, int j) const {
        if (OUTSIDE == Outside::zero) return arriving;
        return (acc_t)run_at(y.runs, i).times * (acc_t)run_at(x.runs, j).times * arriving;
    }

    template <int N> ROIKIT_METHOD void add_maximum(Sums<1>& sums, const Place& at) const {
        const Best<N> best = find_winner<N>(roi.y, roi.x, y.p, x.p, at.map, MapSteps{at.row, at.pixel, NEIGHBOURS ? 1 : at.map_step});
        for (int v = 0; v < N; ++v) {
            const Winner winner = {best.y[v], best.x[v]};
            if (winner.y < 0) continue;
            const int i = winner.y >> 1, j = winner.x >> 1;
            const Moving along_y = moving(roi.y, params.bins_y, y.p, i), along_x = moving(roi.x, params.bins_x, x.p, j);
            const Sample sy = along_y.at, sx = along_x.at;
            const Motion motion_y = along_y.by, motion_x = along_x.by;
            const Place channel = at.after(v);
            const Corners<1> pixel(channel, sy, sx);
            const Vector<1> arriving = read_vector<1>(channel.grad);
            if (MAX == Max::corner) {
                add_corner(sums, arriving.part[0], winner, pixel, sy, sx, motion_y, motion_x);
            } else {
                add_motion<1>(sums, arriving, pixel, sy, sx, motion_y, motion_x);
            }
        }
    }
};

struct SampledBoxGradient {
    typedef SampledBin Bin;
    static constexpr bool TURNS = READS_NEIGHBOURS;

#ifndef __CUDA_ARCH__
    ROIKIT_METHOD static Span reach_along(const Axis& axis, int bins) {
        if (axis.taken < 1) return Span{0, 0};
        const acc_t first = position(axis, 0, axis.bin < (acc_t)0 ? axis.taken - 1 : 0);
        return reach_between(first, position(axis, bins - 1, axis.bin < (acc_t)0 ? 0 : axis.taken - 1), axis.size);
    }

    ROIKIT_METHOD static int64 reads(const Roi& roi, int64 bins) { return 4 * bins * roi.y.taken * roi.x.taken; }
#endif

    ROIKIT_METHOD static bool is_nan(const Roi&) { return false; }
    ROIKIT_METHOD static bool is_zero(const Roi&) { return false; }

    ROIKIT_METHOD static acc_t finished(acc_t sum, int n, const Roi& roi, const BoxGradientParams& params) {
        const bool along_x = n % 2 == 0;
        const acc_t samples = MODE == Mode::avg ? roi.y.grid * roi.x.grid : (acc_t)1;
        const acc_t divisor = (samples > (acc_t)1 ? samples : (acc_t)1) * (acc_t)(along_x ? params.bins_x : params.bins_y);
        return sum / divisor * (acc_t)(along_x ? params.scales_x[roi.level] : params.scales_y[roi.level]);
    }
};
