"""Which tests a run makes."""

import shutil

import pytest

from roikit.conformance.golden import ledger
from tests import turns

pytestmark = pytest.mark.every_run


@pytest.fixture(autouse=True)
def _usual_run(monkeypatch):
    monkeypatch.delenv("ROIKIT_TURN", raising=False)
    monkeypatch.delenv("ROIKIT_LEDGER", raising=False)
    turns.running.cache_clear()
    yield
    turns.running.cache_clear()


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    """The sources of two operators, one of which is made of the other, and of one that is not."""
    root = tmp_path_factory.mktemp("copy")
    for name in ("roi_align_rotated", "riroi_align_rotated", "roi_pool"):
        shutil.copytree(turns.ROOT / "kernels" / "operators" / name, root / "kernels" / "operators" / name)
    return root


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("tests/kernels/operators/roi_pool/test_roi_pool.py::test_bins[2]", "roi_pool"),
        ("tests/torch/test_roi_align_3d.py::test_derivatives", "roi_align_3d"),
        ("tests/conformance/scripts/test_reproduce_border_align.py::test_script", "border_align"),
        ("tests/kernels/operators/test_calls.py::test_nothing[weighted_roi_align, maximum-NHWC]", "weighted_roi_align"),
        ("tests/kernels/operators/test_calls.py::test_roi_pool_is_called[NHWC]", None),
        ("tests/conformance/fuzzing/test_batch.py::test_crash", "conformance/fuzzing"),
        ("conformance/fuzzing/batch.py", "conformance/fuzzing"),
        ("tests/conformance/fuzzing/test_sizes.py::test_sizes[roi_pool]", "roi_pool"),
        ("tests/conformance/results/test_gates.py::test_fuzzing", None),
        ("tests/test_house.py::test_imports", None),
        ("kernels/dialects/multiscale_roi_align.py", "multiscale_roi_align"),
        ("kernels/cuda/library/winner.cuh", None),
    ],
)
def test_whose_a_test_or_a_file_is(text, name):
    assert turns.whose(text) == name


def test_every_operator_has_files_in_every_wing_that_knows_it_and_every_room_is_there():
    for wing in set(turns._WINGS) - {"reports"}:
        files = {
            turns.operator_of(path.relative_to(turns.ROOT).as_posix()) for path in (turns.ROOT / wing).rglob("*.py")
        }
        missing = set(turns.NAMES) - files
        assert missing <= {"multiscale_roi_align"}, wing  # whose kernels, and benchmarks, are RoIAlign's
    for room in turns.ROOMS:
        assert list((turns.ROOT / room).glob("*.py")), room
        assert list((turns.ROOT / "tests" / room).glob("test_*.py")), room


@pytest.mark.parametrize(
    ("file", "others"),
    [
        ("roi_align_rotated/problem.py", {"roi_align_rotated", "riroi_align_rotated"}),
        ("riroi_align_rotated/problem.py", {"riroi_align_rotated"}),
        ("roi_pool/new.py", {"roi_pool"}),
    ],
)
def test_what_was_changed_is_not_sealed_nor_what_is_made_of_it(copied, monkeypatch, file, others):
    looked_at = {"roi_align_rotated", "riroi_align_rotated", "roi_pool"}
    sealed = copied / "turns.json"
    sealed.write_text(turns.json.dumps(turns.codes.__wrapped__(copied)))
    monkeypatch.setattr(turns, "SEALED", sealed)
    turns.codes.cache_clear()
    assert turns.changed(copied) == []
    path = copied / "kernels" / "operators" / file
    before = path.read_bytes() if path.exists() else None
    path.write_bytes((before or b"") + b"\n")
    turns.codes.cache_clear()
    assert looked_at & set(turns.changed(copied)) == others
    path.unlink() if before is None else path.write_bytes(before)
    turns.codes.cache_clear()


def test_all_have_their_turn_in_some_run_and_what_has_changed_in_each(monkeypatch):
    monkeypatch.setattr(turns, "changed", lambda: ["prroi_pool"])
    seen = []
    for seed in range(60):
        monkeypatch.setenv("ROIKIT_LEDGER_SEED", str(seed))
        turns.running.cache_clear()
        seen.append(turns.running())
    most = len(turns.EVERYONE) // turns.SHARE + 1
    assert all("prroi_pool" in names and most - 1 <= len(names) <= most for names in seen)
    assert frozenset().union(*seen) == frozenset(turns.EVERYONE)


def test_a_full_run_makes_all_and_a_run_of_some_these_alone(monkeypatch):
    monkeypatch.setenv("ROIKIT_LEDGER", "full")
    assert ledger.is_full()
    assert turns.running() == frozenset(turns.EVERYONE)
    monkeypatch.setenv("ROIKIT_TURN", "roi_pool,conformance/fuzzing")
    turns.running.cache_clear()
    assert turns.running() == {"roi_pool", "conformance/fuzzing"}


def test_what_is_named_on_the_command_line_is_run_whosever_turn_it_is(monkeypatch):
    monkeypatch.setenv("ROIKIT_TURN", "all")
    assert turns.running() == frozenset(turns.EVERYONE)
    assert turns.named() == []


def test_files_of_others_are_not_read_unless_some_test_of_theirs_is_for_every_run(monkeypatch):
    monkeypatch.setenv("ROIKIT_TURN", "roi_pool")
    turns.is_left_out.cache_clear()
    tests = turns.ROOT / "tests"
    assert not turns.is_left_out(tests / "kernels" / "operators" / "roi_pool" / "test_roi_pool.py")
    assert turns.is_left_out(tests / "kernels" / "operators" / "border_align" / "test_border_align.py")
    assert not turns.is_left_out(tests / "kernels" / "operators" / "test_calls.py")
    assert not turns.is_left_out(tests / "reports" / "test_manual.py")
    assert turns.is_left_out(tests / "reports" / "test_site.py")
    turns.is_left_out.cache_clear()


def test_an_operator_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setenv("ROIKIT_TURN", "roi_pool,roi_pol")
    with pytest.raises(ValueError, match="ROIKIT_TURN names roi_pol; there are roi_align"):
        turns.named()
