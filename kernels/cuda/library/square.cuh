// A square of numbers on a CPU, as many registers as one has lanes, and its rows turned into columns.
#pragma once

#ifndef __CUDA_ARCH__

typedef Register Block[LANES];

// A block is to stay in registers, which have no addresses: loops over it have to be unrolled, and GCC thinks that sixteen are too many.
#define ROIKIT_EACH_LANE _Pragma("GCC unroll 16")

template <int... I> struct Lane {};
template <int N, int... I> struct Each : Each<N - 1, N - 1, I...> {};
template <int... I> struct Each<0, I...> {
    typedef Lane<I...> type;
};

template <int STEP, int... I> ROIKIT_FN void exchange(Register& a, Register& b, Lane<I...>) {
#ifdef __clang__
    const Register low = __builtin_shufflevector(a, b, (I & STEP ? LANES + I - STEP : I)...);
    b = __builtin_shufflevector(a, b, (I & STEP ? LANES + I : I + STEP)...);
#else
    typedef decltype(a == b) Places;
    const Register low = __builtin_shuffle(a, b, Places{(I & STEP ? LANES + I - STEP : I)...});
    b = __builtin_shuffle(a, b, Places{(I & STEP ? LANES + I : I + STEP)...});
#endif
    a = low;
}

template <int STEP = 1> ROIKIT_FN void turn(Block& block) {
    ROIKIT_EACH_LANE for (int i = 0; i < LANES; ++i) {
        if (!(i & STEP)) exchange<STEP>(block[i], block[i + STEP], typename Each<LANES>::type());
    }
    if constexpr (2 * STEP < LANES) turn<2 * STEP>(block);
}

#endif
