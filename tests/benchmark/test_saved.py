"""A model on disk: what comes back, and what is refused."""

import json
import shutil
import zipfile

from benchmark.rows import catalogue, saved
from benchmark.rows.hyperparameters import plain
from benchmark.rows.pipelines.file_format import is_own_estimator
from benchmark.rows.training_data import TrainingData
from preprocessing.errors import UserError
from preprocessing.storage import seal, sha256, unseal
from tests.benchmark.made_up_runs import a_record

import keras
import numpy as np
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
    """Change the manifest and its hash, as somebody would who wants it to be believed."""
    file = folder / "manifest.json"
    file.write_text(seal(unseal(file.read_bytes()) | changes))


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


def test_a_folder_that_is_not_a_saved_model_is_refused(tmp_path):
    with pytest.raises(UserError, match="nothing is not a saved model; a model's --save"):
        saved.load(tmp_path / "nothing")
    (tmp_path / "manifest.json").write_text("[]")
    with pytest.raises(UserError, match="is not a saved model"):
        saved.load(tmp_path)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"format": 1}, "was saved in format 1, but this version reads format 2"),
        ({"text_version": 0}, "expects version 0 of the preprocessing"),
        ({"model": "tfidf_logregg"}, "did you mean tfidf_logreg"),
        ({"model": "os.system"}, "no model is called 'os.system'"),
        ({"hyperparameters": {"c": -1}}, "c = -1 must be greater than 0"),
        ({"hyperparameters": {"colour": 1}}, "colour = 1 is not a hyperparameter of this model"),
        ({"hyperparameters": None}, "manifest.json is damaged"),
        ({"files": {}}, "was not there when the model was saved"),
        ({"files": []}, "manifest.json is damaged"),
        ({"files": {"vocabulary.txt": {"bytes": 1}}}, "manifest.json is damaged"),
        ({"model": 3}, "manifest.json is damaged"),
        ({"text_version": "2"}, "manifest.json is damaged"),
    ],
)
def test_a_manifest_that_says_other_things_is_refused(folder, changes, said):
    change_manifest(folder, **changes)
    with pytest.raises(UserError, match=said) as refused:
        saved.load(folder)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (lambda text: text.replace('"seed": 0', '"seed": 1'), "manifest.json is damaged .*changed"),
        (lambda text: "[" * 100_000, "manifest.json is damaged"),
        (lambda text: text[:-20], "manifest.json is damaged"),
    ],
)
def test_a_manifest_that_was_changed_is_refused(folder, written, said):
    file = folder / "manifest.json"
    file.write_text(written(file.read_text()))
    with pytest.raises(UserError, match=said) as refused:
        saved.load(folder)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["model.skops", "manifest.json"])
def test_a_link_is_refused(folder, name):
    (folder / name).rename(folder.parent / name)
    (folder / name).symlink_to(folder.parent / name)
    with pytest.raises(UserError, match=f"{name} is not a file of its own"):
        saved.load(folder)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda content: b"\xff\xfe", "cannot be loaded: UnicodeDecodeError"),
        (lambda content: b"only\n", "vocabulary.txt has 1 words, but the model reads "),
        (lambda content: content + b"more\n", r"vocabulary.txt has [\d,]+ words, but the model"),
    ],
)
def test_a_vocabulary_that_is_not_the_models_is_told(folder, change, said):
    file = folder / "vocabulary.txt"
    file.write_bytes(change(file.read_bytes()))
    renew_hashes(folder)
    with pytest.raises(UserError, match=said) as refused:
        saved.load(folder)
    assert "\n" not in str(refused.value)


def test_a_model_whose_row_cannot_be_imported_says_so(folder, monkeypatch):
    def load(name):
        raise ModuleNotFoundError("No module named 'keras_hub'")

    monkeypatch.setattr(catalogue, "load", load)
    with pytest.raises(UserError, match="cannot be loaded: ModuleNotFoundError: No module named"):
        saved.load(folder)


def test_a_model_that_cannot_answer_says_so(folder):
    file = folder / "tables.json"
    tables = json.loads(file.read_text(encoding="utf-8"))
    table = tables["tfidfvectorizer"]
    table["vocabulary_"] = dict.fromkeys(table["vocabulary_"], 10**9)
    file.write_text(json.dumps(tables))
    renew_hashes(folder)
    with pytest.raises(UserError, match="model cannot answer: ") as refused:
        saved.load(folder).predict(TEXTS)
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


def test_what_a_row_imports_is_not_trusted():
    assert not is_own_estimator("models.naive_bayes_svm.Pipeline")
    assert not is_own_estimator("models.naive_bayes_svm.build")
    assert is_own_estimator("models.naive_bayes_svm.LogCountRatio")


@pytest.mark.parametrize("child", [10**6, 0], ids=["outside", "a circle"])
def test_a_tree_that_does_not_end_in_leaves_is_refused(folder, child):
    tree = DecisionTreeClassifier().fit([[0], [1]], [0, 1])
    tree.tree_.children_left[0] = child
    skops.io.dump(make_pipeline(HashingVectorizer(), make_pipeline(tree)), folder / "model.skops")
    (folder / "tables.json").write_text('{"hashingvectorizer": {}, "pipeline": {}}')
    renew_hashes(folder)
    with pytest.raises(UserError, match="a tree's branches do not end in leaves"):
        saved.load(folder)


def test_a_long_vocabulary_is_plain_and_belongs_where_it_is_put(folder):
    tables = json.loads((folder / "tables.json").read_text(encoding="utf-8"))
    assert len(tables["tfidfvectorizer"]["vocabulary_"]) > 200
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


@pytest.fixture(scope="module")
def network(small, tmp_path_factory):
    """A saved cnn."""
    row = catalogue.load("cnn")
    options = row.hyperparameters(epochs=1, least_steps=1, filters=1)
    fitted = row.fit(options, TrainingData.of(small, 0), print)
    record = a_record(model="cnn", hyperparameters=plain(options))
    folder = tmp_path_factory.mktemp("saved") / "cnn"
    saved.save(folder, fitted, small, record.as_json())
    return folder


@pytest.mark.parametrize(
    ("widths", "said"),
    [
        (np.array([], np.int64), "does not hold ascending widths"),
        (np.array(["8", "16"]), "does not hold ascending widths"),
        (np.array([16, 8]), "does not hold ascending widths"),
        (np.array([0, 8]), "does not hold ascending widths"),
        (np.array([[8]]), "does not hold ascending widths"),
        (np.array([None]), "allow_pickle"),
    ],
)
def test_invalid_widths_are_refused(network, tmp_path, widths, said):
    folder = shutil.copytree(network, tmp_path / "cnn")
    np.save(folder / "widths.npy", widths)
    renew_hashes(folder)
    with pytest.raises(UserError, match=said) as refused:
        saved.load(folder)
    assert "\n" not in str(refused.value)


def test_a_module_that_keras_would_import_is_refused_before(network, tmp_path, monkeypatch):
    (tmp_path / "keras_cv").mkdir()
    (tmp_path / "keras_cv/__init__.py").write_text("raise SystemExit('it ran')")
    monkeypatch.syspath_prepend(tmp_path)
    folder = shutil.copytree(network, tmp_path / "cnn")
    with zipfile.ZipFile(folder / "model.keras") as before:
        parts = {name: before.read(name) for name in before.namelist()}
    config = json.loads(parts["config.json"])
    config["config"]["layers"][1] |= {"module": "keras_cv.layers", "registered_name": None}
    parts["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(folder / "model.keras", "w") as after:
        for name, content in parts.items():
            after.writestr(name, content)
    renew_hashes(folder)
    with pytest.raises(UserError, match=r"names the module 'keras_cv.layers'"):
        saved.load(folder)


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
