import pytest

from benchmarks.measuring.timing import control, interleave, rounds, summarise


def test_summary():
    summary = summarise([4, 1, 3, 2, 5])
    assert (summary.median, summary.lower_quartile, summary.upper_quartile) == (3, 2, 4)
    assert (summary.minimum, summary.samples) == (1, 5)


@pytest.mark.parametrize("samples", [[], [1, float("nan")], [0.0], [1, float("inf")]])
def test_what_is_no_time_is_refused(samples):
    with pytest.raises(ValueError, match="not times"):
        summarise(samples)


def test_the_threshold_is_three_spreads_and_never_under_five_per_cent():
    calm, slow = summarise([1.0]), summarise([1.04])
    assert control(calm, calm).threshold == 0.05
    assert control(slow, calm).spread == pytest.approx(0.04)
    assert control(slow, calm).threshold == pytest.approx(0.12)


def test_functions_take_turns_and_every_second_round_runs_backwards():
    calls = []

    def function(name):
        def run():
            calls.append(name)
            return len(calls)

        return run

    samples = interleave({name: function(name) for name in "abc"}, seconds=0, least=3)
    assert "".join(calls) == "abccbaabc"
    assert samples == {"a": [1, 6, 7], "b": [2, 5, 8], "c": [3, 4, 9]}


def test_no_more_rounds_than_asked_for():
    samples = rounds(lambda order: dict.fromkeys(order, 1.0), ["a"], seconds=60, least=1, most=7)
    assert samples == {"a": [1.0] * 7}
