"""Single rows and `python -m benchmark`, run as a user runs them."""

import json
import re

from tests.conftest import ROOT, run_python


def test_a_single_row_as_script_and_as_module(tmp_path):
    options = ("--dataset", "sample", "--limit", "40", "--cache", tmp_path, "--results", tmp_path)
    script = run_python(ROOT / "models" / "tfidf_logreg.py", *options, cwd=tmp_path)
    module = run_python("-m", "models.tfidf_logreg", *options, "--c", "3", "--seed", "1")
    assert script.returncode == module.returncode == 0, script.stderr + module.stderr
    assert re.search(r"test accuracy 0\.\d{4}, F1", script.stdout)
    folder = tmp_path / "runs" / "sample-limit-40" / "tfidf_logreg"
    default = json.loads((folder / "seed-0.json").read_text())
    changed = json.loads((folder / "c=3.0" / "seed-1.json").read_text())
    assert default["changed"] == {}
    assert changed["hyperparameters"]["c"] == 3.0
    assert changed["command"] == (
        "python -m models.tfidf_logreg --seed 1 --c 3.0 --dataset sample --limit 40"
    )
    assert str(tmp_path) not in json.dumps(default), "a record holds no path of the machine"


def test_validation_only_leaves_the_test_reviews_alone(run_here, tmp_path):
    process = run_here(
        "models/tfidf_logreg.py", "--validation-only", "--dataset", "sample",
        "--limit", "40", "--cache", tmp_path, "--results", tmp_path,
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    assert "test accuracy" not in process.stdout
    path = tmp_path / "tuning" / "sample-limit-40" / "tfidf_logreg" / "seed-0.json"
    record = json.loads(path.read_text())
    assert "validation" in record
    assert record["predictions"] is None
    assert not list(path.parent.glob("*.npz"))
    assert not (tmp_path / "runs").exists()


def test_help_explains_every_hyperparameter(run_here):
    process = run_here("models/tfidf_logreg.py", "--help")
    assert process.returncode == 0
    text = " ".join(process.stdout.split())
    assert "--max-ngram N words in the longest phrase (default: 2)" in text
    assert "Salton" in text


def test_the_speed_of_some_rows_with_the_ratio_to_the_textbook_form(run_here, cache):
    process = run_here(
        "benchmark", "speed", "majority", "fasttext", "--dataset", "sample",
        "--limit", "100", "--cache", cache,
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    lines = [line.split() for line in process.stdout.splitlines()]
    figures = {words[0]: words[1:] for words in lines if words[-1:] and words[-1][-1] in "%–"}
    assert set(figures) == {"majority", "fasttext"}
    assert figures["majority"][-2:] == ["–", "–"], "it has no batches"
    assert float(figures["fasttext"][-2]) > 0
    assert re.fullmatch(r"\d+%", figures["fasttext"][-1])


def test_what_is_made_once_is_made_alone_and_read_with_the_prepared_corpus(run_here, tmp_path):
    program = "models/averaged_word2vec.py", "--dataset", "sample", "--limit", "40"
    made = run_here(*program, "--cache", tmp_path, "--make-only", "word2vec")
    assert made.returncode == 0, made.stderr
    (folder,) = tmp_path.glob("sample-limit-40-*[!k]")
    (vectors,) = folder.glob("word2vec-*-seed-0")
    before = (vectors / "manifest.json").stat().st_mtime_ns
    elsewhere = "--cache", tmp_path / "none", "--results", tmp_path
    done = run_here(*program, *elsewhere, "--no-keep-models", "--prepared", folder)
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "none").exists()
    assert (vectors / "manifest.json").stat().st_mtime_ns == before
    network = "models/fasttext.py", *program[1:]
    for model in (program, network):
        wrong = run_here(*model, "--cache", tmp_path, "--make-only", "teacher")
        assert wrong.returncode == 2
        assert wrong.stderr == "error: --make-only teacher: this model makes none\n"
        assert "epoch" not in wrong.stdout, "it is not trained to find that out"
