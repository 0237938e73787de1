"""The next token: what GPT is pretrained on, and learns further while it is fine-tuned.

The likelihood of each subword after those before it (Radford et al., 2018, equations 1 and 2; the
words' vectors are those of the input).
"""

from typing import Any

from benchmark.rows.networks.batches import Batches
from benchmark.rows.training_data import TrainingData
from bert_family.shared.architecture import backbone_inputs
from bert_family.shared.pretraining import BATCH_SIZE, Objective
from preprocessing.ragged import Ragged
from preprocessing.subwords.tokenizers import Tokenizer

import keras
import numpy as np
from keras import layers, ops


def next_tokens(options: Any, tokenizer: Tokenizer, data: TrainingData) -> Objective:
    """Return the objective; it is the same whatever a row's hyperparameters and the reviews are."""
    return Objective(__name__, causal_lm, NextTokenBatches, perplexity=True)


class NextTokenBatches(Batches):
    """Batches of like length: the tokens but for the last, the ids that follow each, and weights.

    All have the shape (batch, width - 1); the ids are not moved up, and the weights, float32, are 0
    for padding.
    """

    def __init__(
        self,
        sequences: Ragged,
        widths: np.ndarray,
        tokenizer: Tokenizer,
        random: np.random.Generator | None = None,
    ):
        super().__init__(sequences, None, BATCH_SIZE, widths, random=random)

    def __getitem__(self, index: int) -> tuple:
        (tokens,) = super().__getitem__(index)
        following = tokens[:, 1:]
        return tokens[:, :-1], np.maximum(following - 1, 0), (following > 0).astype(np.float32)


def causal_lm(backbone: keras.Model, padding: int) -> keras.Model:
    """Return the network that predicts the next tokens.

    It takes tokens, shape (batch, tokens), int32, and returns logits of those that follow, shape
    (batch, tokens, vocabulary), computed in the network's number format, returned as float32.
    """
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    states = backbone(backbone_inputs(tokens, backbone, padding))
    logits = backbone.token_embedding(states, reverse=True)
    return keras.Model(tokens, ops.cast(logits, "float32"))


@keras.saving.register_keras_serializable("bert_family")
class LanguageModelLoss(layers.Layer):
    """Passes the probability on, and in training adds the language model's loss to the labels'.

    Equation 5 of Radford et al. (2018): L3 = L2 + weight * L1, L1 here the mean over tokens.
    """

    def __init__(self, token_embedding: layers.Layer, weight: float, **kwargs):
        """Take the layer that has the subwords' vectors, and the paper's lambda."""
        super().__init__(**kwargs)
        self.token_embedding, self.weight = token_embedding, weight

    def call(self, inputs: list, training: bool | None = None):
        """Return the probability.

        Args:
            inputs: the probability, shape (batch, 1); the tokens' last hidden states, shape
                (batch, tokens, dimensions); and the tokens, shape (batch, tokens), int32.
            training: whether to add to the loss.
        """
        probability, states, tokens = inputs
        if training:
            logits = self.token_embedding(states[:, :-1], reverse=True)
            following = tokens[:, 1:]
            counts = ops.cast(following > 0, "float32")
            losses = ops.sparse_categorical_crossentropy(
                ops.maximum(following - 1, 0), ops.cast(logits, "float32"), from_logits=True
            )
            self.add_loss(self.weight * ops.sum(losses * counts) / ops.sum(counts))
        return probability
