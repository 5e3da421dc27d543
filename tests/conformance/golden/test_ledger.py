"""What is unchanged is trusted, what has changed is computed, and what was forged is seen."""

import json
from dataclasses import replace

import pytest

from roikit.conformance.golden.ledger import Ledger, Row, digest, seed

CODE = "1234"
ROWS = [Row(f"row {n}", {"of": n}, {"square": n * n, "nan": "nan"}) for n in range(300)]
TRUE = {row.name: row.value for row in ROWS}


@pytest.fixture(autouse=True)
def sampled(monkeypatch):
    """A run that samples, by a seed that a test may change."""
    monkeypatch.delenv("ROIKIT_LEDGER", raising=False)
    monkeypatch.setenv("ROIKIT_LEDGER_SEED", "1")
    return monkeypatch


@pytest.fixture
def ledger():
    return Ledger.of(CODE, ROWS)


def put(row):
    """The rows with one of them instead of the one of its name."""
    return [row if row.name == other.name else other for other in ROWS]


def test_of_what_is_unchanged_a_sample_is_computed_and_another_in_each_run(ledger, sampled):
    first = ledger.due(ROWS, CODE, 0.02)
    assert first.sizes == (6, 0)
    assert first == ledger.due(ROWS, CODE, 0.02)
    assert first.complaints(TRUE) == []
    sampled.setenv("ROIKIT_LEDGER_SEED", "2")
    assert ledger.due(ROWS, CODE, 0.02) != first
    sampled.delenv("ROIKIT_LEDGER_SEED")
    assert seed() == seed()
    assert ledger.due(ROWS, CODE, 0.0).sizes == (1, 0)
    assert ledger.due(ROWS[:1], CODE, 0.5).sizes == (1, 0)
    assert ledger.due([], CODE, 0.5).sizes == (0, 0)


def test_every_row_is_sampled_sooner_or_later(ledger, sampled):
    seen = set()
    for number in range(400):
        sampled.setenv("ROIKIT_LEDGER_SEED", str(number))
        seen |= {row.name for row in ledger.due(ROWS, CODE, 0.02).sampled}
    assert seen == set(TRUE)


def test_a_full_run_computes_everything(ledger, sampled):
    sampled.setenv("ROIKIT_LEDGER", "full")
    due = ledger.due(ROWS, CODE, 0.02)
    assert due.sizes == (len(ROWS), 0)


@pytest.mark.parametrize(
    "changed",
    [
        replace(ROWS[7], decides={"of": 8}),
        replace(ROWS[7], value={"square": 50, "nan": "nan"}),
        replace(ROWS[7], value={"square": 49.5, "nan": "nan"}),
        replace(ROWS[7], value=None),
    ],
    ids=["what decides", "an integer", "a number", "nothing written down"],
)
def test_a_row_that_has_changed_is_computed(ledger, changed):
    due = ledger.due(put(changed), CODE, 0.02)
    assert due.unsealed == (changed,)
    complaints = due.complaints(TRUE)
    assert bool(complaints) == (changed.value != ROWS[7].value)
    assert all(line.startswith("row 7: the ledger is out of date: ") for line in complaints)


def test_a_row_is_not_sealed_by_the_seal_of_another(ledger):
    swapped = Ledger(CODE, {**ledger.seals, "row 3": ledger.seals["row 4"], "row 4": ledger.seals["row 3"]})
    assert [row.name for row in swapped.due(ROWS, CODE, 0.02).unsealed] == ["row 3", "row 4"]


def test_new_rows_are_computed_and_those_of_a_ledger_that_is_not_there(ledger):
    more = [*ROWS, Row("new", 1, None)]
    assert [row.name for row in ledger.due(more, CODE, 0.02).unsealed] == ["new"]
    assert Ledger.from_json({}).due(ROWS, CODE, 0.02).sizes == (0, len(ROWS))


def test_other_code_computes_everything_and_is_right_if_nothing_comes_of_it(ledger):
    due = ledger.due(ROWS, "5678", 0.02)
    assert due.sizes == (0, len(ROWS))
    assert due.complaints(TRUE) == []
    (line,) = due.complaints({**TRUE, "row 9": {"square": 80, "nan": "nan"}})
    assert line == "row 9: the ledger is out of date: square: 81 is written down, and 80 was computed"


def test_a_forged_row_is_seen_when_it_is_sampled_and_always_by_a_full_run(sampled):
    """Its value is wrong, and sealed as if it were right."""
    forged = replace(ROWS[7], value={"square": 50, "nan": "nan"})
    rows = put(forged)
    ledger = Ledger.of(CODE, rows)
    seen = 0
    for number in range(400):
        sampled.setenv("ROIKIT_LEDGER_SEED", str(number))
        due = ledger.due(rows, CODE, 0.02)
        assert due.unsealed == ()
        complaints = due.complaints(TRUE)
        assert bool(complaints) == (forged in due.sampled)
        seen += bool(complaints)
    assert 1 <= seen <= 30  # of 400 runs, each of which draws 6 of 300 rows: 8 on average
    sampled.setenv("ROIKIT_LEDGER", "full")
    (line,) = ledger.due(rows, CODE, 0.02).complaints(TRUE)
    assert line.startswith(
        "row 7: its seal is right, but its value is not what comes of it; ROIKIT_LEDGER_SEED=399 repeats this: "
    )
    assert line.endswith("square: 50 is written down, and 49 was computed")


def test_a_ledger_is_kept_as_json(ledger):
    assert Ledger.from_json(json.loads(json.dumps(ledger.to_json()))) == ledger


def test_a_digest_tells_json_values_apart():
    values = [None, 0, 0.5, "", "0", [], {}, [0], {"0": 0}, [[0], 1], [0, [1]], ["a", "b"], ["ab"]]
    assert len({digest(value) for value in values}) == len(values)
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
