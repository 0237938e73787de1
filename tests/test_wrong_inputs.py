"""What people get wrong, and the one line that each is told; nothing is made, and it never hangs.

The tables are the specification: a command in a folder of wrong files, and what its line says. Each
runs in this process, as starting one would take longer than all it does.
"""

import csv
import gzip
import io
import json
import os
import re
import shlex
import socket
import sys
import zipfile

from benchmark.rows import saved

import numpy as np
import pytest

GOOD = [(f"a wonderful film, number {n}", "good") for n in range(60)]
BAD = [(f"a dreadful film, number {n}", "bad") for n in range(60)]
ROWS = GOOD + BAD
CAFES = [(f"le café numéro {n} est très agréable, là-bas à la plage", "good") for n in range(60)]


def table(rows, header=("text", "label"), separator=",", encoding="utf-8"):
    written = io.StringIO(newline="")
    csv.writer(written, delimiter=separator).writerows([header, *rows])
    return written.getvalue().encode(encoding)


def objects(rows, *names):
    return [dict(zip(names or ("text", "label"), row, strict=True)) for row in rows]


def json_lines(rows, *names):
    return "\n".join(json.dumps(one) for one in objects(rows, *names)).encode()


def archive(*names):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        for name in names:
            file.writestr(name, "content")
    return content.getvalue()


def with_split(rows, *splits):
    """Return rows with a third column that goes through the splits in turn."""
    return [(*row, splits[number % len(splits)]) for number, row in enumerate(rows)]


SPLIT = ("text", "label", "split")
JSON = json.dumps(objects(ROWS)).encode()
FILES = {
    "ok.csv": table(ROWS),
    "latin.csv": table(CAFES + BAD, encoding="latin-1"),
    "latin.jsonl": "\n".join(
        json.dumps(one, ensure_ascii=False) for one in objects(CAFES + BAD)
    ).encode("latin-1"),
    "russian.csv": table(
        [(f"прекрасный фильм, который я смотрел дважды {n}", "good") for n in range(60)] + BAD,
        encoding="cp1251",
    ),
    "utf16.csv": table(ROWS, encoding="utf-16"),
    "utf16-without-mark.csv": table(ROWS, encoding="utf-16-le"),
    "semicolons.csv": table(ROWS, separator=";"),
    "tabs.csv": table(ROWS, separator="\t"),
    "bars.csv": table(ROWS, separator="|"),
    "commas.tsv": table(ROWS),
    "empty.csv": b"",
    "blank.csv": b"\xef\xbb\xbf\r\n\r\n",
    "late.csv": b"\n" + table(GOOD + BAD),
    "empty.jsonl": b"",
    "empty.txt": b"",
    "empty.tar.gz": b"",
    "header.csv": table([]),
    "twice.csv": table(ROWS, ("text", "text")),
    "no-header.csv": table(ROWS[1:], ROWS[0]),
    "escapes.csv": b"\x1b[31mred\x1b[0m,label\na,b\n",
    "quote.csv": table(ROWS) + b'"never closed,good\n',
    "fields.csv": table(ROWS) + b"one,two,three\nshort\n" * 5,
    "no-texts.csv": table([("", label) for _, label in ROWS]),
    "no-labels.csv": table([(text, "") for text, _ in ROWS]),
    "some-without.csv": table([*ROWS, ("", "good"), ("so", "")]),
    "one-class.csv": table(GOOD),
    "three.csv": table(ROWS + [(f"so so, number {n}", "so") for n in range(50)]),
    "stars.csv": table([(text, n % 5 + 1) for n, (text, _) in enumerate(ROWS)]),
    "free.csv": table([(text, text) for text, _ in ROWS]),
    "few.csv": table(GOOD[:30] + BAD[:11]),
    "tiny.csv": table(GOOD[:2] + BAD[:2]),
    "dev.csv": table(with_split(ROWS, "train", "dev"), SPLIT),
    "numbers.csv": table(with_split(ROWS, 0, 1), SPLIT),
    "test-only.csv": table(with_split(ROWS, "test"), SPLIT),
    "unsup-only.csv": table(with_split(ROWS, "unsup"), SPLIT),
    "few-of-test.csv": table(
        with_split(GOOD, "train", "test") + with_split(BAD, *["train"] * 15, "test"), SPLIT
    ),
    "array.json": JSON,
    "array.jsonl": JSON,
    "array.csv": JSON,
    "object.json": b'{"text": ["a"], "label": ["b"]}',
    "objects.csv": json_lines(ROWS),
    "table.jsonl": table(ROWS),
    "nested.jsonl": b"[" * 3000 + b"\n" + b"true\n",
    "damaged.jsonl": json_lines(ROWS) + b'\n{"text": "a", "label"\n[1]\nnull\n',
    "other.jsonl": json_lines(ROWS, "body", "mood"),
    "nulls.jsonl": json_lines([(None, label) for _, label in ROWS]),
    "emoji.jsonl": json_lines(GOOD) + b'\n{"text": "half \\ud83d", "label": "bad"}' * 60,
    "texts.txt": b"good\nbad\n",
    "latin.txt": "un café\n".encode("latin-1") * 20,
    "notes.md": b"# Notes\n",
    "noending": b"good\nbad\n",
    "table.xlsx": archive("xl/workbook.xml"),
    "excel.csv": archive("xl/workbook.xml"),
    "table.ods": archive("content.xml"),
    "letter.docx": archive("word/document.xml"),
    "arrays.npz": archive("a.npy"),
    "table.zip": archive("ok.csv"),
    "zipped.csv": archive("ok.csv"),
    "old.xls": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
    "paper.pdf": b"%PDF-1.7\n",
    "base.sqlite": b"SQLite format 3\0",
    "picture.png": b"\x89PNG\r\n\x1a\n\0\0",
    "table.csv.bz2": b"BZh91AY&SY",
    "table.csv.xz": b"\xfd7zXZ\0",
    "page.html": b"<!DOCTYPE html><title>404</title>",
    "page.csv": b"<!DOCTYPE html><title>404</title>",
    "page.tar.gz": b"<html>404</html>",
    "bytes.bin": bytes(range(256)) * 8,
    "bytes.csv": b"text,label\n" + bytes(range(256)) * 8,
    "packed.csv": gzip.compress(table(ROWS)),
    "packed.txt": gzip.compress(b"good\n"),
    "plain.csv.gz": table(ROWS),
    "cut.csv.gz": gzip.compress(table(ROWS))[:120],
    "cut.txt.gz": gzip.compress(table(ROWS))[:120],
    "spoiled.csv.gz": gzip.compress(table(ROWS))[:60] + b"spoiled" * 40,
    "packed": gzip.compress(b"no archive"),
    "aclImdb.tar.gz": gzip.compress(b"no archive" * 100),
    "not.parquet": table(ROWS),
    "damaged.parquet": b"PAR1" + bytes(100),
    "table.parquet.gz": gzip.compress(b"PAR1"),
    "pair.csv": table([(*row, 1) for row in ROWS[58:61]], ("text", "label", "pair")),
    "alike.csv": table([(*ROWS[n], n // 2) for n in (0, 1, 118, 119)], ("text", "label", "pair")),
    "validation.csv": table(ROWS),
    "contrast.csv": table(ROWS),
    "folders/one/a.txt": b"good",
    "imdb/train/pos/0_9.txt": b"good",
    "imdb/test/pos/0_9.txt": b"good",
    "latin-folders/good/0.txt": "café".encode("latin-1"),
    "latin-folders/bad/0.txt": b"bad",
    "few-folders/good/0.txt": b"good",
    "few-folders/bad/0.txt": b"bad",
    "csv-folder/a.csv": table(ROWS),
    **{f"three-folders/{name}/{n}.txt": b"a" for name in ("bad", "good", "so") for n in range(20)},
    "model/manifest.json": b"{}",
    "taken/a.txt": b"",
}  # fmt: skip


@pytest.fixture(scope="module")
def wrong(tmp_path_factory):
    """A folder with wrong files, a pipe, a socket, and links."""
    folder = tmp_path_factory.mktemp("wrong")
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    (folder / "nothing").mkdir()
    (folder / "folder.csv").mkdir()
    (folder / "co:lon").mkdir()
    os.mkfifo(folder / "pipe")
    os.mkfifo(folder / "pipe.csv")
    (folder / "dangling.csv").symlink_to("nowhere")
    (folder / "loop.csv").symlink_to("loop.csv")
    before = os.getcwd()  # noqa: PTH109
    os.chdir(folder)  # a socket's path is short
    with socket.socket(socket.AF_UNIX) as there:
        there.bind("socket")
        yield folder
    os.chdir(before)


READS = "; --data reads .csv, .tsv and .jsonl"
DATA = {
    "latin.csv": "60 not in UTF-8 (lines 2, 3, 4, 5, 6, …); it seems to be Windows-1252 (close to "
    "Latin-1; Excel's usual export); save it as UTF-8",
    "latin.jsonl": "it seems to be Windows-1252",
    "russian.csv": "it seems to be Windows-1251",
    "utf16.csv": "utf16.csv is text in UTF-16, not CSV; save it as UTF-8",
    "utf16-without-mark.csv": "is text in UTF-16-LE, as it seems, not CSV; save it as UTF-8",
    "semicolons.csv": "it has text;label, separated by semicolons, as it seems (separate by commas",
    "tabs.csv": "separated by tabs, as it seems (let its name end in .tsv)",
    "bars.csv": "it has text|label, separated by vertical bars",
    "commas.tsv": "it has text,label, separated by commas, as it seems (separate by tabs)",
    "empty.csv": "empty.csv is empty",
    "blank.csv": "blank.csv is empty",
    "late.csv": "late.csv, line 1, is empty, where the names of the columns belong",
    "empty.jsonl": "empty.jsonl is empty",
    "empty.txt": "empty.txt is empty" + READS,
    "empty.tar.gz": "empty.tar.gz is empty" + READS,
    "header.csv": "header.csv has a header, but no rows",
    "twice.csv": "twice.csv has the column 'text' twice; rename one",
    "no-header.csv": "has no column 'text'; it has a wonderful film, number 0, good; --text-column",
    "escapes.csv": r"it has '\x1b[31mred\x1b[0m', label; --text-column",
    "quote.csv": "quote.csv, line 122: unexpected end of data",
    "fields.csv": "10 of 130 texts cannot be used: 10 with more or fewer fields than the header "
    "(lines 122, 123, 124, 125, 126, …); fix them, or skip them with --allow-bad-rows",
    "no-texts.csv": "120 of 120 texts cannot be used: 120 without a text (lines 2, 3, 4, 5, 6, …); "
    "fix them",
    "no-labels.csv": "120 without a label (lines 2, 3, 4, 5, 6, …); fix them",
    "some-without.csv": "1 without a text (line 122); 1 without a label (line 123); fix them, or",
    "one-class.csv": "two classes are needed, and column 'label' has 1: 'good' (60); add texts of "
    "a second or --label-column names another column",
    "three.csv": "column 'label' has 3: 'good' (60), 'bad' (60), 'so' (50); keep the texts of two",
    "stars.csv": "has 5: '1' (24), '2' (24), '3' (24), '4' (24), '5' (24); keep the texts of two",
    "free.csv": "column 'label' has 120: 'a wonderful film, number 0' (1), ",
    "few.csv": "too few texts: 9 of 'bad' for train, 2 of 'bad' for test, 6 of 'good' for test; at "
    "least 10 of each are needed; no split is given, so 20% are drawn for test, and each class "
    "needs 50 different texts: 'bad' has 11 and 'good' has 30",
    "tiny.csv": "each class needs 50 different texts: 'bad' has 2 and 'good' has 2",
    "dev.csv": "60 with the split 'dev', which is none of train, validation, test, unsup (lines "
    "3, 5, 7, 9, 11, …); fix them",
    "numbers.csv": "60 with the split '0', which is none of train, validation, test, unsup (lines",
    "test-only.csv": "0 of 'bad' for train, 0 of 'good' for train; at least 10 of each are needed",
    "unsup-only.csv": "two classes are needed, and column 'label' has none",
    "few-of-test.csv": "too few texts: 3 of 'bad' for test; at least 10 of each are needed",
    "ok.csv --text-column body": "has no column 'body'; it has text, label; --text-column and",
    "ok.csv --label-column mood": "has no column 'mood'; it has text, label; --text-column and",
    "ok.csv --split-column part": "has no column 'part'; it has text, label; --split-column names",
    "ok.csv --label-column text": "two classes are needed, and column 'text' has 120: ",
    "array.json": "array.json is a JSON array: write one object a line, as .jsonl" + READS,
    "array.jsonl": "is a JSON array, not JSON lines; write one object a line, as .jsonl",
    "array.csv": "is a JSON array, not CSV; write one object a line, as .jsonl",
    "object.json": "object.json is JSON: one object a line is read from .jsonl" + READS,
    "objects.csv": "is JSON, not CSV; one object a line is read from .jsonl",
    "table.jsonl": "is plain text, not JSON lines: no line is a JSON object",
    "nested.jsonl": "is a JSON array, not JSON lines",
    "damaged.jsonl": "3 not a JSON object (lines 121, 122, 123); fix them, or skip them with",
    "other.jsonl": "has no column 'text'; it has body, mood; --text-column and --label-column",
    "nulls.jsonl": "120 of 120 texts cannot be used: 120 without a text",
    "emoji.jsonl": "(lines 61, 62, 63, 64, 65, …); a character is cut in half there, such as ",
    "texts.txt": "texts.txt is plain text: make a table of it" + READS,
    "notes.md": "notes.md is plain text: make a table of it" + READS,
    "noending": "noending is plain text: make a table of it" + READS,
    "table.xlsx": "table.xlsx is an Excel workbook: export it as CSV in UTF-8" + READS,
    "excel.csv": "excel.csv is an Excel workbook, not CSV; export it as CSV in UTF-8",
    "table.ods": "table.ods is a spreadsheet: export it as CSV",
    "letter.docx": "letter.docx is a Word document: ",
    "arrays.npz": "arrays.npz is arrays of NumPy: ",
    "table.zip": "table.zip is a ZIP archive: unpack it" + READS,
    "zipped.csv": "zipped.csv is a ZIP archive, not CSV; unpack it",
    "old.xls": "old.xls is an old Excel or Word file: export it as CSV in UTF-8" + READS,
    "paper.pdf": "paper.pdf is a PDF: ",
    "base.sqlite": "base.sqlite is an SQLite database: ",
    "picture.png": "picture.png is a picture: ",
    "table.csv.bz2": "is compressed by bzip2: unpack it" + READS,
    "table.csv.xz": "is compressed by xz: unpack it" + READS,
    "page.html": "page.html is HTML or XML: ",
    "page.csv": "page.csv is HTML or XML, not CSV; ",
    "page.tar.gz": "page.tar.gz is HTML or XML: ",
    "bytes.bin": "bytes.bin is a binary file: ",
    "bytes.csv": "bytes.csv is a binary file, not CSV; ",
    "packed.csv": "is compressed by gzip, not CSV; unpack it, or let its name end in .gz",
    "packed.txt": "packed.txt is compressed by gzip: ",
    "plain.csv.gz": "plain.csv.gz is not a whole .gz file: Not a gzipped file",
    "cut.csv.gz": "cut.csv.gz is not a whole .gz file: Compressed file ended before",
    "spoiled.csv.gz": "spoiled.csv.gz ",
    "packed": "packed is compressed by gzip: ",
    "aclImdb.tar.gz": "is damaged or not a .tar.gz archive",
    "not.parquet": "not.parquet is plain text, not Parquet; ",
    "table.parquet.gz": "table.parquet.gz is compressed by gzip: unpack it",
    "pipe": "pipe is a pipe; name a file or a folder",
    "pipe.csv": "pipe.csv is a pipe; name a file or a folder",
    "socket": "socket is a socket; name a file or a folder",
    "/dev/zero": "/dev/zero is a device; name a file or a folder",
    "/dev/null": "/dev/null is a device; name a file or a folder",
    "dangling.csv": "dangling.csv is a link to nowhere, which is not there",
    "nowhere.csv": "nowhere.csv: no such file or folder",
    "nowhere": "nowhere: no such file or folder",
    "ok.csv/inside": "ok.csv/inside: no such file or folder",
    "nothing": "nothing has neither two folders of .txt files nor train/ and test/ in it, but "
    "nothing; --data reads",
    "folder.csv": "folder.csv has neither two folders of .txt files nor",
    "folders": "nor train/ and test/ in it, but one; --data reads",
    "csv-folder": "nor train/ and test/ in it, but a.csv; --data reads",
    "imdb": "imdb is not the whole IMDB data set: train/pos has 1 of 12,500",
    "latin-folders": "1 of 2 texts cannot be used: 1 not in UTF-8 (file good/0.txt)",
    "three-folders": "two classes are needed, and the folder has 3: 'bad' (20), 'good' (20), 'so'",
    "few-folders": "each class needs 50 different texts: 'bad' has 1 and 'good' has 1",
    "ok.csv --limit 5": "5 reviews are too few; use 40 or more",
    "ok.csv --limit many": "'many' is not a whole number",
    "ok.csv --dataset sample": "--data names reviews; the sample is made by its generator",
    "ok.csv --dataset imbd": "invalid choice: 'imbd'",
    "ok.csv --cache texts.txt": "cannot use texts.txt",
}  # fmt: skip
"""What ``python -m preprocessing --data`` says."""

PREDICT = {
    "": "give either texts",
    "good --file texts.txt": "give either texts",
    "--file texts.txt --column text": "names the column of a table, and texts.txt has one text per",
    "good --column text": "--column names the column of a table that --file names",
    "--file ok.csv": "ok.csv is a table: --column names the column of the texts, of text, label",
    "--file other.jsonl": "is a table: --column names the column of the texts, of body, mood",
    "--file ok.csv --column body": "has no column 'body'; it has text, label; --column names anoth",
    "--file semicolons.csv --column text": "separated by semicolons, as it seems",
    "--file table.xlsx": "table.xlsx is an Excel workbook: export it as CSV in UTF-8; --file reads",
    "--file table.zip": "table.zip is a ZIP archive: unpack it; --file reads",
    "--file array.json": "array.json is a JSON array: write one object a line, as .jsonl; --file",
    "--file notes.md": "notes.md is plain text: make a table of it; --file reads one text per line",
    "--file noending": "noending is plain text: ",
    "--file bytes.bin": "bytes.bin is a binary file: ",
    "--file packed.txt": "packed.txt is compressed by gzip, not one text per line; unpack it",
    "--file empty.txt": "empty.txt is empty",
    "--file empty.csv --column text": "empty.csv is empty",
    "--file latin.txt": "latin.txt, line 1, is not UTF-8: it seems to be Windows-1252",
    "--file nothing": "nothing is a folder, not a file",
    "--file nowhere.txt": "nowhere.txt: no such file or folder",
    "--file dangling.csv": "is a link to nowhere, which is not there",
    "--file socket": "socket is a socket",
    "--file cut.csv.gz --column text": "cut.csv.gz is not a whole .gz file",
    "--file cut.txt.gz": "cut.txt.gz is not a whole .gz file",
    "--file plain.csv.gz --column text": "is not a whole .gz file",
    "--file not.parquet --column text": "is plain text, not Parquet",
    "--file damaged.jsonl --column text": "damaged.jsonl, line 121: not a JSON object",
    "--file fields.csv --column text": "fields.csv, line 122: with more or fewer fields",
    "--file emoji.jsonl --column text": "emoji.jsonl, line 61, is not UTF-8",
}
"""What ``python -m benchmark predict --model model/`` says."""

EVALUATE_ON = {
    "latin.csv": "latin.csv, line 2, is not UTF-8: it seems to be Windows-1252",
    "header.csv": "header.csv has a header, but no rows",
    "three.csv": "two classes are needed in 'label'; there are 'good' (60), 'bad' (60), 'so' (50)",
    "one-class.csv": "two classes are needed in 'label'; there are 'good' (60)",
    "no-texts.csv": "no-texts.csv, line 2: no text",
    "other.jsonl": "has no column 'text'; it has body, mood",
    "table.xlsx": "table.xlsx is an Excel workbook: export it as CSV in UTF-8; evaluation sets are",
    "texts.txt": "texts.txt is plain text: ",
    "pipe.csv": "pipe.csv is a pipe; name a file or a folder",
    "nothing": "nothing is a folder, not a file",
    "nowhere.csv": "nowhere.csv: no such file or folder",
    "pair.csv": "pair '1' stands in 3 rows; a pair has 2",
    "alike.csv": "both texts of pair '0' have one label",
    "validation.csv": "there is another evaluation set validation; rename the file",
    "contrast.csv": "there is another evaluation set contrast; rename the file",
    "quote.csv": "quote.csv, line 122: unexpected end of data",
    "fields.csv": "fields.csv, line 122: with more or fewer fields",
}
"""What a row says of ``--evaluate-on``."""

SAMPLE = "--dataset sample --limit 100 --cache {cache}"
TFIDF = f"models/tfidf_logreg.py {SAMPLE}"
OTHERS = {
    f"{TFIDF} --c inf": "--c inf: must be finite",
    f"{TFIDF} --c nan": "--c nan: must be finite",
    f"{TFIDF} --c=-inf": "--c -inf: must be finite",
    f"{TFIDF} --c 1e999": "--c 1e999: must be finite",
    f"{TFIDF} --c 0": "--c 0: must be greater than 0 (inverse strength",
    f"{TFIDF} --c 0x10": "--c 0x10: must be a number",
    f"{TFIDF} --c ''": "--c : must be a number",
    f"{TFIDF} --max-ngram 1.5": "--max-ngram 1.5: must be a whole number",
    f"{TFIDF} --max-ngram 0": "--max-ngram 0: must be at least 1",
    f"{TFIDF} --max-ngram 9": "--max-ngram 9: must be at most 5",
    f"{TFIDF} --max-ngram 99999999999999999999999": "must be at most 5",
    f"{TFIDF} --min-df 99999999999": "--min-df: must be at most 2,147,483,647",
    f"models/cnn.py {SAMPLE} --widths 3 99999999999": "--widths: must be at most 2,147,483,647",
    f"{TFIDF} --min-df 0": "--min-df 0: must be at least 1",
    f"{TFIDF} --max-ngrams 2": "unrecognized arguments: --max-ngrams 2",
    f"{TFIDF} --seed x": "argument --seed: 'x' is not a whole number",
    f"{TFIDF} --seed -1": "-1 is not between 0 and 4294967295",
    f"{TFIDF} --labels few": "argument --labels: 'few' is not a whole number",
    f"{TFIDF} --labels 5": "5 is too few; give at least 10 labels",
    f"{TFIDF} --labels 100000": "a class has only 45 labelled training reviews; give at most 90",
    f"{TFIDF} --variant paper": "unrecognized arguments: --variant paper",
    f"{TFIDF} --progress loud": "invalid choice: 'loud'",
    f"{TFIDF} --save taken": "taken exists already; name a folder that --save can create",
    f"{TFIDF} --save texts.txt": "--save texts.txt cannot be written: it is a file",
    f"{TFIDF} --save texts.txt/kept": "--save texts.txt/kept cannot be written (texts.txt): it is",
    f"{TFIDF} --save /proc/x": "--save /proc/x cannot be written (/proc)",
    f"{TFIDF} --save /proc/x/y": "--save /proc/x/y cannot be written (/proc)",
    f"{TFIDF} --save pipe": "--save pipe cannot be written",
    f"{TFIDF} --save dangling.csv": "--save dangling.csv cannot be written",
    f"{TFIDF} --results /proc/x": "--results /proc/x cannot be written (/proc)",
    f"{TFIDF} --results texts.txt": "--results texts.txt cannot be written: it is a file",
    f"{TFIDF} --results /dev/null": "--results /dev/null cannot be written",
    f"{TFIDF} --results texts.txt/x": "--results texts.txt/x cannot be written (texts.txt): it is",
    f"{TFIDF} --tensorboard texts.txt": "--tensorboard texts.txt cannot be written: it is a file",
    f"{TFIDF} --tensorboard /proc/x": "--tensorboard /proc/x cannot be written (/proc)",
    "models/tfidf_logreg.py --dataset sample --cache /proc/x": "--cache /proc/x cannot be written",
    f"{TFIDF} --evaluation-data nowhere": "--evaluation-data nowhere: no such folder",
    f"{TFIDF} --prepared nothing": "--prepared nothing is not a prepared corpus; name a folder",
    f"{TFIDF} --text-column body": "--text-column is for labelled texts of your own, which --data",
    f"{TFIDF} --with-originals": "--with-originals is for the IMDB reviews; the sample has no",
    f"{TFIDF} --data ok.csv": "--data names reviews; the sample is made by its generator",
    "models/tfidf_logreg.py --data table.xlsx --cache own": "table.xlsx is an Excel workbook",
    f"{TFIDF} --validation-only --evaluate-on ok.csv": "--validation-only asks no evaluation set",
    f"{TFIDF} --tensorboard": "argument --tensorboard: expected one argument",
    f"models/cnn.py {SAMPLE} --epochs 0": "--epochs 0: must be at least 1 (passes over",
    f"models/cnn.py {SAMPLE} --learning-rate inf": "--learning-rate inf: must be finite",
    f"models/cnn.py {SAMPLE} --dropout nan": "--dropout nan: must be finite",
    f"models/cnn.py {SAMPLE} --pooling most": "--pooling most: must be one of 'max_and_attention'",
    f"models/cnn.py {SAMPLE} --widths 2 x": "--widths x: must be a whole number",
    f"models/cnn.py {SAMPLE} --variant papr": "invalid choice: 'papr'",
    f"bert_family/bert.py {SAMPLE} --learning-rate inf": "--learning-rate inf: must be finite or '",
    f"bert_family/bert.py {SAMPLE} --learning-rate fast": "must be a number or 'auto' (highest ste",
    f"bert_family/bert.py {SAMPLE} --trainable top": "--trainable top: is none of its values (what "
    "learns besides the head: frozen, top-N layers, or all)",
    f"bert_family/bert.py {SAMPLE} --preset nope": "KerasHub has no Bert preset nope; ",
    f"bert_family/bert.py {SAMPLE} --preset bert_base_en_uncase": "did you mean bert_base_en_uncas",
    f"bert_family/bert.py {SAMPLE} --preset /no/where": "--preset /no/where: no such folder",
    "run_all.py LSTM": "no model is called 'LSTM'; did you mean lstm?",
    "run_all.py 'bert (scratch-tinny)'": "did you mean bert (scratch-tiny)?",
    "run_all.py 'bert(scratch-tiny)'": "did you mean bert (scratch-tiny)?",
    "run_all.py scratch-tiny": "did you mean albert (scratch-tiny), bert (scratch-tiny), ",
    "run_all.py models/lstm.py": "did you mean lstm?",
    "run_all.py word2vec": "did you mean averaged_word2vec?",
    "run_all.py ''": "no model is called ''; there are albert, ",
    "run_all.py xlnet": "no model is called 'xlnet'; there are albert, ",
    "run_all.py majority --seeds 0": "0 is less than 1",
    "run_all.py majority --seeds many": "argument --seeds: 'many' is not a whole number",
    "run_all.py majority --weights nowhere": "'nowhere' is not of the form NAME=FOLDER",
    "run_all.py majority --weights a=nowhere": "nowhere: no such folder",
    "run_all.py majority --weights all-MiniLM-L6-v2=co:lon": "a path with ':' cannot be used",
    "run_all.py majority --weights all-MiniLM=.": "did you mean all-MiniLM-L6-v2?",
    "run_all.py majority --jobs 1.5": "argument --jobs: '1.5' is not a whole number",
    f"run_all.py majority {SAMPLE} --results /proc/x": "--results /proc/x cannot be written",
    f"run_all.py majority {SAMPLE} --tensorboard texts.txt": "--tensorboard texts.txt cannot be",
    f"run_all.py majority {SAMPLE} --evaluate-on pipe.csv": "pipe.csv is a pipe",
    f"run_all.py majority {SAMPLE} --cache texts.txt": "--cache texts.txt cannot be written: it is",
    "run_all.py majority --data three.csv --cache own": "'good' (60), 'bad' (60), 'so' (50)",
    "benchmark leaderboard --results ok.csv": "--results ok.csv is a file; name the folder",
    "benchmark leaderboard --under parameters=-1": "no line of the leaderboard is of that family",
    "benchmark leaderboard --results nothing": "runs has no results; run_all.py makes some",
    "benchmark evaluate --results nothing": "runs has no results; run_all.py makes some",
    "benchmark leaderboard --dataset ''": "has no results for ''; there ",
    "benchmark leaderboard --dataset imbd": "has no results for 'imbd'; did you mean imdb",
    "benchmark speed LSTM": "no model is called 'LSTM'; did you mean lstm?",
    "benchmark speed majority --data pipe": "pipe is a pipe; name a file or a folder",
    "benchmark predict good": "the following arguments are required: --model",
    "benchmark predict --model ./nowhere good": "nowhere is not a saved model",
    "benchmark predict --model model/ good": "model is not a saved model",
    "benchmark predict --model cnn --cache nothing good": "no model of 'cnn' is kept in",
    "benchmark explain --model model/ ''": "this text has no words",
    "benchmark explain --model model/ ' .. '": "this text has no words",
    "benchmark explain --model model/ good": "model is not a saved model",
    "benchmark explain --model model/ good --html nothing": "--html nothing is not a file",
    "benchmark explain --model model/ good --html /dev/null": "/dev/null is not a file",
    "benchmark explain --model model/ good --html /proc/x.html": "cannot be written",
    "benchmark explain --model model/ good bad": "unrecognized arguments: bad",
    "benchmark page --cache nothing": "no model of imdb is kept in nothing/models",
    "benchmark page --port x": "argument --port: 'x' is not a whole number",
    "benchmark page --memory much": "argument --memory: much is not a number of gigabytes",
    "benchmark page --memory nan": "argument --memory: nan is not a number of gigabytes",
    "benchmark page --memory -1": "argument --memory: -1 is not a number of gigabytes",
}  # fmt: skip
"""What other programs say."""

COMMANDS = (
    {f"preprocessing --cache own --data {given}": said for given, said in DATA.items()}
    | {f"benchmark predict --model model/ {given}": said for given, said in PREDICT.items()}
    | {f"{TFIDF} --evaluate-on {given}": said for given, said in EVALUATE_ON.items()}
    | {
        command: said
        for command, said in OTHERS.items()
        if sys.platform == "linux" or "/proc" not in command  # which nobody can write to
    }
)


class Model:
    """Stands for a saved model where a file is what is wrong."""

    vocabulary = ("", "?", "good")
    fitted = None

    def predict(self, texts):
        return np.zeros(len(texts))


@pytest.mark.parametrize("command", COMMANDS)
def test_one_true_line_and_exit_code_2(run_here, wrong, cache, command, monkeypatch):
    before = sorted(wrong.iterdir())
    words = shlex.split(command.replace("{cache}", str(cache)))
    if words[0].endswith(".py") and "--results" not in words:
        words += ["--results", "made"]
    if "--file" in words:
        monkeypatch.setattr(saved, "load", lambda folder: Model())
    done = run_here(*words)
    assert done.returncode == 2, done.stderr
    (line,) = done.stderr.splitlines()
    assert COMMANDS[command] in line
    assert not re.search(r"Traceback|Input should|String should", done.stderr)
    assert [path for path in sorted(wrong.iterdir()) if path.name != "own"] == before


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("IMDB_MODELS_GB", "20GB", "IMDB_MODELS_GB=20GB is not a number of gigabytes"),
        ("IMDB_MODELS_GB", "nan", "IMDB_MODELS_GB=nan is not a number of gigabytes"),
        ("IMDB_EVALUATION_DATA", "nowhere", "IMDB_EVALUATION_DATA=nowhere: no such folder"),
    ],
)
def test_what_the_environment_says_is_checked_before_anything_is_made(
    run_here, tmp_path, cache, monkeypatch, name, value, said
):
    monkeypatch.setenv(name, value)
    words = shlex.split(TFIDF.replace("{cache}", str(cache)))
    done = run_here(*words, "--results", tmp_path / "made")
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert said in done.stderr
    assert "accuracy" not in done.stdout, "nothing was trained"
    assert not list(tmp_path.rglob("*.json"))


def test_a_row_without_epochs_says_so_of_tensorboard(run_here, tmp_path, cache):
    done = run_here(
        "models/majority.py", *shlex.split(SAMPLE.format(cache=cache)), "--no-keep-models",
        "--results", tmp_path / "results", "--tensorboard", tmp_path / "logs",
    )  # fmt: skip
    assert done.returncode == 0
    assert "majority has no epochs: --tensorboard writes no curves" in done.stderr.splitlines()
