"""Texts on the command line, one a line, and in a table's column."""

import csv
import gzip
import io
import os
import threading
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmark.commands import predict
from benchmark.rows import saved
from preprocessing.errors import UserError

import numpy as np
import pytest


class LengthModel:
    """Calls a text the more positive the longer it is; remembers how it was asked."""

    vocabulary = ("", "?", "good", "bad", "so", "two", "lines", "ok", "x")
    fitted = None

    def __init__(self):
        self.batches = []

    def predict(self, texts):
        self.batches.append(len(texts))
        return np.array([min(1.0, len(text) / 10) for text in texts])


@pytest.fixture
def ask(monkeypatch, capsys, tmp_path):
    """Return a function that asks models about a file and returns the table that is printed."""
    loaded = {}
    monkeypatch.setattr(saved, "load", lambda folder: loaded.setdefault(str(folder), LengthModel()))

    def asked(content, name="texts.txt", column=None, models=("a/m",)):
        file = tmp_path / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        folders = [tmp_path / model for model in models]
        named = predict.find([str(folder) for folder in folders], tmp_path, "imdb")
        predict.predict(named, [], file, column)
        rows = list(csv.reader(io.StringIO(capsys.readouterr().out)))
        return rows, list(loaded.values())

    return asked


def test_one_text_a_line(ask):
    rows, _ = ask("Good.\r\n\nSo bad, bad, bad\n")
    assert rows == [
        ["text", "positive, m"], ["Good.", "0.5000"], ["", "0.0000"], ["So bad, bad, bad", "1.0000"]
    ]  # fmt: skip


def test_a_table_keeps_its_columns_and_gets_one_for_each_model(ask):
    content = 'id,review\n1,"Two\nlines, ""quoted"""\n2,ok\n'
    rows, _ = ask(content, "t.csv", "review", models=("a/m", "a/n"))
    assert rows == [
        ["id", "review", "positive, m", "positive, n"],
        ["1", 'Two\nlines, "quoted"', "1.0000", "1.0000"],
        ["2", "ok", "0.2000", "0.2000"],
    ]


def test_tabs_separate_in_a_tsv_and_a_byte_order_mark_is_no_text(ask):
    rows, _ = ask("\ufeffreview\tid\nok, so\t7\n", "t.tsv", "review")
    assert rows[1] == ["ok, so", "7", "0.6000"]


def test_what_data_reads_is_read(ask):
    lines = '{"id": 1, "review": "ok, so"}\n{"review": "x", "id": null, "more": 1}\n'
    expected = [["id", "review", "positive, m"], ["1", "ok, so", "0.6000"], ["", "x", "0.1000"]]
    assert ask(lines, "t.jsonl", "review")[0] == expected
    assert ask(gzip.compress(lines.encode()), "t.jsonl.gz", "review")[0] == expected
    content = gzip.compress(b'id,review\n1,"ok, so"\n,x\n')
    assert ask(content, "T.CSV.GZ", "review")[0] == expected
    assert ask(gzip.compress(b"ok\n"), "t.txt.gz")[0] == [["text", "positive, m"], ["ok", "0.2000"]]


@pytest.mark.parametrize(
    ("content", "column"),
    [
        ("ok\nx\n", None),
        ("review,id\nok,1\nx,2\n", "review"),
        ("id\treview\n1\tok\n2\tx\n", "review"),
        ('{"review": "ok"}\n{"review": "x"}\n', "review"),
    ],
)
def test_standard_input_and_a_pipe_are_files(ask, monkeypatch, capsys, tmp_path, content, column):
    monkeypatch.setattr(
        "sys.stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(content.encode())))
    )
    _, (model,) = ask("x\n")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(content,), daemon=True)
    writer.start()
    for file in (predict.STANDARD_INPUT, pipe):
        predict.predict({"m": tmp_path / "a/m"}, [], file, column)
        rows = list(csv.reader(io.StringIO(capsys.readouterr().out)))
        assert [row[-1] for row in rows] == ["positive, m", "0.2000", "0.1000"]
    writer.join()
    assert model.batches == [1, 2, 2]


def test_texts_that_say_nothing_get_an_answer_and_a_note(ask, capsys, tmp_path):
    ask("good\n\n?!..\n(1)\nxyzzy\nso plugh\nplugh\n")
    predict.predict({"m": tmp_path / "a/m"}, ["good", "xyzzy", ""], None, None)
    lines = capsys.readouterr()
    assert lines.err.splitlines() == [
        "note: text 2 holds no word that m knows: the answer there is only a guess",
        "note: text 3 holds no text: the answer there is only a guess",
    ]
    assert "xyzzy" in lines.out


def test_a_long_file_is_answered_in_batches(ask):
    rows, (model,) = ask("x\n" * 600)
    assert len(rows) == 601
    assert model.batches == [256, 256, 88]


def test_models_of_one_name_are_told_apart(ask, tmp_path):
    rows, _ = ask("x\n", models=("a/m", "b/m"))
    assert rows[0][1:] == [f"positive, {tmp_path / folder}" for folder in ("a/m", "b/m")]


@pytest.mark.parametrize(
    ("content", "name", "column", "said"),
    [
        ("id,review\n1\n", "t.csv", "review", r"t\.csv, line 2: with more or fewer fields"),
        ('review\n"ok\n', "t.csv", "review", r"t\.csv, line 2: unexpected end of data"),
        (b"review,caf\xe9\nok,1\n", "t.csv", "review", r"t\.csv, line 1, is not UTF-8: it seems"),
    ],
)
def test_what_cannot_be_read_is_said(ask, content, name, column, said):
    with pytest.raises(UserError, match=said):
        ask(content, name, column)


def test_a_kept_model_is_found_by_its_name(tmp_path):
    for folder in ("sample/cnn/seed-1", "sample/cnn/seed-0", "sample/bert@tiny/seed-0"):
        (tmp_path / "models" / folder).mkdir(parents=True)
        (tmp_path / "models" / folder / "manifest.json").touch()
    found = predict.find(["bert (tiny)", str(tmp_path), "cnn"], tmp_path, "sample")
    kept = tmp_path / "models/sample"
    assert list(found.items()) == [
        ("bert (tiny)", kept / "bert@tiny/seed-0"),
        (tmp_path.name, tmp_path),
        ("cnn", kept / "cnn/seed-0"),
    ]
    both = predict.find(["cnn", str(kept / "cnn")], tmp_path, "sample")
    assert list(both) == ["cnn", str(kept / "cnn")], "a folder does not take a line's name"
    with pytest.raises(
        UserError, match=r"no model of 'lstm' is kept in .* there is bert \(tiny\), cnn"
    ):
        predict.find(["lstm"], tmp_path, "sample")
    with pytest.raises(UserError, match=r"no models of 'samples' are kept; did you mean sample\?"):
        predict.find(["cnn"], tmp_path, "samples")


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="this system has no such folder")
def test_an_ordinary_file_in_memory_is_no_pipe(ask):
    with TemporaryDirectory(dir="/dev/shm") as folder:
        table = Path(folder) / "table.csv"
        with pytest.raises(UserError, match="is a table: --column names the column"):
            ask("text,label\ngood,pos\n", table)
