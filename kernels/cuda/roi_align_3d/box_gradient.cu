// RoIAlign of volumes, the gradient for the boxes (RV-10), by the lanes of lanes.cuh.
//
// The specialisation defines the macros of the files below.
#include "library/numeric.cuh"
#include "library/modes.cuh"
#include "roi_align_3d/volume.cuh"
#include "library/vectors.cuh"
#include "library/rows.cuh"
#include "library/every_channel.cuh"

template <class Params> ROIKIT_FN Roi read_roi(const acc_t* box, const Params& params) { return place_volume(box, params); }

#include "library/lanes.cuh"

// How a sample moves along an axis, and the value between its pixels with it, if the first or the second corner of the RoI moves by
// one feature pixel; times the number of bins.
struct Motion {
    acc_t first, second;
};

ROIKIT_FN Motion motion_of(const OneAxis& line, int bins, int p, int rank) {
    const acc_t at = position(line, p, rank);
    if (!(at >= (acc_t)0 && at < (acc_t)(line.size - 1))) return Motion{(acc_t)0, (acc_t)0};  // in the clamped bands
    if (line.held) return Motion{(acc_t)bins, (acc_t)0};
    const int i = line.bin < (acc_t)0 ? line.taken - 1 - rank : rank;
    const acc_t share = (acc_t)p + ((acc_t)i + (acc_t)0.5f) / line.grid;
    return Motion{(acc_t)bins - share, share};
}

// A sample along a line.
struct Mover {
    Sample sample;
    Motion motion;

    ROIKIT_METHOD Mover(const OneAxis& line, int bins, int p, int rank)
        : sample(sample_at(line, p, rank)), motion(motion_of(line, bins, p, rank)) {}
};

// Between two values, as a sample weighs them.
template <int N> ROIKIT_FN Vector<N> between(const Sample& sample, const Vector<N>& low, const Vector<N>& high) {
    return multiply_add<N>(sample.weight_high, high, sample.weight_low * low);
}

// The value of N channels along a row, a plane or a volume, and how it changes along x and y.
template <int N> struct Slopes {
    Vector<N> value, along_x, along_y;
};

template <int N> ROIKIT_FN Slopes<N> slopes_in_row(const Place& at, int64 row, const Sample& x) {
    const feature_t* const first = at.map + row * at.row;
    const Vector<N> low = read_channels<N>(first + x.low * at.pixel, at.map_step);
    const Vector<N> high = read_channels<N>(first + x.high * at.pixel, at.map_step);
    Slopes<N> slopes;
    slopes.value = between<N>(x, low, high);
    slopes.along_x = high - low;
    return slopes;
}

template <int N> ROIKIT_FN Slopes<N> slopes_in_slice(const Place& at, int64 slice, int height, const Sample& y, const Sample& x) {
    const Slopes<N> low = slopes_in_row<N>(at, slice * height + y.low, x), high = slopes_in_row<N>(at, slice * height + y.high, x);
    Slopes<N> slopes;
    slopes.value = between<N>(y, low.value, high.value);
    slopes.along_x = between<N>(y, low.along_x, high.along_x);
    slopes.along_y = high.value - low.value;
    return slopes;
}

// A bin, and its samples that are inside.
struct VolumeBin {
    const Roi& roi;
    const BoxGradientParams& params;
    int slice, row, column;
    Ranks z, y, x;
    bool counts;

    ROIKIT_METHOD VolumeBin(const Roi& roi, const BoxGradientParams& params, int p, int q)
        : roi(roi), params(params), slice(p / params.bins_h), row(p % params.bins_h), column(q),
          z(inside_ranks(roi.y.slices, slice)), y(inside_ranks(roi.y.line, row)), x(inside_ranks(roi.x.line, column)), counts(true) {}

    template <int N> ROIKIT_METHOD void add(Sums<N>& sums, Sums<1>&, const Place& at) const {
        const Vector<N> arriving = read_channels<N>(at.grad, at.grad_step);
        ROIKIT_ROLLED for (int h = z.begin; h < z.end; ++h) {
            const Mover of_z(roi.y.slices, params.bins_d, slice, h);
            ROIKIT_ROLLED for (int i = y.begin; i < y.end; ++i) {
                const Mover of_y(roi.y.line, params.bins_h, row, i);
                ROIKIT_ROLLED for (int j = x.begin; j < x.end; ++j) {
                    add_sample<N>(sums, arriving, at, of_z, of_y, Mover(roi.x.line, params.bins_x, column, j));
                }
            }
        }
    }

    template <int N> ROIKIT_METHOD void add_sample(Sums<N>& sums, const Vector<N>& arriving, const Place& at, const Mover& z,
                                                   const Mover& y, const Mover& x) const {
        const Slopes<N> low = slopes_in_slice<N>(at, z.sample.low, params.height, y.sample, x.sample);
        const Slopes<N> high = slopes_in_slice<N>(at, z.sample.high, params.height, y.sample, x.sample);
        const Vector<N> along_x = arriving * between<N>(z.sample, low.along_x, high.along_x);
        const Vector<N> along_y = arriving * between<N>(z.sample, low.along_y, high.along_y);
        const Vector<N> along_z = arriving * (high.value - low.value);
        sums.by[0] = multiply_add<N>(x.motion.first, along_x, sums.by[0]);
        sums.by[1] = multiply_add<N>(y.motion.first, along_y, sums.by[1]);
        sums.by[2] = multiply_add<N>(z.motion.first, along_z, sums.by[2]);
        sums.by[3] = multiply_add<N>(x.motion.second, along_x, sums.by[3]);
        sums.by[4] = multiply_add<N>(y.motion.second, along_y, sums.by[4]);
        sums.by[5] = multiply_add<N>(z.motion.second, along_z, sums.by[5]);
    }
};

struct VolumeBoxGradient {
    typedef VolumeBin Bin;
    static constexpr bool TURNS = false;

    ROIKIT_METHOD static bool is_nan(const Roi&) { return false; }
    ROIKIT_METHOD static bool is_zero(const Roi&) { return false; }

    ROIKIT_METHOD static acc_t finished(acc_t sum, int n, const Roi& roi, const BoxGradientParams& params) {
        const int axis = n % 3;
        const int bins = axis == 0 ? params.bins_x : axis == 1 ? params.bins_h : params.bins_d;
        const double scale = axis == 0 ? params.scales_x[0] : axis == 1 ? params.scales_y[0] : params.scale_z;
        return sum / (samples_of(roi) * (acc_t)bins) * (acc_t)scale;
    }
};

extern "C" __global__ void __launch_bounds__(ROIKIT_THREADS, ROIKIT_FITTING_BLOCKS)
roi_align_3d_backward_boxes(const feature_t* grad, const acc_t* boxes, const int64* number_of_rois, acc_t* gradient, int64* status,
                            const BoxGradientParams params) {
    ROIKIT_SHARED_MEMORY(shared_memory);
    add_up_rois<VolumeBoxGradient>(grad, boxes, number_of_rois, gradient, status, shared_memory, params);
}
