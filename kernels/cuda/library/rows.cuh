// How a RoI that is refused is reported, how many there are, and how a block divides its memory.
#pragma once

ROIKIT_FN void report(int64* status, int64 k, int refusal) {
    if (!status) return;
    const int64 code = 4 * k + refusal;
#ifdef __CUDA_ARCH__
    atomicMin(status, code);
#else
    int64 seen = __atomic_load_n(status, __ATOMIC_RELAXED);
    while (code < seen && !__atomic_compare_exchange_n(status, &seen, code, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
    }
#endif
}

// How many of the rows of `boxes` are RoIs: all, or as many as a number on the device says.
ROIKIT_FN int64 count_rois(const int64* count, int64 rows) {
    if (!count) return rows;
    return *count < 0 ? 0 : *count < rows ? *count : rows;
}

// Takes room for `count` values of T, at a multiple of 16 bytes.
template <class T> ROIKIT_FN T* carve(unsigned char*& memory, int64 count) {
    T* const taken = (T*)memory;
    memory += (count * sizeof(T) + 15) / 16 * 16;
    return taken;
}

ROIKIT_FN int thread_of_block() { return threadIdx.x + blockDim.x * threadIdx.y; }
ROIKIT_FN int threads_of_block() { return blockDim.x * blockDim.y; }
