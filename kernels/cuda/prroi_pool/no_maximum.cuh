// What the files of the library ask of a geometry whose samples may be maximised, or moved to the edge of the map. Here there is only
// the average, and nothing of this is ever called.
#pragma once

enum class Outside { zero };
enum class Max { sample, corner };

constexpr Outside OUTSIDE = Outside::zero;
constexpr Max MAX = Max::sample;

ROIKIT_FN int first_rank(const Axis&, int, acc_t, bool) { return 0; }
