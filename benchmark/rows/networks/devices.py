"""The devices that Keras's backend computes on, and a clean start on them."""

from benchmark.rows.quiet import native_log_hidden

with native_log_hidden():
    import keras


def reset_session(seed: int, dtype_policy: str) -> None:
    """Forget earlier networks and their devices, take all GPUs, and fix chance and number format.

    Layers' names are forgotten, too: they decide the order in which gradients are added.
    """
    keras.utils.clear_session()
    use_all_gpus()
    keras.utils.set_random_seed(seed)
    keras.config.set_dtype_policy(dtype_policy)


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
