"""Training on word vectors that are moved to where the loss is higher (Miyato et al., 2017).

https://arxiv.org/abs/1605.07725
"""

from collections.abc import Callable
from typing import Any, Literal

from benchmark.rows.networks.batches import WORKERS, Batches
from models.pretraining.gradient import gradient
from preprocessing.ragged import Ragged

import keras
import numpy as np
from keras import layers, ops

XI = 0.1
"""Length of the random step from which the direction of most change is sought; their code's."""

TINY = 1e-12

Kind = Literal["adversarial", "virtual_adversarial"]


@keras.saving.register_keras_serializable(package="imdb_sentiment_benchmark")
class NormalizedVectors(layers.Layer):
    """Word vectors of mean 0 and variance 1 in each dimension (the paper's equation 1).

    Means are over the words by how frequent they are, and are taken anew from the weights whenever
    these change.

    Args:
        words: how many there are.
        dimensions: numbers in a vector.
    """

    def __init__(self, words: int, dimensions: int, **kwargs):
        super().__init__(**kwargs)
        self.words, self.dimensions = words, dimensions

    def build(self, shape) -> None:
        """Make the vectors, shape (words, dimensions), and their frequencies, shape (words,)."""
        self.vectors = self.add_weight(shape=(self.words, self.dimensions), name="vectors")
        self.frequencies = self.add_weight(
            shape=(self.words,), initializer="ones", trainable=False, name="frequencies"
        )

    def start(
        self, vectors: np.ndarray, counts: np.ndarray, lstm: list[np.ndarray]
    ) -> list[np.ndarray]:
        """Take the vectors of a trained LSTM.

        Args:
            vectors: what it has learned with, shape (words, dimensions).
            counts: how often each word occurs, shape (words,).
            lstm: its kernel, recurrent kernel and bias.

        Returns:
            The weights with which it reads the normalised vectors as it read these.
        """
        frequencies = counts / counts.sum()
        mean = frequencies @ vectors
        deviation = np.sqrt(frequencies @ np.square(vectors - mean) + TINY)
        self.vectors.assign(vectors)
        self.frequencies.assign(frequencies)
        kernel, recurrent, bias = lstm
        return [deviation[:, None] * kernel, recurrent, bias + mean @ kernel]

    def call(self, words):
        """Return the normalised vectors, shape (batch, words, dimensions), of ids."""
        weights = self.frequencies[:, None]
        mean = ops.sum(weights * self.vectors, axis=0)
        variance = ops.sum(weights * ops.square(self.vectors - mean), axis=0)
        normalized = (self.vectors - mean) / ops.sqrt(variance + TINY)
        return ops.take(normalized, words, axis=0)

    def compute_output_shape(self, shape):
        """Return the result's shape."""
        return (*shape, self.dimensions)

    def get_config(self) -> dict:
        """Return what `__init__` takes."""
        return super().get_config() | {"words": self.words, "dimensions": self.dimensions}


def of_length(x, length: float):
    """Return the perturbations, shape (batch, words, dimensions), each `length` long as a whole."""
    size = ops.sqrt(ops.sum(ops.square(x), axis=(1, 2), keepdims=True))
    return length * x / (size + TINY)


def adversarial(read: Callable, vectors, mask, labels, epsilon: float):
    """Return the perturbation that raises the loss most, to the first order (section 3).

    Args:
        read: from vectors and mask to probabilities, shape (batch, 1).
        vectors: shape (batch, words, dimensions).
        mask: shape (batch, words, 1), 1 for words and 0 for padding.
        labels: 0 or 1, shape (batch, 1).
        epsilon: how long the perturbation of a review is.

    Returns:
        The shape of `vectors`; zero at padding; nothing is learned through it.
    """

    def loss(moved):
        return ops.sum(keras.losses.binary_crossentropy(labels, read([moved, mask])))

    return of_length(ops.stop_gradient(gradient(loss, vectors)) * mask, epsilon)


def virtual_adversarial(read: Callable, vectors, mask, probabilities, epsilon: float, noise):
    """Return the perturbation that changes the answer most, by one power iteration (section 3).

    Args:
        read: as of `adversarial`, and so the other arguments.
        vectors: shape (batch, words, dimensions).
        mask: shape (batch, words, 1).
        probabilities: what `read` says of the vectors as they are, shape (batch, 1).
        epsilon: how long the perturbation of a review is.
        noise: where the iteration starts, the shape of `vectors`.
    """

    def divergence(moved):
        return ops.sum(kl_divergence(probabilities, read([vectors + moved, mask])))

    first = of_length(noise * mask, XI)
    return of_length(ops.stop_gradient(gradient(divergence, first)) * mask, epsilon)


def kl_divergence(p, q):
    """Return the divergence of q from p, both shape (batch, 1), as shape (batch,), in nats."""
    least = keras.config.epsilon()
    p, q = (ops.clip(x, least, 1 - least) for x in (p, q))
    return (p * ops.log(p / q) + (1 - p) * ops.log((1 - p) / (1 - q)))[:, 0]


class Perturbed(keras.Model):
    """A network in training, whose loss has a second term on perturbed vectors.

    The parts are those of the network that is kept; this one only trains them.

    Args:
        embed: from ids to vectors and mask.
        read: from vectors and mask to probabilities; it has no dropout of its own.
        kind: of the perturbation.
        epsilon: how long it is.
        seed: of the random directions.
    """

    def __init__(
        self, embed: keras.Model, read: keras.Model, kind: Kind, epsilon: float, seed: int
    ):
        super().__init__()
        self.embed, self.read, self.kind, self.epsilon = embed, read, kind, epsilon
        self.noise = keras.random.SeedGenerator(seed)

    def call(self, inputs, training=None):
        """Return probabilities, of the labelled reviews where there are others beside them."""
        words = inputs["words"] if isinstance(inputs, dict) else inputs
        self.embedded = self.embed(words, training=training)
        return self.read(self.embedded)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Return the cross-entropy and, in training, the term of the perturbed vectors."""
        loss = super().compute_loss(x, y, y_pred, sample_weight, training)
        if not training:
            return loss
        vectors, mask = self.embedded
        if self.kind == "adversarial":
            moved = vectors + adversarial(self.read, vectors, mask, y, self.epsilon)
            return loss + ops.mean(keras.losses.binary_crossentropy(y, self.read([moved, mask])))
        terms = [self._smoothness(vectors, mask, y_pred)]
        if isinstance(x, dict):
            vectors, mask = self.embed(x["unlabelled"], training=True)
            terms.append(self._smoothness(vectors, mask, self.read([vectors, mask])))
        return loss + ops.mean(ops.concatenate(terms))

    def _smoothness(self, vectors, mask, probabilities):
        """Return how much the answer to each review can be changed, shape (batch,)."""
        probabilities = ops.stop_gradient(probabilities)
        noise = keras.random.normal(ops.shape(vectors), seed=self.noise)
        moved = vectors + virtual_adversarial(
            self.read, vectors, mask, probabilities, self.epsilon, noise
        )
        return kl_divergence(probabilities, self.read([moved, mask]))


class WithUnlabelled(keras.utils.PyDataset):
    """Batches of labelled reviews with as many unlabelled ones beside each, of like length.

    A batch is {"words", "unlabelled"}, both shape (batch, width), int32, and the labels of the
    first.
    """

    def __init__(self, labelled: Batches, unlabelled: Ragged, random: np.random.Generator):
        """Take the batches.

        Args:
            labelled: they go on as they are.
            unlabelled: word ids of other reviews; those longer than any batch are cut.
            random: draws which of them stand beside which batch.
        """
        super().__init__(workers=WORKERS)
        self.labelled, self.unlabelled, self.random = labelled, unlabelled, random
        lengths = np.minimum(unlabelled.lengths, labelled.widths.max())
        self.by_length = np.argsort(lengths, kind="stable")
        self.lengths = lengths[self.by_length]
        self.pass_seed = int(random.integers(2**32))

    def __len__(self) -> int:
        return len(self.labelled)

    def __getitem__(self, index: int) -> tuple[dict[str, np.ndarray], Any]:
        words, labels = self.labelled[index]
        count, width = words.shape
        low, high = np.searchsorted(self.lengths, [width // 2, width + 1])
        if high - low < count:  # few are as long
            low, high = 0, len(self.lengths)
        random = np.random.default_rng([self.pass_seed, index])
        rows = self.by_length[random.integers(low, high, count)]
        truncation = self.labelled.truncation
        beside = self.unlabelled.padded(rows, width, truncation)
        return {"words": words, "unlabelled": beside}, labels

    def on_epoch_end(self) -> None:
        """Plan the next epoch's batches."""
        self.labelled.on_epoch_end()
        self.pass_seed = int(self.random.integers(2**32))
