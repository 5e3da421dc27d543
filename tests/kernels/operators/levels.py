"""A pyramid of three maps, and boxes of all of its levels, of tests of operators that pool upright boxes from such."""

import numpy as np

from tests.kernels.operators.arrays import drawn, like

SCALES = (0.5, 0.25, 0.125)
SIZES = ((11, 14), (21, 9), (6, 23))
"""Of maps, which need not be smaller from level to level: the last two have tiles of rows or columns that the first has not."""
CHOOSING = {"first_level": 1, "canonical_size": 16, "canonical_level": 2}
BOXES = [
    [0, 15.75, 9, 24.75, 20],  # of the first level: sizes below 16
    [1, 9.5, 14, 25.5, 30],  # exactly as large as the second asks for
    [0, -23, 59, 47, 65],  # larger than that, whatever its sides are
    [1, -2, 1.5, 38, 38.5],  # of the last
    [1, 90, 90, 123, 123],  # outside
    [0, 40, 20.5, 20, 3.5],  # inverted along both axes: of positive area all the same
    [0, -133, -85, 167, 115],  # around the map
    [1, 9.5, 2.25, 9.5, 14.25],  # without area
]
LEVELS = [0, 1, 1, 2, 2, 1, 2, 0]
"""Of these boxes, by rules that add nothing to a size."""


def pyramid(channels, dtype, layout, images=2, seed=0):
    """Maps of three levels."""
    return [like(drawn((images, channels, *size), dtype, n + seed), layout) for n, size in enumerate(SIZES)]


def sizes_of_squares(pool, rule="axlearn"):
    """On which of three maps, of 0, 1 and 2, ``pool`` finds squares: of a limit, and of a number before it."""
    maps = [np.full((1, 1, *size), n, np.float32) for n, size in enumerate(SIZES)]
    sides = [side for limit in (16, 32) for side in (np.nextafter(np.float32(limit), np.float32(0)), limit)]
    boxes = np.array([[0, 0, 0, side, side] for side in sides], np.float32)
    return pool(maps, boxes, level_rule=rule, **CHOOSING).ravel().tolist()
