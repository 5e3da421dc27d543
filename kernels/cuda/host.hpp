// What a CUDA source needs to run on a CPU: the launch geometry as per-thread variables, shared memory as a buffer of the
// thread that runs the block, and blocks as iterations of an OpenMP loop.
//
// A block has one thread, which the compiler vectorises; a kernel whose loops are block-strided cannot tell. With
// ROIKIT_HOST_BLOCK_THREADS defined a block may have many, run as real threads with a real barrier: slow, for finding races.
#pragma once

#include <stddef.h>  // and no other header where it can be helped: they take longer to compile than the kernel

#ifdef ROIKIT_HOST_BLOCK_THREADS
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>
#endif

#define __global__
#define __device__
#define __forceinline__
#define __launch_bounds__(...)

namespace roikit_host {

struct Dim {
    unsigned x, y, z;
};

template <size_t... I> struct Indices {};
template <size_t N, size_t... I> struct MakeIndices : MakeIndices<N - 1, N - 1, I...> {};
template <size_t... I> struct MakeIndices<0, I...> {
    typedef Indices<I...> type;
};

#ifdef ROIKIT_HOST_BLOCK_THREADS
class Barrier {
    std::mutex mutex;
    std::condition_variable turned;
    unsigned size, waiting = 0, turn = 0;

  public:
    explicit Barrier(unsigned size) : size(size) {}
    void wait() {
        std::unique_lock<std::mutex> lock(mutex);
        const unsigned mine = turn;
        if (++waiting == size) {
            waiting = 0;
            ++turn;
            turned.notify_all();
        } else {
            turned.wait(lock, [&] { return turn != mine; });
        }
    }
};
static thread_local Barrier* barrier;
#endif

#ifdef ROIKIT_HOST_BLOCK_THREADS
static thread_local Dim thread_index, block_size;
#else
constexpr Dim thread_index = {0, 0, 0}, block_size = {1, 1, 1};  // so that the compiler can tell
#endif
static thread_local Dim block_index, grid_size;
static thread_local unsigned char* shared_memory;
static thread_local const double* rules;  // see sampling.cuh

static inline void synchronise() {
#ifdef ROIKIT_HOST_BLOCK_THREADS
    barrier->wait();
#endif
}

// Calls the kernel with its arguments, which lie behind each other, each of the type that the kernel's signature gives it: addresses,
// and then a struct.
template <class... A, size_t... I>
static inline void call(void (*kernel)(A...), const unsigned char* arguments, Indices<I...>) {
    kernel(*reinterpret_cast<const A*>(arguments + I * sizeof(void*))...);
}

template <class... A> static void run_block(void (*kernel)(A...), const unsigned char* arguments, Dim size) {
    typedef typename MakeIndices<sizeof...(A)>::type All;
#ifdef ROIKIT_HOST_BLOCK_THREADS
    const Dim block = block_index, grid = grid_size;
    unsigned char* const memory = shared_memory;
    const double* const numbers = rules;
    Barrier shared_barrier(size.x * size.y * size.z);
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < size.x * size.y * size.z; ++i) {
        threads.emplace_back([=, &shared_barrier] {
            thread_index = Dim{i % size.x, i / size.x % size.y, i / (size.x * size.y)};
            block_index = block, block_size = size, grid_size = grid;
            shared_memory = memory, barrier = &shared_barrier, rules = numbers;
            call(kernel, arguments, All());
        });
    }
    for (std::thread& thread : threads) thread.join();
#else
    call(kernel, arguments, All());
#endif
}

// Runs every block of the grid on up to `threads` OpenMP threads; `heap` is shared memory per block in bytes;
// `numbers` are the rules that come with the launch. Returns 0, or 1 if there was no memory.
template <class... A>
static int launch(void (*kernel)(A...), const unsigned char* arguments, const double* numbers, Dim grid, Dim block, size_t heap,
                  int threads) {
    const long long blocks = (long long)grid.x * grid.y * grid.z;
    if (threads > blocks) threads = (int)blocks;
    const size_t stride = (heap + 127) / 64 * 64;
    unsigned char* const heaps = static_cast<unsigned char*>(__builtin_malloc(stride * threads + 64));
    if (!heaps) return 1;
    int next = 0;
#pragma omp parallel num_threads(threads) if (threads > 1)
    {
        int mine;
#pragma omp atomic capture
        mine = next++;
        shared_memory = heaps + (64 - reinterpret_cast<size_t>(heaps) % 64) + stride * mine;
        grid_size = grid, rules = numbers;
#pragma omp for schedule(dynamic, 1)
        for (long long i = 0; i < blocks; ++i) {
            block_index = Dim{(unsigned)(i % grid.x), (unsigned)(i / grid.x % grid.y), (unsigned)(i / grid.x / grid.y)};
            run_block(kernel, arguments, block);
        }
    }
    __builtin_free(heaps);
    return 0;
}

}  // namespace roikit_host

#define threadIdx roikit_host::thread_index
#define blockIdx roikit_host::block_index
#define blockDim roikit_host::block_size
#define gridDim roikit_host::grid_size
#define __syncthreads() roikit_host::synchronise()
#define ROIKIT_PREFETCH(address) __builtin_prefetch(address, 0, 2)
#define ROIKIT_SHARED_MEMORY(name) unsigned char* const name = roikit_host::shared_memory

// The entry point that host.py calls.
#define ROIKIT_HOST_ENTRY(kernel)                                                                                      \
    extern "C" int roikit_##kernel(const unsigned char* arguments, const double* rules, unsigned grid_x,               \
                                   unsigned grid_y, unsigned grid_z, unsigned block_x, unsigned block_y, size_t heap,  \
                                   int threads) {                                                                      \
        return roikit_host::launch(&kernel, arguments, rules, roikit_host::Dim{grid_x, grid_y, grid_z},                \
                                   roikit_host::Dim{block_x, block_y, 1}, heap, threads);                              \
    }
