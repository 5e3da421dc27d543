// Weighted RoIAlign, where each RoI has weights of its own: gradients take some RoIs at a time, each with its image as a map of its own
// (rois.py). What goes between maps of images and of RoIs, each number by itself.
//
// The specialisation defines the macros of numeric.cuh, and
//   ROIKIT_THREADS   the most that a block may have on a GPU
#include "library/numeric.cuh"
#include "library/modes.cuh"
#include "weighted_roi_align/each.cuh"

// `numbers` has a map, of all its channels; `weights` have one for each of them, or for each of `pixels`.
struct RoisParams {
    int64 rois, images, numbers, pixels, channels, weight_channels;
};

constexpr bool LAST = LAYOUT == Layout::NHWC;

// The map of each RoI, as it is computed with; zeros of one that has none.
extern "C" __global__ void weighted_roi_align_take_maps(const feature_t* maps, const int64* images, acc_t* to, const RoisParams params) {
    EACH_OF(params.rois * params.numbers, i) {
        const int64 image = images[i / params.numbers];
        to[i] = image < 0 ? (acc_t)0 : widen(maps[image * params.numbers + i % params.numbers]);
    }
}

// SW-6: what RoIs send to the pixels of their images, each by its own weight. A thread takes a number of the maps of all images, so that
// RoIs follow each other in their order, however many there are of an image.
extern "C" __global__ void weighted_roi_align_add_rois(const acc_t* sent, const acc_t* weights, const int64* images, acc_t* gradient,
                                                       const RoisParams params) {
    EACH_OF(params.numbers, i) {
        const int64 pixel = LAST ? i / params.channels : i % params.pixels;
        ROIKIT_ROLLED for (int64 k = 0; k < params.rois; ++k) {
            if (images[k] < 0) continue;
            const acc_t weight = weights[params.weight_channels != 1 ? k * params.numbers + i : k * params.pixels + pixel];
            acc_t& sum = gradient[images[k] * params.numbers + i];
            sum = multiply_add(weight, sent[k * params.numbers + i], sum);
        }
    }
}

// Numbers as they are stored.
extern "C" __global__ void weighted_roi_align_narrow(const acc_t* from, feature_t* to, const RoisParams params) {
    EACH_OF(params.images * params.numbers, i) narrow(from[i], to[i]);
}
