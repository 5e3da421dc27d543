// Vectors of numbers: what a thread computes with at once. On a GPU they are arrays in registers; on a CPU they are made of the
// machine's vectors, in the notation that GCC and Clang share, for GCC would keep an array in memory.
//
// The specialisation defines ROIKIT_ALIGNED as 1 if every vector of channels is aligned to its size (NHWC).
#pragma once

constexpr bool ALIGNED = ROIKIT_ALIGNED;

#include "library/registers.cuh"

template <bool> struct part_of {
    typedef acc_t type;
};
#ifndef __CUDA_ARCH__
template <> struct part_of<true> {
    typedef Register type;
};
#endif

template <int N> struct Vector {
    static constexpr bool WIDE = LANES > 1 && N % LANES == 0;
    static constexpr int STEP = WIDE ? LANES : 1;
    typedef typename part_of<WIDE>::type Part;
    Part part[N / STEP];
};

#define EACH_PART(i) for (int i = 0; i < N / Vector<N>::STEP; ++i)

// A number in every lane. To take away zero is to do nothing, which to add it is not.
template <class Part> ROIKIT_FN Part spread(acc_t x) {
#ifdef __CUDA_ARCH__
    return x;
#else
    return x - Part{};
#endif
}

template <int N> ROIKIT_FN Vector<N> filled(acc_t x) {
    Vector<N> result;
    EACH_PART(i) result.part[i] = spread<typename Vector<N>::Part>(x);
    return result;
}

template <int N, class T> ROIKIT_FN Vector<N> read_vector(const T* from) {
    Vector<N> result;
    EACH_PART(i) read(from + i * Vector<N>::STEP, result.part[i]);
    return result;
}

template <int N, class T> ROIKIT_FN void write_vector(const Vector<N>& from, T* to) {
    EACH_PART(i) write(from.part[i], to + i * Vector<N>::STEP);
}

// Writes what is not read again: on a GPU it should not take the place of maps in the cache.
template <class T> ROIKIT_FN void write_once(acc_t from, T* to) {
#ifdef __CUDA_ARCH__
    T narrowed;
    narrow(from, narrowed);
    if constexpr (sizeof(T) == 2) {
        __stcs(reinterpret_cast<unsigned short*>(to), narrowed.bits);
    } else {
        __stcs(to, narrowed);
    }
#else
    write(from, to);
#endif
}

#ifdef __CUDA_ARCH__
// What lies in global memory and no thread of the kernel writes, which the compiler cannot know of an address that it is given.
ROIKIT_FN acc_t fetch(const float* from) {
    float result;
    asm("ld.global.nc.f32 %0, [%1];" : "=f"(result) : "l"(from));
    return widen(result);
}

ROIKIT_FN acc_t fetch(const double* from) {
    double result;
    asm("ld.global.nc.f64 %0, [%1];" : "=d"(result) : "l"(from));
    return widen(result);
}

template <class T> ROIKIT_FN acc_t fetch(const T* from) {
    T result;
    asm("ld.global.nc.b16 %0, [%1];" : "=h"(result.bits) : "l"(from));
    return widen(result);
}

// The two numbers of a word.
ROIKIT_FN void widen_both(unsigned word, float16, acc_t& low, acc_t& high) {
    float first, second;
    asm("{ .reg .b16 a, b; mov.b32 {a, b}, %2; cvt.f32.f16 %0, a; cvt.f32.f16 %1, b; }"
        : "=f"(first), "=f"(second) : "r"(word));
    low = (acc_t)first, high = (acc_t)second;
}

ROIKIT_FN void widen_both(unsigned word, bfloat16, acc_t& low, acc_t& high) {
    low = (acc_t)float_of(word << 16), high = (acc_t)float_of(word & 0xffff0000u);
}

template <class T> ROIKIT_FN unsigned narrow_both(acc_t low, acc_t high, T) {
    T first, second;
    narrow(low, first), narrow(high, second);
    return first.bits | (unsigned)second.bits << 16;
}

// 16 bytes, aligned.
ROIKIT_FN void fetch_all(const float* from, acc_t (&to)[4]) {
    float4 all;
    asm("ld.global.nc.v4.f32 {%0, %1, %2, %3}, [%4];" : "=f"(all.x), "=f"(all.y), "=f"(all.z), "=f"(all.w) : "l"(from));
    to[0] = widen(all.x), to[1] = widen(all.y), to[2] = widen(all.z), to[3] = widen(all.w);
}

ROIKIT_FN void fetch_all(const double* from, acc_t (&to)[2]) {
    double2 all;
    asm("ld.global.nc.v2.f64 {%0, %1}, [%2];" : "=d"(all.x), "=d"(all.y) : "l"(from));
    to[0] = widen(all.x), to[1] = widen(all.y);
}

template <class T> ROIKIT_FN void fetch_all(const T* from, acc_t (&to)[8]) {
    uint4 all;
    asm("ld.global.nc.v4.u32 {%0, %1, %2, %3}, [%4];" : "=r"(all.x), "=r"(all.y), "=r"(all.z), "=r"(all.w) : "l"(from));
    widen_both(all.x, T(), to[0], to[1]), widen_both(all.y, T(), to[2], to[3]);
    widen_both(all.z, T(), to[4], to[5]), widen_both(all.w, T(), to[6], to[7]);
}

ROIKIT_FN void write_all(const acc_t (&from)[4], float* to) {
    __stcs(reinterpret_cast<float4*>(to), float4{(float)from[0], (float)from[1], (float)from[2], (float)from[3]});
}

ROIKIT_FN void write_all(const acc_t (&from)[2], double* to) {
    __stcs(reinterpret_cast<double2*>(to), double2{(double)from[0], (double)from[1]});
}

template <class T> ROIKIT_FN void write_all(const acc_t (&from)[8], T* to) {
    __stcs(reinterpret_cast<uint4*>(to), uint4{narrow_both(from[0], from[1], T()), narrow_both(from[2], from[3], T()),
                                               narrow_both(from[4], from[5], T()), narrow_both(from[6], from[7], T())});
}
#else
ROIKIT_FN acc_t fetch(const feature_t* from) { return widen(*from); }
ROIKIT_FN void write_once(const Register& from, feature_t* to) { write(from, to); }
#endif

// Of and to the map's type, in one access if it is known to be aligned.
template <int N> ROIKIT_FN Vector<N> load(const feature_t* from) {
    Vector<N> result;
#ifdef __CUDA_ARCH__
    if constexpr (ALIGNED && N * sizeof(feature_t) == 16) {
        fetch_all(from, result.part);
    } else {
        for (int i = 0; i < N; ++i) result.part[i] = fetch(from + i);
    }
#else
    result = read_vector<N>(from);
#endif
    return result;
}

template <int N> ROIKIT_FN void store(const Vector<N>& from, feature_t* to) {
#ifdef __CUDA_ARCH__
    if constexpr (ALIGNED && N * sizeof(feature_t) == 16) return write_all(from.part, to);
#endif
    EACH_PART(i) write_once(from.part[i], to + i * Vector<N>::STEP);
}

template <int N> ROIKIT_FN Vector<N> multiply_add(acc_t a, const Vector<N>& b, const Vector<N>& c) {
    Vector<N> result;
    EACH_PART(i) result.part[i] = multiply_add(spread<typename Vector<N>::Part>(a), b.part[i], c.part[i]);
    return result;
}

template <int N> ROIKIT_FN Vector<N> operator*(acc_t a, const Vector<N>& b) {
    Vector<N> result;
    EACH_PART(i) result.part[i] = a * b.part[i];
    return result;
}

template <int N> ROIKIT_FN Vector<N> operator/(const Vector<N>& a, acc_t b) {
    Vector<N> result;
    EACH_PART(i) result.part[i] = a.part[i] / b;
    return result;
}

template <int N> ROIKIT_FN Vector<N> larger(const Vector<N>& a, const Vector<N>& b) {
    Vector<N> result;
    EACH_PART(i) result.part[i] = larger(a.part[i], b.part[i]);
    return result;
}

// Leaves c alone where a is zero, whatever b is.
ROIKIT_FN acc_t multiply_add_where_not_zero(acc_t a, acc_t b, acc_t c) { return a != (acc_t)0 ? multiply_add(a, b, c) : c; }

#ifndef __CUDA_ARCH__
ROIKIT_FN Register multiply_add_where_not_zero(Register a, Register b, Register c) {
    return a != Register{} ? multiply_add(a, b, c) : c;
}
#endif

template <int N> ROIKIT_FN Vector<N> multiply_add_where_not_zero(const Vector<N>& a, acc_t b, const Vector<N>& c) {
    Vector<N> result;
    EACH_PART(i) result.part[i] = multiply_add_where_not_zero(a.part[i], typename Vector<N>::Part{} + b, c.part[i]);
    return result;
}

template <int N> ROIKIT_FN Vector<N> operator+(const Vector<N>& a, const Vector<N>& b) {
    Vector<N> result;
    EACH_PART(i) result.part[i] = a.part[i] + b.part[i];
    return result;
}

template <int N> ROIKIT_FN Vector<N> operator-(const Vector<N>& a, const Vector<N>& b) {
    Vector<N> result;
    EACH_PART(i) result.part[i] = a.part[i] - b.part[i];
    return result;
}

template <int N> ROIKIT_FN Vector<N> operator*(const Vector<N>& a, const Vector<N>& b) {
    Vector<N> result;
    EACH_PART(i) result.part[i] = a.part[i] * b.part[i];
    return result;
}
