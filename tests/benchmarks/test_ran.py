"""A run of asv in which nothing was measured fails."""

import json

import pytest
import typer

from benchmarks.ran import counts, newest, ran

COLUMNS = ["result", "params", "version"]


def write(folder, name, results):
    path = folder / "machine" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"result_columns": COLUMNS, "results": results}))
    return path


def test_rows_are_counted():
    results = {"a": [[1.5, None, float("nan")]], "b": [[float("nan")], [], "v"], "c": [None], "d": [[0]]}
    assert counts({"result_columns": COLUMNS, "results": results}) == {
        "a": (3, 1),
        "b": (1, 0),
        "c": (1, 0),
        "d": (1, 1),
    }


def test_a_run_with_a_number_passes(tmp_path, capsys):
    write(tmp_path, "0123abcd-env.json", {"a": [[1.5, float("nan")]], "b": [[None]]})
    ran(results=tmp_path)
    assert capsys.readouterr().out.splitlines() == ["0123abcd-env.json: 1 of 3 rows have a number", "  none: b"]


@pytest.mark.parametrize("results", [{"a": [[float("nan"), None]], "b": [None]}, {}])
def test_a_run_without_a_number_fails(tmp_path, results):
    write(tmp_path, "0123abcd-env.json", results)
    with pytest.raises(typer.Exit) as caught:
        ran(results=tmp_path)
    assert caught.value.exit_code == 1


def test_no_run_at_all_fails(tmp_path):
    (tmp_path / "machine").mkdir()
    (tmp_path / "machine" / "machine.json").write_text("{}")
    with pytest.raises(typer.Exit):
        ran(results=tmp_path)


def test_results_of_a_commit(tmp_path):
    wanted = write(tmp_path, "0123abcd-env.json", {})
    write(tmp_path, "89abcdef-env.json", {})
    assert newest(tmp_path, "0123abcd" + "0" * 32) == wanted
