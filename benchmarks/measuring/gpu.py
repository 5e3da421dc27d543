"""Whether there is a GPU."""

from importlib.util import find_spec


def present() -> bool:
    """Whether CuPy is installed and finds a GPU."""
    if find_spec("cupy") is None:
        return False
    import cupy

    return bool(cupy.is_available())
