"""GloVe: global vectors (Pennington, Socher & Manning, 2014, https://aclanthology.org/D14-1162).

How often two words stand near each other is counted first, over all reviews. Then each word gets a
vector w and a bias b, and as the neighbour of others a second vector c and bias d, such that
w_i · c_j + b_i + d_j comes near to log X_ij, where X_ij is the count. What is kept is w + c.

The authors' program makes a step of AdaGrad after each pair of words. Here the gradients of a batch
of pairs are summed and make one step together, which is a product of sparse matrices.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from preprocessing.corpus import Corpus
from preprocessing.ragged import Ragged
from preprocessing.word_vectors.settings import GloveSettings

import numpy as np
from scipy import sparse

_REVIEWS_AT_ONCE = 2_500
_PAIRS_AT_ONCE = 512
"""Whose vectors are gathered together, few enough for the processor's cache."""


def learn(corpus: Corpus, seed: int, settings: GloveSettings) -> np.ndarray:
    """Learn vectors from train and unsup.

    Returns:
        Shape (vocabulary, dimensions), float32; zero for words that train and unsup do not have.
    """
    words = len(corpus.vocabulary)
    counts = co_occurrences(_parts(corpus), words, settings.window)
    vectors = fit(counts, seed, settings)
    vectors[np.diff(counts.indptr) == 0] = 0
    return vectors


def _parts(corpus: Corpus) -> Iterator[Ragged]:
    for split in ("train", "unsup"):
        words = corpus.reviews(split).words
        for start in range(0, len(words), _REVIEWS_AT_ONCE):
            yield words.part(start, min(start + _REVIEWS_AT_ONCE, len(words)))


def co_occurrences(parts: Iterable[Ragged], words: int, window: int) -> sparse.csr_matrix:
    """Count how often words stand near each other; at a distance of d words it counts 1/d.

    Args:
        parts: the word ids of some reviews each.
        words: number of ids.
        window: words to each side that count.

    Returns:
        X of the paper's section 3, symmetric, shape (words, words), float32. A word that stands
        near itself counts in both directions, too.
    """
    above = sparse.csr_matrix((words, words), dtype=np.float32)
    for part in parts:
        ids = np.asarray(part.values, np.int32)
        review = np.repeat(np.arange(len(part)), part.lengths)
        near = sparse.csr_matrix(above.shape, dtype=np.float32)
        for distance in range(1, window + 1):
            together = review[distance:] == review[:-distance]
            one, other = ids[:-distance][together], ids[distance:][together]
            weights = np.full(len(one), 1 / distance, np.float32)
            pairs = (np.minimum(one, other), np.maximum(one, other))
            near = near + sparse.csr_matrix((weights, pairs), shape=above.shape)
        above = above + near
    return (above + above.T).tocsr()


class Parameters(NamedTuple):
    """What is learned of each word; or the gradients of the loss by it, or sums of their squares.

    Attributes:
        words: w, shape (words, dimensions), float.
        neighbours: c, the same.
        word_biases: b, shape (words,), float.
        neighbour_biases: d, the same.
    """

    words: np.ndarray
    neighbours: np.ndarray
    word_biases: np.ndarray
    neighbour_biases: np.ndarray

    @classmethod
    def drawn(cls, words: int, dimensions: int, random: np.random.Generator) -> "Parameters":
        """Return the parameters that learning starts from, as the authors' program draws them."""

        def draw(*shape: int) -> np.ndarray:
            return (random.random(shape, np.float32) - np.float32(0.5)) / np.float32(dimensions)

        return cls(draw(words, dimensions), draw(words, dimensions), draw(words), draw(words))


def fit(counts: sparse.csr_matrix, seed: int, settings: GloveSettings) -> np.ndarray:
    """Learn from the co-occurrences, shape (words, words); return w + c.

    Returns:
        Shape (words, dimensions), float32.
    """
    random = np.random.default_rng(seed)
    parameters = Parameters.drawn(counts.shape[0], settings.dimensions, random)
    squares = Parameters(*map(np.ones_like, parameters))
    word_of = np.repeat(np.arange(counts.shape[0], dtype=np.int32), np.diff(counts.indptr))
    for _ in range(settings.epochs):
        order = random.permutation(counts.nnz)
        for start in range(0, counts.nnz, settings.batch_size):
            batch = np.sort(order[start : start + settings.batch_size])  # gathers are local so
            _, gradients = loss(
                parameters, word_of[batch], counts.indices[batch], counts.data[batch], settings
            )
            step(parameters, squares, gradients, settings.learning_rate)
    return parameters.words + parameters.neighbours


def loss(
    parameters: Parameters,
    words: np.ndarray,
    neighbours: np.ndarray,
    counts: np.ndarray,
    settings: GloveSettings,
) -> tuple[float, Parameters]:
    """Return half of J of the paper's equation 8 over some pairs, and its gradients.

    Args:
        parameters: of all words.
        words: the pairs' words, shape (pairs,), integers.
        neighbours: the words that they stand near to, the same; no pair comes twice.
        counts: their co-occurrences, shape (pairs,), above zero.
        settings: have the weights' `x_max` and `power`.
    """
    weights = np.minimum(1, counts / settings.x_max) ** settings.power
    products = np.empty_like(counts, dtype=parameters.words.dtype)
    for start in range(0, len(counts), _PAIRS_AT_ONCE):
        some = slice(start, start + _PAIRS_AT_ONCE)
        np.einsum(
            "pd,pd->p",
            parameters.words[words[some]],
            parameters.neighbours[neighbours[some]],
            out=products[some],
        )
    biases = parameters.word_biases[words] + parameters.neighbour_biases[neighbours]
    errors = products + biases - np.log(counts)
    slopes = weights * errors
    size = len(parameters.words)
    by_word = sparse.csr_matrix((slopes, (words, neighbours)), shape=(size, size))
    gradients = Parameters(
        words=by_word @ parameters.neighbours,
        neighbours=by_word.T @ parameters.words,
        word_biases=np.bincount(words, slopes, size).astype(slopes.dtype),
        neighbour_biases=np.bincount(neighbours, slopes, size).astype(slopes.dtype),
    )
    return float(np.sum(slopes * errors)) / 2, gradients


def step(parameters: Parameters, squares: Parameters, gradients: Parameters, rate: float) -> None:
    """Make a step of AdaGrad, in place (Duchi et al., 2011, https://jmlr.org/papers/v12/duchi11a).

    Args:
        parameters: what is learned.
        squares: of all gradients so far, summed; the authors of GloVe start from 1.
        gradients: of the loss.
        rate: the learning rate.
    """
    for value, square, gradient in zip(parameters, squares, gradients, strict=True):
        square += gradient * gradient
        value -= rate * gradient / np.sqrt(square)
