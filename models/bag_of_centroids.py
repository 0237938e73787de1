"""Bag of centroids: words replaced by the cluster that their vector falls in, then counted.

K-means groups the word2vec vectors; "dreadful", "awful" and "abysmal" become one feature, so a word
that training saw twice borrows from its cluster (Kaggle's "Bag of Words Meets Bags of Popcorn",
part 3). Clusters, and two or three that stand side by side, are weighted and read as words are in
`tfidf_logreg`: by (1 + log tf) · idf, divided by the vector's length, and logistic regression. With
``--max-ngram 1`` it counts single clusters, as the original does, which gives the counts to a
random forest.

    python models/bag_of_centroids.py
    python models/bag_of_centroids.py --words-per-cluster 50 --max-ngram 1
    python models/bag_of_centroids.py --vectors skip_gram
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
    from sklearn.pipeline import Pipeline


@hyperparameters
class Hyperparameters:
    """Chosen on validation."""

    vectors: Kind = option("cbow", "how the word vectors are learned; random ones stay as drawn")
    words_per_cluster: float = option(
        2.77, "words in a cluster, in the mean", LogUniform(2.0, 50.0), ge=1
    )
    max_ngram: int = option(3, "clusters in the longest phrase", Choice(1, 2, 3), ge=1, le=5)
    c: float = option(4.44, "inverse strength of the L2 penalty", LogUniform(0.3, 300.0), gt=0)


class ClusterNames:
    """Replaces each word by the name of its cluster."""

    def __init__(self, words: list[str], vectors: np.ndarray, words_per_cluster: float, seed: int):
        self.words = words
        self.vectors = vectors
        self.words_per_cluster = words_per_cluster
        self.seed = seed

    def fit(self, texts: list[str], labels: np.ndarray) -> "ClusterNames":
        """Cluster the vectors, shape (words, dimensions)."""
        from sklearn.cluster import MiniBatchKMeans

        clusters = max(2, round(len(self.words) / self.words_per_cluster))
        kmeans = MiniBatchKMeans(
            clusters,
            init="random",  # k-means++ was no better on validation, and much slower
            n_init=1,
            batch_size=8192,
            max_iter=10,
            random_state=self.seed,
        )
        numbers = kmeans.fit_predict(self.vectors)
        self.name_of_ = {
            word: str(number) for word, number in zip(self.words, numbers.tolist(), strict=True)
        }
        del self.words, self.vectors  # so that a saved model has only what predicting takes
        return self

    def transform(self, texts: list[str]) -> list[str]:
        """Return the texts with cluster names in place of words."""
        return [" ".join(map(self.name_of_.__getitem__, text.split())) for text in texts]


def build(options: Hyperparameters, data: TrainingData) -> "Pipeline":
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    return make_pipeline(
        ClusterNames(
            data.vocabulary,
            data.word_vectors(options.vectors),
            options.words_per_cluster,
            data.seed,
        ),
        TfidfVectorizer(
            token_pattern=WORD,
            lowercase=False,
            ngram_range=(1, options.max_ngram),
            min_df=2,
            sublinear_tf=True,
        ),
        LogisticRegression(C=options.c, max_iter=1000),
    )


row = PipelineRow(
    "word vectors",
    Hyperparameters,
    build=build,
    step=Step("averaged_word2vec", "counts of clusters of words, and of phrases of them"),
)

if __name__ == "__main__":
    from benchmark.commands.row import run_row

    run_row(__file__)
