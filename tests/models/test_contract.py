"""What every row must keep, whichever it is: one test for all that the catalogue finds."""

import dataclasses
import sys
from dataclasses import fields
from functools import cache
from importlib.metadata import version

from benchmark.records import metrics
from benchmark.rows import catalogue, saved
from benchmark.rows.hyperparameters import plain
from benchmark.rows.networks.options import TrainingOptions
from benchmark.rows.pipelines.pipeline_row import PipelineRow, as_texts
from benchmark.rows.training_data import TrainingData
from benchmark.runs.run import run
from preprocessing.corpus import Corpus, Texts, withholding_test
from preprocessing.ragged import Ragged
from preprocessing.subwords.ids import subword_ids
from preprocessing.subwords.tokenizers import WordPiece
from tests.benchmark.made_up_runs import a_record

import numpy as np
import pytest

ROWS = list(catalogue.modules())
pytestmark = pytest.mark.usefixtures("eagerly")


def quick_options(row):
    """Return the row's own hyperparameters; networks take two steps in one shape.

    Rows that start from public weights do without.
    """
    options = row.hyperparameters(**({"preset": "scratch"} if row.weights else {}))
    if isinstance(options, TrainingOptions):
        longest = {"max_tokens": 16} if hasattr(options, "max_tokens") else {"max_words": 24}
        quick = {"epochs": 1, "least_steps": 1, "batch_size": 45}  # of 90 reviews
        quick |= {"batches": "padded", "precision": "float32"}
        if hasattr(options, "lm_units"):  # a high rate, so that few steps tell words apart
            quick |= {"lm_units": 32, "lm_dimensions": 32, "lm_learning_rate": 0.05}
            quick["lm_vectors"] = "learned"
        return dataclasses.replace(options, **quick, **longest)
    return options


def fit(name, corpus, seed=0):
    """Fit a row as a run does, while the corpus withholds the test reviews."""
    row = catalogue.load(name)
    with withholding_test():
        return row.fit(quick_options(row), TrainingData.of(corpus, seed), lambda event: None)


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


def check_same(name, one, other):
    """Compare predictions; threads add up what a forest's trees say, in no fixed order."""
    if name == "bag_of_words":
        np.testing.assert_allclose(one, other, rtol=1e-12)
        np.testing.assert_array_equal(metrics.logits_to_keep(one), metrics.logits_to_keep(other))
    else:
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", ROWS)
def test_the_same_seed_gives_the_same_predictions(name, predicted, small):
    again = fit(name, small).predict(small.reviews("test"))
    check_same(name, predicted(name), again)


@pytest.mark.parametrize("name", ["bag_of_words", "bag_of_centroids", "cnn", "bert"])
def test_another_seed_gives_other_predictions(name, predicted, small):
    other = fit(name, small, seed=1).predict(small.reviews("test"))
    assert (predicted(name) != other).any()


def test_a_forest_counts_the_most_frequent_words_whatever_the_processor(small):
    """scikit-learn's own choice among equally frequent words depends on how NumPy sorts them."""
    row = catalogue.load("bag_of_words")
    data = TrainingData.of(small, 0, labels=20)
    pipeline = row.build(row.hyperparameters(words=50), data)
    pipeline.fit(as_texts(data.train), data.train.labels)
    counted = pipeline[0].get_feature_names_out()
    assert list(counted) == small.vocabulary[1:51], "in the order of their ids, unknown ones first"


@pytest.mark.parametrize("name", ROWS)
def test_saved_and_loaded_it_predicts_the_same_from_raw_texts(
    name, fitted, predicted, small, tmp_path
):
    row, reviews = catalogue.load(name), small.reviews("test")
    record = a_record(model=name, hyperparameters=plain(quick_options(row)))
    saved.save(tmp_path / "model", fitted(name), small, record.as_json())
    files = list((tmp_path / "model").rglob("*"))
    assert not [file for file in files if file.suffix in (".pkl", ".joblib")]
    loaded = saved.load(tmp_path / "model")
    texts = [bytes(reviews.texts[i]).decode() for i in range(len(reviews))]
    check_same(name, predicted(name), loaded.predict(texts))
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
    library, number = next(iter(row.versions().items()))
    assert number == version(library), "the backend comes first, with its version"
    documentation = sys.modules[catalogue.modules()[name]].__doc__
    assert f"python {catalogue.modules()[name].replace('.', '/')}.py" in documentation


def test_training_data_holds_no_test_review(small):
    data = TrainingData.of(small, 0)
    for split in ("train", "validation", "unsup"):
        held, whole = getattr(data, split), small.reviews(split)
        assert held.texts.split == split
        for texts in ("texts", "words"):
            one, other = getattr(held, texts), getattr(whole, texts)
            np.testing.assert_array_equal(one.values, other.values)
    assert data.unsup.labels is None


def test_a_run_withholds_the_test_reviews_while_its_row_learns(small, tmp_path):
    """Every way to them is closed, also by another corpus object, and open again afterwards.

    And the row gets the seed and the number of labels that were asked for.
    """
    asked = []

    class Spy(type(catalogue.load("majority"))):
        def fit(self, options, data, on_event):
            asked.append((data.seed, len(data.train)))
            corpus = Corpus(data.folder)
            tokenizer = WordPiece(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], lowercase=True)
            for peek in (
                lambda: corpus.reviews("test"),
                lambda: small.column("labels", "test"),
                lambda: subword_ids(test_texts, tokenizer),
            ):
                with pytest.raises(RuntimeError, match="withheld"):
                    peek()
            assert len(corpus.reviews("train")) == 90
            return super().fit(options, data, on_event)

    test_texts = small.reviews("test").texts
    majority = catalogue.load("majority")
    spy = Spy(**{field.name: getattr(majority, field.name) for field in fields(majority)})
    record, _ = run(
        "majority", spy, spy.hyperparameters(), 5, small, tmp_path, lambda event: None, labels=20
    )
    assert record.status == "ok", record
    assert asked == [(5, 20)] == [(record.seed, record.labels)]
    assert len(small.reviews("test")) == 100


@pytest.mark.parametrize(
    "name", [n for n in ROWS if n != "majority" and isinstance(catalogue.load(n), PipelineRow)]
)
def test_classical_rows_learn_the_sample(name, sample):
    row = catalogue.load(name)
    fitted = row.fit(row.hyperparameters(), TrainingData.of(sample, 0), lambda event: None)
    positive = fitted.predict(sample.reviews("test")) >= 0.5
    accuracy = (positive == sample.column("labels", "test")).mean()
    assert accuracy > (0.58 if row.family == "word vectors" else 0.65), (
        "these rows learn the synthetic reviews, though 2,300 short texts teach few vectors"
    )
