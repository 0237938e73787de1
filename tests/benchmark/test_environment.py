import json
import subprocess
import sys

from benchmark.records import environment
from benchmark.rows import hardware
from tests.conftest import ROOT

import pytest


def test_the_peak_is_the_process_own_and_not_its_parents():
    held = bytearray(300_000_000)
    held[::4096] = b"x" * len(held[::4096])
    program = "from benchmark.records.environment import peak_memory_mb; print(peak_memory_mb())"
    child = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert environment.peak_memory_mb() > 300
    assert 10 < float(child.stdout) < 300


def test_the_description_is_plain_data_and_names_the_essentials():
    description = environment.describe()
    assert json.loads(json.dumps(description)) == description
    assert {"processor", "cores", "python", "packages", "code"} <= set(description)
    assert description["packages"]["scikit-learn"]


@pytest.mark.parametrize(("capabilities", "fast"), [("9.0", True), ("8.0 7.5", False), ("", True)])
def test_only_gpus_that_all_have_units_for_bfloat16_use_it(
    capabilities, fast, tmp_path, monkeypatch
):
    tool = tmp_path / "nvidia-smi"
    tool.write_text(
        f'#!/bin/sh\n[ "$1" = --query-gpu=compute_cap ] && printf "%s\\n" {capabilities}\n'
    )
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path) if capabilities else "")
    assert hardware.gpus_multiply_bfloat16() is fast
