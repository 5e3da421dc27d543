"""What is published: both archives, made from a copy of the checkout as it would be released."""

import configparser
import email
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml

import roikit
from roikit.conformance import operators
from roikit.conformance.cases.golden import golden_cases

ROOT = Path(__file__).parents[1]
GENERATED = re.compile(r"PKG-INFO|setup\.cfg|roikit\.egg-info/.*")
"""What a source distribution has besides the files of a checkout."""


def checkout():
    """The files of the project, relative to its root: those that git knows, or in a source distribution those that it has."""
    if (ROOT / ".git").exists():
        command = ["git", "-C", ROOT, "ls-files", "-z"]
        known = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\0")
        return {name for name in known if name and (ROOT / name).is_file()}
    names = (ROOT / "roikit.egg-info/SOURCES.txt").read_text(encoding="utf-8").splitlines()
    return {name for name in names if not GENERATED.fullmatch(name)}


def copied(folder, names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The folder with both archives, and what was printed while they were built."""
    copy, archives = tmp_path_factory.mktemp("checkout"), tmp_path_factory.mktemp("dist")
    copied(copy, checkout())
    command = [
        sys.executable,
        "-W",
        "error::DeprecationWarning",
        "-m",
        "build",
        "--no-isolation",
        "--outdir",
        archives,
        copy,
    ]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}  # it warns
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return archives, done.stdout + done.stderr


@pytest.fixture(scope="module")
def wheel(built):
    (file,) = built[0].glob("*.whl")
    return zipfile.ZipFile(file)


@pytest.fixture(scope="module")
def metadata(wheel):
    (name,) = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
    return email.message_from_bytes(wheel.read(name))


@pytest.mark.one_in(3)
def test_nothing_is_warned_of(built):
    assert [line for line in built[1].splitlines() if "warning" in line.lower()] == []


def test_an_index_accepts_both_archives(built):
    command = [sys.executable, "-m", "twine", "check", "--strict", *built[0].iterdir()]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.count("PASSED")) == (0, 2), done.stdout + done.stderr


def test_the_source_distribution_is_the_checkout(built):
    (file,) = built[0].glob("*.tar.gz")
    with tarfile.open(file) as archive:
        names = {member.name.partition("/")[2] for member in archive if member.isfile()}
    assert {name for name in names if not GENERATED.fullmatch(name)} == checkout()


def test_the_wheel_has_the_wings_that_are_installed_and_nothing_beside_roikit(wheel):
    names = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert {name.partition("/")[0] for name in names} == {"roikit"}
    beside = {"kernels/roikit/": "roikit/", "kernels/torch/": "roikit/torch/"}
    due = set()
    for name in checkout():
        wing = name.partition("/")[0]
        if wing not in ("kernels", "conformance", "reports") or name.startswith(
            ("reports/recorded/", "reports/manual/")
        ):
            continue
        place = next((place for place in beside if name.startswith(place)), "")
        due.add(beside[place] + name.removeprefix(place) if place else f"roikit/{name}")
    assert names == due


def test_the_wheel_works_where_nothing_else_is(wheel, tmp_path):
    wheel.extractall(tmp_path)
    code = (
        "import pydoc, roikit, roikit.conformance.commands.cli, roikit.kernels, roikit.reports.tables; "
        "print(roikit.__file__); print(pydoc.plain(pydoc.render_doc(roikit)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)}, check=True, capture_output=True, text=True
    )  # fmt: skip
    file, *shown = done.stdout.splitlines()
    assert Path(file) == tmp_path / "roikit/__init__.py"
    text = "\n".join(shown)
    assert all(name in text for name in ("roikit.kernels", "roikit.torch", "roikit.conformance", "roikit.reports"))
    assert re.search(rf"VERSION\s+{re.escape(roikit.__version__)}", text)


def test_the_page_of_an_index_leads_nowhere_within_a_repository_that_it_does_not_know(metadata):
    text = metadata.get_payload()
    assert text.startswith("# roikit")
    targets = re.findall(r"\]\(([^)]*)\)", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    assert [target for target in targets if not target.startswith("https://")] == []


def test_it_leads_to_the_repository_once_that_has_an_address(tmp_path):
    copied(tmp_path, ("README.md", "pyproject.toml", "setup.py", "kernels/roikit/__init__.py"))
    for name in ("kernels", "kernels/torch", "conformance", "reports"):
        (tmp_path / name).mkdir(exist_ok=True)
    settings = tmp_path / "pyproject.toml"
    given = settings.read_text(encoding="utf-8").replace(
        "[project]", '[project]\nurls = {Source = "https://example.org/roikit"}'
    )
    settings.write_text(given, encoding="utf-8")
    code = "import setuptools.build_meta as b; print(b.prepare_metadata_for_build_wheel('.'))"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True, text=True)
    text = (tmp_path / done.stdout.split()[-1] / "METADATA").read_text(encoding="utf-8")
    assert "](https://example.org/roikit/blob/HEAD/kernels/README.md)" in text


def test_readme_has_links_of_the_kind_that_such_a_page_cannot_have():
    assert "](kernels/README.md)" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_readme_counts_the_dialects_and_cases_of_every_operator():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    said = {
        name: numbers for name, *numbers in re.findall(r"^\| `(\w+)` \|.*\| (\d+) \| (\d+) \|$", text, re.MULTILINE)
    }
    assert said == {
        name: [str(len(operators.get(name).dialects)), str(len(golden_cases(name)))] for name in operators.NAMES
    }


def test_every_file_says_the_same_version(metadata):
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    newest, date = re.search(
        r"^## (\S+)(?: – (\S+))?$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE
    ).groups()
    assert metadata["Version"] == roikit.__version__
    if newest != "Unreleased":
        assert (newest, date) == (roikit.__version__, str(citation["date-released"]))
    assert citation["version"] == roikit.__version__


def test_every_command_and_adapter_that_is_announced_is_there(wheel):
    (name,) = [name for name in wheel.namelist() if name.endswith("/entry_points.txt")]
    points = configparser.ConfigParser(delimiters="=")
    points.optionxform = str
    points.read_string(wheel.read(name).decode())
    modules = {target.partition(":")[0] for group in points.sections() for target in points[group].values()}
    assert [module for module in modules if f"{module.replace('.', '/')}.py" not in wheel.namelist()] == []


def test_extras_that_texts_name_exist():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = {
        extra.strip()
        for name in checkout() if name.endswith((".md", ".py")) and not name.startswith("tests/")
        for extras in re.findall(r"""(?:'\.|roikit)\[([a-z0-9,]+)\]""", (ROOT / name).read_text(encoding="utf-8"))
        for extra in extras.split(",")
    }  # fmt: skip
    assert {"cuda13", "peers"} <= named <= set(project["optional-dependencies"])
