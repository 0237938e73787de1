"""Where and with what a run was made."""

import os
import platform
import resource
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmark.records.record import Environment
from benchmark.rows import hardware
from preprocessing.program import ROOT

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


def describe() -> Environment:
    """Describe machine, load, operating system, Python and package versions, and the code."""
    return Environment(
        processor=hardware.processor(),
        vector_extensions=hardware.vector_extensions(),
        cores=hardware.cores(),
        threads=hardware.threads(),
        memory_gb=round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        gpus=hardware.gpus(),
        system=f"{platform.system()} {platform.machine()}",
        python=platform.python_version(),
        packages={name: v for name in _PACKAGES if (v := _version(name))},
        code=commit(),
        load_average=load_average(),
    )


def load_average() -> float:
    """Return how many processes want to run, mean over the last minute."""
    return round(os.getloadavg()[0], 2)


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
