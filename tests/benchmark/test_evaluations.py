"""Evaluation sets in the leaderboard, in comparisons and in steps; asking kept models later."""

import argparse
import os
from pathlib import Path

from benchmark.analysis import (
    columns,
    comparison,
    evaluations,
    leaderboard,
    short_table,
    steps,
    tables,
)
from benchmark.analysis.evaluations import Asked
from benchmark.commands import evaluate, options
from benchmark.records import store
from benchmark.records.record import Evaluation, PredictionsFile
from benchmark.rows import catalogue, saved
from benchmark.rows.pipelines.pipeline_row import FittedPipeline, PipelineRow
from benchmark.runs import evaluation, kept_models
from benchmark.runs.run import run
from preprocessing.errors import UserError
from preprocessing.storage import seal, unseal
from tests.benchmark.made_up_runs import (
    a_failure,
    a_record,
    of_pairs,
    of_texts,
    put,
    put_many,
    put_record,
)

import numpy as np
import pandas as pd
import pytest

ORIGINAL, EDITED = [1, 1, 1, 0], [1, 0, 1, 0]
"""Which originals and which edits of four pairs are right: 3 and 2, in 2 pairs both."""


def asked(answered, seeds=1) -> Asked:
    one = answered.predictions
    logits = np.stack([one.logits] * seeds)
    return Asked(answered.hash, logits, one.labels, one.pairs, one.edited)


def lines(results) -> pd.DataFrame:
    return leaderboard.build(results, "imdb").set_index("model")


def test_a_model_that_ignores_edits_is_right_on_both_of_no_pair():
    pairs = np.repeat(np.arange(50), 2).astype(np.int32)
    labels = np.random.default_rng(0).integers(2, size=50).astype(np.int8)
    labels = np.stack([labels, 1 - labels], axis=1).ravel()
    says = np.random.default_rng(1).normal(size=(3, 50)).astype(np.float16)
    found = Asked("v", says.repeat(2, axis=1), labels, pairs, np.arange(100) % 2 == 1)
    assert found.both_right.sum() == 0
    assert found.both_interval == (0, 0)
    assert (found.original_right ^ found.edited_right).all()


def test_the_scores_of_pairs_by_hand_in_whatever_order_they_stand():
    found = asked(of_pairs(ORIGINAL, EDITED))
    shuffled = np.random.default_rng(0).permutation(8)
    same = Asked(
        "v", found.logits[:, shuffled], found.labels[shuffled], found.pairs[shuffled],
        found.edited[shuffled],
    )  # fmt: skip
    for one in (found, same):
        assert one.original_right.tolist() == [ORIGINAL]
        assert one.edited_right.tolist() == [EDITED]
        assert one.both_right.mean() == 0.5
        assert one.drop == 0.25
        assert one.accuracy_interval[0] <= one.scored.mean() == 0.5 <= one.accuracy_interval[1]


def test_the_columns_of_sets_stand_behind_all_others_in_this_order():
    scores = [
        "contrast_accuracy", "contrast_both", "counterfactual_accuracy", "counterfactual_both",
        "sentences_accuracy", "products_accuracy", "products_both",
    ]  # fmt: skip
    expected = [f"{score}{end}" for score in scores for end in ("", "_ci_low", "_ci_high")]
    assert list(columns.NAMES[-len(expected) :]) == expected
    assert columns.NAMES[-len(expected) - 1] == "bfloat16_gflops"


def test_the_leaderboard_by_hand(tmp_path):
    put(tmp_path, 0, row="cnn", answered={
        "contrast": of_pairs(ORIGINAL, EDITED), "sentences": of_texts([1, 1, 1, 0]),
        "mine": of_texts([1, 0]), "another": of_pairs([1, 1], [1, 0]),
    })  # fmt: skip
    put(tmp_path, 1, row="cnn", answered={
        "contrast": of_pairs([1, 1, 1, 1], [1, 1, 1, 1]), "sentences": of_texts([0, 0, 1, 0]),
        "mine": of_texts([1, 0]), "another": of_pairs([1, 1], [1, 0]),
    })  # fmt: skip
    put(tmp_path, 0, row="majority")
    put_record(tmp_path, a_failure(model="lstm"))
    table = lines(tmp_path)
    further = [name for name in table if name not in columns.NAMES]
    assert further == [
        *(f"another_{s}{e}" for s in ("accuracy", "both") for e in ("", "_ci_low", "_ci_high")),
        *(f"mine_accuracy{e}" for e in ("", "_ci_low", "_ci_high")),
    ]
    cnn = table.loc["cnn"]
    assert cnn["contrast_accuracy"] == cnn["contrast_both"] == 0.75
    assert cnn["contrast_both_ci_low"] < 0.75 < cnn["contrast_both_ci_high"]
    assert cnn["sentences_accuracy"] == cnn["mine_accuracy"] == 0.5
    assert cnn["another_both"] == 0.5
    assert pd.isna(cnn["counterfactual_accuracy"])
    assert table.loc[["majority", "lstm"], "contrast_accuracy":].isna().all(axis=None)
    assert cnn["info"] == "2 of 3 seeds"


def test_answers_to_another_version_of_a_set_are_never_mixed_in(tmp_path):
    new, old = {"utc": "2026-02-01T00:00:00+00:00"}, {"utc": "2026-01-01T00:00:00+00:00"}
    put(tmp_path, 0, row="cnn", answered={"contrast": of_pairs(ORIGINAL, EDITED, "new")}, **new)
    put(tmp_path, 1, row="cnn", answered={"contrast": of_pairs([1], [1], "old")}, **old)
    put(tmp_path, 0, row="lstm", answered={"contrast": of_pairs([1], [1], "old")}, **old)
    table = lines(tmp_path)
    assert table.loc["cnn", "contrast_both"] == 0.5
    assert table.loc["cnn", "info"] == "2 of 3 seeds; contrast: only 1 of 2 seeds"
    assert pd.isna(table.loc["lstm", "contrast_both"])
    assert table.loc["lstm", "info"] == "1 of 3 seeds; contrast: of another version"


def test_the_version_that_was_asked_last_counts_also_of_an_older_run():
    def run(utc, of_hash, asked=None):
        one = Evaluation(
            hash=of_hash, seconds=1.0, predictions=PredictionsFile(file="", sha256=""), utc=asked
        )
        return a_record(utc=utc, evaluations={"mine": one})

    early, late, later = (f"2026-0{month}-01T00:00:00+00:00" for month in (1, 2, 3))
    runs = {Path("a"): run(early, "new", asked=later), Path("b"): run(late, "old")}
    assert evaluations.current_versions(runs) == {"mine": "new"}
    assert evaluations.current_versions(runs | {Path("a"): run(early, "new")}) == {"mine": "old"}


def test_few_answers_are_compared_without_a_verdict(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    for seed in range(3):
        put(tmp_path, seed, row="simple_rnn", answered={"mine": of_texts([1, 1])})
        put(tmp_path, seed, row="lstm", answered={"mine": of_texts([0, 0])})
    comparison.show("simple_rnn", "lstm", tmp_path, "imdb")
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "mine: accuracy" in line]
    assert line.split()[-5:] == ["-100.00", "too", "few", "to", "tell"]
    bought = steps.build(leaderboard.evaluate(tmp_path, "imdb"))
    assert bought["mine_accuracy_difference"].isna().all()


def test_a_set_of_a_name_and_hash_has_one_content(tmp_path):
    put(tmp_path, 0, answered={"contrast": of_pairs([1, 1], [1, 1])})
    put(tmp_path, 1, answered={"contrast": of_pairs([1], [1])})
    with pytest.raises(UserError, match="answers other texts of contrast"):
        lines(tmp_path)


def test_edited_pairs_are_shown_where_there_are_results(tmp_path, monkeypatch):
    put(tmp_path, row="cnn")
    table = leaderboard.build(tmp_path, "imdb")
    assert "edited pairs" not in tables.as_markdown(table, "imdb")
    assert "edited pairs" not in short_table.as_markdown(table)
    assert "edited\npairs" not in [c.heading for c in tables.as_terminal(table, "imdb").columns]
    put(tmp_path, row="cnn", answered={"contrast": of_pairs(ORIGINAL, EDITED)})
    put(tmp_path, row="cnn", with_labels=1_000)
    leaderboard.write(tmp_path, "imdb")
    table = leaderboard.build(tmp_path, "imdb")
    for markdown in (
        tables.as_markdown(table, "imdb"),
        short_table.as_markdown(table, leaderboard.by_labels(tmp_path, "imdb")),
    ):
        heading, _, line = markdown.splitlines()[:3]
        cells = dict(zip(heading.split(" | "), line.split(" | "), strict=True))
        assert cells["edited pairs, both right, %"] == "50.00"
    assert cells["with 1,000 labels, %"] == "75.00 (1 seed)"
    assert "edited\npairs" in [c.heading for c in tables.as_terminal(table, "imdb").columns]


def test_two_models_on_sets_that_both_were_asked(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    right = np.ones(400, bool)
    half = np.arange(400) < 200
    for seed in range(3):
        put(tmp_path, seed, row="cnn", answered={
            "contrast": of_pairs(right, right), "sentences": of_texts(half, "v1"),
        })  # fmt: skip
        put(tmp_path, seed, row="lstm", answered={
            "contrast": of_pairs(right, half), "sentences": of_texts(half, "v2"),
            "products": of_pairs(right, right),
        })  # fmt: skip
    comparison.show("cnn", "lstm", tmp_path, "imdb")
    out = capsys.readouterr().out
    found = {line.split("  ")[0].strip(): line.split() for line in out.splitlines()}
    assert found["contrast: edits"][2:] == ["100.00", "50.00", "-50.00", "worse"]
    assert found["contrast: both right"][3:] == ["100.00", "50.00", "-50.00", "worse"]
    assert found["contrast: drop"][2:] == ["0.00", "50.00", "+50.00"]
    assert "sentences: the two answered different versions" in out
    assert "products" not in out
    put(tmp_path, row="gru", answered={"sentences": of_texts(half, "v1")})
    comparison.show("cnn", "gru", tmp_path, "imdb")
    out = capsys.readouterr().out
    assert "sentences: accuracy" in out
    assert " tied" in out


def test_what_a_step_buys_on_sets_by_hand(tmp_path, capsys):
    reviews = np.arange(400)
    for row, wrong in (("majority", 400), ("bag_of_words", 200), ("tfidf_logreg", 199)):
        sets = {"contrast": of_pairs(reviews >= 0, reviews >= wrong)}
        if row != "majority":
            sets["sentences"] = of_texts(reviews >= wrong // 2)
            sets["mine"] = of_texts(reviews < wrong)
        put_many(tmp_path, row, 100, answered=sets)
    table = steps.build(leaderboard.evaluate(tmp_path, "imdb"))
    assert tuple(table) == (
        *steps.COLUMNS,
        *(f"mine_accuracy_{end}" for end in ("difference", "ci_low", "ci_high", "verdict")),
    )
    table = table.set_index("after").loc[["bag_of_words", "tfidf_logreg"]]
    assert table["contrast_both_difference"].tolist() == [0.5, 0.0025]
    assert table["contrast_both_verdict"].tolist() == ["better", "tied"]
    first = table.loc["bag_of_words"]
    assert first["contrast_both_ci_low"] < 0.5 < first["contrast_both_ci_high"]
    assert pd.isna(first["sentences_accuracy_difference"])
    assert pd.isna(first["sentences_accuracy_verdict"])
    second = table.loc["tfidf_logreg"]
    assert second[["sentences_accuracy_difference", "mine_accuracy_difference"]].tolist() == [
        0.0025, -0.0025,
    ]  # fmt: skip
    markdown = steps.as_markdown(table.reset_index())
    assert "| edited pairs, both right, points | sentences of reviews, points |" in markdown
    assert "+50.0 better |  |" in markdown


def test_a_table_of_ones_own_may_not_take_the_name_of_another_set(tmp_path):
    for name in ("contrast.csv", "Mine.csv", "mine.csv"):
        (tmp_path / name).write_text("text,label\ngood,pos\nbad,neg\n")
    with pytest.raises(UserError, match="there is another evaluation set contrast; rename"):
        options.own_sets([tmp_path / "contrast.csv"], quiet=True)
    with pytest.raises(UserError, match="there is another evaluation set mine; rename"):
        options.own_sets([tmp_path / "Mine.csv", tmp_path / "mine.csv"], quiet=True)
    assert [one.name for one in options.own_sets([tmp_path / "mine.csv"], quiet=True)] == ["mine"]


@pytest.mark.parametrize(
    ("low", "high"), [("1", "2"), ("0", "1"), ("1", "5"), ("neg", "POS"), ("angry", "Happy")]
)
def test_the_positive_class_of_a_table_is_the_one_that_a_corpus_would_have(
    tmp_path, capsys, low, high
):
    file = tmp_path / "hotels.csv"
    file.write_text(f"text,label\nfine,{high}\ndull,{low}\n")
    (hotels,) = options.own_sets([file], quiet=False)
    assert hotels.labels.tolist() == [1, 0]
    assert capsys.readouterr().out == f"hotels: {high!r} counts as positive, {low!r} as negative\n"
    options.own_sets([file], quiet=True)
    assert not capsys.readouterr().out


@pytest.fixture
def kept(small, tmp_path, monkeypatch):
    """A results folder with a run of tfidf_logreg that kept its model; nothing more is trained."""
    row = catalogue.load("tfidf_logreg")
    for labels in (None, 20):
        run(
            "tfidf_logreg", row, row.options_of(""), 0, small, tmp_path / "results",
            on_event=lambda event: None, labels=labels, keep_in=tmp_path / "cache",
        )  # fmt: skip

    def fail(*arguments):
        raise AssertionError("nothing is trained")

    monkeypatch.setattr(PipelineRow, "fit", fail)
    return tmp_path / "results"


def ask(results, dataset, *on) -> int:
    return evaluate.main(argparse.Namespace(
        on=list(on), evaluation_data=None, dataset=dataset, results=results,
        cache=results.parent / "cache",
    ))  # fmt: skip


def test_kept_models_are_asked_later_without_training(kept, small, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    assert small.name == "sample-limit-100"
    assert ask(kept, small.name) == 0
    assert "asked 2 runs about edits, things; 0 had answered before" in capsys.readouterr().out
    path = kept / "runs/sample-limit-100/tfidf_logreg/seed-0.json"
    record = store.read(path)
    assert list(record.evaluations) == ["edits", "things"]
    found = evaluations.read({path: record}, "edits", record.evaluations["edits"].hash)
    table = pd.read_csv(kept / small.name / "leaderboard.csv").set_index("model")
    assert table.loc["tfidf_logreg", "edits_both"] == found.both_right.mean()
    assert len(store.read_predictions(path, record).logits), "those of the test reviews stay"

    put(kept, row="majority", dataset=small.name, logits=np.ones(100),
        labels=store.read_predictions(path, record).labels, corpus=record.corpus)  # fmt: skip
    ask(kept, small.name)
    out = capsys.readouterr().out
    assert "asked 0 runs about edits, things; 2 had answered before" in out
    assert "no model is kept of: majority, seed 0" in out


def test_a_table_of_ones_own_and_its_next_version(kept, small, tmp_path, capsys):
    table = tmp_path / "mine.csv"
    table.write_text("text,label\nAn excellent film.,pos\nAn awful film.,neg\n")
    path = kept / "runs/sample-limit-100/tfidf_logreg/seed-0.json"
    hashes = []
    for version in range(2):
        assert ask(kept, small.name, table) == 0
        hashes.append(store.read(path).evaluations["mine"].hash)
        assert len(list(path.parent.glob("seed-0-mine-*.npz"))) == 1
        table.write_text(table.read_text() + f"Superb number {version}!,pos\n")
    assert hashes[0] != hashes[1]
    assert "0 had answered before" in capsys.readouterr().out


def test_a_model_that_is_damaged_or_of_another_run_is_not_asked(kept, small, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "1000")
    models = kept.parent / "cache/models/sample-limit-100/tfidf_logreg"
    (models / "seed-0/vocabulary.txt").write_text("changed\n")
    manifest = models / "labels=20/seed-0/manifest.json"
    content = unseal(manifest.read_bytes()) | {"utc": "2020-01-01T00:00:00+00:00"}
    manifest.write_text(seal(content))
    manifest.with_name("vocabulary.txt").unlink()  # no matter: it is not loaded
    assert ask(kept, small.name) == 1
    out = capsys.readouterr().out
    assert "tfidf_logreg, seed 0 could not be asked: " in out
    assert "has changed since it was saved" in out
    assert "no model is kept of: tfidf_logreg, 20 labels, seed 0" in out


def test_a_model_that_cannot_predict_any_more_keeps_no_other_from_it(
    kept, small, capsys, monkeypatch
):
    monkeypatch.setenv("COLUMNS", "1000")
    predict, calls = FittedPipeline.predict, []

    def fail_once(self, reviews):
        calls.append(len(reviews))
        if len(calls) == 1:
            raise AttributeError("no attribute 'norm'")
        return predict(self, reviews)

    monkeypatch.setattr(FittedPipeline, "predict", fail_once)
    assert ask(kept, small.name) == 1
    out = capsys.readouterr().out
    assert "could not be asked: it cannot predict (AttributeError: no attribute 'norm')" in out
    assert "asked 1 run about edits, things" in out


def test_an_interrupted_question_leaves_a_table_with_what_was_answered(kept, small, monkeypatch):
    table = kept / small.name / "leaderboard.csv"
    assert ask(kept, small.name) == 0
    answered = table.read_bytes()
    table.write_text("of before")

    def interrupted(*about):
        raise KeyboardInterrupt

    monkeypatch.setattr(evaluation, "ask_kept", interrupted)
    with pytest.raises(KeyboardInterrupt):
        ask(kept, small.name)
    assert table.read_bytes() == answered


def test_there_must_be_something_to_ask(tmp_path):
    put(tmp_path, dataset="films")
    with pytest.raises(UserError, match="no evaluation set of films is at hand"):
        ask(tmp_path, "films")


def test_the_least_recently_used_models_make_room(tmp_path):
    for number in range(3):
        folder = tmp_path / f"models/imdb/cnn/seed-{number}"
        folder.mkdir(parents=True)
        (folder / "manifest.json").write_text("x" * 1_000)
    os.utime(tmp_path / "models/imdb/cnn/seed-1/manifest.json", (0, 0))
    removed = kept_models.make_room(tmp_path, 2.5e-6)
    assert removed == [tmp_path / "models/imdb/cnn/seed-1"]
    assert not removed[0].exists()


def test_a_model_that_is_larger_than_the_room_goes_alone(tmp_path):
    for number, size in enumerate((300, 2_000, 200)):
        manifest = tmp_path / f"models/imdb/cnn/seed-{number}/manifest.json"
        manifest.parent.mkdir(parents=True)
        manifest.write_text("x" * size)
        os.utime(manifest, (number, number))
    removed = kept_models.make_room(tmp_path, 1e-6)
    assert [folder.name for folder in removed] == ["seed-1"]
    removed = kept_models.make_room(tmp_path, 0.4e-6)
    assert [folder.name for folder in removed] == ["seed-0"], "the least recently used"


def test_what_a_killed_run_left_half_kept_is_removed(tmp_path, monkeypatch):
    left = tmp_path / "models/imdb/cnn/.seed-0.unfinished"
    left.mkdir(parents=True)
    (left / "weights").write_text("half")
    monkeypatch.setattr(saved, "save", lambda folder, *about: folder.mkdir(parents=True))
    kept_models.keep(tmp_path / "models/imdb/lstm/seed-0", None, None, a_record(), tmp_path)
    assert not left.exists()
    assert (tmp_path / "models/imdb/lstm/seed-0").exists()


def test_only_folders_of_seeds_are_kept_models(tmp_path):
    for name in ("seed-0-old", "seed-1"):
        (tmp_path / "models/imdb/cnn" / name).mkdir(parents=True)
        (tmp_path / "models/imdb/cnn" / name / "manifest.json").touch()
    assert [folder.name for folder in kept_models.named(tmp_path, "imdb").values()] == ["seed-1"]


def test_a_model_that_was_asked_for_by_its_name_is_no_longer_the_first_to_go(tmp_path):
    for number in (10, 2):
        folder = tmp_path / f"models/imdb/cnn/seed-{number}"
        folder.mkdir(parents=True)
        (folder / "manifest.json").write_text("x" * 1_000)
        os.utime(folder / "manifest.json", (number, number))
    lowest = kept_models.by_name(tmp_path, "imdb", "cnn")
    assert lowest.name == "seed-2"
    (removed,) = kept_models.make_room(tmp_path, 1.5e-6)
    assert removed.name == "seed-10"
