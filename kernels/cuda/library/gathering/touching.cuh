// Which RoIs touch which tile (tiles.cuh), of RoIs whose extents are known, and in which order the tiles are best taken.
#pragma once

ROIKIT_FN bool touches(const Extent& extent, const Tile& tile) {
    return extent.plane == tile.plane && extent.y_begin < tile.y_end && extent.y_end > tile.y_begin &&
           extent.x_begin < tile.x_end && extent.x_end > tile.x_begin;
}

ROIKIT_FN int bits_in(unsigned word) {
#ifdef __CUDA_ARCH__
    return __popc(word);
#else
    return __builtin_popcount(word);
#endif
}

// A block takes a tile, a thread 32 RoIs.
extern "C" __global__ void find_touching(unsigned char* memory, const BackwardParams params) {
    const Workspace workspace = divide(memory, params);
    const int64 words = words_of(params);
    ROIKIT_ROLLED for (int64 index = blockIdx.x; index < params.tiles; index += gridDim.x) {
        const Tile tile = tile_at(index, params);
        unsigned* const touching = workspace.touching + index * words;
        ROIKIT_ROLLED for (int64 word = thread_of_block(); word < words; word += threads_of_block()) {
            const int64 first = 32 * word, last = first + 32 < params.rois ? first + 32 : params.rois;
            unsigned bits = 0;
            ROIKIT_ROLLED for (int64 k = first; k < last; ++k) {
                bits |= (unsigned)touches(workspace.extents[k], tile) << (k - first);
            }
            touching[word] = bits;
        }
        __syncthreads();
        if (thread_of_block() == 0) {
            int total = 0;
            ROIKIT_ROLLED for (int64 word = 0; word < words; ++word) total += bits_in(touching[word]);
            workspace.touches[index] = total;
        }
        __syncthreads();
    }
}

constexpr int BUCKETS = ROIKIT_BUCKETS;  // of tiles whose number of RoIs has as many digits in binary

ROIKIT_FN int bucket_of(int touches) {
    int digits = 0;
    while (touches >> digits) ++digits;
    return BUCKETS - 1 - digits;
}

// One block sorts the tiles by their buckets; within one they stay in order. A thread counts a stretch of tiles, bucket by bucket.
extern "C" __global__ void order_tiles(unsigned char* memory, const BackwardParams params) {
    ROIKIT_SHARED_MEMORY(shared_memory);
    const Workspace workspace = divide(memory, params);
    const int thread = thread_of_block(), threads = threads_of_block();
    int* const starts = (int*)shared_memory;
    int* const counts = starts + BUCKETS;
    const int64 begin = params.tiles * thread / threads, end = params.tiles * (thread + 1) / threads;
    ROIKIT_ROLLED for (int bucket = 0; bucket < BUCKETS; ++bucket) counts[bucket * threads + thread] = 0;
    ROIKIT_ROLLED for (int64 i = begin; i < end; ++i) ++counts[bucket_of(workspace.touches[i]) * threads + thread];
    __syncthreads();
    ROIKIT_ROLLED for (int bucket = thread; bucket < BUCKETS; bucket += threads) {
        starts[bucket] = 0;
        ROIKIT_ROLLED for (int t = 0; t < threads; ++t) starts[bucket] += counts[bucket * threads + t];
    }
    __syncthreads();
    ROIKIT_ROLLED for (int bucket = thread; bucket < BUCKETS; bucket += threads) {
        int place = 0;
        ROIKIT_ROLLED for (int earlier = 0; earlier < bucket; ++earlier) place += starts[earlier];
        ROIKIT_ROLLED for (int t = 0; t < threads; ++t) {
            const int mine = counts[bucket * threads + t];
            counts[bucket * threads + t] = place;
            place += mine;
        }
    }
    __syncthreads();
    ROIKIT_ROLLED for (int64 i = begin; i < end; ++i) {
        workspace.order[counts[bucket_of(workspace.touches[i]) * threads + thread]++] = (int)i;
    }
}
