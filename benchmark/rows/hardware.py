"""The processor and the GPUs of this machine, and how fast they multiply matrices."""

import functools
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

CPUINFO = Path("/proc/cpuinfo")
THREADS = "OMP_NUM_THREADS"
"""The environment variable by which numerical libraries are told how many threads to use."""

ALL_THREADS = (THREADS, "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "NPROC")
"""Those of all libraries; the last one is XLA's, which JAX computes with."""

_EXTENSIONS = (
    "avx", "avx2", "fma", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "avx512_fp16",
    "amx_tile", "amx_bf16", "amx_int8", "neon", "bf16", "i8mm", "sve", "sve2",
)  # fmt: skip
"""What Linux calls the vector extensions that decide how fast matrices are multiplied.

Of AMD's, avx_vnni came with the generation that multiplies at twice the rate of the one before.
"""

_SIZES = (512, 2048, 8192)
_TOO_SHORT_SECONDS = 0.001
_SECONDS_TO_REPEAT = 0.1


def processor() -> str:
    """Return the processor's name; of one that ARM has designed, the numbers of its kind."""
    if CPUINFO.exists():
        lines = [line.partition(":") for line in CPUINFO.read_text().splitlines()]
        told = {name.strip(): value.strip() for name, _, value in lines}
        if "model name" in told:
            return told["model name"]
        kind = [told[name] for name in ("CPU implementer", "CPU part") if name in told]
        return " ".join([platform.machine(), *kind])
    if sys.platform == "darwin":
        answer = subprocess.run(
            ["sysctl", "-n", "machdep.cpu.brand_string"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        return answer.stdout.strip() or platform.machine()
    return platform.processor() or platform.machine()


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def memory_bytes() -> int:
    """Return the size of the main memory."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def threads() -> int:
    """Return how many threads numerical libraries use: one a core, unless the user says less."""
    said = os.environ.get(THREADS, "")
    return min(int(said), cores()) if said.isdigit() and int(said) > 0 else cores()


def vector_extensions() -> list[str] | None:
    """Return the processor's vector extensions, as Linux calls them; None where it cannot tell."""
    if not CPUINFO.exists():
        return None
    for line in CPUINFO.read_text().splitlines():
        name, _, listed = line.partition(":")
        if name.strip() in ("flags", "Features"):  # of x86, of ARM
            flags = set(listed.split())
            if "asimd" in flags:  # what 64-bit ARM calls NEON
                flags.add("neon")
            return [extension for extension in _EXTENSIONS if extension in flags]
    return None


def multiplies_bfloat16() -> bool:
    """Tell whether the processor has instructions that multiply bfloat16 numbers."""
    return not {"avx512_bf16", "amx_bf16"}.isdisjoint(vector_extensions() or ())


def matrix_products() -> tuple[str, float, float | None]:
    """Measure how fast the numerical library of this process multiplies square matrices.

    That is Keras's backend, on the device that it computes on, if Keras was imported; else numpy.
    Matrices grow until one product takes a millisecond; the best of a tenth of a second counts.

    Returns:
        The library's name; GFLOP/s (10^9 additions and multiplications a second) in float32; the
        same in bfloat16, or None without Keras.
    """
    keras = sys.modules.get("keras")
    if keras is None:
        ones = functools.partial(np.ones, dtype=np.float32)
        return "numpy", _gflops(lambda n: ones((n, n)), np.matmul, lambda product: None), None

    def rate(dtype: str) -> float:
        return _gflops(
            lambda n: keras.ops.ones((n, n), dtype),
            keras.ops.matmul,
            lambda product: keras.ops.convert_to_numpy(keras.ops.cast(product[0, 0], "float32")),
        )

    return keras.backend.backend(), rate("float32"), rate("bfloat16")


def _gflops(
    make: Callable[[int], Any],
    multiply: Callable[[Any, Any], Any],
    finish: Callable[[Any], Any],
) -> float:
    """Return the best rate of a few products.

    Args:
        make: makes a matrix of n rows and columns.
        multiply: begins a product.
        finish: waits for it.
    """
    rate = 0.0
    for size in _SIZES:
        matrix, seconds = make(size), [np.inf]
        finish(multiply(matrix, matrix))  # the first one also compiles
        stop = time.perf_counter() + _SECONDS_TO_REPEAT
        while (start := time.perf_counter()) < stop:
            finish(multiply(matrix, matrix))
            seconds.append(time.perf_counter() - start)
        rate = 2 * size**3 / min(seconds) / 1e9
        if min(seconds) > _TOO_SHORT_SECONDS:
            break
    return round(rate, 1)


def gpus() -> list[str]:
    """Return the names of the NVIDIA GPUs that this process may use, as the driver has them."""
    return _of_gpus("name")


def gpus_multiply_bfloat16() -> bool:
    """Tell whether all NVIDIA GPUs have units for bfloat16: Ampere (2020) and later.

    Of accelerators that the driver's tool does not know it is taken for granted.
    """
    return all(float(capability) >= 8 for capability in _of_gpus("compute_cap"))


def _of_gpus(what: str) -> list[str]:
    may_use = os.environ.get("CUDA_VISIBLE_DEVICES")
    if not shutil.which("nvidia-smi") or may_use in ("", "-1"):
        return []
    query = ["nvidia-smi", f"--query-gpu={what}", "--format=csv,noheader"]
    query += [f"--id={may_use}"] if may_use else []
    answer = subprocess.run(query, capture_output=True, text=True, check=False)
    return answer.stdout.split("\n")[:-1] if answer.returncode == 0 else []
