"""Two sides of many kinds, and what is said of them."""

import re
import shutil

from benchmark.analysis import comparison, leaderboard, statistics
from benchmark.records import store
from benchmark.records.record import MatrixProducts
from preprocessing.errors import UserError
from tests.benchmark.made_up_runs import (
    ENVIRONMENT,
    SECONDS,
    a_corpus,
    a_failure,
    a_record,
    put_many,
)

import numpy as np
import pandas as pd
import pytest


@pytest.fixture
def results(tmp_path):
    folder = tmp_path / "results"
    put_many(folder, "cnn", 10, hyperparameters={"dropout": 0.5}, family="convolutional")
    put_many(folder, "tfidf_logreg", 40, family="bag of words", hyperparameters={"c": 1})
    put_many(folder, "majority", 200)
    leaderboard.write(folder, "imdb")
    return folder


@pytest.fixture
def told(results, capsys, monkeypatch):
    """Return a function that compares two sides and returns what is printed."""
    monkeypatch.setenv("COLUMNS", "200")

    def tell(one, other):
        comparison.show(str(one), str(other), results, "imdb")
        return capsys.readouterr().out

    return tell


def test_two_rows_by_name(told):
    out = told("cnn", "tfidf_logreg")
    assert "97.50" in out
    assert "90.00" in out
    assert "synthetic" not in out
    assert "Accuracy differs by -7.50 points" in out
    assert "p < 0.0001: cnn is more accurate." in out
    assert "same answer to 92.5% of the reviews; only cnn is right on 7.5%" in out
    assert "only tfidf_logreg on 0.0%" in out
    assert "dropout" not in out, "options of two kinds of model are no change"


def test_a_variant_by_its_name_in_the_table(told, results, tmp_path):
    put_many(results, "bert", 40, variant="scratch-tiny")
    assert "Accuracy differs by -7.50 points" in told("cnn", "bert (scratch-tiny)")
    leaderboard.write(results, "imdb")
    put_many(tmp_path / "other", "bert", 80, variant="scratch-tiny")
    for one in (results / "leaderboard.csv", results):
        out = told(one, tmp_path / "other")
        line = next(line for line in out.splitlines() if "bert (scratch-tiny)" in line)
        assert "-10.00" in line
        assert line.split()[-1] == "worse"
    with pytest.raises(UserError, match=r"did you mean 'bert \(scratch-tiny\)'\?"):
        told("cnn", "bert")
    with pytest.raises(UserError, match=r"did you mean bert \(scratch-tiny\)\?"):
        told("cnn", "bert (scratch tiny)")


def test_a_row_and_itself_are_not_compared(told, results):
    with pytest.raises(UserError, match="both sides are cnn; name two"):
        told("cnn", "cnn")
    put_many(results, "lstm", 10)
    out = told("cnn", "lstm")
    assert "p = 1.0000: there is no measurable difference." in out


def test_a_pair_alone_and_within_the_table_are_both_named(told, results, tmp_path):
    """6 of 400 reviews apart: a difference for the pair alone, none among others as near."""
    for row, wrong in (("gru", 16), ("lstm", 15), ("fasttext", 14), ("capsule", 13)):
        put_many(results, row, wrong)
    alone, among = (line for line in told("cnn", "gru").splitlines() if "interval" in line)
    assert "For this pair alone: 95 % interval -2.70 to -0.30, p = 0.0141: cnn is more" in alone
    assert "Within the table's 21 comparisons" in among
    assert "there is no measurable difference" in among
    low, high = re.findall(r"interval (\S+) to (\S+),", among)[0]
    assert float(low) < 0 < float(high)
    put_many(results, "cnn", 12, changed={"filters": 64})
    assert "Within the table" not in told("cnn", "cnn/filters=64")
    folders = [results / "runs/imdb" / name for name in ("cnn", "gru")]
    assert "Within the table" not in told(*folders), "folders may be of any table"


def test_times_that_the_leaderboard_does_not_compare_are_not_compared(told, results):
    """One of two models was made from word vectors that took three times as long as the other's."""
    for row, seconds in (("gru", 10.0), ("lstm", 30.0)):
        spent = SECONDS.model_copy(update={"preprocessing": {"word2vec": seconds}})
        put_many(results, row, 10, seconds=spent, hyperparameters={"vectors": "cbow"})
    assert "not compared" in told("gru", "lstm")
    assert "not compared" not in told("cnn", "gru")


def test_tables_without_a_common_model_are_refused(told, results, tmp_path):
    put_many(tmp_path / "other", "lstm", 10)
    with pytest.raises(UserError, match="have no model in common"):
        told(results, tmp_path / "other")


def test_a_column_that_an_older_table_lacks_is_shown_as_a_dash(told, results, tmp_path):
    old = pd.read_csv(results / "leaderboard.csv", dtype=str).drop(columns="machine")
    old.to_csv(tmp_path / "old.csv", index=False)
    said = told(tmp_path / "old.csv", results / "leaderboard.csv")
    assert "nan" not in said
    assert f"machine: – → {ENVIRONMENT.machine}" in said


def test_synthetic_results_are_called_so(told, tmp_path):
    put_many(tmp_path, "cnn", 10, corpus=a_corpus("sample"), family="convolutional")
    assert "synthetic reviews" in told("cnn", tmp_path / "runs/imdb/cnn")


def test_folders_of_one_row_show_what_changed(told, results):
    variant = results / "variant"
    changed = {"code": "5678", "vector_extensions": ["avx2", "avx512f"], "packages": {"keras": "4"}}
    put_many(
        variant, "cnn", 90, hyperparameters={"dropout": 0.3},
        environment=ENVIRONMENT.model_copy(update=changed),
    )  # fmt: skip
    out = told(results / "runs/imdb/cnn", variant / "runs/imdb/cnn")
    assert "cnn dropout: 0.5 → 0.3" in out
    assert "machine: a processor, avx2, 2 cores → a processor, avx2 avx512f, 2 cores" in out
    assert "keras: 3.14 → 4" in out
    assert "code: 1234 → 5678" in out
    training = next(line for line in out.splitlines() if "training, s" in line)
    assert training.split()[-2:] == ["not", "compared"]


@pytest.mark.parametrize("kind", ["leaderboard.csv", "", "runs/imdb"])
def test_two_tables_or_folders(told, results, tmp_path, kind):
    other = tmp_path / "other"
    shutil.copytree(results, other)
    shutil.rmtree(other / "runs/imdb/majority")
    put_many(other, "cnn", 80, hyperparameters={"dropout": 0.5}, family="convolutional")
    put_many(other, "naive_bayes_svm", 1)
    leaderboard.write(other, "imdb")
    lines = {line.split()[0]: line for line in told(results / kind, other / kind).splitlines()
             if line.strip()}  # fmt: skip
    assert "-17.50" in lines["cnn"]
    assert lines["cnn"].split()[-1] == "worse"
    assert lines["tfidf_logreg"].split()[-1] == "tied"
    said = told(results / kind, other / kind)
    assert f"only in {results / kind}: majority" in said
    assert f"only in {other / kind}: naive_bayes_svm" in said


def test_verdicts_of_two_tables_are_corrected_for_their_number(told, tmp_path):
    """6 of 400 reviews apart: a difference where it is the only one, none among five."""
    for rows in (["cnn"], ["cnn", "gru", "lstm", "capsule", "fasttext"]):
        one, other = (tmp_path / f"{side}-{len(rows)}" for side in ("one", "other"))
        for row in rows:
            put_many(one, row, 10)
            put_many(other, row, 16)
        lines = [line.split() for line in told(one, other).splitlines()]
        verdicts = {words[0]: words[-1] for words in lines if words and words[0] in rows}
        assert verdicts == dict.fromkeys(rows, "worse" if len(rows) == 1 else "tied")


def test_a_table_alone_is_compared_without_intervals(told, results, tmp_path):
    shutil.copy(results / "leaderboard.csv", tmp_path / "other.csv")
    out = told(results / "leaderboard.csv", tmp_path / "other.csv")
    assert "No intervals" in out
    assert "+0.00" in out


def test_a_table_that_is_not_that_of_the_records_beside_it_gets_no_intervals(told, results):
    table = results / "leaderboard.csv"
    table.write_text(table.read_text().replace(",0.975,", ",0.985,"))
    out = told(table, results)
    lines = {line.split()[0]: line for line in out.splitlines() if line.strip()}
    assert " to " in lines["majority"]
    assert " to " not in lines["cnn"]


@pytest.mark.parametrize(
    ("change", "what"),
    [({"protocol": 1}, "protocol"), ({"corpus": a_corpus(hash="xyz")}, "corpus")],
)
def test_protocols_and_corpora_are_shown_and_never_ranked(told, results, tmp_path, capsys,
                                                          change, what):  # fmt: skip
    put_many(tmp_path / "other", "cnn", 80, **change)
    for side in ("runs/imdb/cnn", "runs/imdb"):
        with pytest.raises(UserError, match=f"differ in {what}, so neither is ranked"):
            told(results / side, tmp_path / "other" / side)
        out = capsys.readouterr().out
        assert "80.00" in out
        assert f"{what}: " in out
        assert "-17.50" not in out, "no difference is taken"


def test_an_unknown_side_is_reported_in_one_line(told, results, tmp_path):
    with pytest.raises(UserError, match=r"nothing is not a table, .* there are cnn, majority"):
        told("cnn", "nothing")
    with pytest.raises(UserError, match="one is a model and the other a table"):
        told("cnn", results)
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    with pytest.raises(UserError, match="has no column rank"):
        told(tmp_path / "x.csv", results)
    (tmp_path / "x.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="is not a leaderboard"):
        told(tmp_path / "x.csv", results)
    failed = tmp_path / "failed/runs/imdb/cnn/seed-0.json"
    store.write(failed, a_failure(model="cnn"))
    with pytest.raises(UserError, match="has no finished run"):
        told("cnn", failed.parent)


def test_runs_on_validation_alone_are_said_to_be_so(told, tmp_path):
    folder = tmp_path / "tuning" / "imdb" / "cnn"
    store.write(folder / "seed-0.json", a_record(model="cnn"))
    with pytest.raises(UserError, match=r"seed-0.json is of a run with --validation-only"):
        told("cnn", folder)


def test_single_runs_name_their_test(told, tmp_path):
    for row, wrong in (("cnn", 20), ("gru", 25)):
        put_many(tmp_path, row, wrong, reviews=6_000, seeds=1)
    out = told(tmp_path / "runs/imdb/cnn", tmp_path / "runs/imdb/gru")
    assert "p = 0.0625 by McNemar's test: there is no measurable difference" in out
    assert "McNemar" not in told("cnn", "tfidf_logreg")


def test_no_bound_of_an_interval_is_rounded_to_zero():
    for difference, said in ((0.00194, "-0.002 to +0.390"), (0.00294, "+0.10 to +0.49")):
        pairs = statistics.Pairs(*(np.array([[value]]) for value in (difference, 1e-3, 1e9, 1, 1)))
        assert comparison._interval(pairs.interval(0, 0)) == said


def test_times_of_a_folder_from_a_much_faster_machine_are_not_compared(told, results):
    def at(rate):
        return {"matrix_products": MatrixProducts(library="numpy", float32=rate, bfloat16=None)}

    put_many(results, "gru", 10, **at(180.0))
    for name, rate in (("dropout=0.1", 200.0), ("dropout=0.2", 390.0)):
        changed = results / "runs" / "imdb" / "gru" / name
        put_many(results.parent / name, "gru", 20, **at(rate))
        shutil.copytree(results.parent / name / "runs" / "imdb" / "gru", changed)
    lines = [
        next(line for line in told("gru", f"gru/{name}").splitlines() if "training, s" in line)
        for name in ("dropout=0.1", "dropout=0.2")
    ]
    assert ["not compared" in line for line in lines] == [False, True]


def test_how_many_labels_each_side_had_is_said(told, results):
    put_many(results, "cnn", 100, with_labels=100)
    (folder,) = (results / "runs" / "imdb" / "cnn").glob("*100*")
    assert "labels: all → 100" in told("cnn", f"cnn/{folder.name}")
