"""What is asked of NVRTC."""

import pytest

from benchmarks.assembler.nvrtc import compile_for
from roikit.kernels import CompilationError
from roikit.kernels.execution.source import specialise

pytest.importorskip("cuda.core", reason="NVRTC: pip install 'roikit[nvrtc]'")


def test_a_source_that_nvrtc_refuses_is_an_error():
    source = specialise("roi_align/forward.cu", "roi_align_forward", "float32", (("MODE", "nonsense"),))
    with pytest.raises(CompilationError, match="NVRTC did not compile roi_align_forward for sm_90"):
        compile_for(source, "sm_90")
