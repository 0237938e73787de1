"""An n-gram language model of each class, with Kneser–Ney smoothing, compared by likelihood.

How likely is each word after the few before it in positive reviews, and how likely in negative
ones? The logarithm of the ratio, summed over a review, is the verdict of Bayes' rule once the
classes' shares are added (for sentiment Mesnil et al., 2014, https://arxiv.org/abs/1412.5335). With
single words it would be naive Bayes. Smoothing is interpolated modified Kneser–Ney (Kneser & Ney,
1995; Chen & Goodman, 1999): see `ngrams/kneser_ney.py`. Its estimated discounts are meant for
predicting words; here they are larger by a factor that was chosen on validation.

The sum is far too sure of itself, since words are not independent witnesses. So logistic
regression makes it a probability: the sum is divided by a power of the review's length, and slope
and intercept are fitted to training reviews, each judged by language models that have not seen it
(cross-fitting in five parts).

    python models/ngram_lm.py
    python models/ngram_lm.py --order 2 --discount-scale 1
"""

from typing import TYPE_CHECKING

from benchmark.rows.pipelines import (
    Choice,
    PipelineRow,
    Step,
    TrainingData,
    Uniform,
    hyperparameters,
    option,
)
from models.ngrams.kneser_ney import kneser_ney, probabilities
from models.ngrams.trie import NgramTrie, Places
from preprocessing.ragged import Ragged

import numpy as np

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

PARTS = 5
"""Parts of the training reviews; each is judged by what the others teach."""

_AT_ONCE = 2_000


@hyperparameters
class Hyperparameters:
    """Chosen on validation."""

    order: int = option(4, "words in the longest n-gram", Choice(2, 3, 4, 5), ge=1, le=6)
    discount_scale: float = option(
        1.75, "factor that the estimated discounts are multiplied by", Uniform(0.8, 2.5), gt=0
    )
    length_power: float = option(
        0.5,
        "a review's log-ratio is divided by its length to this power; 1 gives the mean over words",
        Uniform(0.0, 1.0),
        ge=0,
        le=1,
    )


class LogLikelihoodRatio:
    """Turns a review into the log-ratio of its likelihoods, over a power of its length."""

    def __init__(self, vocabulary: list[str], options: Hyperparameters, seed: int):
        self.id_of = {word: number for number, word in enumerate(vocabulary)}
        self.order = options.order
        self.discount_scale = options.discount_scale
        self.length_power = options.length_power
        self.seed = seed

    def fit(self, texts: list[str], labels: np.ndarray) -> "LogLikelihoodRatio":
        """Learn both language models from texts and labels (texts,)."""
        self.fit_transform(texts, labels)
        return self

    def fit_transform(self, texts: list[str], labels: np.ndarray) -> np.ndarray:
        """Learn from all texts; return ratios by models that have not seen the text.

        Thus it differs from `fit` and `transform`, as scikit-learn's `TargetEncoder` does.
        """
        words = self._numbered(texts)
        trie = NgramTrie.of(words, self.order, len(self.id_of))
        places = trie.locate(words)
        is_positive = np.asarray(labels, bool)
        parts = np.random.default_rng(self.seed).permutation(len(texts)) % PARTS
        ratios = np.zeros(len(texts))
        for part in range(PARTS):
            models = self._learn(trie, places, is_positive, parts != part)
            chosen = places.take((parts == part)[places.texts])
            ratios += self._log_ratios(*models, chosen, len(texts))
        self.keys_ = trie.keys
        self.weights_, self.backoffs_ = self._learn(
            trie, places, is_positive, np.ones(len(texts), bool)
        )
        return self._over_length(ratios, words)

    def transform(self, texts: list[str]) -> np.ndarray:
        """Return the ratios, shape (texts, 1)."""
        trie = NgramTrie(self.keys_, self.order, len(self.id_of))
        parts = [np.zeros((0, 1))]
        for start in range(0, len(texts), _AT_ONCE):
            words = self._numbered(texts[start : start + _AT_ONCE])
            places = trie.locate(words)
            ratios = self._log_ratios(self.weights_, self.backoffs_, places, len(words))
            parts.append(self._over_length(ratios, words))
        return np.concatenate(parts)

    def _numbered(self, texts: list[str]) -> Ragged:
        """Return the word ids of each text."""
        lists = [[self.id_of[word] for word in text.split()] for text in texts]
        values = np.array([number for numbers in lists for number in numbers], np.int64)
        return Ragged.from_lengths(values, np.array([len(numbers) for numbers in lists], np.int64))

    def _learn(
        self, trie: NgramTrie, places: Places, is_positive: np.ndarray, chosen: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return weights and backoffs of both models, shapes (…, 2), float32, negative first.

        They learn from the texts of a mask of shape (texts,).
        """
        models = []
        for mask in (chosen & ~is_positive, chosen & is_positive):
            longest = places.nodes[-1][mask[places.texts]]
            counts = np.bincount(longest, minlength=len(trie))
            models.append(kneser_ney(trie, counts, self.discount_scale))
        weights, backoffs = (
            np.stack(arrays, axis=1, dtype=np.float32, casting="same_kind")
            for arrays in zip(*models, strict=True)
        )
        return weights, backoffs

    def _log_ratios(
        self, weights: np.ndarray, backoffs: np.ndarray, places: Places, texts: int
    ) -> np.ndarray:
        """Return log p(text | positive) - log p(text | negative), shape (texts,)."""
        negative, positive = np.log(probabilities(weights, backoffs, places, len(self.id_of))).T
        return np.bincount(places.texts, positive - negative, texts)

    def _over_length(self, ratios: np.ndarray, words: Ragged) -> np.ndarray:
        """Divide each text's ratio by the power of its length; return shape (texts, 1)."""
        return (ratios / np.maximum(words.lengths, 1) ** self.length_power)[:, None]


def build(options: Hyperparameters, data: TrainingData) -> "Pipeline":
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    return make_pipeline(
        LogLikelihoodRatio(data.vocabulary, options, data.seed), LogisticRegression()
    )


row = PipelineRow(
    "language model",
    Hyperparameters,
    build=build,
    step=Step("bag_of_words", "each word's probability after those before it, in either class"),
)

if __name__ == "__main__":
    from benchmark.commands.row import run_row

    run_row(__file__)
