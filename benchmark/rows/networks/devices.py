"""The devices that Keras's backend computes on, and a clean start on them."""

from benchmark.rows import hardware
from benchmark.rows.quiet import native_log_hidden

with native_log_hidden():
    import keras


def reset_session(seed: int, dtype_policy: str) -> None:
    """Forget earlier networks and their devices, seed everything and set the dtype policy.

    Layers' names are forgotten, too: they decide the order in which gradients are added.
    """
    keras.utils.clear_session()
    use_all_gpus()
    keras.utils.set_random_seed(seed)
    keras.config.set_dtype_policy(dtype_policy)


def dtype_policy(precision: str) -> str:
    """Return the name of the Keras dtype policy to train with.

    Args:
        precision: "auto" for mixed bfloat16 on a GPU that multiplies it fast and float32 elsewhere,
            or the policy itself.
    """
    if precision != "auto":
        return precision
    return "mixed_bfloat16" if on_gpu() and hardware.gpus_multiply_bfloat16() else "float32"


def use_all_gpus() -> None:
    """Give each GPU its share of every batch, if there are several; Keras does this on JAX."""
    gpus = [name for name in keras.distribution.list_devices() if not name.startswith("cpu")]
    if len(gpus) > 1 and keras.backend.backend() == "jax":
        keras.distribution.set_distribution(keras.distribution.DataParallel(devices=gpus))


def devices() -> int:
    """Return how many devices share each batch."""
    distribution = keras.distribution.distribution()
    return 1 if distribution is None else distribution.device_mesh.devices.size


def on_gpu() -> bool:
    """Tell whether Keras's backend has a GPU."""
    return any(not name.startswith("cpu") for name in keras.distribution.list_devices())
