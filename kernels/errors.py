"""What roikit's kernels raise.

RoikitError
├── InvalidRoiError (also ValueError)     a box or a batch index that cannot be pooled
├── CompilerNotFoundError                 the host executor needs a C++ compiler and found none
└── CompilationError                      a compiler refused a kernel

A wrong argument raises ValueError, or TypeError where its type is wrong; the message names the argument.
"""

from __future__ import annotations


class RoikitError(Exception):
    """Everything that roikit itself raises."""


class InvalidRoiError(RoikitError, ValueError):
    """A box with a coordinate that is not finite, that overflows or reaches too far, or has a batch index of no image."""


class CompilerNotFoundError(RoikitError):
    """No C++ compiler was found for the host executor."""


class CompilationError(RoikitError):
    """A compiler did not accept a kernel; the message holds what it printed."""
