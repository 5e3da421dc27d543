// Which candidate is a bin's maximum, for some neighbouring channels at once.
#pragma once

// Where the maximum of a bin was read, along y and x, in the numbers of the operator; negative if nowhere.
struct Winner {
    int y, x;
};

// From a row of a map to the next, from a pixel to the next, and from a channel.
struct MapSteps {
    int64 row, pixel, channel;
};

// Each in an array of its own, so that a CPU compares many channels at once.
template <int N> struct Best {
    acc_t value[N];
    int y[N], x[N];
};

// Nothing wins but what exceeds `start`.
template <int N> ROIKIT_FN Best<N> best_from(acc_t start) {
    Best<N> best;
    for (int v = 0; v < N; ++v) best.value[v] = start, best.y[v] = best.x[v] = -1;
    return best;
}

template <int N> ROIKIT_FN void consider(Best<N>& best, const acc_t* values, acc_t weight, int y, int x) {
    for (int v = 0; v < N; ++v) {
        const acc_t value = weight * values[v];
        const bool wins = value > best.value[v];
        best.value[v] = wins ? value : best.value[v];
        best.y[v] = wins ? y : best.y[v];
        best.x[v] = wins ? x : best.x[v];
    }
}
