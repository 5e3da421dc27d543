// PrRoIPool, the gradient for the boxes (PR-8), by the lanes of lanes.cuh.
//
// The value of a bin from a to b is the mean of a function f that is linear in each cell. As an edge moves, the mean changes by
// the mean of f', weighed by how far the other edge is: ∂/∂a by ∫ f'(t) (b - t) dt / (b - a)², ∂/∂b by ∫ f'(t) (t - a) dt / (b - a)². This
// is what PR-8 has as the difference of a line and the value, but that nothing cancels.
//
// The specialisation defines, besides the macros of the files below:
//   ROIKIT_FLAT_BOX       what a RoI without area gets
#include "library/numeric.cuh"
#include "prroi_pool/integral.cuh"
#include "library/modes.cuh"
#include "library/vectors.cuh"
#include "library/roi.cuh"
#include "library/every_channel.cuh"
#include "library/lanes.cuh"

enum class FlatBox { zero, nan };

#define FLAT_BOX ROIKIT_CHOICE(FlatBox, FLAT_BOX)

// A cell of a bin along an axis: its pixels that the map has, their weights, and by how much the value changes with the slope between them
// if the first or the second corner of the RoI moves by one feature pixel; times the number of bins.
struct Cell {
    int low;  // the pixel before it
    bool has_low, has_high;
    acc_t weight_low, weight_high, first, second;
};

ROIKIT_FN Cell cell_at(const Axis& axis, int bins, int p, int rank) {
    const Stretch part = stretch_of(axis, p, rank);
    const acc_t half = (acc_t)0.5f;
    acc_t of_start = half, of_end = half;  // where edges are rounded to the same number, each moves the mean by half
    if (!part.is_point) {
        const acc_t size = part.b - part.a, share = part.share * half;
        of_start = share * (((part.b - part.begin) + (part.b - part.end)) / size);
        of_end = share * (((part.begin - part.a) + (part.end - part.a)) / size);
    }
    Cell cell;
    cell.low = rank - 1;
    cell.has_low = rank > 0;
    cell.has_high = rank < axis.size;
    cell.weight_low = weight_before(part, rank);
    cell.weight_high = weight_after(part, rank);
    cell.first = of_start * (acc_t)(bins - p) + of_end * (acc_t)(bins - p - 1);
    cell.second = of_start * (acc_t)p + of_end * (acc_t)(p + 1);
    return cell;
}

// N channels of a pixel, 0 if the map has none there.
template <int N> ROIKIT_FN Vector<N> pixel_at(const Place& at, bool is_there, int64 offset) {
    return is_there ? read_channels<N>(at.map + offset, at.map_step) : filled<N>((acc_t)0);
}

template <int N> ROIKIT_FN void add_cell(Sums<N>& sums, const Vector<N>& grad, const Place& at, const Cell& y, const Cell& x) {
    const int64 offset = y.low * at.row + x.low * at.pixel;
    const Vector<N> c00 = pixel_at<N>(at, y.has_low && x.has_low, offset);
    const Vector<N> c01 = pixel_at<N>(at, y.has_low && x.has_high, offset + at.pixel);
    const Vector<N> c10 = pixel_at<N>(at, y.has_high && x.has_low, offset + at.row);
    const Vector<N> c11 = pixel_at<N>(at, y.has_high && x.has_high, offset + at.row + at.pixel);
    const Vector<N> left = x.weight_low * (c10 - c00), top = y.weight_low * (c01 - c00);
    const Vector<N> down = grad * multiply_add<N>(x.weight_high, c11 - c01, left);
    const Vector<N> right = grad * multiply_add<N>(y.weight_high, c11 - c10, top);
    sums.by[0] = multiply_add<N>(x.first, right, sums.by[0]);
    sums.by[1] = multiply_add<N>(y.first, down, sums.by[1]);
    sums.by[2] = multiply_add<N>(x.second, right, sums.by[2]);
    sums.by[3] = multiply_add<N>(y.second, down, sums.by[3]);
}

// A row or a column of bins, and its cells. A CPU, where a bin is gone through channel by channel, works the first ones out once.
struct Cells {
    const Axis* axis;
    int bins, p;
    Ranks inside;
#ifndef __CUDA_ARCH__
    static constexpr int KEPT = 4;
    Cell kept[KEPT];

    Cells() = default;
#endif

    ROIKIT_METHOD Cells(const Axis& axis, int bins, int p, const BoxGradientParams&)
        : axis(&axis), bins(bins), p(p), inside(inside_ranks(axis, p)) {
#ifndef __CUDA_ARCH__
        for (int n = 0; n < KEPT && inside.begin + n < inside.end; ++n) kept[n] = cell_at(axis, bins, p, inside.begin + n);
#endif
    }

    ROIKIT_METHOD Cell operator[](int rank) const {
#ifndef __CUDA_ARCH__
        if (rank - inside.begin < KEPT) return kept[rank - inside.begin];
#endif
        return cell_at(*axis, bins, p, rank);
    }
};

struct CellBin {
    typedef Cells Along;

    Cells y, x;
    bool counts;

    ROIKIT_METHOD CellBin(const Roi& roi, const BoxGradientParams& params, int p, int q)
        : CellBin(roi, params, Cells(roi.y, params.bins_y, p, params), Cells(roi.x, params.bins_x, q, params)) {}

    ROIKIT_METHOD CellBin(const Roi&, const BoxGradientParams&, const Cells& y, const Cells& x) : y(y), x(x), counts(true) {}

    template <int N> ROIKIT_METHOD void add(Sums<N>& sums, Sums<1>&, const Place& at) const {
        const Vector<N> arriving = read_channels<N>(at.grad, at.grad_step);
        ROIKIT_ROLLED for (int i = y.inside.begin; i < y.inside.end; ++i) {
            const Cell cell_y = y[i];
            ROIKIT_ROLLED for (int j = x.inside.begin; j < x.inside.end; ++j) add_cell<N>(sums, arriving, at, cell_y, x[j]);
        }
    }
};

struct CellBoxGradient {
    typedef CellBin Bin;
    static constexpr bool TURNS = true;

#ifndef __CUDA_ARCH__
    ROIKIT_METHOD static Span reach_along(const Axis& axis, int bins) {
        return reach_between(edge_at(axis, 0), edge_at(axis, bins), axis.size);
    }

    ROIKIT_METHOD static int64 reads(const Roi& roi, int64) { return 4 * (int64)roi.y.size * roi.x.size; }  // all that it has
#endif

    ROIKIT_METHOD static bool is_flat(const Roi& roi) { return !roi.y.taken || !roi.x.taken; }
    ROIKIT_METHOD static bool is_nan(const Roi& roi) { return is_flat(roi) && FLAT_BOX == FlatBox::nan; }
    ROIKIT_METHOD static bool is_zero(const Roi& roi) { return is_flat(roi); }

    ROIKIT_METHOD static acc_t finished(acc_t sum, int n, const Roi& roi, const BoxGradientParams& params) {
        const bool along_x = n % 2 == 0;
        const acc_t scale = (acc_t)(along_x ? params.scales_x[roi.level] : params.scales_y[roi.level]);
        return sum / (acc_t)(along_x ? params.bins_x : params.bins_y) * scale;
    }
};

extern "C" __global__ void __launch_bounds__(ROIKIT_THREADS, ROIKIT_FITTING_BLOCKS)
prroi_pool_backward_boxes(const feature_t* grad, const acc_t* boxes, const int64* number_of_rois, acc_t* gradient, int64* status,
                          const BoxGradientParams params) {
    ROIKIT_SHARED_MEMORY(shared_memory);
    add_up_rois<CellBoxGradient>(grad, boxes, number_of_rois, gradient, status, shared_memory, params);
}
