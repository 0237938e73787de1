"""A model on disk: what comes back, and what is refused."""

import json

from benchmark.rows import catalogue, saved
from benchmark.rows.hyperparameters import plain
from benchmark.rows.pipelines.file_format import is_own_estimator
from benchmark.rows.training_data import TrainingData
from preprocessing.errors import UserError
from preprocessing.storage import sha256
from tests.benchmark.made_up_runs import a_record

import keras
import pytest
import skops.io
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.tree import DecisionTreeClassifier

TEXTS = ["A wonderful film.", "Dull, long and not funny.", "", "\udcff <br /> 10/10!"]


@pytest.fixture
def folder(small, tmp_path):
    """A saved tfidf_logreg."""
    row = catalogue.load("tfidf_logreg")
    options = row.hyperparameters()
    fitted = row.fit(options, TrainingData.of(small, 0), print)
    record = a_record(model="tfidf_logreg", hyperparameters=plain(options))
    saved.save(tmp_path / "model", fitted, small, record.as_json())
    return tmp_path / "model"


def change_manifest(folder, **changes):
    file = folder / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def renew_hashes(folder):
    """Do what somebody would who wants a changed file to be loaded."""
    files = {
        file.name: {"bytes": file.stat().st_size, "sha256": sha256(file)}
        for file in folder.iterdir()
        if file.name != "manifest.json"
    }
    change_manifest(folder, files=files)


def test_it_answers_raw_texts_of_every_kind(folder):
    answers = saved.load(folder).predict(TEXTS)
    assert answers.shape == (4,)
    assert answers[0] > answers[1]
    assert [file.name for file in folder.parent.iterdir()] == ["model"], "nothing is left beside it"


def test_what_is_no_saved_model_is_refused(tmp_path):
    with pytest.raises(UserError, match="nothing is not a saved model; a model's --save"):
        saved.load(tmp_path / "nothing")
    (tmp_path / "manifest.json").write_text("[]")
    with pytest.raises(UserError, match="is not a saved model"):
        saved.load(tmp_path)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"format": 2}, "was saved in format 2, but this version reads format 1"),
        ({"text_version": 0}, "expects version 0 of the preprocessing"),
        ({"model": "tfidf_logregg"}, "did you mean tfidf_logreg"),
        ({"model": "os.system"}, "no model is called 'os.system'"),
        ({"hyperparameters": {"c": -1}}, "c = -1 must be greater than 0"),
        ({"hyperparameters": {"colour": 1}}, "colour = 1 is not a hyperparameter of this model"),
        ({"hyperparameters": None}, "manifest.json is damaged"),
        ({"files": {}}, "was not there when the model was saved"),
        ({"files": []}, "manifest.json is damaged"),
    ],
)
def test_a_manifest_that_says_other_things_is_refused(folder, changes, said):
    change_manifest(folder, **changes)
    with pytest.raises(UserError, match=said) as refused:
        saved.load(folder)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["model.skops", "vocabulary.txt"])
def test_a_file_that_was_changed_or_lost_is_refused(folder, name):
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(UserError, match=f"{name} has changed since it was saved"):
        saved.load(folder)
    (folder / name).unlink()
    with pytest.raises(UserError, match=f"{name} is missing"):
        saved.load(folder)


def test_a_file_that_was_added_is_refused(folder):
    (folder / "extra.py").write_text("")
    with pytest.raises(UserError, match=r"extra\.py was not there"):
        saved.load(folder)


def test_a_scikit_learn_model_that_would_run_code_is_refused(folder):
    steps = FunctionTransformer(eval), HashingVectorizer(), DummyClassifier()
    skops.io.dump(make_pipeline(*steps), folder / "model.skops")
    renew_hashes(folder)
    with pytest.raises(UserError, match=r"cannot be loaded: Untrusted.*eval") as refused:
        saved.load(folder)
    assert "\n" not in str(refused.value)


def test_neither_is_what_a_row_imports_nor_a_tree_in_disguise_trusted(folder):
    assert not is_own_estimator("benchmark.commands.row.write_atomically")
    assert not is_own_estimator("benchmark.runs.sweep.subprocess.run")
    assert not is_own_estimator("models.naive_bayes_svm.Pipeline")
    assert not is_own_estimator("models.naive_bayes_svm.build")
    assert is_own_estimator("models.naive_bayes_svm.LogCountRatio")
    tree = DecisionTreeClassifier().fit([[0], [1]], [0, 1])
    tree.tree_.children_left[0] = 10**6
    skops.io.dump(make_pipeline(HashingVectorizer(), make_pipeline(tree)), folder / "model.skops")
    (folder / "tables.json").write_text('{"hashingvectorizer": {}, "pipeline": {}}')
    renew_hashes(folder)
    with pytest.raises(UserError, match="a tree points outside of itself"):
        saved.load(folder)


def test_a_long_vocabulary_is_plain_and_belongs_where_it_is_put(folder):
    tables = json.loads((folder / "tables.json").read_text(encoding="utf-8"))
    assert len(tables["tfidfvectorizer"]["vocabulary_"]) > 500
    assert (folder / "model.skops").stat().st_size < 200_000
    tables["tfidfvectorizer"]["transform"] = []
    (folder / "tables.json").write_text(json.dumps(tables))
    renew_hashes(folder)
    with pytest.raises(UserError, match="tfidfvectorizer has no table transform"):
        saved.load(folder)


def test_a_network_that_would_run_code_is_refused(small, tmp_path):
    row = catalogue.load("cnn")
    words = keras.Input((None,), dtype="int32")
    ran = keras.layers.Lambda(lambda x: print("ran") or x)(words)
    fitted = row.fit(
        row.hyperparameters(epochs=1, least_steps=1, filters=1), TrainingData.of(small, 0), print
    )
    fitted.model = keras.Model(words, ran)
    options = plain(row.hyperparameters())
    saved.save(
        tmp_path / "m", fitted, small, a_record(model="cnn", hyperparameters=options).as_json()
    )
    with pytest.raises(UserError, match=r"cannot be loaded: .*[Ll]ambda") as refused:
        saved.load(tmp_path / "m")
    assert "\n" not in str(refused.value)


def test_from_training_through_saving_to_predicting(run_here, tmp_path):
    where = ("--dataset", "sample", "--limit", "40", "--cache", tmp_path, "--results", tmp_path)
    for row in ("majority", "tfidf_logreg"):
        made = run_here(f"models/{row}.py", *where, "--save", tmp_path / "kept" / row)
        assert made.returncode == 0, made.stderr
        assert f"saved to {tmp_path / 'kept' / row}" in made.stdout
    with pytest.raises(UserError, match="exists already"):
        saved.check_target(tmp_path / "kept" / "majority")

    models = ("--model", tmp_path / "kept/majority", "--model", tmp_path / "kept/tfidf_logreg")
    asked = run_here("benchmark", "predict", *models, "An [old] joy.", "Dull!")
    assert asked.returncode == 0, asked.stderr
    assert "An [old] joy." in asked.stdout
    assert asked.stdout.count("50.0%") == 2
