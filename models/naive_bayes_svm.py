"""NB-SVM (Wang & Manning, ACL 2012): a linear model on phrases weighted by naive Bayes.

Each word and phrase is present or absent; its weight is the log-count ratio of the two classes,

    r = log (p / |p|) / (q / |q|),   p = alpha + positive counts, q = alpha + negative counts,

so that the linear model starts from what naive Bayes knows. As in the paper, phrases are bigrams;
the best of twenty trials on validation had them, and trigrams were too close to tell apart
(docs/tuning.md). The paper's loss is the squared hinge. Here it is logistic, as in Mesnil et al.
(2014, arXiv:1412.5335), which gives probabilities. The paper's interpolation of the weights with
their mean is left out.

    python models/naive_bayes_svm.py
    python models/naive_bayes_svm.py --max-ngram 3
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

import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix
    from sklearn.pipeline import Pipeline


@hyperparameters
class Hyperparameters:
    """Chosen on validation."""

    max_ngram: int = option(2, "words in the longest phrase", Choice(1, 2, 3), ge=1, le=5)
    min_df: int = option(
        2, "training reviews that a phrase must occur in", Choice(1, 2, 3, 5), ge=1
    )
    alpha: float = option(
        0.873, "added to each count, as in the paper", LogUniform(0.1, 10.0), gt=0
    )
    c: float = option(0.97, "inverse strength of the L2 penalty", LogUniform(0.01, 10.0), gt=0)


class LogCountRatio:
    """Multiplies each feature by its log-count ratio (equation 2 of the paper)."""

    def __init__(self, alpha: float = 1.0):
        self.alpha = alpha

    def fit(self, counts: "csr_matrix", labels: np.ndarray) -> "LogCountRatio":
        """Compute the ratio from features of shape (reviews, phrases) and labels (reviews,)."""
        positive = self.alpha + counts[labels == 1].sum(axis=0).A1
        negative = self.alpha + counts[labels == 0].sum(axis=0).A1
        self.ratio_ = np.log(positive / positive.sum()) - np.log(negative / negative.sum())
        return self

    def transform(self, counts: "csr_matrix") -> "csr_matrix":
        """Return the weighted features."""
        return counts.multiply(self.ratio_).tocsr()


def build(options: Hyperparameters, data: TrainingData) -> "Pipeline":
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    return make_pipeline(
        CountVectorizer(
            token_pattern=WORD,
            lowercase=False,
            ngram_range=(1, options.max_ngram),
            min_df=options.min_df,
            binary=True,
            dtype=np.float64,
        ),
        LogCountRatio(options.alpha),
        LogisticRegression(C=options.c, max_iter=1000),
    )


row = PipelineRow(
    "bag of words",
    Hyperparameters,
    build=build,
    step=Step("tfidf_logreg", "naive Bayes's weights of presence, not counts"),
)

if __name__ == "__main__":
    from benchmark.commands.row import run_row

    run_row(__file__)
