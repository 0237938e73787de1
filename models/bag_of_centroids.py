"""Bag of centroids: words replaced by the cluster that their vector falls in, then counted.

K-means groups the word2vec vectors; "dreadful", "awful" and "abysmal" become one feature, so a word
that training saw twice borrows from its cluster (Kaggle's "Bag of Words Meets Bags of Popcorn",
part 3). Cluster counts are weighted like words in `tfidf_logreg`, by (1 + log tf) · idf, and read
by logistic regression.

    python models/bag_of_centroids.py
    python models/bag_of_centroids.py --clusters 1000
"""

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.cluster import MiniBatchKMeans
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline

from benchmark.cli import run_row
from benchmark.experiment import TrainingData, hyperparameters, option
from benchmark.pipelines import WORD, PipelineRow


@hyperparameters
class Hyperparameters:
    """Chosen on validation."""

    words_per_cluster: float = option(5.0, "words in a cluster, in the mean", ge=1)
    c: float = option(1.0, "inverse strength of the L2 penalty", gt=0)


class Centroids(TransformerMixin, BaseEstimator):
    """Turns counts of words into counts of clusters of words."""

    def __init__(self, vectors: np.ndarray, words_per_cluster: float, seed: int):
        self.vectors = vectors
        self.words_per_cluster = words_per_cluster
        self.seed = seed

    def fit(self, counts: csr_matrix, labels: np.ndarray) -> "Centroids":
        """Cluster the vectors, shape (words, dimensions)."""
        words = len(self.vectors)
        clusters = max(2, round(words / self.words_per_cluster))
        kmeans = MiniBatchKMeans(
            clusters, init="random", n_init=1, batch_size=8192, max_iter=10, random_state=self.seed
        )
        cluster_of = kmeans.fit_predict(self.vectors)
        self.membership_ = csr_matrix(
            (np.ones(words), (np.arange(words), cluster_of)), shape=(words, clusters)
        )
        return self

    def transform(self, counts: csr_matrix) -> csr_matrix:
        """Return shape (reviews, clusters) for counts of shape (reviews, words)."""
        return counts @ self.membership_


def build(options: Hyperparameters, data: TrainingData) -> Pipeline:
    return make_pipeline(
        CountVectorizer(token_pattern=WORD, lowercase=False, vocabulary=data.vocabulary),
        Centroids(np.asarray(data.word_vectors()), options.words_per_cluster, data.seed),
        TfidfTransformer(sublinear_tf=True),
        LogisticRegression(C=options.c, max_iter=1000),
    )


row = PipelineRow("word vectors", Hyperparameters, build=build)

if __name__ == "__main__":
    run_row(__file__)
