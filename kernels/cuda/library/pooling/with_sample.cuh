// RA-9: a sample beside the maximum of those before it.
#pragma once

// The maximum with a sample of these four pixels: in the order of each layout, that of channels_first.cuh with channels first.
template <int N> ROIKIT_FN Vector<N> with_sample(const Vector<N>& best, const Sample& y, const Sample& x, const Vector<N>& c00,
                                                 const Vector<N>& c01, const Vector<N>& c10, const Vector<N>& c11) {
    if constexpr (LAYOUT == Layout::NCHW && MAX == Max::corner) {
        const Vector<N> low = larger<N>(x.weight_low * (y.weight_low * c00), x.weight_high * (y.weight_low * c01));
        const Vector<N> high = larger<N>(x.weight_low * (y.weight_high * c10), x.weight_high * (y.weight_high * c11));
        return larger<N>(larger<N>(best, low), high);
    } else if constexpr (LAYOUT == Layout::NCHW) {
        const Vector<N> left = multiply_add<N>(y.weight_high, c10, y.weight_low * c00);
        const Vector<N> right = multiply_add<N>(y.weight_high, c11, y.weight_low * c01);
        return larger<N>(best, multiply_add<N>(x.weight_high, right, x.weight_low * left));
    }
    const acc_t w00 = y.weight_low * x.weight_low, w01 = y.weight_low * x.weight_high;
    const acc_t w10 = y.weight_high * x.weight_low, w11 = y.weight_high * x.weight_high;
    if (MAX == Max::corner) {
        const Vector<N> low = larger<N>(larger<N>(best, w00 * c00), w01 * c01);
        return larger<N>(larger<N>(low, w10 * c10), w11 * c11);
    }
    const Vector<N> top = multiply_add<N>(w01, c01, w00 * c00);
    return larger<N>(best, multiply_add<N>(w11, c11, multiply_add<N>(w10, c10, top)));
}
