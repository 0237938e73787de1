"""The floor: the share of positive training reviews, whatever the review says.

A row that does not clear this line has learned nothing.

    python models/majority.py
"""

from typing import TYPE_CHECKING

from benchmark.rows.pipelines import PipelineRow, TrainingData, hyperparameters

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline


@hyperparameters
class Hyperparameters:
    """There is nothing to set."""


def build(options: Hyperparameters, data: TrainingData) -> "Pipeline":
    from sklearn.dummy import DummyClassifier
    from sklearn.pipeline import make_pipeline

    return make_pipeline(DummyClassifier(strategy="prior"))


row = PipelineRow("baseline", Hyperparameters, build=build)

if __name__ == "__main__":
    from benchmark.commands.row import run_row

    run_row(__file__)
