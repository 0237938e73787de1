from types import SimpleNamespace

from benchmark import catalogue
from benchmark.speed import some, training_flops

import numpy as np


def test_what_is_learned_of_some_reviews_is_not_kept_with_the_corpus(small):
    before = set(small.folder.iterdir())
    row = catalogue.load("bert")
    with some(small, 10) as data:
        source = row.source(row.hyperparameters(preset="scratch"), data, print)
        ids = data.subword_ids(data.train, source.tokenizer)
    assert len(data.train) == len(ids) == 10
    assert set(data.train.labels) == {0, 1}
    assert set(small.folder.iterdir()) == before


def test_operations_of_one_training_text():
    """One layer of width 2 with 30 weights that multiply, 5 tokens."""
    weights = [
        SimpleNamespace(path="embeddings/token", shape=(100, 2)),
        SimpleNamespace(path="layer/kernel", shape=(5, 6)),
    ]
    backbone = SimpleNamespace(
        weights=weights,
        num_layers=1,
        hidden_dim=2,
        count_params=lambda: sum(np.prod(weight.shape) for weight in weights),
    )
    assert training_flops(backbone, tokens=5) == 6 * 30 * 5 + 12 * 1 * 2 * 5**2
