"""What each step buys, of runs that never were."""

import argparse

from benchmark.analysis import leaderboard, steps
from benchmark.commands import steps as command
from benchmark.rows import catalogue
from preprocessing.errors import UserError
from tests.benchmark.made_up_runs import ENVIRONMENT, SECONDS, put_many

import pandas as pd
import pytest


def built(results) -> pd.DataFrame:
    return steps.build(leaderboard.evaluate(results, "imdb")).set_index("after")


@pytest.fixture
def results(tmp_path):
    """Rows that step by 35 points up, by 12 up, by 5 down, and by one review."""
    seconds = SECONDS.model_copy(update={"preprocessing": {"word2vec": 8.0}})
    put_many(tmp_path, "majority", 200)
    put_many(tmp_path, "bag_of_words", 60)
    put_many(tmp_path, "tfidf_logreg", 12)
    put_many(tmp_path, "naive_bayes_svm", 11)
    put_many(tmp_path, "fasttext", 32, seconds=seconds)
    return tmp_path


def test_gain_verdict_and_seconds_by_hand(results):
    table = built(results)
    assert table["before"].to_dict() == {
        "bag_of_words": "majority",
        "tfidf_logreg": "bag_of_words",
        "naive_bayes_svm": "tfidf_logreg",
        "fasttext": "tfidf_logreg",
    }
    assert table["difference"].tolist() == pytest.approx([0.35, 0.12, 0.0025, -0.05])
    assert table["verdict"].tolist() == ["better", "better", "tied", "worse"]
    assert table["seeds_after"].tolist() == [3, 3, 3, 3]
    assert table.loc["fasttext", ["seconds_before", "seconds_after"]].tolist() == [2.0, 10.0]
    apart = (table["difference_ci_low"] > 0) | (table["difference_ci_high"] < 0)
    assert apart.tolist() == (table["verdict"] != "tied").tolist()


def test_verdicts_and_intervals_are_corrected_for_the_number_of_steps(tmp_path):
    """6 of 400 reviews apart: a difference where it is the only one, none among four."""
    put_many(tmp_path, "lstm", 30)
    put_many(tmp_path, "gru", 24)
    table = built(tmp_path)
    assert table.loc["gru", "verdict"] == "better"
    assert table.loc["gru", "difference_ci_low"] > 0
    for row in ("stacked_lstm", "bidirectional_lstm", "cnn_lstm"):
        put_many(tmp_path, row, 24)
    table = built(tmp_path)
    assert table["verdict"].tolist() == ["tied"] * 4
    assert (table["difference_ci_low"] < 0).all()
    assert (table["difference_ci_high"] > 0).all()


def test_what_no_step_leads_to_begins_a_branch(results):
    put_many(results, "lstm", 30)
    put_many(results, "gru", 20)
    table = built(results)
    assert table.loc["gru", "before"] == "lstm"
    assert "lstm" not in table.index, "simple_rnn has no run"
    assert steps.depths(table.reset_index()) == {
        "majority": 0, "bag_of_words": 1, "tfidf_logreg": 2, "naive_bayes_svm": 3, "fasttext": 3,
        "lstm": 0, "gru": 1,
    }  # fmt: skip


def test_times_of_two_machines_are_not_set_side_by_side(results):
    put_many(results, "fasttext", 32, device="another processor")
    table = built(results)
    assert pd.isna(table.loc["fasttext", "seconds_after"])
    assert "not compared" in steps.as_markdown(table.reset_index())


def test_times_of_runs_that_shared_their_machine_are_not_set_side_by_side(results):
    shared = ENVIRONMENT.model_copy(update={"cpus_given": 1.0})
    for name, wrong in (("tfidf_logreg", 32), ("fasttext", 30)):
        put_many(results, name, wrong, environment=shared)
    assert pd.isna(built(results).loc["fasttext", "seconds_after"])


def test_an_interval_that_ends_close_to_zero_shows_on_which_side():
    line = {"difference": 0.00352, "verdict": "tied", "seconds_before": None}
    ends = {"difference_ci_low": -0.00002, "difference_ci_high": 0.00706}
    assert steps.bought(pd.Series(line | ends))[0] == "+0.352 ± 0.354"
    ends = {"difference_ci_low": -0.001, "difference_ci_high": 0.00804}
    assert steps.bought(pd.Series(line | ends))[0] == "+0.35 ± 0.45"


def test_a_variant_steps_from_the_line_that_its_file_names(results):
    put_many(results, "transformer", 40)
    put_many(results, "bert", 50, variant="scratch-tiny")
    table = built(results)
    named = catalogue.lines()["bert (scratch-tiny)"].step
    assert table.loc["bert (scratch-tiny)", ["before", "change"]].tolist() == [
        named.before,
        named.change,
    ]


@pytest.mark.parametrize("name", [n for n in catalogue.lines() if n != "majority"])
def test_the_steps_of_every_line_lead_to_the_floor(name):
    lines, passed = catalogue.lines(), []
    while name != "majority":
        assert name not in passed
        passed.append(name)
        name = lines[name].step.before


def test_one_row_makes_no_step(tmp_path):
    put_many(tmp_path, "majority", 200)
    with pytest.raises(UserError, match="no model together with the simpler one"):
        command.main(argparse.Namespace(results=tmp_path, dataset="imdb"))


def test_it_is_written_and_shown(results, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    put_many(results, "lstm", 30)
    put_many(results, "gru", 20, seeds=1)
    command.main(argparse.Namespace(results=results, dataset="imdb"))
    out = capsys.readouterr().out
    assert "phrases, tf-idf weights" in out
    assert "+12.00 ± " in out
    assert "gru (1 seed)" in out
    assert "| lstm | gru (1 seed) |" in steps.as_markdown(built(results).reset_index())
    written = pd.read_csv(results / "steps.csv")
    assert tuple(written) == steps.COLUMNS
    assert written["after"].tolist() == list(built(results).index)
