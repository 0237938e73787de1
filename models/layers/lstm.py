"""The LSTM layer of all rows that have one."""

import keras
from keras import layers


def lstm(units: int, **settings) -> layers.LSTM:
    """Return an LSTM layer that gives its state at every word.

    Args:
        units: numbers in a state.
        **settings: further ones of Keras's layer.

    On JAX it computes in float32, whatever the network does: on a GPU Keras takes cuDNN's kernel
    there, which JAX has for float32 and float64 alone.
    """
    dtype = "float32" if keras.backend.backend() == "jax" else None
    return layers.LSTM(units, return_sequences=True, dtype=dtype, **settings)
