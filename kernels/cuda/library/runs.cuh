// The samples of a bin along an axis, of which those beyond an edge to which they are moved are one, and counted: they read the same, and
// there is no end to them. One exactly on the edge is by itself, since it moves with the box.
#pragma once

// First `before` samples below the map, then those from rank `first` to before `end`, then `after` above it.
struct Runs {
    int before, first, end, after;

    ROIKIT_METHOD int count() const { return (before > 0 ? 1 : 0) + (end > first ? end - first : 0) + (after > 0 ? 1 : 0); }
};

// A sample, and how many there are that read the same.
struct Run {
    int rank, times;
};

ROIKIT_FN Runs runs_of(const Axis& axis, int p) {
    if (OUTSIDE == Outside::zero) {
        const Ranks inside = inside_ranks(axis, p);
        return Runs{0, inside.begin, inside.end, 0};
    }
    const int before = first_rank(axis, p, (acc_t)0, false), end = first_rank(axis, p, (acc_t)(axis.size - 1), false);
    return Runs{before, before, end, axis.taken - end};
}

ROIKIT_FN Run run_at(const Runs& runs, int i) {
    if (runs.before > 0 && i-- == 0) return Run{0, runs.before};
    return runs.first + i < runs.end ? Run{runs.first + i, 1} : Run{runs.end, runs.after};
}
