"""Bag of words and a random forest (Breiman, 2001): word counts, no order, no weights.

The form in which many first meet the task (Kaggle's "Bag of Words Meets Bags of Popcorn", part 1).
Each tree is grown on a bootstrap sample of the reviews and looks at a random √n of the words in
each split; the forest answers with the mean of its trees. It shows what counts alone can do, and
what a linear model on weighted phrases (`tfidf_logreg`) buys over it.

    python models/bag_of_words.py
    python models/bag_of_words.py --trees 100 --words 1000
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
from preprocessing.vocabulary import UNKNOWN

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline


@hyperparameters
class Hyperparameters:
    """Chosen on validation."""

    words: int = option(
        22_600, "most frequent words that are counted", LogUniform(1_000, 65_000), ge=1
    )
    trees: int = option(500, "trees in the forest", ge=1)
    leaf: int = option(2, "training reviews that a leaf holds at least", Choice(1, 2, 4, 8), ge=1)


def build(options: Hyperparameters, data: TrainingData) -> "Pipeline":
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.pipeline import make_pipeline

    # max_features leaves ties to NumPy's sort, which orders them differently on other processors
    counted = data.vocabulary[UNKNOWN:][: options.words]
    return make_pipeline(
        CountVectorizer(token_pattern=WORD, lowercase=False, vocabulary=counted),
        RandomForestClassifier(
            options.trees, min_samples_leaf=options.leaf, n_jobs=-1, random_state=data.seed
        ),
    )


row = PipelineRow(
    "bag of words",
    Hyperparameters,
    build=build,
    step=Step("majority", "counts of words, read by a random forest"),
)

if __name__ == "__main__":
    from benchmark.commands.row import run_row

    run_row(__file__)
