// A block's memory: what its threads share. It is shared memory; on a GPU, of lists that are too long for that, a part of `workspace`.
//
// The specialisation defines ROIKIT_IN_WORKSPACE if it is. A compiler has to know which, and where an array lies in shared memory is
// kept as a distance from its beginning: what lies at an address that was itself read from memory may be any memory to a GPU.
#pragma once

#include "library/rows.cuh"

#if defined(__CUDA_ARCH__) && !defined(ROIKIT_IN_WORKSPACE)

extern __shared__ __align__(16) unsigned char roikit_memory[];

// An array in a block's memory.
template <class T> struct Kept {
    int offset;

    ROIKIT_METHOD operator T*() const { return (T*)(roikit_memory + offset); }
};

typedef Kept<unsigned char> Memory;

template <class T> ROIKIT_FN Kept<T> kept_after(Kept<T> array, int count) { return Kept<T>{held(array.offset + count * (int)sizeof(T))}; }

ROIKIT_FN Memory memory_of_block(unsigned char*, int64) { return Memory{0}; }

template <class T> ROIKIT_FN Kept<T> carve(Memory& memory, int64 count) {
    const Kept<T> taken = {memory.offset};
    memory.offset += (int)((count * sizeof(T) + 15) / 16 * 16);
    return taken;
}

#else

template <class T> using Kept = T*;

typedef unsigned char* Memory;

template <class T> ROIKIT_FN T* kept_after(T* array, int count) { return array + count; }

// Each block has so many bytes of `workspace`.
ROIKIT_FN Memory memory_of_block(unsigned char* workspace, int64 bytes) {
#ifndef __CUDA_ARCH__
    if (!workspace) return roikit_host::shared_memory;
#endif
    return workspace + (blockIdx.x + (int64)gridDim.x * (blockIdx.y + (int64)gridDim.y * blockIdx.z)) * bytes;
}

#endif
