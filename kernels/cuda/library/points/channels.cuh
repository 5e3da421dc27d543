// N channels of a pixel, or of a bin: neighbours if they come last in memory, otherwise `step` apart.
#pragma once

ROIKIT_FN void set_lane(acc_t& part, int, acc_t value) { part = value; }
#ifndef __CUDA_ARCH__
ROIKIT_FN void set_lane(Register& part, int lane, acc_t value) { part[lane] = value; }
#endif

template <int N> ROIKIT_FN Vector<N> load_apart(const feature_t* from, int64 step) {
    if constexpr (LAYOUT == Layout::NHWC) return load<N>(from);
#ifndef __CUDA_ARCH__
    if (step == 1) return load<N>(from);  // brought together (brought.cuh)
#endif
    Vector<N> result;
    EACH_PART(i) {
        for (int v = 0; v < Vector<N>::STEP; ++v) set_lane(result.part[i], v, fetch(from + (i * Vector<N>::STEP + v) * step));
    }
    return result;
}
