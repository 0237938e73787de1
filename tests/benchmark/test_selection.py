"""The leaderboard sorted and filtered, as a user asks for it."""

import io
import json

from benchmark.analysis import columns, leaderboard
from benchmark.analysis.selection import select, show
from preprocessing.errors import UserError
from tests.benchmark.made_up_runs import put_many
from tests.conftest import run_python

import pandas as pd
import pytest


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    put_many(folder, "cnn", 10, family="convolutional", parameters=15_000_000)
    put_many(folder, "tfidf_logreg", 40, family="bag of words", parameters=800_000)
    put_many(folder, "bag_of_words", 60, family="bag of words", parameters=9_000_000)
    put_many(folder, "majority", 200)
    return folder


@pytest.fixture(scope="module")
def table(results):
    return leaderboard.build(results, "imdb")


def chosen(table, families=(), budgets=(), sort=None):
    table = select(table, list(families), list(budgets), sort)
    return table[table["status"] == "ok"]["model"].tolist()


def test_by_family_and_by_budget(table):
    assert chosen(table, ["bag of words"]) == ["tfidf_logreg", "bag_of_words"]
    assert chosen(table, budgets=[("parameters", 1e6)]) == ["tfidf_logreg", "majority"]
    assert chosen(table, ["bag of words"], [("parameters", 1e6)]) == ["tfidf_logreg"]
    assert chosen(table, budgets=[("parameters", 800_000)]) == ["majority"], "under, not at"


def test_the_best_comes_first_whichever_way_is_best(table):
    assert chosen(table, sort="parameters") == ["majority", "tfidf_logreg", "bag_of_words", "cnn"]
    assert chosen(table, sort="f1")[0] == "cnn"
    by_accuracy = ["cnn", "tfidf_logreg", "bag_of_words", "majority"]
    assert chosen(table, sort="accuracy_mean") == by_accuracy
    assert chosen(table, sort="model") == sorted(by_accuracy)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"families": ["bag of word"]}, "did you mean 'bag of words'"),
        ({"budgets": [("family", 1)]}, "no numeric column is called 'family'"),
        ({"sort": "accuracy"}, "did you mean 'accuracy_mean'"),
        ({"sort": "accuracy_men"}, "did you mean 'accuracy_mean'"),
    ],
)
def test_what_is_not_in_the_table_is_said(table, arguments, said):
    with pytest.raises(UserError, match=said):
        chosen(table, **arguments)


def test_the_formats_are_whole_and_ranks_stay_those_of_the_whole_table(table, capsys):
    def ask(form):
        show(select(table, budgets=[("parameters", 1e6)]), "imdb", form)
        return capsys.readouterr().out

    models = ["tfidf_logreg", "majority"]
    assert pd.read_csv(io.StringIO(ask("csv")))["model"].tolist() == models
    lines = json.loads(ask("json"))
    assert [line["model"] for line in lines] == models
    assert set(lines[0]) == set(columns.NAMES)
    assert lines[0]["rank"] == 2
    assert "| 2 | tfidf_logreg |" in ask("markdown")
    assert "tfidf_logreg" in ask("table")


def test_a_look_writes_no_file(results):
    process = run_python(
        "-m", "benchmark", "leaderboard", "--results", results, "--under", "parameters=1M",
        "--family", "bag of words", "--format", "csv",
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    assert process.stdout.splitlines()[1].startswith("2,tfidf_logreg,bag of words,ok,3,0.9,")
    assert len(process.stdout.splitlines()) == 2
    assert sorted(file.name for file in results.iterdir()) == ["runs"]


def test_a_budget_that_is_no_number_is_said(run_here):
    process = run_here("benchmark", "leaderboard", "--under", "parameters=many")
    assert process.returncode == 2
    assert "'parameters=many' is not of the form parameters=1M" in process.stderr
