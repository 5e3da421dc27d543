"""What is said where something is not installed; needs nothing itself."""

import subprocess
import sys

import pytest


def test_without_pytorch_the_import_says_what_to_install():
    code = "import sys; sys.modules['torch'] = None; import roikit.torch"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1] == (
        "ModuleNotFoundError: roikit.torch needs PyTorch: pip install 'roikit[torch]'"
    )


@pytest.mark.parametrize(
    ("module", "message"),
    [
        ("cupy", r"tensors on a GPU need CuPy.*roikit\[cuda13\]"),
        ("ml_dtypes", r"bfloat16 tensors need ml_dtypes.*roikit\[bfloat16\]"),
    ],
)
def test_without_an_array_library_the_call_says_what_to_install(monkeypatch, module, message):
    torch = pytest.importorskip("torch")
    from roikit.torch import memory

    memory._bfloat16.cache_clear()
    monkeypatch.setitem(sys.modules, module, None)
    device = "cuda:0" if module == "cupy" else "cpu"
    with pytest.raises(ImportError, match=message), memory.place(torch.device(device)) as array:
        array(torch.zeros(1, dtype=torch.bfloat16))
