// Weighted RoIAlign, the gradient of means of samples for the boxes (SW-8, SW-14, SW-15): RoIAlign's, of maps that are weighed already, of
// which each sample is sent something by its value.
//
// The specialisation defines the macros of the files below.
#include "library/numeric.cuh"
#include "library/sampling.cuh"
#include "weighted_roi_align/mean.cuh"
#include "library/modes.cuh"
#include "library/geometry.cuh"
#include "library/vectors.cuh"
#include "library/roi.cuh"
#include "library/sampled_winner.cuh"
#include "library/every_channel.cuh"
#include "library/box_gradient.cuh"

struct MeanBin {
    const Roi& roi;
    const BoxGradientParams& params;
    int p, q;
    Runs y, x;
    bool counts;

    ROIKIT_METHOD MeanBin(const Roi& roi, const BoxGradientParams& params, int p, int q)
        : roi(roi), params(params), p(p), q(q), y(runs_of(roi.y, p)), x(runs_of(roi.x, q)), counts(true) {}

    template <int N> ROIKIT_METHOD void add(::Sums<N>& sums, ::Sums<1>&, const Place& at) const {
        const int64 step = numbers_of_bins(params);
        acc_t share[N], scale[N], centre[N];
        write_vector<N>(read_channels<N>(at.grad, at.grad_step), share);
        write_vector<N>(read_channels<N>(at.grad + step, at.grad_step), scale);
        write_vector<N>(read_channels<N>(at.grad + 2 * step, at.grad_step), centre);
        ROIKIT_ROLLED for (int i = 0; i < y.count(); ++i) {
            const Run run_y = run_at(y, i);
            const Moving along_y = moving(roi.y, params.bins_y, p, run_y.rank);
            ROIKIT_ROLLED for (int j = 0; j < x.count(); ++j) {
                const Run run_x = run_at(x, j);
                const Moving along_x = moving(roi.x, params.bins_x, q, run_x.rank);
                const Corners<N> pixel(at, along_y.at, along_x.at);
                const acc_t times = (acc_t)run_y.times * (acc_t)run_x.times;
                acc_t values[N];
                write_vector<N>(between(along_y.at, along_x.at, pixel.c00, pixel.c01, pixel.c10, pixel.c11), values);
                for (int v = 0; v < N; ++v) {
                    values[v] = times * sent_to(values[v], share[v], scale[v], centre[v], (acc_t)params.parameter);
                }
                add_motion<N>(sums, read_vector<N>(values), pixel, along_y.at, along_x.at, along_y.by, along_x.by);
            }
        }
    }
};

struct MeanBoxGradient : SampledBoxGradient {
    typedef MeanBin Bin;
    static constexpr bool TURNS = false;
};

extern "C" __global__ void __launch_bounds__(ROIKIT_THREADS, ROIKIT_FITTING_BLOCKS)
weighted_roi_align_backward_boxes(const feature_t* grad, const acc_t* boxes, const int64* number_of_rois, acc_t* gradient, int64* status,
                                  const BoxGradientParams params) {
    ROIKIT_SHARED_MEMORY(shared_memory);
    add_up_rois<MeanBoxGradient>(grad, boxes, number_of_rois, gradient, status, shared_memory, params);
}
