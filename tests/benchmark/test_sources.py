"""What changes the digest of a row's code, and what does not."""

import shutil

from benchmark.rows import catalogue
from benchmark.rows.sources import digest, sources
from tests.conftest import ROOT, run_python

import pytest

CNN, ATTENTION = "models/cnn.py", "models/layers/attention.py"


@pytest.fixture
def code(tmp_path):
    """A copy of the code."""
    for folder in ("models", "bert_family", "preprocessing", "benchmark"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("*.pyc"))
    return tmp_path


def edit(code, file, before, after):
    path = code / file
    text = path.read_text()
    assert before in text, f"{file} holds no {before!r}"
    path.write_text(text.replace(before, after, 1))


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        (CNN, "\n@hyperparameters", "\n# a comment\n@hyperparameters"),
        (CNN, '"""A convolutional', '"""A large convolutional'),
        (CNN, '"filters of each width"', '"how many filters of each width there are"'),
        (CNN, "    step=Step(", "    weights='none',\n    step=Step("),
        (CNN, "run_row(__file__)", "run_row(str(__file__))"),
        (ATTENTION, '"""Make the weights."""', '"""Make all weights."""'),
        ("models/lstm.py", "options.units", "2 * options.units"),
        ("models/new.py", None, "row = 1"),
        ("bert_family/shared/optimizer.py", "epsilon=1e-6", "epsilon=1e-7"),
        ("benchmark/runs/run.py", "import time", "import time, math"),
    ],
)
def test_what_changes_no_prediction_of_a_row_does_not_count(code, file, before, after):
    known = digest("models.cnn", code)
    if before is None:
        (code / file).write_text(after)
    else:
        edit(code, file, before, after)
    assert digest("models.cnn", code) == known


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        (CNN, "150", "151"),
        (CNN, "axis=1)", "axis=2)"),
        (ATTENTION, '"tanh"', '"relu"'),
        ("models/layers/ends.py", '"zeros"', '"ones"'),
        ("preprocessing/word_vectors/settings.py", "window: int = 10", "window: int = 5"),
        ("preprocessing/ragged.py", "buckets: int = 12", "buckets: int = 13"),
        ("benchmark/rows/networks/options.py", "MOST_EXTRA_EPOCHS = 5", "MOST_EXTRA_EPOCHS = 6"),
    ],
)
def test_what_a_row_depends_on_counts(code, file, before, after):
    known = digest("models.cnn", code)
    edit(code, file, before, after)
    changed = digest("models.cnn", code)
    assert changed != known
    assert len(changed) == 16


def test_the_digest_is_the_same_on_every_version_of_python(code):
    """From 3.12 on, Python itself writes this f-string with the same quotes inside and outside."""
    (code / "models/quoted.py").write_text(
        "def path(folder, name):\n    return f\"{folder / 'a'}{name:>{len('b')}} {name!r}\"\n"
    )
    assert digest("models.quoted", code) == "e1bbdc8d7f5ffcfd"


def test_a_file_that_python_cannot_read_has_a_digest_of_its_text(code):
    (code / CNN).write_text("def (")
    assert digest("models.cnn", code) != digest("models.cnn", ROOT)


def test_rows_have_digests_of_their_own_and_nothing_is_imported_for_them():
    found = [digest(module) for module in catalogue.modules().values()]
    assert len(set(found)) == len(found)
    process = run_python(
        "-c",
        "import sys; from benchmark.rows.sources import digest; digest('bert_family.bert');"
        "print([name for name in ('keras', 'sklearn', 'bert_family') if name in sys.modules])",
    )
    assert process.stdout.strip() == "[]", process.stderr


def test_the_files_of_a_row_are_found_through_what_it_imports():
    found = set(sources("models.cnn"))
    layers = {f"models.layers.{name}" for name in ("attention", "ends", "pooling")}
    assert layers | {"models.cnn", "preprocessing.word_vectors"} <= found
    assert "benchmark.rows.networks.batches" in found, "through a package"
    assert not found & {"models.layers.recurrent", "benchmark.rows.contract", "models.lstm"}
    assert "bert_family.bert" in sources("bert_family.distilbert"), "from bert_family import bert"
