"""Environments of peers: made, taken up, judged in, removed. The package index is a folder with a wheel that is built here."""

import json
import os
import subprocess
import sys
import sysconfig
import zipfile

import pytest
from typer.testing import CliRunner

from roikit.conformance.commands.cli import app
from roikit.conformance.implementation import registered
from roikit.conformance.peers import environments, installation
from roikit.conformance.peers.environments import State
from roikit.conformance.workers.process import exposed_package

MODULE = """
import numpy as np
__version__ = "9.9"
array = to_numpy = np.asarray
def set_backend(name): pass
def roi_align(maps, boxes, output_size, spatial_scale, sampling_ratio, aligned):
    return np.zeros((len(boxes), maps.shape[1], *output_size), maps.dtype)
"""
TOY = {
    "package": "ivy",
    "implementations": ["ivy"],
    "tier": 1,
    "download": 1,
    "disk": 10,
    "seconds": 5,
    "steps": [{"pip": ["ivy==9.9"]}],
}


def wheel(folder):
    """Builds a package that calls itself ivy, gives zeros for everything, and finds NumPy where this process does."""
    metadata = "ivy-9.9.dist-info"
    files = {
        "ivy/__init__.py": MODULE,
        "numpy-of-the-tests.pth": sysconfig.get_path("purelib") + "\n",
        f"{metadata}/METADATA": "Metadata-Version: 2.1\nName: ivy\nVersion: 9.9\n",
        f"{metadata}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{metadata}/RECORD"] = "".join(f"{name},,\n" for name in [*files, f"{metadata}/RECORD"])
    with zipfile.ZipFile(folder / "ivy-9.9-py3-none-any.whl", "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A cache of its own, and a package index that needs no network."""
    folder = tmp_path_factory.mktemp("index")
    wheel(folder)
    cache = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ROIKIT_CACHE_DIR", str(cache))
        patch.setenv("PIP_NO_INDEX", "1")
        patch.setenv("PIP_FIND_LINKS", folder.as_uri())  # a list, which blanks divide
        patch.setenv("PIP_CONFIG_FILE", os.devnull)
        patch.delenv("PIP_EXTRA_INDEX_URL", raising=False)
        yield cache


@pytest.fixture
def describe(place, monkeypatch):
    """Sets what peers.toml is taken to say."""

    def say(**tables):
        document = {"python": "{}.{}".format(*sys.version_info), **tables}
        monkeypatch.setattr(environments, "_document", lambda: document)
        return environments.environments()

    return say


def roikit(*arguments):
    return CliRunner().invoke(app, arguments, env={"COLUMNS": "200"})


@pytest.fixture
def toy(describe):
    """A complete environment, made by the first test that asks for it."""
    found = describe(ivy=TOY)["ivy"]
    if found.state() != State.COMPLETE:
        done = roikit("peers", "install", "ivy", "--yes")
        assert (done.exit_code, found.state()) == (0, State.COMPLETE), done.output
        assert "ivy 9.9: " in done.output
    return found


def test_an_environment_is_recorded_with_exact_versions(toy):
    record = toy.record()
    assert "ivy==9.9" in record.packages
    assert record.version("Ivy") == "9.9"
    assert record.bytes == pytest.approx(toy.size(), rel=0.2)
    assert json.loads((toy.folder / "record.json").read_text())["steps"] == toy.plain_steps()
    assert "pip install" in toy.log.read_text()


def test_a_complete_environment_is_left_alone(toy):
    before = toy.record()
    done = roikit("peers", "install", "all", "--yes")
    assert (done.exit_code, done.output) == (0, "Nothing to do: all are complete.\n")
    assert installation.install(toy, print) == before


def test_the_lists_say_where_an_implementation_runs(toy):
    assert "ivy          1     complete  9.9" in roikit("peers", "list").output
    listed = roikit("list", "implementations", "--verbose").output
    line = next(line for line in listed.splitlines() if line.startswith("ivy "))
    assert "in its environment: ivy" in line
    assert str(toy.python) in line


def test_conform_finds_the_environment_whose_worker_has_no_roikit(toy):
    program = "import importlib.util as u, sys; sys.exit(u.find_spec('ivy') is None)"
    assert subprocess.run([toy.python, "-c", program], check=False).returncode == 0
    done = roikit("conform", "ivy", "--select", "no-rois", "--select", "border-low")
    assert done.exit_code == 1, done.output
    assert "2 conforms, 2 deviates" in done.output  # zeros: right where there are no RoIs


def test_an_interpreter_that_is_named_takes_precedence(toy):
    done = roikit("conform", "ivy", "--select", "no-rois", "--python", "ivy=/no/such/python")
    assert "ivy: broken: /no/such/python" in done.output


def test_what_was_cut_off_is_finished_and_not_begun_anew(toy):
    marker = toy.folder / "venv" / "marker"
    marker.touch()
    toy.discard_record()
    assert toy.state() == State.INCOMPLETE
    assert "incomplete" in roikit("peers", "list").output
    assert roikit("peers", "install", "ivy", "--yes").exit_code == 0
    assert toy.state() == State.COMPLETE
    assert marker.exists()


@pytest.mark.one_in(3)
def test_what_cannot_be_finished_is_begun_anew(toy):
    marker = toy.folder / "venv" / "marker"
    marker.touch()
    toy.discard_record()
    # Cut off while pip was at it: it believes that the package is there.
    (toy.folder / "venv" / "lib" / "python{}.{}".format(*sys.version_info) / "site-packages/ivy/__init__.py").unlink()
    said = []
    installation.install(toy, said.append)
    assert "begins anew" in said
    assert toy.state() == State.COMPLETE
    assert not marker.exists()


def test_an_outdated_environment_is_used_until_it_is_renewed(toy, describe):
    changed = describe(ivy=TOY | {"steps": [{"pip": ["ivy<10"]}]})["ivy"]
    assert changed.state() == State.OUTDATED
    assert "in its environment: ivy" in roikit("list", "implementations").output


def test_two_cannot_install_the_same(toy):
    toy.discard_record()
    with installation._lock(toy), pytest.raises(installation.InstallationError, match="being installed by another"):
        installation.install(toy, print)


@pytest.mark.one_in(3)
def test_what_the_index_does_not_have_is_said_in_a_line_and_the_others_are_still_installed(toy, describe):
    describe(odd=TOY | {"implementations": ["mnn"], "steps": [{"pip": ["no-such-package==1"]}]}, ivy=TOY)
    toy.discard_record()
    done = roikit("peers", "install", "all", "--yes")
    assert done.exit_code == 1
    lines = [line for line in done.output.splitlines() if line.startswith("odd: ")]
    assert len(lines) == 1
    assert "pip install no-such-package==1: pip finds no such package for this machine" in lines[0]
    assert environments.environments()["odd"].state() == State.INCOMPLETE
    assert toy.state() == State.COMPLETE
    assert roikit("peers", "remove", "odd", "--yes").exit_code == 0


def test_removing_frees_the_disk(toy):
    done = roikit("peers", "remove", "ivy", "--yes")
    assert (done.exit_code, done.output) == (0, f"ivy: {done.output.split()[1]} MB freed\n")
    assert toy.state() == State.ABSENT
    assert roikit("peers", "remove", "ivy", "--yes").output == "Nothing to do: none is there.\n"


def test_a_dry_run_and_a_refusal_leave_nothing_behind(describe, place):
    toy = describe(ivy=TOY, large=TOY | {"implementations": ["mnn"], "disk": 10**9})["ivy"]
    if toy.folder.exists():
        toy.remove()
    done = roikit("peers", "install", "ivy", "--dry-run")
    assert done.exit_code == 0
    assert "ivy==9.9" in done.output
    done = roikit("peers", "install", "ivy")
    assert (done.exit_code, done.stderr) == (2, "roikit: --yes is needed where nobody can be asked\n")
    done = roikit("peers", "install", "large", "--yes")
    assert done.exit_code == 1
    assert "MB are needed in" in done.stderr
    done = roikit("peers", "install", "ivvy", "--yes")
    assert (done.exit_code, done.stderr) == (2, "roikit: no environment is called 'ivvy': did you mean ivy?\n")
    assert toy.state() == State.ABSENT


def test_a_compiler_and_a_python_that_are_missing_are_named(describe, monkeypatch):
    built = describe(built=TOY | {"needs": ["c++"]})["built"]
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CXX", raising=False)
    with pytest.raises(installation.InstallationError, match=r"a c\+\+ compiler is needed"):
        installation.install(built, print)
    monkeypatch.setattr(installation, "python_version", lambda: "3.1")
    with pytest.raises(installation.InstallationError, match=r"pinned for Python 3.1, and there is no python3.1"):
        installation.base_python()


@pytest.mark.parametrize(
    ("output", "meaning"),
    [
        ("OSError: [Errno 28] No space left on device", "the disk is full"),
        (
            "NewConnectionError('<pip._vendor…>: Failed')\nERROR: No matching distribution found for x",
            "is there a network",
        ),
        ("error: command '/usr/bin/g++' failed with exit code 1", "the compiler failed"),
        ("ERROR: a trouble of its own", r"^doing: ERROR: a trouble of its own$"),
    ],
)
def test_common_troubles_are_said_in_words(output, meaning):
    with pytest.raises(installation._Failure, match=meaning):
        raise installation._Failure("doing", output)


def test_peers_toml_covers_what_is_registered_once():
    known = environments.environments()
    covered = [name for environment in known.values() for name in environment.implementations]
    assert len(covered) == len(set(covered))
    assert set(registered()) - set(covered) == {"roikit", "roikit-cuda", "roikit-ptx", "roikit-torch"}
    for environment in known.values():
        pinned = {package.partition("==")[0] for step in environment.steps for package in step.pip if "==" in package}
        assert environment.package in pinned | {"mmcv"}  # which build_mmcv.py pins
        assert environment.tier in (1, 2, 3)
        assert min(environment.download, environment.disk, environment.seconds) > 0
    assert [e.name for e in environments.choose(["tier-1", "ncnn-version-0"])][-1] == "ncnn"


def test_an_interpreter_without_roikit_is_shown_roikit_and_nothing_else():
    folder = exposed_package()
    assert [entry.name for entry in folder.iterdir()] == ["roikit"]
    program = "import roikit.conformance.workers.worker as w; print(w.__file__)"
    clean = {"PYTHONPATH": str(folder), "PATH": os.environ["PATH"]}
    done = subprocess.run([sys.executable, "-c", program], env=clean, capture_output=True, text=True, check=True)
    assert done.stdout.startswith(str(folder))


def test_an_absent_implementation_is_said_to_have_an_environment(describe):
    toy = describe(ivy=TOY)["ivy"]
    if toy.folder.exists():
        toy.remove()
    done = roikit("conform", "ivy", "--select", "no-rois")
    assert done.exit_code == 3
    assert "; or: roikit peers install ivy" in done.output
    assert "roikit peers install ivy" in roikit("list", "implementations").output
