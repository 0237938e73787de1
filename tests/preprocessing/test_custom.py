import csv
import gzip
import json
import os
import re
import sys

from benchmark.report import slices
from benchmark.runs import sweep
from preprocessing.errors import UserError
from preprocessing.options import DataOptions, add_data_options, data_words
from preprocessing.prepare import prepare
from preprocessing.program import Parser
from preprocessing.sources import custom
from preprocessing.sources.custom import CustomReviews, is_custom
from tests.conftest import needs, run_python

import pytest


def rows(count=50):
    """Return texts of two classes, as many of each, and all of them different."""
    pairs = [(f"wonderful film number {n}", "good") for n in range(count)]
    return pairs + [(f"dreadful film number {n}", "bad") for n in range(count)]


def table(path, lines, header=("text", "label"), separator=","):
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=separator).writerows([header, *lines])
    return path


def class_folders(folder, count=50, splits=("",)):
    for split in splits:
        for number, (text, label) in enumerate(rows(count)):
            file = folder / split / label / f"{number}.txt"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"{text} {split}")
    return folder


def json_lines(path):
    lines = (json.dumps({"text": text, "label": label}) for text, label in rows())
    path.write_text("\n".join(lines))
    return path


def compressed(path):
    packed = path.with_name(f"{path.name}.gz")
    packed.write_bytes(gzip.compress(path.read_bytes()))
    return packed


def contents(reviews):
    return sorted((r.text.strip(), r.label) for part in reviews.values() for r in part)


def test_every_form_reads_the_same_texts(tmp_path):
    forms = [
        table(tmp_path / "a.csv", rows()),
        table(tmp_path / "a.tsv", rows(), separator="\t"),
        compressed(table(tmp_path / "b.csv", rows())),
        json_lines(tmp_path / "a.jsonl"),
        compressed(json_lines(tmp_path / "b.ndjson")),
        class_folders(tmp_path / "a"),
    ]
    expected = sorted((text, int(label == "good")) for text, label in rows())
    for form in forms:
        assert is_custom(form)
        assert contents(CustomReviews(form).read()[0]) == expected


def parquet(path, lines):
    arrow = needs("pyarrow")
    texts, labels = zip(*lines, strict=True)
    from pyarrow.parquet import write_table

    write_table(arrow.table({"text": texts, "label": labels}), path)
    return path


def test_parquet_is_read_with_its_types(tmp_path):
    lines = [(text, int(label == "good")) for text, label in rows()] + [(None, 1)]
    reviews, notes = CustomReviews(parquet(tmp_path / "a.parquet", lines)).read()
    assert contents(reviews) == sorted(lines[:-1])
    assert "1 without a text (line 101)" in notes[0]
    with pytest.raises(UserError, match="has no column 'body'; it has text, label"):
        CustomReviews(tmp_path / "a.parquet", text_column="body").read()


def test_damaged_parquet_is_told(tmp_path):
    needs("pyarrow")
    (tmp_path / "a.parquet").write_bytes(b"PAR1" + bytes(100))
    with pytest.raises(UserError, match=r"a\.parquet is damaged: .*"):
        CustomReviews(tmp_path / "a.parquet").read()


def test_parquet_without_pyarrow_is_told(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    with pytest.raises(UserError, match="pip install pyarrow"):
        CustomReviews(tmp_path / "a.parquet").read()


def test_without_a_split_a_fifth_of_each_class_is_drawn_always_the_same_and_said(tmp_path):
    own = CustomReviews(table(tmp_path / "a.csv", rows()))
    reviews, notes = own.read()
    assert [r.label for r in reviews["test"]] == [0] * 10 + [1] * 10
    assert "20% of each class" in notes[-1]
    assert own.read() == (reviews, notes)
    assert all(r.id.startswith("test/") for r in reviews["test"])


def test_a_text_that_stands_twice_is_on_one_side(tmp_path):
    reviews, _ = CustomReviews(table(tmp_path / "a.csv", rows() * 2)).read()
    train, test = ({r.text for r in reviews[part]} for part in ("train", "test"))
    assert test
    assert not train & test


def test_a_given_split_is_kept(tmp_path):
    lines = [(*row, "train") for row in rows(25)]
    lines += [(f"{text} again", label, "validation") for text, label in rows(5)]
    lines += [(f"{text} and again", label, "TEST") for text, label in rows(25)]
    lines += [(f"who knows {i}", "-1", "unsup") for i in range(99)]  # "-1" is no class
    own = CustomReviews(table(tmp_path / "a.csv", lines, ("text", "label", "split")))
    reviews, _ = own.read()
    assert {part: len(found) for part, found in reviews.items()} == {
        "train": 60, "test": 50, "unsup": 99,
    }  # fmt: skip
    folder, _ = CustomReviews(class_folders(tmp_path / "b", 25, ("train", "test"))).read()
    parts = ("train", "validation", "test")
    three, _ = CustomReviews(class_folders(tmp_path / "c", 25, parts)).read()
    assert len(three["train"]) == 2 * len(folder["train"]), "validation counts as train"
    assert len(three["test"]) == len(folder["test"])
    assert {part: len(found) for part, found in folder.items()} == {
        "train": 50, "test": 50, "unsup": 0,
    }  # fmt: skip


@pytest.mark.parametrize("splits", [("train", "test"), ("",)])
def test_a_folder_of_texts_without_a_class_is_read(tmp_path, splits):
    folder = class_folders(tmp_path, 50, splits)
    (folder / "unsup").mkdir()
    for number in range(3):
        (folder / "unsup" / f"{number}.txt").write_text(f"who knows {number}")
    assert is_custom(folder)
    reviews, _ = CustomReviews(folder).read()
    assert [review.text for review in reviews["unsup"]] == [f"who knows {i}" for i in range(3)]
    assert len(reviews["train"]) + len(reviews["test"]) == 100 * len(splits)


@pytest.mark.parametrize(
    ("names", "positive"),
    [
        (("yes", "no"), "yes"),
        (("0", "1"), "1"),
        (("-1", "1"), "1"),
        (("1", "2"), "2"),
        (("angry", "Happy"), "Happy"),
        (("10", "9"), "10"),
        (("spam", "ham"), "spam"),
        (("False", "True"), "True"),
        (("nan", "bad"), "nan"),
        (("bad", "nan"), "nan"),
    ],
)
def test_which_class_is_positive(tmp_path, names, positive):
    lines = [(f"{text} {name}", name) for name in names for text, _ in rows(25)]
    reviews, notes = CustomReviews(table(tmp_path / "a.csv", lines)).read()
    assert all(r.text.endswith(f" {positive}") == (r.label == 1) for r in reviews["train"])
    assert notes[0].startswith(f"{positive!r} counts as positive")


def test_bad_rows_are_counted_and_named_by_line(tmp_path):
    file = table(tmp_path / "a.csv", [("two\nlines", "good"), *rows(500)])
    with file.open("ab") as end:
        end.write(b" ,good\nfine,\nhm,meh\ncaf\xe9,bad\n\n\nshort\n")
    reviews, notes = CustomReviews(file).read()
    assert len(contents(reviews)) == 1001
    assert notes[0] == (
        "4 of 1,006 texts cannot be used: 1 without a text (line 1004); 1 without a label (line "
        "1005); 1 not in UTF-8 (line 1007); 1 with more or fewer fields than the header (line 1010)"
    )
    assert notes[1] == "texts of other classes are left out: 1 of 'meh' (line 1006)"


def test_too_many_bad_rows_stop_unless_allowed(tmp_path):
    file = table(tmp_path / "a.csv", [*rows(), ("", "good"), ("", "bad")])
    with pytest.raises(UserError, match=r"2 of 102 .* \(lines 102, 103\).*--allow-bad-rows"):
        CustomReviews(file).read()
    assert len(contents(CustomReviews(file, allow_bad_rows=True).read()[0])) == 100


def test_damaged_json_is_a_bad_row(tmp_path):
    file = json_lines(tmp_path / "a.jsonl")
    half = '{"text": "half an emoji \\ud83d", "label": "good"}'
    file.write_text(file.read_text() + f'\n{{"text": \n[1]\n{half}\n')
    _, notes = CustomReviews(file, allow_bad_rows=True).read()
    assert notes[0] == (
        "3 of 103 texts cannot be used: 2 not a JSON object (lines 101, 102); 1 not in UTF-8 "
        "(line 103)"
    )


def test_a_file_name_in_another_encoding_is_a_bad_row(tmp_path):
    folder = class_folders(tmp_path / "a")
    try:
        next((folder / "bad").iterdir()).rename(
            os.fsdecode(os.fsencode(folder) + b"/bad/caf\xe9.txt")
        )
    except OSError:
        pytest.skip("this file system has UTF-8 names alone")
    own = CustomReviews(folder, allow_bad_rows=True)
    assert len(own.fingerprint()) == 64
    assert "1 not in UTF-8" in own.read()[1][0]


def test_texts_that_leave_nothing_for_validation_are_told(tmp_path):
    lines = [(*row, split) for split in ("train", "test") for row in rows(3) * 4]
    file = table(tmp_path / "a.csv", lines, ("text", "label", "split"))
    with pytest.raises(UserError, match="no 10% of the texts of each class can be set aside"):
        prepare("imdb", CustomReviews(file), tmp_path / "cache")
    assert not list((tmp_path / "cache").glob("own-*"))


def test_a_split_without_a_single_word_is_prepared_and_shown(run_here, tmp_path):
    lines = [*((*row, "") for row in rows()), ("★★★★", "", "unsup")]
    file = table(tmp_path / "a.csv", lines, ("text", "label", "split"))
    done = run_here("preprocessing", "--data", file, "--cache", tmp_path / "cache")
    assert done.returncode == 0, done.stderr
    assert "0.00%" in re.search("unknown words.*", done.stdout)[0]


def test_an_imdb_folder_is_not_taken_for_ones_own(tmp_path):
    for folder in ("train/pos", "train/neg", "train/unsup", "test/pos", "test/neg"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "0_9.txt").write_text("a review")
    assert not is_custom(tmp_path)


def test_another_way_to_read_is_another_corpus(tmp_path):
    lines = [(text, label, label) for text, label in rows()]
    lines[0] = (*rows()[0], "bad")
    file = table(tmp_path / "My Films.csv", lines, ("text", "label", "mood"))
    one = prepare("imdb", CustomReviews(file), tmp_path / "cache")
    other = prepare("imdb", CustomReviews(file, label_column="mood"), tmp_path / "cache")
    assert one.name == f"own-my-films-{one.hash[:8]}"
    assert one.hash != other.hash
    assert prepare("imdb", CustomReviews(file), tmp_path / "cache").notes == one.notes


def test_what_an_older_program_read_in_another_way_is_prepared_again(tmp_path, monkeypatch):
    lines = [(text, "1" if label == "good" else "2") for text, label in rows()]
    own = CustomReviews(table(tmp_path / "a.csv", lines))
    with monkeypatch.context() as older:
        older.setattr(custom, "READING", 1)
        older.setattr(custom, "class_order", lambda name: name == "1")
        before = prepare("imdb", own, tmp_path / "cache")
    after = prepare("imdb", own, tmp_path / "cache")
    assert before.hash != after.hash
    assert before.notes[0].startswith("'1' counts as positive")
    assert after.notes[0].startswith("'2' counts as positive")


def test_tables_of_one_name_have_results_of_their_own(tmp_path):
    forms = (table(tmp_path / "ok.csv", rows()), json_lines(tmp_path / "ok.jsonl"))
    names = {prepare("imdb", CustomReviews(form), tmp_path / "cache").name for form in forms}
    assert len(names) == 2
    assert all(name.startswith("own-ok-") for name in names)


def test_a_class_folder_of_another_name_is_another_data_set(tmp_path):
    own = CustomReviews(class_folders(tmp_path / "a"))
    before = own.fingerprint()
    (tmp_path / "a" / "bad").rename(tmp_path / "a" / "awful")
    assert own.fingerprint() != before


def test_the_name_of_a_column_may_begin_with_a_dash():
    parser = Parser()
    add_data_options(parser)
    options = DataOptions.of(parser.parse_args(["--data", "films.csv", "--text-column=-text"]))
    words = ["--data", "films.csv", *data_words(options)]
    assert DataOptions.of(parser.parse_args(words)) == options


def test_the_benchmark_on_ones_own_texts(run_here, tmp_path, monkeypatch):
    monkeypatch.setenv(sweep.WEIGHTS, "")  # it changes the environment; so this is undone
    lines = [(f"{text} {n}", label) for n in range(3) for text, label in rows()]
    file = table(tmp_path / "films.csv", lines, ("body", "mood"))
    where = ["--cache", tmp_path / "cache", "--results", tmp_path / "results"]
    columns = ["--text-column", "body", "--label-column", "mood"]
    command = ["run_all.py", "tfidf_logreg", "majority", "--seeds", "1", "--data", file]
    done = run_python(*command, *columns, *where)
    assert done.returncode == 0, done.stderr
    name = re.search(r"^(own-films-[0-9a-f]{8}): 'good' counts as", done.stderr, re.MULTILINE)[1]
    board = (tmp_path / "results" / name / "leaderboard.csv").read_text()
    assert board.count(",ok,") == 2
    lines = {line.split(",")[1]: line.split(",") for line in board.splitlines()}
    assert float(lines["tfidf_logreg"][lines["model"].index("accuracy_mean")]) == 1
    path = tmp_path / "results/runs" / name / "tfidf_logreg/seed-0.json"
    record = json.loads(path.read_text())
    assert record["command"] == (
        "python -m models.tfidf_logreg --seed 0 --text-column=body --label-column=mood "
        "--data films.csv"
    )
    again = run_here(*command, *columns, *where)
    assert "0 runs to make, 2 kept" in again.stdout
    missing = run_here(*command, *where)
    assert missing.returncode == 2
    assert missing.stderr.count("\n") == 1
    assert "has no column 'text'" in missing.stderr

    (folder,) = (tmp_path / "cache").glob("own-films-*")
    assert len(slices.at_hand(tmp_path / "cache", record["corpus"]["hash"]).ids) == 60
    prepared = ["models/majority.py", "--prepared", folder, *where, "--seed", "5"]
    done = run_here(*prepared)
    assert done.returncode == 0, done.stderr
    record = json.loads((path.parent.parent / "majority/seed-5.json").read_text())
    assert record["command"] == f"python -m models.majority --seed 5 --prepared {folder.name}"
    model = tmp_path / "cache/models" / name / "majority/seed-0"
    for place, more, said in (
        (model, [], f"--prepared {model} is not a prepared corpus but another folder"),
        (folder, ["--with-originals"], "was prepared with with_originals False"),
    ):
        refused = run_here("models/majority.py", "--prepared", place, *where, *more)
        assert refused.returncode == 2
        assert said in refused.stderr
    wrong = run_here(*prepared, "--dataset", "sample")
    assert wrong.returncode == 2
    assert f"--prepared {folder} is {name}, not sample" in wrong.stderr
