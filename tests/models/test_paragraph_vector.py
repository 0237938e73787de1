"""Paragraph vectors: what a text's vector depends on."""

from benchmark.rows.training_data import TrainingData
from models.paragraph_vector import Hyperparameters, build
from preprocessing.corpus import Corpus

import numpy as np
import pytest

QUICK = Hyperparameters(dimensions=16, dm_dimensions=8, epochs=3, inference_epochs=3)


@pytest.fixture(scope="module")
def data(small):
    return TrainingData.of(small, 0)


@pytest.fixture(scope="module")
def vectors(data):
    """Both models' vectors, not yet standardized."""
    return build(QUICK, data).steps[0][1]


def texts(data, count=6):
    return [" ".join(words) for words in data.validation.part(0, count).word_lists()]


def test_a_vector_depends_on_its_text_alone(vectors, data):
    asked = texts(data)
    together = vectors.transform(asked)
    assert together.shape == (6, 24)
    np.testing.assert_array_equal(vectors.transform(asked[::-1])[::-1], together)
    np.testing.assert_array_equal(vectors.transform(asked[2:3])[0], together[2])
    np.testing.assert_array_equal(vectors.transform([asked[0]] * 2), together[[0, 0]])


def test_the_vectors_of_both_methods_stand_side_by_side(vectors, data):
    dbow, dm = (part for _, part in vectors.transformer_list)
    assert dbow.inputs is None
    assert dm.inputs.shape == dm.output.shape == (len(dm.words), 8)
    asked = texts(data)
    found = vectors.transform(asked)
    np.testing.assert_array_equal(found[:, :16], dbow.transform(asked))
    np.testing.assert_array_equal(found[:, 16:], dm.transform(asked))
    assert found.any(axis=0).all()
    assert not vectors.transform([""]).any(), "nothing was learned of a text without words"


def test_without_pv_dm_there_is_pv_dbow_alone(data):
    only = build(Hyperparameters(dimensions=16, dm_dimensions=0, epochs=3), data).steps[0][1]
    assert [name for name, _ in only.transformer_list] == ["dbow"]
    assert only.transform(texts(data)).shape == (6, 16)


def test_models_know_the_words_of_training_and_unlabelled_reviews(vectors, data):
    seen = np.concatenate([data.train_texts.words.values, data.unsup.words.values])
    counts = np.bincount(seen, minlength=len(data.vocabulary))
    for _, part in vectors.transformer_list:
        known = dict(zip(part.words.tolist(), part.counts.tolist(), strict=True))
        assert known == {w: n for w, n in zip(data.vocabulary, counts.tolist(), strict=True) if n}


def test_models_are_learned_once(data, small):
    build(QUICK, data)
    again = TrainingData.of(Corpus(small.folder), 0)
    build(QUICK, again)
    assert again.clock.seconds["pretraining"] == data.clock.seconds["pretraining"] > 0
