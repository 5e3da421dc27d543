// Number types and the few arithmetic operations whose rounding matters. Everything here compiles with NVRTC for a GPU
// and with a C++17 compiler for a CPU, without headers of either toolkit.
//
// The specialisation defines ROIKIT_FEATURE_T as one of float16, bfloat16, float, double.
#pragma once

#ifdef __CUDA_ARCH__
#define ROIKIT_FN static __device__ __forceinline__
#define ROIKIT_METHOD __device__ __forceinline__
#define ROIKIT_ROLLED _Pragma("unroll 1")  // short or cold loops, whose copies would cost registers
#else
#define ROIKIT_FN static inline __attribute__((always_inline))
#define ROIKIT_METHOD inline __attribute__((always_inline))
#define ROIKIT_ROLLED
#endif

// What is rarely so: the code for it goes where it is not in the way.
#define ROIKIT_RARELY(condition) __builtin_expect(condition, 0)

// A number as it is, which a GPU's compiler would rather work out anew in each turn of a loop than keep.
#ifdef __CUDA_ARCH__
ROIKIT_FN int held(int x) {
    asm("" : "+r"(x));
    return x;
}

ROIKIT_FN long long held(long long x) {
    asm("" : "+l"(x));
    return x;
}
#else
template <class T> ROIKIT_FN T held(T x) { return x; }
#endif

// How many blocks must fit a multiprocessor: three of averages do on sm_90, where other architectures would spill registers.
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ != 900 && ROIKIT_BLOCKS > 2
#define ROIKIT_FITTING_BLOCKS 2
#else
#define ROIKIT_FITTING_BLOCKS ROIKIT_BLOCKS
#endif

#ifndef ROIKIT_SHARED_MEMORY  // the host executor has its own
#define ROIKIT_SHARED_MEMORY(name) extern __shared__ __align__(16) unsigned char name[]
#endif

typedef long long int64;

#include "library/rounded.cuh"

struct float16 {
    unsigned short bits;
};

struct bfloat16 {
    unsigned short bits;
};

typedef ROIKIT_FEATURE_T feature_t;

// The type of boxes, coordinates and sums: float, but double for float64 maps. It is a number, whose operations a GPU needs to be told
// (rounded.cuh): literals of it are written (acc_t)0.5f, so that nothing is converted.
template <class T> struct wider {
    typedef float type;
};
template <> struct wider<double> {
    typedef double type;
};
#ifdef __CUDA_ARCH__
typedef Rounded<wider<feature_t>::type> acc_t;
#else
typedef wider<feature_t>::type acc_t;
#endif

// ---- bits -----------------------------------------------------------------------------------------------------------

ROIKIT_FN unsigned bits_of(float x) {
#ifdef __CUDA_ARCH__
    return __float_as_uint(x);
#else
    unsigned bits;
    __builtin_memcpy(&bits, &x, 4);
    return bits;
#endif
}

ROIKIT_FN float float_of(unsigned bits) {
#ifdef __CUDA_ARCH__
    return __uint_as_float(bits);
#else
    float x;
    __builtin_memcpy(&x, &bits, 4);
    return x;
#endif
}

ROIKIT_FN acc_t quiet_nan() { return (acc_t)float_of(0x7fffffffu); }
ROIKIT_FN acc_t infinity() { return (acc_t)float_of(0x7f800000u); }
ROIKIT_FN bool is_finite(acc_t x) { return x - x == (acc_t)0; }

// A number and the product of two of 32 bits: one instruction of a GPU, which its compiler does not always find.
ROIKIT_FN int64 wide_sum(int64 sum, int a, int b) {
#ifdef __CUDA_ARCH__
    int64 result;
    asm("mad.wide.s32 %0, %1, %2, %3;" : "=l"(result) : "r"(a), "r"(b), "l"(sum));
    return result;
#else
    return sum + (int64)a * b;
#endif
}

// ---- conversion between storage and arithmetic ----------------------------------------------------------------------

#ifdef __CUDA_ARCH__
ROIKIT_FN acc_t widen(acc_t x) { return x; }
ROIKIT_FN void narrow(acc_t x, acc_t& to) { to = x; }
#endif
ROIKIT_FN acc_t widen(float x) { return (acc_t)x; }
ROIKIT_FN acc_t widen(double x) { return (acc_t)x; }
ROIKIT_FN acc_t widen(bfloat16 x) { return (acc_t)float_of((unsigned)x.bits << 16); }

ROIKIT_FN acc_t widen(float16 x) {
#if defined(__CUDA_ARCH__)
    float y;
    asm("cvt.f32.f16 %0, %1;" : "=f"(y) : "h"(x.bits));
    return (acc_t)y;
#elif defined(__FLT16_MAX__)
    _Float16 y;
    __builtin_memcpy(&y, &x.bits, 2);
    return (acc_t)y;
#else
    // Moves exponent and fraction into place, then rescales; Inf and NaN get their exponent back by hand.
    const unsigned sign = (unsigned)(x.bits & 0x8000u) << 16;
    const unsigned rest = (unsigned)(x.bits & 0x7fffu) << 13;
    const float magnitude = rest >= 0x0f800000u ? float_of(rest | 0x7f800000u) : float_of(rest) * 0x1p112f;
    return (acc_t)float_of(bits_of(magnitude) | sign);
#endif
}

ROIKIT_FN void narrow(acc_t x, float& to) { to = (float)x; }
ROIKIT_FN void narrow(acc_t x, double& to) { to = (double)x; }

ROIKIT_FN void narrow(acc_t x, bfloat16& to) {
    const unsigned bits = bits_of((float)x);
    const bool nan = (bits & 0x7fffffffu) > 0x7f800000u;
    const unsigned rounded = bits + 0x7fffu + ((bits >> 16) & 1u);  // to nearest, ties to even
    to.bits = (unsigned short)(nan ? (bits >> 16) | 0x40u : rounded >> 16);
}

ROIKIT_FN void narrow(acc_t x, float16& to) {
    const float y = (float)x;
#if defined(__CUDA_ARCH__)
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(to.bits) : "f"(y));
#elif defined(__FLT16_MAX__)
    const _Float16 z = (_Float16)y;
    __builtin_memcpy(&to.bits, &z, 2);
#else
    const unsigned sign = bits_of(y) >> 16 & 0x8000u;
    unsigned bits = bits_of(y) & 0x7fffffffu;
    if (bits > 0x7f800000u) {
        bits = 0x7e00u;
    } else if (bits >= 0x477ff000u) {  // rounds to 2^16 or more
        bits = 0x7c00u;
    } else if (bits < 0x38800000u) {  // subnormal: let the adder round, with the unit 2^-24 at the last place
        bits = bits_of(float_of(bits) + 0.5f) - 0x3f000000u;
    } else {
        bits = (bits + 0xfffu + (bits >> 13 & 1u) - 0x38000000u) >> 13;
    }
    to.bits = (unsigned short)(sign | bits);
#endif
}

// Of the type of coordinates in which edges of RoIPool's bins are computed, whatever the map's.
ROIKIT_FN float single_of(double x) {
#ifdef __CUDA_ARCH__
    return converted<float>(x);
#else
    return (float)x;
#endif
}

ROIKIT_FN double double_of(float x) {
#ifdef __CUDA_ARCH__
    return converted<double>(x);
#else
    return (double)x;
#endif
}

#ifndef __CUDA_ARCH__

// ---- coordinates: one rounding per operation, in the order written; the compiler is told -ffp-contract=off ---------------------

ROIKIT_FN float add(float a, float b) { return a + b; }
ROIKIT_FN float mul(float a, float b) { return a * b; }
ROIKIT_FN double add(double a, double b) { return a + b; }
ROIKIT_FN double mul(double a, double b) { return a * b; }

ROIKIT_FN float sqrt_of(float x) { return __builtin_sqrtf(x); }
ROIKIT_FN float floor_of(float x) { return __builtin_floorf(x); }
ROIKIT_FN float ceil_of(float x) { return __builtin_ceilf(x); }
ROIKIT_FN float round_of(float x) { return __builtin_roundf(x); }
ROIKIT_FN double sqrt_of(double x) { return __builtin_sqrt(x); }
ROIKIT_FN double floor_of(double x) { return __builtin_floor(x); }
ROIKIT_FN double ceil_of(double x) { return __builtin_ceil(x); }
ROIKIT_FN double round_of(double x) { return __builtin_round(x); }

ROIKIT_FN acc_t larger(acc_t a, acc_t b) { return b > a || b != b ? b : a; }  // a NaN stays

// ---- sums: fused where the machine can ------------------------------------------------------------------------------

ROIKIT_FN float multiply_add(float a, float b, float c) {
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
    return __builtin_fmaf(a, b, c);
#else
    return a * b + c;
#endif
}

ROIKIT_FN double multiply_add(double a, double b, double c) {
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
    return __builtin_fma(a, b, c);
#else
    return a * b + c;
#endif
}

#endif
