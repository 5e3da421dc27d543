"""Memory in which it is seen whether somebody wrote beside an array."""

import numpy as np


class Guarded:
    """An array of one number, between others of it that nobody is to change; it begins at a multiple of 64 bytes."""

    def __init__(self, shape, dtype, value):
        size, at = int(np.prod(shape)), 64
        memory = np.full(size + 2 * at + 64, value, dtype)
        at += -memory[at:].ctypes.data % 64 // memory.itemsize
        self.array = memory[at : at + size].reshape(shape)
        self._around, self._value = (memory[:at], memory[at + size :]), value

    def is_left_alone(self):
        """Whether all that is around the array is as it was."""
        return all((part == self._value).all() for part in self._around)
