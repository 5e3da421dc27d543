// How the numbers that a kernel goes through one by one are shared out.
#pragma once

#define EACH_OF(total, i) \
    for (int64 i = total * blockIdx.x / gridDim.x + threadIdx.x, end = total * (blockIdx.x + 1) / gridDim.x; i < end; i += blockDim.x)
