"""Where the RoIs of systematic cases lie, and the rules that this is about."""

from __future__ import annotations

from ....placing import (
    Placement,
    around,
    beyond_high,
    beyond_low,
    halves,
    high,
    huge,
    inside,
    inverted,
    inverted_by_one,
    low,
    multiple,
    negative_half,
    outside_high,
    outside_low,
    pair,
    pixel,
    point,
    whole,
)

PLACEMENTS = (
    Placement("inside", "within the map", inside, inside, ("RP-2",)),
    Placement("whole", "the whole map", whole, whole, ("RP-2",)),
    Placement("multiple", "bins of whole pixels, which share none", multiple, multiple, ("RP-3",)),
    Placement("top", "over the top edge", low, inside, ("RP-5",)),
    Placement("left", "over the left edge", inside, low, ("RP-5",)),
    Placement("bottom", "over the bottom edge", high, inside, ("RP-5",)),
    Placement("right", "over the right edge", inside, high, ("RP-5",)),
    Placement("corner", "over the corner at the top left", low, low, ("RP-5",)),
    Placement("far-corner", "over the corner at the bottom right", high, high, ("RP-5",)),
    Placement("beyond-top", "from far above the map into it", beyond_low, inside, ("RP-5", "RP-6")),
    Placement("beyond-left", "from far left of the map into it", inside, beyond_low, ("RP-5", "RP-6")),
    Placement("beyond-bottom", "from within the map far below it", beyond_high, inside, ("RP-5", "RP-6")),
    Placement("beyond-right", "from within the map far right of it", inside, beyond_high, ("RP-5", "RP-6")),
    Placement("around", "around the map", around, around, ("RP-5", "RP-6")),
    Placement("huge", "around the map, bins larger than it", huge, huge, ("RP-5", "RP-6")),
    Placement("above", "above the map, beside a RoI within it", outside_low, inside, ("RP-6",)),
    Placement("right-of", "right of the map, beside a RoI within it", inside, outside_high, ("RP-6",)),
    Placement("pixel", "one pixel", pixel, pixel, ("RP-2",)),
    Placement("point", "without extent", point, point, ("RP-2",)),
    Placement("row", "one row", pixel, inside, ("RP-2",)),
    Placement("column", "one column", inside, pixel, ("RP-2",)),
    Placement("pair", "corners less than a pixel apart that become two", pair, pair, ("RP-2",)),
    Placement("inverted-x", "inverted in x", inside, inverted, ("RP-2",)),
    Placement("inverted-y", "inverted in y", inverted, inside, ("RP-2",)),
    Placement("inverted", "inverted in both", inverted, inverted, ("RP-2",)),
    Placement("inverted-by-one", "inverted by a pixel", inverted_by_one, inverted_by_one, ("RP-2",)),
    Placement("halves", "corners exactly between two pixels", halves, halves, ("RP-2",)),
    Placement(
        "negative-half", "first corner exactly between two pixels outside", negative_half, negative_half, ("RP-5",)
    ),
)
"""All placements; the first keeps company with those that lie outside the map."""

COMPANY = ("above", "right-of")
"""Those beside which a RoI within the map lies."""
