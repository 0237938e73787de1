"""How many operations a network's training takes, to be set beside what the hardware can do."""

import math
import re
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import keras
import numpy as np

_ADDED = re.compile(r"embeddings?$|positions$|bias$")
"""In the path of weights that are looked up, or added."""


def training_operations(model: keras.Model, words: int) -> float:
    """Return the additions and multiplications of training on one text.

    For each number of a matrix that is learned, two a place forwards and four backwards; of one
    that is not, the two. For dot-product attention, twelve a pair of places and dimension
    (Chowdhery et al., 2022, appendix B, https://arxiv.org/abs/2204.02311). What is looked up, and
    other products of states with states, such as a capsule's routing, count nothing.

    Args:
        model: from ids, shape (batch, words), int32.
        words: of the text, padding included.
    """
    watch = _Watch()
    # Keras tells nobody of the calls of layers within layers
    with patch.object(keras.Layer, "__call__", watch.wrapped()):
        model(np.ones((1, words), np.int32))
    return watch.operations


class _Watch:
    """Counts in every call of a layer, each call of one that is used twice."""

    def __init__(self) -> None:
        self.operations = 0.0
        self.running: list[tuple[keras.Layer, set[int]]] = []
        """The layers that are being called, with the weights of those within them."""

    def wrapped(self) -> Callable[..., Any]:
        """Return what is called in place of `keras.Layer.__call__`."""
        plain = keras.Layer.__call__

        def call(layer: keras.Layer, *inputs: Any, **named: Any) -> Any:
            self.running.append((layer, set()))
            output = plain(layer, *inputs, **named)
            _, within = self.running.pop()
            # a recurrent layer may call its cell as often as it likes
            if not any(isinstance(one, keras.layers.RNN) for one, _ in self.running):
                # KerasHub names all that it gives to attention, and a mask comes first by name
                first = named.get("query", keras.tree.flatten([inputs, named])[0])
                self._count(layer, first, keras.tree.flatten(output)[0], within)
            if self.running:
                self.running[-1][1].update(id(weight) for weight in layer.weights)
            return output

        return call

    def _count(self, layer: keras.Layer, given: Any, output: Any, within: set[int]) -> None:
        if "int" in keras.backend.standardize_dtype(given.dtype):
            return  # ids: vectors are looked up
        kernel_places = output if hasattr(layer, "kernel_size") else given
        places = kernel_places.shape[1] if len(kernel_places.shape) > 2 else 1
        counted = set() if isinstance(layer, keras.layers.RNN) else within
        for weight in layer.weights:
            is_matrix = len(weight.shape) > 1 and not _ADDED.search(weight.path)
            if is_matrix and id(weight) not in counted:
                each = 6 if weight.trainable else 2
                self.operations += each * math.prod(weight.shape) * places
        if isinstance(layer, keras.layers.MultiHeadAttention):
            self.operations += 12 * layer.num_heads * layer.key_dim * places**2
