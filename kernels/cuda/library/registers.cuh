// One number on a GPU, and on a CPU a register of neighbouring ones, in the notation of vectors that GCC and Clang share.
#pragma once

#ifdef __CUDA_ARCH__
constexpr int LANES = 1;
typedef acc_t Register;
#else
#if defined(__AVX512F__)
constexpr int REGISTER_BYTES = 64;
#elif defined(__AVX__)
constexpr int REGISTER_BYTES = 32;
#else
constexpr int REGISTER_BYTES = 16;
#endif
constexpr int LANES = REGISTER_BYTES / sizeof(acc_t);
typedef acc_t Register __attribute__((vector_size(REGISTER_BYTES)));
typedef float Floats __attribute__((vector_size(REGISTER_BYTES)));
typedef double Doubles __attribute__((vector_size(REGISTER_BYTES)));
typedef unsigned Bits __attribute__((vector_size(LANES * 4)));
typedef unsigned short Halves __attribute__((vector_size(LANES * 2)));
constexpr bool NARROW = sizeof(feature_t) < sizeof(acc_t);  // numbers of a map are widened
#endif

template <class T> ROIKIT_FN void read(const T* from, acc_t& to) { to = widen(*from); }
template <class T> ROIKIT_FN void write(acc_t from, T* to) { narrow(from, *to); }

#ifndef __CUDA_ARCH__
ROIKIT_FN Register larger(Register a, Register b) { return (b > a) | (b != b) ? b : a; }

#if defined(__clang__) && __clang_major__ >= 17 && (defined(__FMA__) || defined(__ARM_FEATURE_FMA))
ROIKIT_FN Register multiply_add(Register a, Register b, Register c) { return __builtin_elementwise_fma(a, b, c); }
#elif defined(__AVX512F__)
ROIKIT_FN Floats multiply_add(Floats a, Floats b, Floats c) { return __builtin_ia32_vfmaddps512_mask(a, b, c, 0xffff, 4); }
ROIKIT_FN Doubles multiply_add(Doubles a, Doubles b, Doubles c) { return __builtin_ia32_vfmaddpd512_mask(a, b, c, 0xff, 4); }
#elif defined(__AVX__) && defined(__FMA__)
ROIKIT_FN Floats multiply_add(Floats a, Floats b, Floats c) { return __builtin_ia32_vfmaddps256(a, b, c); }
ROIKIT_FN Doubles multiply_add(Doubles a, Doubles b, Doubles c) { return __builtin_ia32_vfmaddpd256(a, b, c); }
#else
ROIKIT_FN Register multiply_add(Register a, Register b, Register c) {
    for (int i = 0; i < LANES; ++i) c[i] = multiply_add(a[i], b[i], c[i]);
    return c;
}
#endif

// A register in memory, wherever it begins, and the same bits as other numbers. (Copies of bytes GCC makes in memory, in halves perhaps,
// and the whole then waits for both.)
typedef acc_t Stored __attribute__((vector_size(REGISTER_BYTES), aligned(sizeof(acc_t)), may_alias));

template <class To, class From> ROIKIT_FN To same_bits(const From& from) {
    To to = {};
    if constexpr (sizeof from == sizeof to) to = (To)from;  // all that a program uses
    return to;
}

ROIKIT_FN void read(const acc_t* from, Register& to) { to = *(const Stored*)from; }
ROIKIT_FN void write(const Register& from, acc_t* to) { *(Stored*)to = from; }

// In one instruction, where GCC takes five.
ROIKIT_FN Bits widened(const Halves& halves) {
#if defined(__AVX512F__)
    typedef short Shorts __attribute__((vector_size(32)));
    typedef int Ints __attribute__((vector_size(64)));
    return same_bits<Bits>(__builtin_ia32_pmovzxwd512_mask(same_bits<Shorts>(halves), Ints{}, 0xffff));
#else
    return __builtin_convertvector(halves, Bits);
#endif
}

ROIKIT_FN void read(const bfloat16* from, Register& to) {
    Halves halves;
    __builtin_memcpy(&halves, from, sizeof halves);
    to = same_bits<Register>(widened(halves) << 16);
}

ROIKIT_FN void write(const Register& from, bfloat16* to) {
    const Bits bits = same_bits<Bits>(from);
    const Bits rounded = bits + 0x7fffu + (bits >> 16 & 1u);  // to nearest, ties to even
    const Bits result = (bits & 0x7fffffffu) > 0x7f800000u ? bits >> 16 | 0x40u : rounded >> 16;
    const Halves halves = __builtin_convertvector(result, Halves);
    __builtin_memcpy(to, &halves, sizeof halves);
}

ROIKIT_FN void read(const float16* from, Register& to) {
#if defined(__AVX512F__)
    short bits __attribute__((vector_size(32)));
    __builtin_memcpy(&bits, from, sizeof bits);
    to = same_bits<Register>(__builtin_ia32_vcvtph2ps512_mask(bits, Floats{}, 0xffff, 4));
#elif defined(__F16C__)
    short bits __attribute__((vector_size(16)));
    __builtin_memcpy(&bits, from, sizeof bits);
    to = same_bits<Register>(__builtin_ia32_vcvtph2ps256(bits));
#else
    for (int i = 0; i < LANES; ++i) to[i] = widen(from[i]);
#endif
}

ROIKIT_FN void write(const Register& from, float16* to) {
#if defined(__AVX512F__)
    typedef short Rounded __attribute__((vector_size(32)));
    const Rounded bits = __builtin_ia32_vcvtps2ph512_mask(same_bits<Floats>(from), 0, Rounded{}, 0xffff);  // to nearest, ties to even
    __builtin_memcpy(to, &bits, sizeof bits);
#elif defined(__F16C__)
    for (int i = 0; i < LANES; i += 8) {
        float values __attribute__((vector_size(32)));
        __builtin_memcpy(&values, (const acc_t*)&from + i, sizeof values);
        const auto bits = __builtin_ia32_vcvtps2ph256(values, 0);
        __builtin_memcpy(to + i, &bits, sizeof bits);
    }
#else
    for (int i = 0; i < LANES; ++i) narrow(from[i], to[i]);
#endif
}

// Neighbours, as many as may be; the last register may overlap another.
template <class T> ROIKIT_FN void widen_all(const T* from, int count, acc_t* to) {
    for (int i = 0; i < (count < LANES ? count : 0); ++i) to[i] = widen(from[i]);
    for (int next = 0; next < (count < LANES ? 0 : count); next += LANES) {
        const int i = next + LANES <= count ? next : count - LANES;
        Register numbers;
        read(from + i, numbers);
        write(numbers, to + i);
    }
}

template <class T> ROIKIT_FN void narrow_all(const acc_t* from, int count, T* to) {
    for (int i = 0; i < (count < LANES ? count : 0); ++i) narrow(from[i], to[i]);
    for (int next = 0; next < (count < LANES ? 0 : count); next += LANES) {
        const int i = next + LANES <= count ? next : count - LANES;
        Register numbers;
        read(from + i, numbers);
        write(numbers, to + i);
    }
}
#endif
