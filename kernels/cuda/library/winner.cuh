// Which candidate is a bin's maximum, for some neighbouring channels at once.
#pragma once

// Where the maximum of a bin was read, along y and x, in the numbers of the operator; negative if nowhere.
struct Winner {
    int y, x;
};

template <int N> struct Best {
    acc_t value[N];
    Winner winner[N];
};

template <int N> ROIKIT_FN void consider(Best<N>& best, const acc_t* values, acc_t weight, int y, int x) {
    for (int v = 0; v < N; ++v) {
        const acc_t value = weight * values[v];
        const bool wins = value > best.value[v];
        best.value[v] = wins ? value : best.value[v];
        best.winner[v].y = wins ? y : best.winner[v].y;
        best.winner[v].x = wins ? x : best.winner[v].x;
    }
}
