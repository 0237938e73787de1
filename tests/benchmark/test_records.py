import shutil

from benchmark.analysis import leaderboard
from benchmark.records import store
from benchmark.rows.catalogue import modules
from preprocessing.errors import UserError
from tests.benchmark.made_up_runs import LABELS, a_record, put, put_many

import numpy as np
import pandas as pd
import pytest


def test_a_changed_hyperparameter_is_another_record(tmp_path):
    default = store.record_path(tmp_path, "imdb", "cnn", {}, 0)
    changed = store.record_path(tmp_path, "imdb", "cnn", {"filters": 64, "widths": (3, 4)}, 0)
    assert default == tmp_path / "runs/imdb/cnn/seed-0.json"
    assert changed == tmp_path / "runs/imdb/cnn/filters=64,widths=3+4/seed-0.json"
    wild = store.record_path(tmp_path, "imdb", "cnn", {"preset": "../../" + "x" * 300}, 0)
    assert wild.resolve().is_relative_to(tmp_path / "runs/imdb/cnn")
    assert len(wild.parent.name) < 200


def test_record_and_predictions_come_back(tmp_path):
    path = put(tmp_path)
    record = store.read(path)
    logits, labels = store.read_predictions(path, record)
    assert logits.tolist() == [-1, 1, 1, 1]
    assert labels.tolist() == LABELS.tolist()


def test_the_old_pair_stands_until_the_new_record_is_written(tmp_path, monkeypatch):
    path = put(tmp_path)
    real = store.write_atomically

    def killed_before_the_record(file, content):
        if file.suffix == ".json":
            raise KeyboardInterrupt
        real(file, content)

    monkeypatch.setattr(store, "write_atomically", killed_before_the_record)
    with pytest.raises(KeyboardInterrupt):
        put(tmp_path, logits=(1, 1, 1, 1))
    assert store.read_predictions(path, store.read(path))[0].tolist() == [-1, 1, 1, 1]
    monkeypatch.undo()
    put(tmp_path, logits=(2, 2, 2, 2))
    assert len(list(path.parent.glob("*.npz"))) == 1


def test_a_failure_never_replaces_a_finished_run(tmp_path):
    path = put(tmp_path)
    store.write(path, a_record(status="failed", reason="memory"))
    assert store.read(path)["status"] == "ok"


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"status": "ok"}', '{"status": "ok", "seed": 0}', "\udcff"]
)
def test_a_damaged_record_is_said(tmp_path, content):
    path = put(tmp_path)
    path.write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises(UserError, match=r"seed-0\.json is damaged .* delete it to run it again"):
        store.read_runs(tmp_path, "imdb")


def test_damaged_predictions_are_said(tmp_path):
    path = put(tmp_path)
    file = next(path.parent.glob("*.npz"))
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(UserError, match=r"npz is damaged \(its hash"):
        leaderboard.build(tmp_path, "imdb")
    file.unlink()
    with pytest.raises(UserError, match="npz is damaged"):
        leaderboard.build(tmp_path, "imdb")


def test_a_run_is_finished_only_for_this_protocol_corpus_and_hyperparameters():
    record = a_record()
    assert store.is_finished(record, "abc", {})
    assert not store.is_finished(record, "other", {})
    assert not store.is_finished(record, "abc", {"c": 1})
    assert not store.is_finished(record | {"protocol": 0}, "abc", {})
    assert not store.is_finished(record | {"status": "failed"}, "abc", {})


def test_the_leaderboard_by_hand(tmp_path):
    put(tmp_path, 0, logits=(-1, 1, 1, 1), accuracy=0.75)
    put(tmp_path, 1, logits=(-1, -1, 1, 1), accuracy=1.0)
    put(tmp_path, 0, row="tfidf_logreg", accuracy=0.75)
    store.write(
        store.record_path(tmp_path, "imdb", "bag_of_words", {}, 0),
        a_record(status="failed", model="bag_of_words", reason="out of memory"),
    )
    table = leaderboard.write(tmp_path, "imdb")
    assert tuple(table.columns) == leaderboard.COLUMNS
    assert sorted(table["model"]) == sorted(modules())
    lines = table.set_index("model")
    first = lines.loc["majority"]
    assert (first["rank"], first["seeds"], first["accuracy_mean"]) == (1, 2, 0.875)
    assert first["accuracy_std"] == pytest.approx(np.std([0.75, 1.0], ddof=1), abs=1e-5)
    assert first["accuracy_ci_low"] <= 0.875 <= first["accuracy_ci_high"]
    assert first["info"] == "2 of 3 seeds"
    assert lines.loc["tfidf_logreg", ["rank", "tied_with"]].tolist() == [1, "majority"]
    assert lines.loc["bag_of_words", ["status", "info"]].tolist() == ["failed", "out of memory"]
    assert lines.loc["naive_bayes_svm", "status"] == "missing"
    assert pd.isna(lines.loc["naive_bayes_svm", "rank"])


def test_rows_that_can_be_told_apart_have_ranks_of_their_own(tmp_path):
    for row, wrong in (("cnn", 4), ("tfidf_logreg", 5), ("majority", 200)):
        put_many(tmp_path, row, wrong)
    lines = leaderboard.build(tmp_path, "imdb").set_index("model")
    assert lines["rank"].dropna().to_dict() == {"cnn": 1, "tfidf_logreg": 1, "majority": 3}
    ties = lines.loc[["cnn", "tfidf_logreg", "majority"], "tied_with"].tolist()
    assert ties == ["tfidf_logreg", "cnn", ""]


def test_a_table_of_failures_alone_has_no_ranks(tmp_path):
    put(tmp_path, status="failed", reason="memory")
    table = leaderboard.write(tmp_path, "imdb")
    assert table["rank"].isna().all()
    assert table["status"].iloc[0] == "failed"


def test_runs_that_answer_other_reviews_are_not_compared(tmp_path):
    put(tmp_path, row="cnn")
    path = store.record_path(tmp_path, "imdb", "majority", {}, 0)
    store.write(path, a_record(), np.ones(3, np.float16), np.ones(3, np.int8))
    with pytest.raises(UserError, match="answers other test reviews"):
        leaderboard.build(tmp_path, "imdb")


def test_a_network_that_stayed_at_chance_is_shown_as_such(tmp_path):
    flat = [{"validation_accuracy": 0.5}, {"validation_accuracy": 0.52}]
    put(tmp_path, 0, history=flat)
    put(tmp_path, 1, history=[*flat, {"validation_accuracy": 0.8}])
    put(tmp_path, 2, history=[])
    info = leaderboard.build(tmp_path, "imdb").set_index("model").loc["majority", "info"]
    assert info == "seed 0 stayed at chance"


def put_variant(results, variant, further=None, **changes):
    path = store.record_path(results, "imdb", "bert", further or {}, 0, variant=variant)
    record = a_record(model="bert", variant=variant, **changes)
    store.write(path, record, np.array([1, 1, 1, 1], np.float16), LABELS)
    return path


def test_a_run_from_other_weights_is_a_line_of_its_own(tmp_path):
    path = put_variant(tmp_path, "all-MiniLM-L6-v2", weights="all-MiniLM-L6-v2 (sha256 12)")
    assert path == tmp_path / "runs/imdb/bert@all-MiniLM-L6-v2/seed-0.json"
    put_variant(tmp_path, "scratch-tiny", {"epochs": 5}, hyperparameters={"epochs": 5})
    lines = leaderboard.build(tmp_path, "imdb").set_index("model")
    assert lines.loc["bert", "status"] == "missing"
    assert lines.loc["bert (all-MiniLM-L6-v2)", "weights"] == "all-MiniLM-L6-v2 (sha256 12)"
    assert lines.loc["bert (scratch-tiny)", ["status", "weights"]].tolist() == ["ok", "none"]
    shown = leaderboard.as_markdown(lines.reset_index(), "imdb")
    assert "| bert (scratch-tiny) (1 seed) | baseline | none |" in shown


def test_the_order_of_hyperparameters_does_not_matter(tmp_path):
    put(tmp_path, 0, hyperparameters={"epochs": 3, "units": 4})
    put(tmp_path, 1, hyperparameters={"units": 4, "epochs": 3})
    lines = leaderboard.build(tmp_path, "imdb").set_index("model")
    assert lines.loc["majority", ["status", "seeds"]].tolist() == ["ok", 2]


def test_a_variant_has_one_set_of_hyperparameters(tmp_path):
    put_variant(tmp_path, "scratch-tiny", hyperparameters={"epochs": 3})
    put_variant(tmp_path, "scratch-tiny", {"epochs": 5}, hyperparameters={"epochs": 5})
    lines = leaderboard.build(tmp_path, "imdb").set_index("model")
    assert lines.loc["bert (scratch-tiny)", ["status", "info"]].tolist() == [
        "failed",
        "its seeds differ in hyperparameters",
    ]


def test_a_changed_hyperparameter_of_the_row_itself_is_not_ranked(tmp_path):
    path = store.record_path(tmp_path, "imdb", "majority", {"c": 1}, 0)
    store.write(path, a_record(), np.array([1, 1, 1, 1], np.float16), LABELS)
    assert leaderboard.build(tmp_path, "imdb").set_index("model").loc["majority", "seeds"] == 0


def test_rebuilding_gives_the_same_bytes(tmp_path):
    for seed in range(3):
        put(tmp_path, seed)
    written = []
    for folder in (tmp_path, shutil.copytree(tmp_path, tmp_path.parent / "copy")):
        leaderboard.write(folder, "imdb")
        written.append(
            [(folder / name).read_bytes() for name in ("leaderboard.csv", "leaderboard.md")]
        )
    assert written[0] == written[1]


@pytest.mark.parametrize("other", [{"protocol": 0}, {"corpus": {"name": "imdb", "hash": "old"}}])
def test_protocols_and_corpora_never_share_a_ranking(tmp_path, other):
    put(tmp_path, row="majority", utc="2026-01-02T00:00:00+00:00")
    put(tmp_path, row="tfidf_logreg", utc="2026-01-01T00:00:00+00:00", **other)
    lines = leaderboard.build(tmp_path, "imdb").set_index("model")
    assert lines.loc["majority", "rank"] == 1
    assert lines.loc["tfidf_logreg", "status"] == "missing"
    assert lines.loc["tfidf_logreg", "info"] == "other protocol or corpus"


def test_seeds_of_unlike_hyperparameters_are_no_row(tmp_path):
    put(tmp_path, 0, hyperparameters={"c": 1})
    put(tmp_path, 1, hyperparameters={"c": 2})
    lines = leaderboard.build(tmp_path, "imdb").set_index("model")
    assert lines.loc["majority", ["status", "info"]].tolist() == [
        "failed",
        "its seeds differ in hyperparameters",
    ]


def test_the_table_goes_between_the_marks_and_nowhere_else():
    text = f"before\n{leaderboard.MARKS[0]}\nold\n{leaderboard.MARKS[1]}\nafter\n"
    once = leaderboard.with_table(text, "| new |\n")
    assert once == text.replace("old", "| new |")
    assert leaderboard.with_table(once, "| new |\n") == once
    with pytest.raises(ValueError, match="lacks the marks"):
        leaderboard.with_table("no marks", "")
