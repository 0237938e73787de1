"""A language model that does not look ahead, and what it adds to the loss of the labels."""

import math

from benchmark.rows import catalogue
from benchmark.rows.training_data import TrainingData
from bert_family import gpt
from bert_family.shared import pretraining
from bert_family.shared.architecture import backbone_inputs
from bert_family.shared.causal_lm import LanguageModelLoss, NextTokenBatches, causal_lm
from bert_family.shared.fine_tuning import find_source
from preprocessing.ragged import Ragged
from preprocessing.storage import read_manifest
from preprocessing.subwords.ids import pack

import keras
import numpy as np
import pytest

TOKENS = np.array([[1, 31, 32, 33, 34, 3], [1, 40, 41, 3, 0, 0]])


def softmax(x: np.ndarray) -> np.ndarray:
    x = np.exp(x - x.max(axis=-1, keepdims=True))
    return x / x.sum(axis=-1, keepdims=True)


def test_no_state_sees_a_later_token(presets):
    _, backbone, tokenizer = presets["gpt"]
    changed = TOKENS.copy()
    changed[:, 3] = 50
    before, after = (
        np.asarray(backbone(backbone_inputs(tokens, backbone, tokenizer.padding)))
        for tokens in (TOKENS, changed)
    )
    np.testing.assert_array_equal(before[:, :3], after[:, :3])
    assert (np.abs(before[:, 3:] - after[:, 3:]).max(axis=(1, 2)) > 1e-3).all()


def test_each_token_but_the_first_is_foretold_by_those_before():
    sequences = Ragged(np.array([1, 31, 32, 3, 1, 40, 3]), np.array([0, 4, 7]))
    batches = NextTokenBatches(sequences, np.array([4]), None)
    tokens, following, counts = batches[0]
    assert tokens.tolist() == [[1, 31, 32], [1, 40, 3]]
    assert following.tolist() == [[30, 31, 2], [39, 2, 0]]
    assert counts.tolist() == [[1, 1, 1], [1, 1, 0]]


def test_the_language_models_loss_by_hand():
    embedding = keras.layers.ReversibleEmbedding(3, 2)
    embedding.build()
    vectors = np.array([[1.0, 0], [0, 1], [2, -1]])
    embedding.set_weights([vectors])
    states = np.random.default_rng(0).normal(size=(2, 3, 2)).astype("float32")
    tokens = np.array([[1, 3, 2], [2, 1, 0]])  # ids 0, 2, 1 and 1, 0; 0 is padding
    probability = np.array([[0.3], [0.6]], "float32")
    logs = np.log(softmax(states @ vectors.T))
    expected = -(logs[0, 0, 2] + logs[0, 1, 1] + logs[1, 0, 0]) / 3

    layer = LanguageModelLoss(embedding, 0.5, dtype="float32")
    np.testing.assert_array_equal(layer([probability, states, tokens], training=True), probability)
    assert float(layer.losses[0]) == pytest.approx(0.5 * expected, rel=1e-5)
    np.testing.assert_array_equal(layer([probability, states, tokens], training=False), probability)
    assert layer.losses == []


def test_fine_tuning_adds_the_language_models_loss_and_prediction_does_not(presets):
    _, backbone, tokenizer = presets["gpt"]
    labels = np.array([[1.0], [0.0]])

    def losses(weight: float) -> tuple[float, float]:
        options = gpt.Hyperparameters(language_model_weight=weight, dropout=0.0)
        undropped = type(backbone).from_config(backbone.get_config() | {"dropout": 0.0})
        undropped.set_weights(backbone.get_weights())
        keras.utils.set_random_seed(0)
        model = gpt.build(options, undropped, tokenizer.padding)
        trained = gpt.with_language_model(options, model)
        trained.compile(keras.optimizers.SGD(0.0), "binary_crossentropy", run_eagerly=True)
        np.testing.assert_allclose(
            trained.predict_on_batch(TOKENS), model.predict_on_batch(TOKENS), rtol=1e-5
        )
        judged = trained.evaluate(TOKENS, labels, verbose=0)
        return float(trained.train_on_batch(TOKENS, labels)), float(judged)

    logits = np.asarray(causal_lm(backbone, tokenizer.padding)(TOKENS[:, :-1]))
    logs = np.log(softmax(logits))
    following = TOKENS[:, 1:]
    rows, places = np.nonzero(following)
    language = -logs[rows, places, following[rows, places] - 1].mean()

    alone, judged_alone = losses(0.0)
    half, judged_half = losses(0.5)
    assert alone == pytest.approx(judged_alone, rel=1e-5)
    assert judged_half == pytest.approx(judged_alone, rel=1e-5)
    assert half - alone == pytest.approx(0.5 * language, rel=1e-4)


def test_the_last_tokens_state_decides(presets):
    """Also where a text itself holds the padding token, which is 0 in its midst."""
    _, backbone, tokenizer = presets["gpt"]
    model = gpt.build(gpt.Hyperparameters(), backbone, tokenizer.padding)
    tokens = np.array([[1, 31, 0, 33, 3, 0]])
    answer = model.predict_on_batch(tokens)
    positive = model.get_layer("positive")
    states = np.asarray(backbone(backbone_inputs(tokens, backbone, tokenizer.padding)))
    np.testing.assert_allclose(answer, np.asarray(positive(states[:, 4])), atol=1e-6)


def test_perplexity_is_that_of_all_validation_tokens(small, eagerly):
    row, data = catalogue.load("gpt"), TrainingData.of(small, 3)
    options = row.hyperparameters(max_tokens=24, pretrain=1, precision="float32")
    source = find_source(row, options, data, lambda event: None)
    (kept,) = small.folder.glob("preset-gpt-scratch-tiny-pretrained-1-*-seed-3")
    model = causal_lm(row.architecture.load_backbone(source.preset), source.tokenizer.padding)
    ids = data.subword_ids(data.validation, source.tokenizer)
    tokens = pack(ids, source.tokenizer, 24, "tail")
    batch = tokens.padded(np.arange(len(tokens)), 24)
    logs = np.log(softmax(np.asarray(model(batch[:, :-1]))))
    rows, places = np.nonzero(batch[:, 1:])
    mean = -logs[rows, places, batch[:, 1:][rows, places] - 1].mean()
    assert read_manifest(kept)["perplexity"] == [pytest.approx(math.exp(mean), rel=1e-4)]


@pytest.mark.parametrize("name", ["bert", "gpt"])
def test_what_is_read_of_a_review_is_what_is_pretrained_on(name, small, monkeypatch):
    seen = []

    def stop(*given):
        seen.append(next(one for one in given if isinstance(one, Ragged)))
        raise KeyboardInterrupt

    monkeypatch.setattr(pretraining, "_train", stop)
    row, data = catalogue.load(name), TrainingData.of(small, 4)
    for truncation in ("tail", "head"):
        options = row.hyperparameters(
            preset="scratch", pretrain=1, max_tokens=10, truncation=truncation
        )
        with pytest.raises(KeyboardInterrupt):
            find_source(row, options, data, lambda event: None)
        scratch = row.hyperparameters(preset="scratch", pretrain=0)
        tokenizer = find_source(row, scratch, data, lambda event: None).tokenizer
        read = pack(data.subword_ids(data.train, tokenizer), tokenizer, 10, truncation)
        assert len(seen[-1]) == len(data.train) + len(data.unsup)
        assert (seen[-1].values[: len(read.values)] == read.values).all()
