"""The processor and the GPUs of this machine."""

import platform
import re
import shutil
import subprocess
from pathlib import Path


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
