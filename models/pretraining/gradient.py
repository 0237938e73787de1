"""The gradient of a loss by what a network reads.

Keras gives gradients to its optimizers alone, so this is the one place that asks the backends.
"""

from collections.abc import Callable

from preprocessing.errors import OptionError

import keras


def gradient(loss: Callable, x):
    """Return the gradient of `loss` at `x`, which a network may use in its own loss.

    Args:
        loss: from a tensor like `x` to a number; it must draw no random numbers.
        x: a float tensor.

    Returns:
        The shape and dtype of `x`.

    Raises:
        OptionError: Keras runs on another backend than TensorFlow or JAX.
    """
    backend = keras.backend.backend()
    if backend not in ("tensorflow", "jax"):
        raise OptionError(f"perturbed vectors need KERAS_BACKEND=tensorflow or jax, not {backend}")
    if backend == "jax":
        import jax

        return jax.grad(loss)(x)
    import tensorflow

    with tensorflow.GradientTape() as tape:
        tape.watch(x)
        value = loss(x)
    return tape.gradient(value, x)
