"""The floor: the share of positive training reviews, whatever the review says.

A row that does not clear this line has learned nothing.

    python models/majority.py
"""

from benchmark.cli import run_row
from benchmark.experiment import TrainingData, hyperparameters
from benchmark.pipelines import PipelineRow

from sklearn.dummy import DummyClassifier
from sklearn.pipeline import make_pipeline


@hyperparameters
class Hyperparameters:
    """There is nothing to set."""


def build(options: Hyperparameters, data: TrainingData):
    return make_pipeline(DummyClassifier(strategy="prior"))


row = PipelineRow("baseline", Hyperparameters, build=build)

if __name__ == "__main__":
    run_row(__file__)
