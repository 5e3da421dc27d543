// Where the numbers of a bin go: N channels, neighbours if they come last in memory, otherwise `step` apart.
#pragma once

template <int N> ROIKIT_FN void write_bin(const Vector<N>& values, feature_t* to, int64 step) {
    if constexpr (LAYOUT == Layout::NHWC) {
        store<N>(values, to);
    } else {
        acc_t parts[N];
        write_vector<N>(values, parts);
        for (int v = 0; v < N; ++v) narrow(parts[v], to[v * step]);
    }
}
