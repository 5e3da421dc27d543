"""The manual: Sphinx makes it of the texts and docstrings of the project without a warning, and no link within it is dead."""

import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

pytestmark = pytest.mark.every_run

ROOT = Path(__file__).parents[2]


class Page(HTMLParser):
    """What a page links to, and what may be linked to in it."""

    def __init__(self, text):
        super().__init__()
        self.links, self.anchors = set(), set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.anchors |= {given.get("id")}
        self.links |= {given[name] for name in ("href", "src") if given.get(name)}


@pytest.fixture(scope="module")
def manual(tmp_path_factory):
    """The pages, by file."""
    folder = tmp_path_factory.mktemp("manual")
    command = ["sphinx", "-W", "-q", "-c", "reports/manual", "-d", folder / "doctrees", ".", folder / "pages"]
    done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return {file: Page(file.read_text(encoding="utf-8")) for file in (folder / "pages").rglob("*.html")}


def test_no_link_within_it_is_dead(manual):
    dead, seen = [], 0
    for file, page in manual.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            seen += 1
            target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
            known = target in manual and parts.fragment and parts.fragment not in manual[target].anchors
            if not target.is_file() or known:
                dead.append((file.name, link))
    assert seen > 1000
    assert dead == []


def test_every_text_of_the_project_is_a_page(manual):
    pages = {file.with_suffix(".md").name for file in manual}
    wings = ("kernels", "conformance", "benchmarks", "reports")
    texts = {file.name for file in ROOT.glob("*.md")} | {
        file.name for wing in wings for file in ROOT.glob(f"{wing}/**/*.md")
    }
    assert texts - pages == {"LICENSE.md"}  # of the cases: a licence of data


def test_every_public_name_is_in_the_reference(manual):
    import roikit.kernels
    import roikit.reports

    anchors = set.union(*(page.anchors for page in manual.values())) - {None}
    last = {anchor.rpartition(".")[2] for anchor in anchors}
    names = {*roikit.kernels.__all__} - {"host"}  # a module that benchmarks and tests look into
    names |= {"RoIAlign", "RoIPool", "MultiScaleRoIAlign", *roikit.reports.__all__}
    assert names - last == set()


@pytest.mark.parametrize(
    "command", ["conform", "list", "explain", "fuzz", "peers-install", "deviations-update", "report-site"]
)
def test_every_command_has_a_section(manual, command):
    (page,) = [page for file, page in manual.items() if file.name == "commands.html"]
    assert f"roikit-{command}" in page.anchors
