import math
import multiprocessing
import os
import re
import shutil

from benchmark.analysis import columns, leaderboard, short_table, tables
from benchmark.records import store
from benchmark.records.record import PROTOCOL, Epoch, Failed, Finished, MatrixProducts
from benchmark.rows import catalogue
from preprocessing.errors import UserError
from preprocessing.storage import seal, unseal
from tests.benchmark.made_up_runs import (
    ENVIRONMENT,
    LABELS,
    SECONDS,
    a_corpus,
    a_failure,
    a_record,
    of_texts,
    predicted,
    put,
    put_many,
    put_record,
)
from tests.crashes import killed_at_each_call

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


def test_values_that_differ_in_signs_that_no_folder_may_have_do_not_collide(tmp_path):
    names = ("a/b", "a_b", "a:b")
    paths = [store.record_path(tmp_path, "imdb", "bert", {"preset": name}, 0) for name in names]
    assert len(set(paths)) == 3
    assert paths[1] == tmp_path / "runs/imdb/bert/preset=a_b/seed-0.json"


@pytest.mark.parametrize("what", ["variant", "changed"])
def test_long_names_that_begin_alike_do_not_collide(tmp_path, what):
    names = ["x" * 150 + end for end in "ab"]
    settings = [{"variant": name, "changed": {}} if what == "variant" else
                {"changed": {"preset": name}} for name in names]  # fmt: skip
    paths = {store.record_path(tmp_path, "imdb", "bert", seed=0, **given) for given in settings}
    assert len(paths) == 2
    assert all(len(part) < 140 for path in paths for part in path.relative_to(tmp_path).parts)


def test_record_and_predictions_come_back(tmp_path):
    epochs = [Epoch(loss=0.7, accuracy=0.5, validation_loss=0.7,
                    validation_accuracy=0.5, seconds=1.0)]  # fmt: skip
    products = MatrixProducts(library="jax", float32=70.0, bfloat16=None)
    written = a_record(variant="small", history=epochs, matrix_products=products)
    path = put_record(tmp_path, written, predicted(also_in_train=[0, 1, 0, 0]))
    record = store.read(path)
    assert record.as_json() == written.as_json() | {"predictions": record.as_json()["predictions"]}
    kept = store.read_predictions(path, record)
    assert kept.logits.tolist() == [-1, 1, 1, 1]
    assert kept.labels.tolist() == LABELS.tolist()
    assert kept.also_in_train.tolist() == [0, 1, 0, 0]


def test_a_failure_comes_back(tmp_path):
    path = put_record(tmp_path, a_failure(reason="out of memory", hyperparameters=None))
    record = store.read(path)
    assert isinstance(record, Failed)
    assert (record.reason, record.line, record.protocol) == ("out of memory", "majority", PROTOCOL)


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
    assert store.read_predictions(path, store.read(path)).logits.tolist() == [-1, 1, 1, 1]
    monkeypatch.undo()
    put(tmp_path, logits=(2, 2, 2, 2))
    assert len(list(path.parent.glob("*.npz"))) == 1


@pytest.mark.parametrize("unknown", [{}, {"hyperparameters": None}])
def test_a_failure_never_replaces_a_finished_run_of_the_same(tmp_path, unknown):
    path = put(tmp_path)
    store.write(path, a_failure(**unknown))
    assert isinstance(store.read(path), Finished)


@pytest.mark.parametrize(
    "old", [{"protocol": 0}, {"corpus": a_corpus(hash="old")}, {"hyperparameters": {"c": 1}}]
)
def test_a_failure_replaces_what_is_out_of_date(tmp_path, old):
    path = put(tmp_path, **old)
    store.write(path, a_failure(reason="memory"))
    assert store.read(path).reason == "memory"
    assert not list(path.parent.glob("*.npz"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: "", "Expecting value"),
        (lambda text: text[: len(text) // 2], "Expecting|Unterminated"),
        (lambda text: "[]", "has no hash of its own"),
        (lambda text: "[" * 100_000, "nested too deep"),
        (lambda text: "\udcff", "decode"),
        (lambda text: text.replace('"accuracy": 0.5', '"accuracy": 0.9'), "it was changed"),
        (lambda text: text.replace('"seed": 0', '"seed": 1'), "it was changed"),
    ],
)
def test_a_damaged_record_is_said_in_one_line(tmp_path, change, said):
    path = put(tmp_path)
    path.write_bytes(change(path.read_text()).encode(errors="surrogateescape"))
    with pytest.raises(UserError, match=rf"seed-0.json is damaged \(.*({said})") as refused:
        store.read(path)
    assert "\n" not in str(refused.value)
    assert "delete it to run it again" in str(refused.value)


def sealed_again(path, change):
    """Do what somebody would who wants a changed record to be believed."""
    content = unseal(path.read_bytes())
    change(content)
    path.write_text(seal(content))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda record: record.update(seed="0"), "seed: Input should be a"),
        (lambda record: record.pop("seed"), "seed: Field required"),
        (lambda record: record.pop("seconds"), "seconds: Field required"),
        (lambda record: record.pop("backend"), "backend: Field required"),
        (lambda record: record.pop("weights"), "weights: Field required"),
        (lambda record: record.update(status="good"), "status"),
        (lambda record: record["corpus"].update(x=1), "corpus.x: Extra"),
    ],
)
def test_a_record_is_checked_even_if_its_hash_is_right(tmp_path, change, said):
    path = put(tmp_path)
    sealed_again(path, change)
    with pytest.raises(UserError, match=rf"seed-0.json is damaged \(.*{said}") as refused:
        store.read(path)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(("found", "shown"), [(None, 1), (2, 2), (4, 4)])
def test_a_record_of_another_format_is_said(tmp_path, found, shown):
    path = put(tmp_path)
    sealed_again(
        path, lambda record: record.pop("format") and found and record.update(format=found)
    )
    with pytest.raises(UserError, match=rf"is a record of format {shown}, and this version reads"):
        store.read(path)


def write_often(results, sign, times):
    for _ in range(times):
        put(results, logits=(sign, sign, sign, sign))


def test_two_processes_that_write_one_record_leave_it_whole(tmp_path):
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=write_often, args=(tmp_path, s, 30)) for s in (-1, 1)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    path = put(tmp_path / "elsewhere")
    path = tmp_path / path.relative_to(tmp_path / "elsewhere")
    assert abs(store.read_predictions(path, store.read(path)).logits).tolist() == [1, 1, 1, 1]
    assert len(list(path.parent.glob("*.npz"))) == 1


def test_a_run_that_is_killed_while_it_writes_leaves_a_record_with_its_predictions(tmp_path):
    sets = {"products": of_texts([1])}
    path = put(tmp_path, answered=sets)
    for _ in killed_at_each_call(lambda: put(tmp_path, logits=(1, 1, 1, 1), answered=sets)):
        record = store.read(path)
        logits = store.read_predictions(path, record).logits.tolist()
        assert logits in ([-1, 1, 1, 1], [1, 1, 1, 1])
        store.read_evaluation(path, record, "products")
        put(tmp_path, answered=sets)
        assert len(list(path.parent.glob("*.npz"))) == 2


def test_answers_of_a_model_whose_record_was_replaced_are_not_added(tmp_path):
    path = put(tmp_path)
    before = store.read(path)
    put(tmp_path, utc="2026-01-02T00:00:00+00:00")
    assert store.add_evaluations(path, before, {"products": of_texts([1])}) is None
    assert not store.read(path).evaluations


def test_answers_are_added_to_a_run_whose_loss_was_nan(tmp_path):
    diverged = [Epoch(loss=math.nan, accuracy=0.5, validation_loss=0.7, validation_accuracy=0.5,
                      seconds=1.0)]  # fmt: skip
    path = put(tmp_path, history=diverged)
    store.add_evaluations(path, store.read(path), {"products": of_texts([1])})
    assert list(store.read(path).evaluations) == ["products"]


def test_what_a_killed_writer_left_goes_with_the_next(tmp_path):
    path = put(tmp_path)
    left = path.with_name(f".seed-0.json.{2**22 + 1}.unfinished")  # no process has that number
    young = path.with_name(f".seed-0-1234.npz.{2**22 + 1}.unfinished")
    living = path.with_name(f".seed-0-5678.npz.{os.getppid()}.unfinished")
    for file in (left, young, living):
        file.write_text("{")
    for file in (left, living):
        os.utime(file, (0, 0))
    put(tmp_path)
    assert [file.exists() for file in (left, young, living)] == [False, True, True]


def test_the_advice_for_damaged_predictions_works(tmp_path):
    path = put(tmp_path)
    (file,) = path.parent.glob("*.npz")
    file.unlink()
    advice = rf"{re.escape(str(path))} to run it again"
    with pytest.raises(UserError, match=rf"npz is damaged \(it is not there\).* delete {advice}"):
        leaderboard.build(tmp_path, "imdb")
    path.unlink()
    assert leaderboard.build(tmp_path, "imdb").set_index("model").loc["majority", "seeds"] == 0


def test_a_reader_whose_run_is_replaced_is_told_so(tmp_path):
    path = put(tmp_path)
    before = store.read(path)
    put(tmp_path, logits=(1, 1, 1, 1))
    with pytest.raises(UserError, match="was replaced while it was read; start again"):
        store.read_predictions(path, before)


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
    assert not store.is_finished(record, "abc", None), "the row cannot be imported"
    assert not store.is_finished(a_record(protocol=0), "abc", {})
    assert not store.is_finished(a_failure(), "abc", {})


def test_the_leaderboard_by_hand(tmp_path):
    put(tmp_path, 0, logits=(-1, 1, 1, 1), also_in_train=[0, 1, 0, 0])
    put(tmp_path, 1, logits=(-1, -1, 1, 1), also_in_train=[0, 1, 0, 0])
    put(tmp_path, 0, row="tfidf_logreg")
    put_record(tmp_path, a_failure(model="bag_of_words", reason="out of memory"))
    table = leaderboard.write(tmp_path, "imdb").table
    assert tuple(table.columns) == columns.NAMES
    needs_none = {name for name, line in catalogue.lines().items() if not line.weights}
    assert set(table["model"]) == needs_none
    lines = table.set_index("model")
    first = lines.loc["majority"]
    assert (first["rank"], first["seeds"], first["accuracy_mean"]) == (1, 2, 0.875)
    assert first["accuracy_deduplicated"] == 1
    assert first["f1"] == pytest.approx((0.8 + 1) / 2)
    assert first[["train_seconds", "train_cpu_seconds", "load_average"]].tolist() == [2, 3, 0.5]
    assert first["machine"] == "a processor, avx2, 2 cores"
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
    put_record(tmp_path, a_failure())
    table = leaderboard.write(tmp_path, "imdb").table
    assert table["rank"].isna().all()
    assert table["status"].iloc[0] == "failed"


def test_a_model_that_is_no_longer_there_does_not_decide_what_is_ranked(tmp_path):
    put(tmp_path, row="cnn")
    put(tmp_path, row="removed", corpus=a_corpus(hash="newer"), utc="2030-01-01T00:00:00+00:00")
    assert leaderboard.build(tmp_path, "imdb").set_index("model").loc["cnn", "status"] == "ok"


def test_runs_that_answer_other_reviews_are_not_compared(tmp_path):
    put(tmp_path, row="cnn")
    put(tmp_path, logits=np.ones(3), labels=np.ones(3, np.int8))
    with pytest.raises(UserError, match="predicts other test reviews"):
        leaderboard.build(tmp_path, "imdb")


def test_a_network_that_stayed_at_chance_is_shown_as_such(tmp_path):
    flat, up = (
        [Epoch(loss=0.7, accuracy=0.5, validation_loss=0.7, validation_accuracy=value, seconds=1.0)
         for value in reached]
        for reached in ((0.5, 0.52), (0.5, 0.52, 0.8))
    )  # fmt: skip
    put(tmp_path, 0, history=flat)
    put(tmp_path, 1, history=up)
    put(tmp_path, 2, history=[])
    info = leaderboard.build(tmp_path, "imdb").set_index("model").loc["majority", "info"]
    assert info == "seed 0 stayed at chance"


@pytest.mark.parametrize(("reached", "info"), [(0.72, "seed 0 stayed at chance"), (0.74, "")])
def test_a_network_that_always_gives_the_larger_class_stayed_at_chance(tmp_path, reached, info):
    one = Epoch(
        loss=0.6, accuracy=0.7, validation_loss=0.6, validation_accuracy=reached, seconds=1.0
    )
    labels = np.repeat(np.array([0, 1], np.int8), [3, 7])
    put(tmp_path, 0, history=[one], logits=np.ones(10), labels=labels)
    said = leaderboard.build(tmp_path, "imdb").set_index("model").loc["majority", "info"]
    assert said.replace("1 of 3 seeds", "").strip("; ") == info


def test_a_variant_is_a_line_of_its_own(tmp_path):
    path = put(tmp_path, row="bert", variant="all-MiniLM-L6-v2", weights="all-MiniLM-L6-v2 (12)")
    assert path == tmp_path / "runs/imdb/bert@all-MiniLM-L6-v2/seed-0.json"
    put(tmp_path, row="bert", variant="scratch-tiny")
    evaluation = leaderboard.evaluate(tmp_path, "imdb")
    lines = evaluation.table.set_index("model")
    assert "bert" in evaluation.unreached
    assert lines.loc["bert (all-MiniLM-L6-v2)", "weights"] == "all-MiniLM-L6-v2 (12)"
    assert lines.loc["bert (scratch-tiny)", ["status", "weights"]].tolist() == ["ok", "none"]
    shown = tables.as_markdown(evaluation.table, "imdb", evaluation.unreached)
    assert "| bert (scratch-tiny) (1 seed) | baseline | none |" in shown
    assert "Needs public weights and was not run: albert, bert, " in shown


def test_the_order_of_hyperparameters_does_not_matter(tmp_path):
    put(tmp_path, 0, hyperparameters={"epochs": 3, "units": 4})
    put(tmp_path, 1, hyperparameters={"units": 4, "epochs": 3})
    lines = leaderboard.build(tmp_path, "imdb").set_index("model")
    assert lines.loc["majority", ["status", "seeds"]].tolist() == ["ok", 2]


@pytest.mark.parametrize(("row", "variant"), [("majority", ""), ("bert", "scratch-tiny")])
def test_a_changed_hyperparameter_is_not_ranked(tmp_path, row, variant):
    put(tmp_path, row=row, variant=variant, changed={"c": 1})
    table = leaderboard.build(tmp_path, "imdb")
    assert (table["seeds"] == 0).all()


def ranked(table):
    return table[table["status"] == "ok"]


def test_lines_of_few_seeds_are_one_line_below_the_table(tmp_path):
    put(tmp_path, row="cnn")
    put(tmp_path, row="majority")
    put_record(tmp_path, a_failure(seed=1, reason="memory"))
    for seed in range(3):
        put(tmp_path, seed, row="lstm")
    table = leaderboard.build(tmp_path, "imdb")
    failed = "majority: seed 1 failed: memory"
    ranks, *caption = tables.as_terminal(ranked(table), "imdb").caption
    assert ranks == f"#: {tables.RANKS}"
    assert caption == ["1 of 3 seeds: cnn, majority", failed]
    assert tables.as_terminal(ranked(table), "imdb", seeds=1).caption[1:] == [failed]


def test_times_of_several_machines_are_said_not_to_compare(tmp_path):
    put_many(tmp_path, "cnn", 1)
    one = leaderboard.build(tmp_path, "imdb")
    assert (
        "All times were measured on one kind of machine: a processor, avx2, 2 cores."
        in tables.as_markdown(one, "imdb")
    )
    better = ENVIRONMENT.model_copy(update={"vector_extensions": ["avx2", "avx512f"]})
    put_many(tmp_path, "lstm", 1, environment=better)
    put_many(tmp_path, "gru", 1, environment=better)
    two = leaderboard.build(tmp_path, "imdb")
    said = (
        "Times can be compared only within one kind of machine, and they were measured on "
        "several: a processor, avx2 avx512f, 2 cores; a processor, avx2, 2 cores (cnn)."
    )
    assert said in tables.as_markdown(two, "imdb")
    assert said in tables.as_terminal(two, "imdb").caption[-1]


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


@pytest.mark.parametrize("other", [{"protocol": 0}, {"corpus": a_corpus(hash="old")}])
def test_protocols_and_corpora_never_share_a_ranking(tmp_path, other):
    put(tmp_path, row="majority", utc="2026-01-02T00:00:00+00:00")
    put(tmp_path, row="tfidf_logreg", utc="2026-01-01T00:00:00+00:00", **other)
    lines = leaderboard.build(tmp_path, "imdb").set_index("model")
    assert lines.loc["majority", "rank"] == 1
    assert lines.loc["tfidf_logreg", "status"] == "missing"
    assert lines.loc["tfidf_logreg", "info"] == "different protocol or corpus"


def test_seeds_with_different_hyperparameters_fail(tmp_path):
    put(tmp_path, 0, hyperparameters={"c": 1})
    put(tmp_path, 1, hyperparameters={"c": 2})
    lines = leaderboard.build(tmp_path, "imdb").set_index("model")
    assert lines.loc["majority", ["status", "info"]].tolist() == [
        "failed",
        "its seeds differ in hyperparameters",
    ]


def test_the_table_goes_between_the_marks_and_nowhere_else():
    text = f"before\n{tables.MARKS[0]}\nold\n{tables.MARKS[1]}\nafter\n"
    once = tables.inserted(text, "| new |\n")
    assert once == text.replace("old", "| new |")
    assert tables.inserted(once, "| new |\n") == once
    with pytest.raises(UserError, match="lacks the marks"):
        tables.inserted("no marks", "")


def test_times_of_a_run_that_began_on_a_busy_machine_are_compared_with_no_others(tmp_path):
    busy = ENVIRONMENT.model_copy(update={"load_average": 3.1})  # of 2 cores
    for row, environment in (("cnn", ENVIRONMENT), ("lstm", busy), ("gru", ENVIRONMENT)):
        put_record(tmp_path, a_record(model=row, environment=environment), predicted())
    lines = leaderboard.build(tmp_path, "imdb").set_index("model")
    assert leaderboard.of_one_machine(lines.loc["cnn"], lines.loc["gru"])
    assert not leaderboard.of_one_machine(lines.loc["cnn"], lines.loc["lstm"])
    said = tables.as_markdown(lines.reset_index(), "imdb")
    sentence = "Other programs seem to have run beside these, so their times may be too long: "
    assert f"{sentence}lstm." in said
    assert "- lstm" not in said, "it is no remark of its own"
    alone = short_table.as_markdown(lines.loc[["lstm"]].reset_index())
    assert f"{sentence}lstm." in alone
    assert sentence not in short_table.as_markdown(lines.loc[["cnn"]].reset_index())


def test_times_of_a_line_whose_seeds_ran_on_several_machines_are_not_compared(tmp_path):
    machines = [ENVIRONMENT, ENVIRONMENT.model_copy(update={"processor": "another"})]
    for row, of_seeds in (("cnn", (0, 0, 1)), ("lstm", (0, 1, 1))):
        for seed, machine in enumerate(of_seeds):
            record = a_record(model=row, seed=seed, environment=machines[machine])
            put_record(tmp_path, record, predicted())
    lines = leaderboard.build(tmp_path, "imdb").set_index("model")
    assert not leaderboard.of_one_machine(lines.loc["cnn"], lines.loc["lstm"])


def test_times_of_runs_that_shared_a_machine_are_said_not_to_compare(tmp_path):
    part = ENVIRONMENT.model_copy(update={"cpus_given": 1.0})
    put_many(tmp_path, "cnn", 1, environment=part)
    put_many(tmp_path, "lstm", 2, environment=part)
    said = tables.as_terminal(leaderboard.build(tmp_path, "imdb"), "imdb").caption[-1]
    assert said.startswith("All times were measured on one kind of machine: ")
    assert said.endswith("so that times are not comparable.")


def test_times_of_a_line_whose_word_vectors_took_far_longer_than_others_are_too_long(tmp_path):
    for row, kind, seconds in (
        ("cnn", "cbow", 100.0), ("lstm", "cbow", 149.0), ("gru", "cbow", 151.0),
        ("cnn_lstm", "skip_gram", 300.0),
    ):  # fmt: skip
        learned = SECONDS.model_copy(
            update={"preprocessing": {"word2vec": seconds, "subwords": seconds}}
        )
        record = a_record(model=row, seconds=learned, hyperparameters={"vectors": kind})
        put_record(tmp_path, record, predicted())
    lines = leaderboard.build(tmp_path, "imdb").set_index("model")
    shown = lines.loc[["cnn", "lstm", "cnn_lstm", "gru"]]
    disturbed = [tables.is_disturbed(line) for _, line in shown.iterrows()]
    assert disturbed == [False, False, False, True], "of cnn_lstm's kind there are no others"
    assert leaderboard.of_one_machine(lines.loc["cnn"], lines.loc["lstm"])
    assert not leaderboard.of_one_machine(lines.loc["cnn"], lines.loc["gru"])


def test_a_machine_that_multiplies_much_faster_or_slower_than_others_of_its_name_is_another(
    tmp_path,
):
    def put_at(row, seed, library, rate):
        products = MatrixProducts(library=library, float32=rate, bfloat16=None)
        put(tmp_path, seed, row=row, family=row, matrix_products=products)

    for row, rate in (("cnn", 180.0), ("lstm", 125.0), ("gru", 400.0), ("capsule", 100.0)):
        put_at(row, 0, "tensorflow", rate)
    put_at("cnn_lstm", 0, "tensorflow", 90.0)
    put_at("cnn_lstm", 1, "tensorflow", 170.0)
    put_at("majority", 0, "numpy", 400.0)
    put(tmp_path, row="fasttext")
    lines = leaderboard.build(tmp_path, "imdb").set_index("model")
    machines = lines["machine"].dropna().str.removeprefix(ENVIRONMENT.machine).to_dict()
    assert machines == {
        "cnn": "", "lstm": "", "cnn_lstm": "", "majority": "", "fasttext": "",
        "gru": ", matrix products over 1.5 times as fast as usual",
        "capsule": ", matrix products over 1.5 times as slow as usual",
    }  # fmt: skip
    assert leaderboard.of_one_machine(lines.loc["cnn"], lines.loc["lstm"])
    assert not leaderboard.of_one_machine(lines.loc["cnn"], lines.loc["gru"])
    shown = short_table.as_markdown(lines.loc[["cnn", "lstm", "gru"]].reset_index())
    assert "so their times cannot be compared with the others': gru." in shown


def test_work_on_machines_of_two_speeds_tells_nothing_of_other_programs(tmp_path):
    """What took 100 s at twice the rate is no reason to expect less than 200 s here."""
    for row, taken, rate in (
        ("elmo", 100.0, 380.0), ("cnn", 180.0, 180.0), ("lstm", 200.0, 180.0),
        ("gru", 290.0, 180.0), ("capsule", 190.0, 180.0),
    ):  # fmt: skip
        seconds = SECONDS.model_copy(update={"preprocessing": {"word2vec": taken}})
        products = MatrixProducts(library="tensorflow", float32=rate, bfloat16=None)
        put(tmp_path, row=row, seconds=seconds, matrix_products=products)
    lines = leaderboard.build(tmp_path, "imdb").set_index("model")
    rows = ("elmo", "cnn", "lstm", "gru", "capsule")
    assert [row for row in rows if tables.is_disturbed(lines.loc[row])] == ["gru"]


@pytest.mark.parametrize("copy", ["majority/seed-3.json", "majority_old/seed-0.json"])
def test_a_copy_of_a_record_counts_as_no_further_seed(tmp_path, copy):
    path = put(tmp_path, 0)
    copied = tmp_path / "runs/imdb" / copy
    copied.parent.mkdir(exist_ok=True)
    shutil.copy(path, copied)
    with pytest.raises(UserError, match=rf"{copy} is a record that belongs at {path}"):
        leaderboard.build(tmp_path, "imdb")


def test_a_failure_under_other_rules_or_of_other_reviews_does_not_count(tmp_path):
    put(tmp_path)
    put_record(tmp_path, a_failure(seed=1, protocol=1))
    put_record(tmp_path, a_failure(seed=2, corpus=a_corpus(hash="old")))
    put_record(tmp_path, a_failure(model="cnn", protocol=1))
    lines = leaderboard.build(tmp_path, "imdb").set_index("model")
    assert "failed" not in lines.loc["majority", "info"]
    assert lines.loc["cnn", "status"] == "missing"


@pytest.mark.parametrize(
    ("step", "same", "other"),
    [
        ("language model forwards", {"lm_units": 300, "units": 1}, {"lm_units": 1024, "units": 1}),
        ("glove", {"vectors": "glove"}, {"vectors": "cbow"}),
    ],
)
def test_only_what_is_the_same_work_tells_that_a_machine_was_busy(tmp_path, step, same, other):
    for row, options, taken in (
        ("cnn", same, 100), ("lstm", same | {"units": 2}, 140), ("gru", same, 160),
        ("capsule", other, 900),
    ):  # fmt: skip
        seconds = a_record().seconds.model_copy(update={"preprocessing": {step: taken}})
        put(tmp_path, row=row, hyperparameters=options, seconds=seconds)
    lines = leaderboard.build(tmp_path, "imdb").set_index("model")
    slow = [row for row in ("cnn", "lstm", "gru", "capsule") if tables.is_disturbed(lines.loc[row])]
    assert slow == ["gru"]
