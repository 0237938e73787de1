"""Where and with what a run was made."""

import os
import platform
import re
import resource
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from preprocessing.options import ROOT

_PACKAGES = (
    "keras",
    "keras-hub",
    "tokenizers",
    "tensorflow",
    "jax",
    "numpy",
    "scipy",
    "scikit-learn",
    "gensim",
)


def describe() -> dict:
    """Return machine, operating system, Python and package versions, and the code's commit."""
    return {
        "processor": processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "gpus": gpus(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "packages": {name: v for name in _PACKAGES if (v := _version(name))},
        "code": commit(),
    }  # fmt: skip


def processor() -> str:
    """Return the processor's name."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def multiplies_bfloat16() -> bool:
    """Tell whether the processor has instructions that multiply bfloat16 numbers."""
    cpuinfo = Path("/proc/cpuinfo")
    if not cpuinfo.exists():
        return False
    return bool(re.search(r"\b(avx512_bf16|amx_bf16)\b", cpuinfo.read_text()))


def gpus() -> list[str]:
    """Return the names of the NVIDIA GPUs, as the driver's tool tells them."""
    return _of_gpus("name")


def gpus_multiply_bfloat16() -> bool:
    """Tell whether all NVIDIA GPUs have units for bfloat16: Ampere (2020) and later.

    Of accelerators that the driver's tool does not know it is taken for granted.
    """
    return all(float(capability) >= 8 for capability in _of_gpus("compute_cap"))


def _of_gpus(what: str) -> list[str]:
    if not shutil.which("nvidia-smi"):
        return []
    query = ["nvidia-smi", f"--query-gpu={what}", "--format=csv,noheader"]
    answer = subprocess.run(query, capture_output=True, text=True, check=False)
    return answer.stdout.split("\n")[:-1] if answer.returncode == 0 else []


def commit() -> str:
    """Return the checkout's commit, with a + if the code differs from it; "unknown" without git."""
    git = ["git", "-C", str(ROOT)]
    code = ["--", "*.py", "*.txt", "*.toml"]
    try:
        head = subprocess.run(
            [*git, "rev-parse", "--short=10", "HEAD"], capture_output=True, text=True, check=True
        )
        changed = subprocess.run(
            [*git, "status", "--porcelain", *code], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return head.stdout.strip() + ("+" if changed.stdout else "")


def peak_memory_mb() -> float:
    """Return the most main memory this process has held so far, in MB (10^6 bytes)."""
    status = Path("/proc/self/status")
    if status.exists():  # what getrusage says on Linux includes the process that started this one
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024) / 1e6


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
