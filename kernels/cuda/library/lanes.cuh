// What all gradients for boxes share. A block takes a RoI. Its bins and channels are shared out to a fixed number of lanes, whose sums are
// added up in order: results do not depend on how many threads the block has.
//
// The specialisation defines
//   ROIKIT_VECTOR         neighbouring channels that are taken together (1 if channels are first, or if not neighbours are read)
//   ROIKIT_BIN_LANES      lanes that share the bins of a RoI
//   ROIKIT_CHANNEL_LANES  for each of them, lanes that share the channels
#pragma once

constexpr int VECTOR = ROIKIT_VECTOR;
constexpr int BIN_LANES = ROIKIT_BIN_LANES;
constexpr int CHANNEL_LANES = ROIKIT_CHANNEL_LANES;

struct BoxGradientParams {
    int64 maps[ROIKIT_LEVELS];  // addresses
    ROIKIT_ROI_FIELDS
    ROIKIT_GEOMETRY_FIELDS
};

// Sums by the four coordinates of a box, not yet divided.
template <int N> struct Sums {
    Vector<N> by[4];

    ROIKIT_METHOD Sums() {
        for (int n = 0; n < 4; ++n) by[n] = filled<N>((acc_t)0);
    }
};

// Writes the four sums of a lane: of its whole vectors of channels, and of the rest.
ROIKIT_FN void write_sums(const Sums<VECTOR>& sums, const Sums<1>& rest, acc_t* total) {
    for (int n = 0; n < 4; ++n) {
        acc_t parts[VECTOR];
        write_vector<VECTOR>(sums.by[n], parts);
        total[n] = rest.by[n].part[0];
        for (int v = 0; v < VECTOR; ++v) total[n] += parts[v];
    }
}

// The lane of a thread, or of one of its turns. With channels first neighbours take neighbouring bins, whose pixels lie close together
// in memory, not channels, of which each is in a sector of its own.
ROIKIT_FN int lane_of(int turn) {
    return LAYOUT == Layout::NHWC ? turn : turn % BIN_LANES * CHANNEL_LANES + turn / BIN_LANES;
}
