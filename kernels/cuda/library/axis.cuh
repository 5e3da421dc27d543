// What every geometry says of an axis.
#pragma once

// Whether a RoI can be placed.
enum class Placed { ok, not_finite, too_far };

// Pixels along an axis, begin … end - 1; none if end <= begin.
struct Span {
    int begin, end;
};
