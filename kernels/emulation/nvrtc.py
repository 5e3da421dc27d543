"""PTX of a CUDA text by NVRTC, which needs neither a GPU nor a driver."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import CompilationError
from ..execution.device import OPTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

OF_CUPY = ("-ftz=true",)
"""What CuPy adds to the options that it is given."""


def ptx_of(
    text: str,
    architecture: str = "sm_90",
    options: Sequence[str] = OPTIONS,
    *,
    added: Sequence[str] = OF_CUPY,
    headers: Mapping[str, str] | None = None,
    instances: Sequence[str] = (),
) -> str:
    """The PTX of a text for an architecture, such as ``sm_90``, as CuPy has it compiled.

    Args:
        text: CUDA.
        architecture: A name such as ``sm_90``.
        options: Of NVRTC.
        added: What comes after these: what CuPy adds, unless the text is compiled by others.
        headers: The texts that it includes, by name.
        instances: Kernels that are to be made of its templates, such as ``f<float>``.

    Raises:
        CompilationError: NVRTC did not accept it; the message holds its log.
        ModuleNotFoundError: there is no NVRTC.
    """
    from cuda.bindings import nvrtc

    def done(result: Any) -> Any:
        error, *values = result
        if int(error):
            raise CompilationError(f"NVRTC: {error!r}")
        return values[0] if values else None

    chosen = f"--gpu-architecture={architecture.replace('sm_', 'compute_')}"
    words = [option.encode() for option in (*options, chosen, *added)]
    included = [(body.encode(), name.encode()) for name, body in (headers or {}).items()]
    bodies, names = [body for body, _ in included], [name for _, name in included]
    program = done(nvrtc.nvrtcCreateProgram(text.encode(), b"kernel.cu", len(included), bodies, names))
    try:
        for instance in instances:
            done(nvrtc.nvrtcAddNameExpression(program, instance.encode()))
        (error,) = nvrtc.nvrtcCompileProgram(program, len(words), words)
        if int(error):
            log = bytearray(done(nvrtc.nvrtcGetProgramLogSize(program)))
            done(nvrtc.nvrtcGetProgramLog(program, log))
            raise CompilationError(f"NVRTC did not compile for {architecture}:\n{log.decode().strip(chr(0)).strip()}")
        ptx = bytearray(done(nvrtc.nvrtcGetPTXSize(program)))
        done(nvrtc.nvrtcGetPTX(program, ptx))
    finally:
        done(nvrtc.nvrtcDestroyProgram(program))
    return ptx.decode().rstrip("\0")
