"""Runs with fewer labels: which reviews keep them, where records go, and what is shown."""

import argparse
import itertools

from benchmark.analysis import leaderboard
from benchmark.commands import labels as command
from benchmark.rows.training_data import TrainingData, labelled_rows
from preprocessing.corpus import Corpus
from preprocessing.errors import UserError
from preprocessing.subwords.ids import decoded, subword_ids
from preprocessing.subwords.training import learn_word_pieces
from tests.benchmark.made_up_runs import a_corpus, a_failure, put, put_record
from tests.checkouts import run_all

import numpy as np
import pandas as pd
import pytest

LABELS = (np.random.default_rng(3).random(400) < 0.4).astype(np.int8)


@pytest.mark.parametrize("seed", range(4))
def test_the_fewer_are_among_the_more_and_balanced_for_odd_numbers_too(seed):
    drawn = [set(labelled_rows(LABELS, count, seed)) for count in (10, 11, 101, 200)]
    assert [len(rows) for rows in drawn] == [10, 11, 101, 200]
    for fewer, more in itertools.pairwise(drawn):
        assert fewer < more
    for rows in drawn:
        positive = int(LABELS[sorted(rows)].sum())
        assert abs(2 * positive - len(rows)) == len(rows) % 2


def test_another_seed_draws_others():
    assert set(labelled_rows(LABELS, 50, 0)) != set(labelled_rows(LABELS, 50, 1))
    odd = {int(LABELS[labelled_rows(LABELS, 11, seed)].sum()) for seed in range(20)}
    assert odd == {5, 6}, "the odd one is of either class"


def test_the_other_texts_stay_without_labels(small):
    data, whole = TrainingData.of(small, 0, 20), TrainingData.of(small, 0)
    assert len(data.train) == 20
    assert len(data.train_texts) == len(whole.train) > 20
    assert data.train_texts.labels is None
    assert len(data.validation) == len(whole.validation)
    assert data.train.labels.tolist().count(1) == 10


def test_a_review_that_keeps_its_label_keeps_its_words_text_and_subwords(small):
    whole, few = small.reviews("train"), TrainingData.of(small, 0, 20).train
    rows = labelled_rows(whole.labels, 20, 0)
    texts = (text for batch in decoded(whole.texts) for text in batch)
    tokenizer = learn_word_pieces(texts, 400)
    own, of_all = (subword_ids(reviews.texts, tokenizer).ids for reviews in (few, whole))
    for i, row in enumerate(rows):
        assert few.labels[i] == whole.labels[row]
        assert few.texts[i].tobytes() == whole.texts[row].tobytes()
        assert few.words[i].tolist() == whole.words[row].tolist()
        assert own[i].tolist() == of_all[row].tolist()
    part = subword_ids(few.texts.part(5, 8), tokenizer).ids
    assert [part[i].tolist() for i in range(3)] == [of_all[row].tolist() for row in rows[5:8]]


@pytest.mark.parametrize("program", ["models/majority.py", "run_all.py"])
def test_more_labels_than_there_are_is_said_in_one_line(run_here, cache, tmp_path, program):
    arguments = ["--dataset", "sample", "--cache", cache, "--results", tmp_path]
    process = run_here(program, *arguments, "--labels", "100000")
    assert process.returncode == 2
    assert process.stderr.splitlines() == [
        "error: --labels 100000: a class has only 900 labelled training reviews; give at most 1,800"
    ]
    assert not list(tmp_path.rglob("*.json"))


@pytest.fixture
def results(tmp_path):
    """A row with all labels (20, as its record says) and with 10, another with all only."""
    put(tmp_path, 0, row="cnn")
    put(tmp_path, 0, row="lstm")
    for seed, logits in enumerate([(-1, -1, 1, 1), (1, 1, 1, 1)]):
        put(tmp_path, seed, row="cnn", logits=logits, with_labels=10)
    put(tmp_path, 0, row="cnn", with_labels=15, corpus=a_corpus(hash="old"))
    put_record(tmp_path, a_failure(model="cnn", labels=12))
    return tmp_path


def test_such_a_run_is_not_in_the_leaderboard(results):
    table = leaderboard.build(results, "imdb").set_index("model")
    assert table.loc["cnn", ["seeds", "accuracy_mean"]].tolist() == [1, 0.75]


def test_the_command_shows_and_writes_the_curves(results, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    command.main(argparse.Namespace(results=results, dataset="imdb"))
    out = capsys.readouterr().out
    assert ["10", "20"] in [line.split() for line in out.splitlines()]
    assert "cnn (1 seed)" in out
    assert "lstm" not in out
    table = pd.read_csv(results / "label_curves.csv")
    assert table[["model", "labels", "seeds", "accuracy_mean"]].to_numpy().tolist() == [
        ["cnn", 10, 2, 0.75], ["cnn", 20, 1, 0.75],
    ]  # fmt: skip
    assert (table["accuracy_ci_low"] <= 0.75).all()


def test_seeds_of_other_hyperparameters_are_not_mixed_in(results):
    put(results, 2, row="cnn", logits=(1, 1, 0, 0), with_labels=10, hyperparameters={"units": 1},
        utc="2025-01-01T00:00:00+00:00")  # fmt: skip
    table = leaderboard.by_labels(results, "imdb").set_index("labels")
    assert table.loc[10, ["seeds", "accuracy_mean"]].tolist() == [2, 0.75]


def test_a_run_with_as_many_labels_as_there_are_counts_once(results):
    put(results, 0, row="cnn", with_labels=20)
    put(results, 0, row="lstm", with_labels=20)
    table = leaderboard.by_labels(results, "imdb")
    assert table[["model", "labels", "seeds"]].to_numpy().tolist() == [
        ["cnn", 10, 2],
        ["cnn", 20, 1],
    ]


def test_without_such_runs_the_command_says_how_to_make_them(tmp_path):
    put(tmp_path)
    with pytest.raises(UserError, match=r"no runs with fewer labels; run_all.py makes them"):
        command.main(argparse.Namespace(results=tmp_path, dataset="imdb"))


def test_run_all_adds_them_and_keeps_them_and_their_models(checkout):
    first = run_all(checkout, "--seeds", "1", "--labels", "10", "12", "10", "--no-keep-models")
    assert first.returncode == 0, first.stderr
    assert "3 runs to make, 0 kept" in first.stdout
    assert "majority, 12 labels, seed 0" in first.stdout
    folder = checkout / "results/runs/sample-limit-40/majority"
    assert sorted(p.parent.name for p in folder.rglob("seed-0.json")) == [
        "labels=10", "labels=12", "majority",
    ]  # fmt: skip
    assert not (checkout / "data/models").exists()
    (checkout / "mine.csv").write_text("text,label\nGood.,pos\nBad.,neg\n")
    again = run_all(checkout, "--seeds", "1", "--labels", "10", "--evaluate-on", "mine.csv")
    assert "0 runs to make, 2 kept" in again.stdout
    assert (
        "kept without answers to mine: majority; where the model is kept, python -m benchmark "
        "evaluate --dataset sample-limit-40 --on mine.csv answers"
    ) in again.stdout
    more = run_all(checkout, "--seeds", "2", "--evaluate-on", "mine.csv")
    assert "1 run to make, 1 kept" in more.stdout
    assert (checkout / "data/models/sample-limit-40/majority/seed-1/manifest.json").exists()
    header = (checkout / "results/sample-limit-40/leaderboard.csv").read_text().splitlines()[0]
    assert header.split(",")[-3:] == ["things_accuracy", "things_accuracy_ci_low",
                                      "things_accuracy_ci_high"]  # fmt: skip
    assert "mine_accuracy" in header


def test_an_odd_number_of_labels_is_checked_for_every_seed(run_here, tmp_path):
    rows = [f"This film is {word} number {number}.,{label}"
            for label, word, count in (("pos", "good", 90), ("neg", "bad", 70))
            for number in range(count)]  # fmt: skip
    (tmp_path / "films.csv").write_text("\n".join(["text,label", *rows]) + "\n")
    own = "--data", tmp_path / "films.csv", "--cache", tmp_path / "cache"
    assert run_here("preprocessing", *own).returncode == 0
    (folder,) = (tmp_path / "cache").glob("own-films-*[!k]")
    train = Corpus(folder).column("labels", "train")
    odd = 2 * min(np.bincount(train)) + 1
    first_refused = next(seed for seed in range(9) if not _can_be_drawn(train, odd, seed))
    asked = "majority", *own, "--labels", str(odd), "--results", tmp_path / "made", "--seeds"
    for seeds in range(1, first_refused + 1):
        assert run_here("run_all.py", *asked, str(seeds)).returncode == 0
    made = sorted((tmp_path / "made").rglob("seed-*.json"))
    refused = run_here("run_all.py", *asked, str(first_refused + 1))
    assert refused.returncode == 2
    assert refused.stderr.splitlines()[-1].startswith(f"error: --labels {odd}: a class has only ")
    assert sorted((tmp_path / "made").rglob("seed-*.json")) == made, "before any run of the seed"


def _can_be_drawn(labels, count, seed) -> bool:
    try:
        labelled_rows(labels, count, seed)
    except UserError:
        return False
    return True
