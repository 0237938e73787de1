"""A tiny preset of each architecture, made by the tests."""

from benchmark.rows import catalogue
from preprocessing.subwords.ids import decoded

import keras
import numpy as np
import pytest

NAMES = ("bert", "roberta", "albert", "distilbert", "gpt")


@pytest.fixture(scope="session")
def presets(sample, tmp_path_factory):
    """By row: the folder of a preset with random weights, its backbone and its tokenizer."""
    keras.utils.set_random_seed(0)
    keras.config.set_dtype_policy("float32")
    made = {}
    for name in NAMES:
        architecture = catalogue.load(name).architecture
        texts = (text for batch in decoded(sample.reviews("train").texts) for text in batch)
        tokenizer = architecture.learn_vocabulary(texts, 400)
        backbone = architecture.new_backbone("tiny", tokenizer.size, 64, 0.1)
        for weight in backbone.weights:  # fresh biases and norms are all zeros and ones
            weight.assign(weight + 0.05 * np.random.default_rng(0).normal(size=weight.shape))
        folder = tmp_path_factory.mktemp("presets") / f"tiny-{name}"
        folder.mkdir()
        architecture.save(folder, backbone, tokenizer)
        made[name] = folder, backbone, tokenizer
    return made
