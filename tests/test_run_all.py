"""All rows and seeds, run as a user runs them."""

import json
import subprocess

from benchmark.rows.pipelines.pipeline_row import PipelineRow
from benchmark.runs import sweep
from bert_family.shared import presets
from bert_family.shared.fine_tuning import FineTunedRow
from preprocessing.errors import UserError
from preprocessing.storage import seal, unseal
from tests.checkouts import add_row, leaderboard, run_all
from tests.conftest import run_python

import pandas as pd
import pytest

FOLDER = "sample-limit-40"


@pytest.fixture
def run_all_here(run_here, cache, tmp_path, monkeypatch):
    """Run run_all.py in this process, its runs in processes of their own; return what is said."""
    monkeypatch.setenv(sweep.WEIGHTS, "")  # it changes the environment; so this is undone

    def run(*arguments: str) -> subprocess.CompletedProcess:
        return run_here(
            "run_all.py", "--dataset", "sample", "--limit", "40", "--cache", cache,
            "--results", tmp_path, *arguments,
        )  # fmt: skip

    return run


def files_in(folder) -> dict:
    return {file: file.read_bytes() for file in folder.rglob("*.*") if file.is_file()}


def test_the_whole_benchmark_and_again(run_all_here, tmp_path):
    rows = ("bag_of_words", "majority")
    first = run_all_here(*rows, "--seeds", "2")
    assert first.returncode == 0, first.stderr
    assert "4 runs to make, 0 kept" in first.stdout
    assert "[4/4] majority, seed 1" in first.stdout
    assert "(synthetic)" in first.stdout
    table = pd.read_csv(tmp_path / FOLDER / "leaderboard.csv").set_index("model")
    assert table.loc["majority", ["status", "seeds"]].tolist() == ["ok", 2]
    assert 1 in table.loc[list(rows), "rank"].tolist()
    before = files_in(tmp_path)
    end = first.stdout.rpartition("\n\n")[2]
    assert "missing" not in first.stdout, "rows that were not asked for"
    assert "of 3 seeds" not in first.stdout, "two were asked for"
    assert "next: python -m benchmark report --dataset sample-limit-40 --results" in end
    assert f"the page {tmp_path / FOLDER / 'report.html'}" in end

    said = "kept, but its code has changed (--force makes it again): majority"
    again = run_all_here(*rows, "--seeds", "2")
    assert "0 runs to make, 4 kept" in again.stdout
    assert said not in again.stdout
    assert files_in(tmp_path) == before

    record = tmp_path / "runs" / FOLDER / "majority" / "seed-0.json"
    content = unseal(record.read_bytes())
    record.write_text(seal(content | {"sources": "of other code"}))
    changed = run_all_here(*rows, "--seeds", "2")
    assert "0 runs to make, 4 kept" in changed.stdout
    assert said in changed.stdout

    forced = run_all_here("majority", "--seeds", "1", "--force")
    assert "1 run to make, 0 kept" in forced.stdout
    assert said not in forced.stdout
    assert json.loads(record.read_text())["sources"] == content["sources"]
    assert said not in run_all_here(*rows, "--seeds", "2").stdout


def test_a_row_that_fails_says_why_and_stops_no_other(checkout):
    add_row(checkout, "raises", 'raise ValueError("no such\\nthing")')
    add_row(checkout, "is_killed", "import os; os.kill(os.getpid(), 9)")
    add_row(checkout, "crashes", "import os; os.abort()")
    add_row(checkout, "cannot_start", extra="import a_module_that_is_not_there")
    add_row(checkout, "is_broken", body="this is no Python")
    add_row(checkout, "runs_out", body="return bytearray(1 << 60)")
    process = run_all(checkout, "--seeds", "1")
    assert process.returncode == 1
    info = leaderboard(checkout)["info"]
    assert info["raises"] == "ValueError: no such thing"
    assert "killed (signal 9)" in info["is_killed"]
    assert "memory" in info["is_killed"]
    assert info["crashes"].startswith("crashed with SIGABRT")
    assert "a_module_that_is_not_there" in info["cannot_start"]
    assert "SyntaxError" in info["is_broken"]
    assert info["runs_out"].startswith("MemoryError")
    status = leaderboard(checkout)["status"]
    assert status.pop("majority") == "ok"
    assert set(status) == {"failed"}

    add_row(checkout, "raises")
    again = run_all(checkout, "raises", "majority", "--seeds", "1")
    assert "1 run to make, 1 kept" in again.stdout
    assert leaderboard(checkout).loc["raises", "status"] == "ok"


def test_a_damaged_record_is_said_before_anything_runs(run_all_here, tmp_path):
    run_all_here("majority", "--seeds", "1")
    record = tmp_path / "runs" / FOLDER / "majority" / "seed-0.json"
    whole = record.read_text()
    record.write_text(whole[:-20])
    process = run_all_here("majority", "--seeds", "2")
    assert process.returncode == 2
    assert process.stderr.startswith("error:")
    assert "seed-0.json is damaged" in process.stderr
    predictions = record.with_name(json.loads(whole)["predictions"]["file"])
    record.write_text(whole)
    predictions.unlink()
    process = run_all_here("majority", "--seeds", "2")
    assert process.returncode == 2
    assert f"{predictions.name} is damaged" in process.stderr
    record.unlink()
    assert run_all_here("majority", "--seeds", "1").returncode == 0


def test_rows_are_listed_without_importing_them(checkout):
    add_row(checkout, "cannot_start", extra="import a_module_that_is_not_there")
    process = run_python("-m", "benchmark", "rows", cwd=checkout, PYTHONPATH=str(checkout))
    assert process.returncode == 0
    assert "cannot_start" in process.stdout


def test_a_model_whose_weights_cannot_be_reached_is_left_out_and_named(
    run_here, tmp_path, monkeypatch
):
    def refuse(row, options):
        raise UserError("no answer")

    monkeypatch.setattr(FineTunedRow, "check_weights", refuse)
    monkeypatch.setenv("COLUMNS", "300")
    monkeypatch.setenv(sweep.WEIGHTS, "")
    texts = [("wonderful", "good"), ("dreadful", "bad")] * 50
    lines = "".join(f"{text} film number {n},{label}\n" for n, (text, label) in enumerate(texts))
    (tmp_path / "films.csv").write_text(f"text,label\n{lines}")
    done = run_here(
        "run_all.py", "bert (all-MiniLM-L6-v2)", "majority", "--seeds", "1", "--no-keep-models",
        "--data", tmp_path / "films.csv", "--cache", tmp_path / "cache",
        "--results", tmp_path / "results",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "1 run to make, 0 kept" in done.stdout
    assert (
        "needs weights that this machine cannot reach: bert (all-MiniLM-L6-v2); "
        "name a local copy with --weights"
    ) in done.stdout
    assert sweep.WEIGHTS == presets.WEIGHTS


def test_a_finished_run_whose_weights_are_out_of_reach_is_kept_and_never_begun_again(
    run_all_here, monkeypatch
):
    def refuse(row, options):
        raise UserError("no answer")

    run_all_here("majority", "--seeds", "1")
    monkeypatch.setattr(PipelineRow, "check_weights", refuse)
    assert "0 runs to make, 1 kept" in run_all_here("majority", "--seeds", "1").stdout
    forced = run_all_here("majority", "--seeds", "1", "--force")
    assert forced.returncode == 0
    assert "0 runs to make, 0 kept" in forced.stdout
    assert "needs weights that this machine cannot reach: majority" in forced.stdout


def test_a_line_with_public_weights_is_refused_on_synthetic_reviews(run_all_here):
    process = run_all_here("majority", "bert (all-MiniLM-L6-v2)")
    assert process.returncode == 2
    assert "bert (all-MiniLM-L6-v2): public weights make no sense on synthetic" in process.stderr
