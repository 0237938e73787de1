"""What every row must keep, whichever it is: one test for all that the catalogue finds."""

import dataclasses
import sys
from functools import cache

from benchmark.rows import catalogue, saved
from benchmark.rows.hyperparameters import plain
from benchmark.rows.networks.options import TrainingOptions
from benchmark.rows.pipelines.pipeline_row import PipelineRow
from benchmark.rows.training_data import TrainingData
from preprocessing.corpus import Texts
from preprocessing.ragged import Ragged
from tests.benchmark.made_up_runs import a_record

import numpy as np
import pytest

ROWS = list(catalogue.modules())
pytestmark = pytest.mark.usefixtures("eagerly")


def quick_options(row):
    """Return the row's own hyperparameters; networks take one short epoch in one shape.

    Rows that start from public weights do without.
    """
    options = row.options_of("scratch-tiny" if row.weights else "")
    if isinstance(options, TrainingOptions):
        longest = {"max_tokens": 16} if hasattr(options, "max_tokens") else {"max_words": 24}
        quick = {"epochs": 1, "least_steps": 1, "batches": "padded", "precision": "float32"}
        return dataclasses.replace(options, **quick, **longest)
    return options


def fit(name, corpus):
    """Fit a row to a corpus that does not hand out test reviews."""
    row, real = catalogue.load(name), type(corpus).reviews
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(corpus), "reviews", lambda self, split: held_out(real, self, split))
        return row.fit(quick_options(row), TrainingData.of(corpus, 0), lambda event: None)


def held_out(real, corpus, split):
    assert split != "test", "a row reads the test reviews while it learns"
    return real(corpus, split)


@pytest.fixture(scope="module")
def fitted(small):
    """Each row, fitted once to the sample's first reviews."""
    return cache(lambda name: fit(name, small))


@pytest.fixture(scope="module")
def predicted(fitted, small):
    """What each row says of the test reviews."""
    return cache(lambda name: fitted(name).predict(small.reviews("test")))


@pytest.mark.parametrize("name", ROWS)
def test_predictions_are_probabilities(name, predicted, small):
    predictions = predicted(name)
    assert predictions.shape == (len(small.reviews("test")),)
    assert ((predictions >= 0) & (predictions <= 1)).all()


@pytest.mark.parametrize("name", ROWS)
def test_the_same_seed_gives_the_same_predictions(name, predicted, small):
    again = fit(name, small).predict(small.reviews("test"))
    np.testing.assert_array_equal(predicted(name), again)


@pytest.mark.parametrize("name", ROWS)
def test_saved_and_loaded_it_predicts_the_same_from_raw_texts(
    name, fitted, predicted, small, tmp_path
):
    row, reviews = catalogue.load(name), small.reviews("test")
    record = a_record(model=name, hyperparameters=plain(quick_options(row)))
    saved.save(tmp_path / "model", fitted(name), small, record)
    files = list((tmp_path / "model").rglob("*"))
    assert not [file for file in files if file.suffix in (".pkl", ".joblib")]
    loaded = saved.load(tmp_path / "model")
    texts = [bytes(reviews.texts[i]).decode() for i in range(len(reviews))]
    np.testing.assert_array_equal(predicted(name), loaded.predict(texts))
    assert loaded.fitted.parameters == fitted(name).parameters


@pytest.mark.parametrize("name", ROWS)
def test_the_other_reviews_of_a_batch_change_nothing(name, fitted, predicted, small):
    reviews = small.reviews("test")
    shortest = int(reviews.words.lengths.argmin())
    for i in (0, shortest):
        alone = fitted(name).predict(reviews.part(i, i + 1))
        np.testing.assert_allclose(alone[0], predicted(name)[i], atol=1e-5)


@pytest.mark.parametrize("name", ROWS)
def test_reviews_without_words_and_very_long_ones_are_answered(name, fitted, predicted, small):
    reviews = small.reviews("test")
    words, text = np.asarray(reviews.words[0]), np.asarray(reviews.texts[0])

    def none_one_and_many(values):
        many = np.concatenate([values, np.tile(values, 200)])
        return Ragged.from_lengths(many, np.array([0, len(values), 200 * len(values)]))

    texts = none_one_and_many(text)
    odd = dataclasses.replace(
        reviews.part(0, 3),
        texts=Texts(texts.values, texts.offsets),
        words=none_one_and_many(words),
    )
    predictions = fitted(name).predict(odd)
    assert np.isfinite(predictions).all()
    assert predictions[1] == pytest.approx(predicted(name)[0], abs=1e-5)


@pytest.mark.parametrize("name", ROWS)
def test_it_counts_its_parameters_and_names_what_it_is(name, fitted):
    row = catalogue.load(name)
    assert fitted(name).parameters > 0
    assert row.family
    assert next(iter(row.versions().items()))
    documentation = sys.modules[catalogue.modules()[name]].__doc__
    assert f"python {catalogue.modules()[name].replace('.', '/')}.py" in documentation


def test_training_data_holds_no_test_review(small):
    data = TrainingData.of(small, 0)
    test = range(*small.manifest["splits"]["test"])
    for split in ("train", "validation", "unsup"):
        texts = getattr(data, split).texts
        held = range(texts.first, texts.first + len(texts))
        assert held == range(*small.manifest["splits"][split])
        assert not set(held) & set(test)
    assert data.unsup.labels is None


@pytest.mark.parametrize(
    "name", [n for n in ROWS if n != "majority" and isinstance(catalogue.load(n), PipelineRow)]
)
def test_classical_rows_learn_the_sample(name, sample):
    row = catalogue.load(name)
    fitted = row.fit(row.hyperparameters(), TrainingData.of(sample, 0), lambda event: None)
    positive = fitted.predict(sample.reviews("test")) >= 0.5
    accuracy = (positive == sample.column("labels", "test")).mean()
    assert accuracy > (0.58 if row.family == "word vectors" else 0.65), (
        "these rows learn the synthetic reviews, though 1,400 texts teach few vectors"
    )
