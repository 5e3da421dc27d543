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

// A bin, its cells, and where channel 0 of its gradient and of its map lies.
struct Bin {
    int p, q;
    Ranks y, x;
    const feature_t *grad, *map;
    int64 row_step, pixel_step;
};

// A pixel, 0 if the map has none there.
template <int N> ROIKIT_FN Vector<N> pixel_at(const feature_t* map, bool is_there, int64 offset) {
    return is_there ? read_vector<N>(map + offset) : filled<N>((acc_t)0);
}

template <int N> ROIKIT_FN void add_cell(Sums<N>& sums, const Vector<N>& grad, const feature_t* map, const Cell& y, const Cell& x,
                                         int64 row_step, int64 pixel_step) {
    const int64 place = y.low * row_step + x.low * pixel_step;
    const Vector<N> c00 = pixel_at<N>(map, y.has_low && x.has_low, place);
    const Vector<N> c01 = pixel_at<N>(map, y.has_low && x.has_high, place + pixel_step);
    const Vector<N> c10 = pixel_at<N>(map, y.has_high && x.has_low, place + row_step);
    const Vector<N> c11 = pixel_at<N>(map, y.has_high && x.has_high, place + row_step + pixel_step);
    const Vector<N> left = x.weight_low * (c10 - c00), top = y.weight_low * (c01 - c00);
    const Vector<N> down = grad * multiply_add<N>(x.weight_high, c11 - c01, left);
    const Vector<N> right = grad * multiply_add<N>(y.weight_high, c11 - c10, top);
    sums.by[0] = multiply_add<N>(x.first, right, sums.by[0]);
    sums.by[1] = multiply_add<N>(y.first, down, sums.by[1]);
    sums.by[2] = multiply_add<N>(x.second, right, sums.by[2]);
    sums.by[3] = multiply_add<N>(y.second, down, sums.by[3]);
}

template <int N> ROIKIT_FN void add_bin(Sums<N>& sums, const Roi& roi, const Bin& bin, int64 grad, int64 map,
                                        const BoxGradientParams& params) {
    const Vector<N> arriving = read_vector<N>(bin.grad + grad);
    ROIKIT_ROLLED for (int i = bin.y.begin; i < bin.y.end; ++i) {
        const Cell y = cell_at(roi.y, params.bins_y, bin.p, i);
        ROIKIT_ROLLED for (int j = bin.x.begin; j < bin.x.end; ++j) {
            add_cell<N>(sums, arriving, bin.map + map, y, cell_at(roi.x, params.bins_x, bin.q, j), bin.row_step, bin.pixel_step);
        }
    }
}

// Adds one lane's share of a RoI to `total`, four numbers.
ROIKIT_FN void add_lane(int lane, int64 k, const Roi& roi, const feature_t* grad, const BoxGradientParams& params, acc_t* total) {
    const int64 bins = (int64)params.bins_y * params.bins_x;
    const int64 row_step = params.widths[roi.level], pixels = params.heights[roi.level] * row_step;
    const bool last = LAYOUT == Layout::NHWC;
    Sums<VECTOR> sums;
    Sums<1> rest;
    ROIKIT_ROLLED for (int64 b = lane / CHANNEL_LANES; b < bins; b += BIN_LANES) {
        Bin bin;
        bin.p = (int)(b / params.bins_x), bin.q = (int)(b % params.bins_x);
        bin.y = inside_ranks(roi.y, bin.p), bin.x = inside_ranks(roi.x, bin.q);
        bin.grad = grad + (last ? (k * bins + b) * params.channels : k * params.channels * bins + b);
        bin.map = (const feature_t*)params.maps[roi.level] + roi.image * params.channels * pixels;
        bin.row_step = last ? row_step * params.channels : row_step;
        bin.pixel_step = last ? params.channels : 1;
        ROIKIT_ROLLED for (int64 c = (int64)(lane % CHANNEL_LANES) * VECTOR; c < params.channels; c += CHANNEL_LANES * VECTOR) {
            const bool whole = c + VECTOR <= params.channels;
            const int64 end = whole ? c + VECTOR : params.channels;
            const int64 of_grad = last ? 1 : bins, of_map = last ? 1 : pixels;
            if (whole) add_bin<VECTOR>(sums, roi, bin, c * of_grad, c * of_map, params);
            ROIKIT_ROLLED for (int64 i = c; i < end && !whole; ++i) {
                add_bin<1>(rest, roi, bin, i * of_grad, i * of_map, params);
            }
        }
    }
    write_sums(sums, rest, total);
}

extern "C" __global__ void __launch_bounds__(ROIKIT_THREADS, ROIKIT_FITTING_BLOCKS)
prroi_pool_backward_boxes(const feature_t* grad, const acc_t* boxes, const int64* number_of_rois, acc_t* gradient, int64* status,
                          const BoxGradientParams params) {
    ROIKIT_SHARED_MEMORY(shared_memory);
    acc_t* const totals = (acc_t*)shared_memory;
    const int64 rois = count_rois(number_of_rois, params.rois);
    ROIKIT_ROLLED for (int64 k = blockIdx.x; k < rois; k += gridDim.x) {
        const Roi roi = read_roi(boxes + 5 * k, params);
        const bool flat = !roi.y.taken || !roi.x.taken, is_nan = roi.refusal || (flat && FLAT_BOX == FlatBox::nan);
        const int lanes = is_nan || flat ? 0 : BIN_LANES * CHANNEL_LANES;
        ROIKIT_ROLLED for (int turn = thread_of_block(); turn < lanes; turn += threads_of_block()) {
            add_lane(lane_of(turn), k, roi, grad, params, totals + 4 * lane_of(turn));
        }
        __syncthreads();
        ROIKIT_ROLLED for (int n = thread_of_block(); n < 4; n += threads_of_block()) {
            acc_t sum = (acc_t)0;
            ROIKIT_ROLLED for (int lane = 0; lane < lanes; ++lane) sum += totals[4 * lane + n];
            const bool along_x = n % 2 == 0;
            const acc_t scale = (acc_t)(along_x ? params.scales_x[roi.level] : params.scales_y[roi.level]);
            gradient[4 * k + n] = is_nan ? quiet_nan() : sum / (acc_t)(along_x ? params.bins_x : params.bins_y) * scale;
        }
        if (roi.refusal && thread_of_block() == 0) report(status, k, roi.refusal);
        __syncthreads();
    }
}
