"""Operations of training, worked out by hand."""

import math

from benchmark.rows import catalogue
from benchmark.rows.networks.operations import training_operations
from benchmark.runs.timing import some
from models.layers.positions import AddPositions

import keras
import pytest
from keras import layers, ops

WORDS = 7


def vectors_of(words):
    return layers.Embedding(10, 4)(words)


@pytest.mark.parametrize(
    ("network", "multiplied"),
    [
        (lambda x: layers.Dense(3)(x), WORDS * 4 * 3),
        (lambda x: layers.Dense(3)(layers.GlobalMaxPooling1D()(x)), 4 * 3),
        (lambda x: layers.Conv1D(5, 3, padding="same")(x), WORDS * 3 * 4 * 5),
        (lambda x: layers.Conv1D(5, 3)(x), (WORDS - 2) * 3 * 4 * 5),
        (lambda x: layers.LSTM(6)(x), WORDS * (4 * 24 + 6 * 24)),
        (lambda x: layers.GRU(6, return_sequences=True)(x), WORDS * (4 * 18 + 6 * 18)),
        (lambda x: layers.Bidirectional(layers.SimpleRNN(6))(x), 2 * WORDS * (4 * 6 + 6 * 6)),
        (
            lambda x: layers.MultiHeadAttention(2, 3)(x, x),
            WORDS * (3 * 4 * 6 + 6 * 4) + 2 * 6 * WORDS**2,
        ),
        (
            lambda x: layers.MultiHeadAttention(2, 3)(
                query=x, value=x, attention_mask=ops.ones((1, WORDS, WORDS), "int32")
            ),
            WORDS * (3 * 4 * 6 + 6 * 4) + 2 * 6 * WORDS**2,
        ),
        (lambda x: layers.Dense(3)(AddPositions("learned", 8)(x)), WORDS * 4 * 3),
    ],
    ids=[
        "dense",
        "pooled",
        "same",
        "valid",
        "lstm",
        "gru",
        "both ways",
        "attention",
        "attention by names",
        "positions",
    ],
)
def test_operations_of_a_layer(network, multiplied):
    words = keras.Input((None,), dtype="int32")
    model = keras.Model(words, network(vectors_of(words)))
    assert training_operations(model, WORDS) == 6 * multiplied


def test_a_layer_used_twice_counts_twice_and_a_frozen_one_a_third():
    words = keras.Input((None,), dtype="int32")
    twice, frozen = layers.Dense(4), layers.Dense(4, trainable=False)
    model = keras.Model(words, frozen(twice(twice(vectors_of(words)))))
    assert training_operations(model, WORDS) == (2 * 6 + 2) * WORDS * 16


def by_chowdhery(backbone, tokens: int) -> float:
    """6 N T + 12 L H T²: N weights that multiply, T tokens, L layers of width H."""
    weights = sum(math.prod(w.shape) for w in backbone.weights if "embeddings" not in w.path)
    return 6 * weights * tokens + 12 * backbone.num_layers * backbone.hidden_dim * tokens**2


@pytest.mark.usefixtures("eagerly")
def test_operations_of_bert_are_those_of_its_formula(small):
    row = catalogue.load("bert")
    options = row.hyperparameters(
        preset="scratch", max_tokens=128, epochs=1, least_steps=1, precision="float32"
    )
    with some(small, 20) as data:
        fitted = row.fit(options, data, lambda event: None)
    by_formula = by_chowdhery(fitted.backbone, 128)  # with biases, and the pooler at every token
    assert training_operations(fitted.model, 128) == pytest.approx(by_formula, rel=0.05)
