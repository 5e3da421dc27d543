"""PTX written by hand, and how it is run."""

import numpy as np

from roikit.kernels.emulation.executor import Array, Program

HEAD = ".version 8.0\n.target sm_90\n.address_size 64\n"


def kernel(name, body, parameters=1, declared="", head=""):
    """A kernel of so many addresses, ``p0`` …, that are in ``%rd0`` …; ``%r0`` is the number of the thread in the grid."""
    listed = ", ".join(f".param .u64 {name}_p{i}" for i in range(parameters))
    loads = "\n".join(f"ld.param.u64 %rd{i}, [{name}_p{i}];" for i in range(parameters))
    return f"""{head}
.visible .entry {name}({listed})
{{
.reg .pred %p<20>;
.reg .b16 %rs<20>;
.reg .b32 %r<20>;
.reg .f32 %f<20>;
.reg .b64 %rd<40>;
.reg .f64 %fd<20>;
{declared}
mov.u32 %r1, %ctaid.x;
mov.u32 %r2, %ntid.x;
mov.u32 %r3, %tid.x;
mad.lo.s32 %r0, %r1, %r2, %r3;
{loads}
{body}
ret;
}}
"""


def program(*kernels, forgiving=False):
    return Program(HEAD + "\n".join(kernels), forgiving=forgiving)


def run(made, name, arrays, threads=1, blocks=1, shared=0, defined=()):
    """Launches a kernel with these arrays; ``defined`` are what is known to be written of the first ones."""
    params = b"".join(np.uint64(array.ctypes.data).tobytes() for array in arrays)
    known = [*defined, *[None] * (len(arrays) - len(defined))]
    handed = [
        Array(f"p{i}", array.ctypes.data, array.nbytes, of)
        for i, (array, of) in enumerate(zip(arrays, known, strict=True))
    ]
    made.launch(name, (blocks, 1, 1), (threads, 1, 1), params, handed, shared)
