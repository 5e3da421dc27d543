// The machine's own rates: what the floors of floors.py divide by. Compiled by CuPy.

typedef unsigned long long u64;

// Keeps the GPU busy while the host queues what is timed.
extern "C" __global__ void spin(long long cycles) {
    const long long start = clock64();
    while (clock64() - start < cycles) {}
}

// Reads `count` vectors `passes` times, past the L1 cache. Each pass starts elsewhere, so that no block reads its own lines again.
extern "C" __global__ void read_l2(const float4* data, long long count, int passes, float* sink) {
    const long long threads = (long long)gridDim.x * blockDim.x;
    const long long thread = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    float sum = 0;
    for (int pass = 0; pass < passes; ++pass) {
        long long i = (thread + (long long)pass * 977 * blockDim.x) % count;
        for (long long done = thread; done < count; done += threads) {
            const float4 v = __ldcg(data + i);
            sum += v.x + v.y + v.z + v.w;
            i += threads;
            if (i >= count) i %= count;
        }
    }
    if (sum == 12345.678f) *sink = sum;
}

// Writes `count` vectors that are not to stay in a cache.
extern "C" __global__ void write_stream(float4* data, long long count, float value) {
    const long long threads = (long long)gridDim.x * blockDim.x;
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < count; i += threads)
        __stcs(data + i, make_float4(value, value, value, value));
}

__device__ u64 scatter(u64 x) {
    x = (x ^ (x >> 33)) * 0xff51afd7ed558ccdULL;
    return x ^ (x >> 33);
}

// Each lane adds to a 32-byte sector of its own choosing, out of `sectors`, a power of two.
extern "C" __global__ void add_scalar(float* data, long long sectors, int times) {
    const u64 thread = (u64)blockIdx.x * blockDim.x + threadIdx.x;
    for (int i = 0; i < times; ++i)
        atomicAdd(data + 8 * (scatter(thread * times + i) & (sectors - 1)), 1.0f);
}

#if __CUDA_ARCH__ >= 900
// The same, 16 bytes at a time.
extern "C" __global__ void add_vector(float* data, long long sectors, int times) {
    const u64 thread = (u64)blockIdx.x * blockDim.x + threadIdx.x;
    for (int i = 0; i < times; ++i)
        atomicAdd((float4*)(data + 8 * (scatter(thread * times + i) & (sectors - 1))), make_float4(1, 1, 1, 1));
}

// One thread of each warp adds 1024 bytes, 32 sectors in a row, from shared memory.
extern "C" __global__ void add_bulk(float* data, long long sectors, int times) {
    __shared__ alignas(128) float ones[256];
    for (int i = threadIdx.x; i < 256; i += blockDim.x) ones[i] = 1;
    asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
    __syncthreads();
    if (threadIdx.x % 32) return;
    const u64 warp = ((u64)blockIdx.x * blockDim.x + threadIdx.x) / 32;
    const unsigned from = (unsigned)__cvta_generic_to_shared(ones);
    for (int i = 0; i < times; ++i) {
        float* to = data + 256 * (scatter(warp * times + i) & (sectors / 32 - 1));
        asm volatile("cp.reduce.async.bulk.global.shared::cta.bulk_group.add.f32 [%0], [%1], %2;" ::"l"(to), "r"(from), "r"(1024)
                     : "memory");
    }
    asm volatile("cp.async.bulk.commit_group;\n cp.async.bulk.wait_group 0;" ::: "memory");
}
#endif

struct Twelve {
    const float* pointer[3];
    long long number[4];
    int size[5];
};

extern "C" __global__ void empty_five(const float*, const float*, float*, int, int) {}
extern "C" __global__ void empty_twelve(const float*, const float*, float*, int, int, int, int, int, int, int, float, float) {}
extern "C" __global__ void empty_struct(const Twelve) {}
