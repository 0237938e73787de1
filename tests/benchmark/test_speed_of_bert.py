from types import SimpleNamespace

from benchmark.runs.speed_of_bert import training_flops

import numpy as np


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
