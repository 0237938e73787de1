"""TF-IDF and logistic regression: words and short phrases, weighted by how telling they are.

Each word and each phrase of two words is a feature. Its weight in a review is (1 + log tf) · idf
(tf-idf: Salton & Buckley, 1988): repeating a word says a little more, being rare says much more.
Then all weights are divided by the length of the review's vector, so that a long review does not
count more than a short one. One linear layer on top is fitted by L-BFGS; the problem is convex, so
all seeds give the same model. Unlike plain bag of words, it has phrases: "not good" is a feature of
its own.

    python models/tfidf_logreg.py
    python models/tfidf_logreg.py --max-ngram 1 --c 3
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

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline


@hyperparameters
class Hyperparameters:
    """Chosen on validation."""

    max_ngram: int = option(2, "words in the longest phrase", Choice(1, 2, 3), ge=1, le=5)
    min_df: int = option(
        3, "training reviews that a phrase must occur in", Choice(1, 2, 3, 5), ge=1
    )
    c: float = option(153.0, "inverse strength of the L2 penalty", LogUniform(1.0, 1000.0), gt=0)


def build(options: Hyperparameters, data: TrainingData) -> "Pipeline":
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    return make_pipeline(
        TfidfVectorizer(
            token_pattern=WORD,
            lowercase=False,
            ngram_range=(1, options.max_ngram),
            min_df=options.min_df,
            sublinear_tf=True,
        ),
        LogisticRegression(C=options.c, max_iter=1000),
    )


row = PipelineRow(
    "bag of words",
    Hyperparameters,
    build=build,
    step=Step("bag_of_words", "phrases, tf-idf weights and a linear model"),
)

if __name__ == "__main__":
    from benchmark.commands.row import run_row

    run_row(__file__)
