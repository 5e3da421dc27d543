"""What `roikit.kernels` offers: each name is imported when it is asked for, and type checkers see the same names."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from roikit import kernels

pytestmark = pytest.mark.every_run

TREE = ast.parse(Path(kernels.__file__).read_text(encoding="utf-8"))


def test_type_checkers_see_the_names_that_there_are_where_they_are():
    (guarded,) = (node for node in TREE.body if isinstance(node, ast.If) and isinstance(node.test, ast.Name))
    seen = {alias.name: f".{node.module}" for node in guarded.body for alias in node.names}
    assert seen.pop("host") == ".execution"
    assert seen == kernels._MODULES
    assert sorted({*seen, "host"}) == sorted(kernels.__all__)


@pytest.mark.parametrize("name", kernels.__all__)
def test_a_name_is_what_its_module_has(name):
    found = getattr(kernels, name)
    assert found is getattr(kernels, name)
    assert name in dir(kernels)
    assert getattr(found, "__name__", "").rpartition(".")[2] in (name, "", "Union", "Literal")


def test_what_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'roi_aling'"):
        kernels.roi_aling  # noqa: B018


def test_an_operator_is_imported_without_the_others():
    program = "import sys; from roikit.kernels import roi_pool; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    operators = {name.split(".")[3] for name in loaded if name.startswith("roikit.kernels.operators.")}
    assert operators == {"roi_pool"}
