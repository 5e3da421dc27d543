"""Reports read files and run nothing: what they import, and what that imports, has nothing that could."""

import json
import subprocess
import sys
from pathlib import Path

REPORTS = Path(__file__).parents[2] / "reports"
MODULES = [
    ".".join(("roikit.reports", *path.relative_to(REPORTS).with_suffix("").parts)).removesuffix(".__init__")
    for path in sorted(REPORTS.rglob("*.py"))
    if path.relative_to(REPORTS).parts[0] != "manual"  # which Sphinx loads, and nobody installs
]
RUNNING = {"workers", "running", "peers", "fuzzing", "commands"}
IMPORT = """
import importlib, json, sys
for module in sys.argv[2:]:
    importlib.import_module(module)
exec(sys.argv[1])
prefix = "roikit.conformance."
rooms = {name.removeprefix(prefix).partition(".")[0] for name in sys.modules if name.startswith(prefix)}
print(json.dumps(sorted(rooms)))
"""


def rooms_loaded_by(*modules, then=""):
    """The rooms of conformance that a fresh interpreter has loaded once it has imported modules, and then done something."""
    command = [sys.executable, "-c", IMPORT, then, *modules]
    return set(json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1]))


def test_no_module_loads_anything_that_runs():
    assert len(MODULES) > 20
    assert not rooms_loaded_by(*MODULES) & (RUNNING | {"adapters"})


def test_a_script_loads_adapters_and_still_nothing_that_runs():
    then = """
from roikit.reports.model import golden
from roikit.reports.scripts import script_for
script, missing = script_for(golden()["border-low"], "torchvision", {"dialect": "torchvision", "dtype": "float32"})
assert "import torchvision" in script, missing
"""
    loaded = rooms_loaded_by("roikit.reports.site", then=then)
    assert {"adapters", "scripts"} <= loaded
    assert not loaded & RUNNING


def test_what_runs_would_be_noticed():
    assert rooms_loaded_by("roikit.conformance.explaining.show") & RUNNING
