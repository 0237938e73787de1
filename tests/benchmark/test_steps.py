"""What each step buys, of runs that never were."""

import argparse

from benchmark.analysis import leaderboard, steps
from benchmark.commands import steps as command
from benchmark.rows import catalogue
from preprocessing.errors import UserError
from tests.benchmark.made_up_runs import a_record, put_many

import pandas as pd
import pytest


def built(results) -> pd.DataFrame:
    return steps.build(leaderboard.evaluate(results, "imdb")).set_index("after")


@pytest.fixture
def results(tmp_path):
    """Rows that step by 35 points up, by 12 up, by 5 down, and by one review."""
    seconds = {"preprocessing": {"word2vec": 8.0}, "training": 2.0, "compilation": None,
               "prediction": 1.0}  # fmt: skip
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
    inside = table["difference"].between(table["difference_ci_low"], table["difference_ci_high"])
    assert inside.all()


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
    assert "other device" in steps.as_markdown(table.reset_index())


def an_origin(model, weights="none", **changed) -> steps.Origin:
    return steps.origin_of(a_record(model=model, weights=weights, changed=changed))


ORIGINS = {
    "transformer": an_origin("transformer"),
    "bert": an_origin("bert", "bert_base"),
    "bert (a)": an_origin("bert", preset="a"),
    "bert (a-pretrained-3)": an_origin("bert", preset="a", pretrain=3),
    "bert (a-b)": an_origin("bert", "a-b", preset="a-b"),
    "bert (pretrained-1)": an_origin("bert", "bert_base", pretrain=1, epochs=1),
    "roberta": an_origin("roberta", "roberta_base"),
    "roberta (a-pretrained-3)": an_origin("roberta", preset="a", pretrain=3),
    "roberta (a-pretrained-9)": an_origin("roberta", preset="a", pretrain=9),
    "distilbert (a-taught-by-b)": an_origin("distilbert", preset="a", teacher="b"),
    "albert (c)": an_origin("albert", preset="c"),
}


@pytest.mark.parametrize(
    ("name", "before", "change"),
    [
        ("bert", "transformer", "subwords and BERT's form, pretrained on other texts"),
        ("bert (a)", "transformer", "subwords and BERT's form"),
        ("bert (a-pretrained-3)", "bert (a)", "--pretrain 3"),
        ("bert (a-b)", "transformer", "subwords and BERT's form, pretrained on other texts"),
        ("bert (pretrained-1)", "bert", "--pretrain 1"),
        ("roberta", "bert", "byte pairs, no segments"),
        ("roberta (a-pretrained-3)", "bert (a-pretrained-3)", "byte pairs, no segments"),
        ("roberta (a-pretrained-9)", "bert (a)", "byte pairs, no segments, --pretrain 9"),
        ("distilbert (a-taught-by-b)", "bert (a)", "half of the layers, --teacher b"),
    ],
)
def test_a_variant_steps_from_the_one_of_the_same_weights(name, before, change):
    assert steps.before(name, ORIGINS) == (before, change)


def test_without_a_simpler_row_of_the_same_weights_there_is_no_step():
    assert steps.before("albert (c)", ORIGINS) is None
    assert steps.before("bert", {"bert": ORIGINS["bert"]}) is None
    assert steps.before("majority", {"majority": an_origin("majority")}) is None


def test_a_row_that_cannot_be_imported_has_no_step(results, monkeypatch):
    load = catalogue.load

    def load_all_but_one(name):
        if name == "fasttext":
            raise ImportError
        return load(name)

    monkeypatch.setattr(catalogue, "load", load_all_but_one)
    assert list(built(results).index) == ["bag_of_words", "tfidf_logreg", "naive_bayes_svm"]


@pytest.mark.parametrize("name", [n for n in catalogue.modules() if n != "majority"])
def test_the_steps_of_every_row_lead_to_the_floor(name):
    passed = []
    while name != "majority":
        assert name not in passed
        passed.append(name)
        name = catalogue.load(name).step.before


def test_one_row_makes_no_step(tmp_path):
    put_many(tmp_path, "majority", 200)
    with pytest.raises(UserError, match="no row beside the one it changes"):
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
