// BorderAlign, the gradient for the boxes (BA-8), by the lanes of lanes.cuh: the point that won moves with the ends of its side.
//
// The specialisation defines the macros of the files below.
#include "library/numeric.cuh"
#include "border_align/sides.cuh"
#include "library/modes.cuh"
#include "library/vectors.cuh"
#include "library/points/roi.cuh"
#include "library/selected.cuh"
#include "library/lanes.cuh"
#include "library/bilinear.cuh"
#include "library/points/slopes.cuh"
#include "library/points/winner.cuh"

// How a point moves along x, or along y, if the first corner does, and if the second one does.
struct Motion {
    acc_t first, second;
};

ROIKIT_FN Motion motion_of(const Points& points, int side, int j, bool along_x) {
    const bool back = runs_back(side);
    if (runs_along_x(side) != along_x) return back ? Motion{(acc_t)0, (acc_t)1} : Motion{(acc_t)1, (acc_t)0};
    const acc_t share = share_of(points, j), rest = add((acc_t)1, -share);
    return back ? Motion{share, rest} : Motion{rest, share};
}

// A side.
struct SideBin {
    const Roi& roi;
    const BoxGradientParams& params;
    int p, q;
    bool counts;

    ROIKIT_METHOD SideBin(const Roi& roi, const BoxGradientParams& params, int p, int q)
        : roi(roi), params(params), p(p), q(q), counts(true) {}

    template <int N> ROIKIT_METHOD void add(Sums<N>&, Sums<1>& rest, const Place& at) const {
        const PointSteps steps = {at.row, at.pixel, at.map_step};
        const Best<N> best = find_winner<N>(roi.points, p, q, at.map, steps, params.heights[0], params.widths[0]);
        for (int v = 0; v < N; ++v) {
            if (best.y[v] >= 0) add_winner(rest, at.after(v), best.x[v]);
        }
    }

    ROIKIT_METHOD void add_winner(Sums<1>& sums, const Place& at, int j) const {
        const Slopes<1> slopes(at, point_at(roi.points, p, q, 0, j), params.heights[0], params.widths[0]);
        const acc_t arriving = read_vector<1>(at.grad).part[0];
        const Vector<1> right = arriving * slopes.right, down = arriving * slopes.down;
        const Motion x = motion_of(roi.points, q, j, true), y = motion_of(roi.points, q, j, false);
        sums.by[0] = multiply_add<1>(x.first, right, sums.by[0]);
        sums.by[1] = multiply_add<1>(y.first, down, sums.by[1]);
        sums.by[2] = multiply_add<1>(x.second, right, sums.by[2]);
        sums.by[3] = multiply_add<1>(y.second, down, sums.by[3]);
    }
};

struct SideGradient {
    typedef SideBin Bin;

    static constexpr bool TURNS = false;

    ROIKIT_METHOD static bool is_nan(const Roi&) { return false; }
    ROIKIT_METHOD static bool is_zero(const Roi&) { return false; }
    ROIKIT_METHOD static acc_t finished(acc_t sum, int, const Roi&, const BoxGradientParams&) { return sum; }
};

extern "C" __global__ void __launch_bounds__(ROIKIT_THREADS, ROIKIT_FITTING_BLOCKS)
border_align_backward_boxes(const feature_t* grad, const acc_t* boxes, const int64* number_of_rois, acc_t* gradient, int64* status,
                            const BoxGradientParams params) {
    ROIKIT_SHARED_MEMORY(shared_memory);
    add_up_rois<SideGradient>(grad, boxes, number_of_rois, gradient, status, shared_memory, params);
}
