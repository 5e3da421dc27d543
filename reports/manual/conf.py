"""How Sphinx makes the manual. Texts stay beside what they describe, so that its folder of sources is the root of the project.

sphinx-build -W -c reports/manual . build/manual
"""

import sys
from pathlib import Path

from sphinx.util import inspect
from sphinx.util.inspect import stringify_signature

import roikit

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

project = "roikit"
author = "The maintainers of roikit"
version = release = roikit.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "directives"]
root_doc = "reports/manual/index"
exclude_patterns = [".*", "build", "dist", "tests", "conformance/operators/*/cases"]
include_patterns = ["*.md", "kernels/**.md", "conformance/**.md", "benchmarks/**.md", "reports/**.md"]
templates_path = ["templates"]

myst_enable_extensions = ["attrs_block", "deflist"]
myst_heading_anchors = 4  # those that the texts link to

default_role = "py:obj"  # what docstrings have in single backticks is a link where there is such a thing
autodoc_mock_imports = ["torch"]  # which takes seconds, or is not there
napoleon_use_ivar = True
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
python_display_short_literal_types = True
python_use_unqualified_type_names = True
maximum_signature_line_length = 90

html_theme = "furo"
html_title = f"roikit {release}"
html_additional_pages = {"index": "redirect.html"}
html_copy_source = False
html_show_copyright = False
html_show_sphinx = False


def mend_signature(app, what, name, obj, options, signature, returns):  # noqa: ANN001, ANN201, ARG001
    """Names the operator's own `Dialect`, of which a signature has the last name alone, and what a module of PyTorch takes."""
    module = getattr(obj, "__module__", None) or ""
    if what == "class" and module.startswith("roikit.torch"):
        signature = stringify_signature(
            inspect.signature(obj.__init__, bound_method=True), show_return_annotation=False
        )
    if signature:
        others = (
            "deform_ps_roi_pool",
            "prroi_pool",
            "ps_roi_pool",
            "multiscale_ps_roi_align",
            "multiscale_weighted_roi_align",
            "ps_roi_align",
            "roi_pool",
            "crop_and_resize",
            "riroi_align_rotated",
            "multiscale_roi_align_rotated",
            "roi_align_rotated",
            "border_align",
            "deform_roi_pool",
            "roi_align_3d",
        )
        operator = next((other for other in others if other in f"{module}.{name}"), "roi_align")
        signature = signature.replace("| Dialect |", f"| roikit.kernels.dialects.{operator}.Dialect |")
    return signature, returns


def setup(app):  # noqa: ANN001, ANN201
    """Tells Sphinx of it."""
    app.connect("autodoc-process-signature", mend_signature)
