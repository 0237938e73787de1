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
        memory_gb=round(hardware.memory_bytes() / 2**30, 1),
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
    try:
        head = _git("rev-parse", "--short=10", "HEAD")
        changed = _git("status", "--porcelain", "--", "*.py", "*.txt", "*.toml")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return head.strip() + ("+" if changed else "")


def _git(*words: str) -> str:
    """Return what git prints in this checkout; one around it does not count."""
    here_only = os.environ | {"GIT_CEILING_DIRECTORIES": str(ROOT.parent)}
    return subprocess.run(
        ["git", "-C", str(ROOT), *words],
        capture_output=True, text=True, check=True, env=here_only,
    ).stdout  # fmt: skip


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
