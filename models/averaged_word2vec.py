"""The average of a review's word vectors, and a classifier that is not linear.

Each word is a point that word2vec (Mikolov et al., 2013) learned from its neighbours in the
training and the unlabelled reviews; a review is the mean of its words. Order is lost and so are
rare words' details, yet 300 numbers hold most of the verdict. The mean is weighted by
(1 + log tf) · idf, so that a review is not mostly "the". Logistic regression reads the mean, and
how similar it is to those of a thousand other reviews, by a Gaussian kernel (Nyström's
approximation; Williams & Seeger, 2001).

    python models/averaged_word2vec.py
    python models/averaged_word2vec.py --landmarks 300
    python models/averaged_word2vec.py --vectors glove
"""

from typing import TYPE_CHECKING

from benchmark.rows.pipelines import (
    WORD,
    Choice,
    LogUniform,
    PipelineRow,
    Step,
    TrainingData,
    hyperparameters,
    option,
)
from preprocessing.word_vectors import Kind

import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix
    from sklearn.pipeline import Pipeline


@hyperparameters
class Hyperparameters:
    """Chosen on validation."""

    vectors: Kind = option("cbow", "how the word vectors are learned; random ones stay as drawn")
    c: float = option(1.32, "inverse strength of the L2 penalty", LogUniform(1.0, 300.0), gt=0)
    gamma: float = option(
        1.35, "the kernel's gamma times the number of dimensions", LogUniform(0.05, 2.0), gt=0
    )
    linear_share: float = option(
        0.785,
        "scale of the averaged vector beside the kernel's features",
        LogUniform(0.01, 1.0),
        ge=0,
    )
    landmarks: int = option(
        2_000,
        "reviews that all others are compared with, but no more than one in twenty (1,091 of IMDB)",
        Choice(300, 1_000, 2_000),
        ge=1,
    )


class WordAverage:
    """Sums word vectors with the weights that it is given."""

    def __init__(self, vectors: np.ndarray):
        self.vectors = vectors

    def fit(self, weights: "csr_matrix", labels: np.ndarray) -> "WordAverage":
        """Learn nothing: the vectors, shape (words, dimensions), stay as they are."""
        return self

    def transform(self, weights: "csr_matrix") -> np.ndarray:
        """Return shape (reviews, dimensions) for weights of shape (reviews, words)."""
        return weights @ self.vectors


def build(options: Hyperparameters, data: TrainingData) -> "Pipeline":
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.kernel_approximation import Nystroem
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import FeatureUnion, make_pipeline
    from sklearn.preprocessing import StandardScaler

    vectors = data.word_vectors(options.vectors)
    resemblance = Nystroem(
        gamma=options.gamma / vectors.shape[1],
        n_components=max(1, min(options.landmarks, len(data.train) // 20)),
        random_state=data.seed,
    )
    return make_pipeline(
        TfidfVectorizer(
            token_pattern=WORD,
            lowercase=False,
            vocabulary=data.vocabulary,
            sublinear_tf=True,
            norm="l1",
        ),
        WordAverage(vectors),
        StandardScaler(),
        FeatureUnion(
            [("average", "passthrough"), ("resemblance", resemblance)],
            transformer_weights={"average": options.linear_share},
        ),
        LogisticRegression(C=options.c, max_iter=1000),
    )


row = PipelineRow(
    "word vectors",
    Hyperparameters,
    build=build,
    step=Step("bag_of_words", "the mean of word vectors, read by a kernel method, not a forest"),
)

if __name__ == "__main__":
    from benchmark.commands.row import run_row

    run_row(__file__)
