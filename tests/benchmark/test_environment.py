import dataclasses
import re
import subprocess
import sys
import time
from types import SimpleNamespace

from benchmark.records import environment
from benchmark.records.record import Environment
from benchmark.rows import catalogue, hardware, training_data
from benchmark.runs import run as running
from tests.conftest import ROOT

import numpy as np
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


def test_the_description_names_the_essentials():
    described = environment.describe()
    assert described == Environment.model_validate_json(described.model_dump_json())
    assert described.packages["scikit-learn"]
    assert described.processor
    assert described.load_average >= 0


def test_a_load_that_comes_while_a_model_learns_is_noticed(small, tmp_path, monkeypatch):
    loads = iter([(0.5, 0, 0), (99.0, 0, 0)])
    monkeypatch.setattr("os.getloadavg", lambda: next(loads))
    row = catalogue.load("majority")
    options = row.hyperparameters()
    record, _ = running.run("majority", row, options, 0, small, tmp_path, lambda event: None)
    assert record.environment.load_average == 99.0
    assert record.is_disturbed


def test_what_is_made_once_is_no_part_of_training(small, tmp_path, monkeypatch):
    now = [0.0]

    def passes(seconds=0.001):
        now[0] += seconds
        return now[0]

    for module in (training_data, running):
        clock = SimpleNamespace(perf_counter=passes, process_time=passes)
        monkeypatch.setattr(module, "time", clock)
    majority = catalogue.load("majority")

    def build(options, data):
        data.cached("teacher", f"slow-{tmp_path.name}", lambda folder: passes(1000) and {})
        passes(2)
        return majority.build(options, data)

    row = dataclasses.replace(majority, build=build)
    for seed in (0, 1):  # the second finds what the first made
        record, _ = running.run(
            "majority", row, row.hyperparameters(), seed, small, tmp_path, lambda event: None
        )
        assert 2 <= record.seconds.training < 3
        assert 2 <= record.seconds.training_cpu < 3
        assert 1000 <= record.seconds.preprocessing["teacher"] < 1001


def test_a_commit_with_changes_to_its_code_ends_in_a_plus(tmp_path, monkeypatch):
    def git(*words):
        who = ("-c", "user.name=a", "-c", "user.email=a@b")
        subprocess.run(["git", "-C", tmp_path, *who, *words], check=True, capture_output=True)

    inside = tmp_path / "inside"
    inside.mkdir()
    monkeypatch.setattr(environment, "ROOT", inside)
    assert environment.commit() == "unknown"
    (tmp_path / "a.py").write_text("1\n")
    git("init")
    git("add", ".")
    git("commit", "-m", "a")
    assert environment.commit() == "unknown", "a checkout around it is another program's"
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    clean = environment.commit()
    assert re.fullmatch(r"[0-9a-f]{10}", clean)
    (tmp_path / "notes.md").touch()
    assert environment.commit() == clean
    (tmp_path / "new.py").touch()
    assert environment.commit() == f"{clean}+"


def test_a_run_that_was_given_a_part_of_a_machine_is_of_another_kind():
    described = environment.describe()
    part = described.model_copy(update={"cpus_given": 1.0})
    assert "1 of them given, so that times are not comparable" in part.machine
    assert part.machine != described.machine


@pytest.mark.parametrize(("said", "threads"), [("1", 1), ("999", 2), ("0", 2), ("x", 2)])
def test_a_machine_of_fewer_threads_is_another(monkeypatch, said, threads):
    monkeypatch.setattr(hardware, "cores", lambda: 2)
    whole = environment.describe()
    assert "thread" not in whole.machine
    monkeypatch.setenv(hardware.THREADS, said)
    described = environment.describe()
    assert described.threads == threads
    assert (described.machine == whole.machine) == (threads == 2)
    assert ("2 cores, 1 thread" in described.machine) == (threads == 1)


@pytest.mark.parametrize(
    ("cpuinfo", "extensions", "bfloat16"),
    [
        ("flags\t\t: fpu sse2 avx avx2 fma avx512f avx512_bf16 amx_bf16 amx_tile",
         ["avx", "avx2", "fma", "avx512f", "avx512_bf16", "amx_tile", "amx_bf16"], True),
        ("flags\t\t: fpu avx2", ["avx2"], False),
        ("flags\t\t: fpu", [], False),
        ("Features\t: fp asimd bf16 sve", ["neon", "bf16", "sve"], False),
        ("processor\t: 0", None, False),
    ],
)  # fmt: skip
def test_vector_extensions_are_read_as_linux_tells_them(
    cpuinfo, extensions, bfloat16, tmp_path, monkeypatch
):
    (tmp_path / "cpuinfo").write_text(f"processor\t: 0\n{cpuinfo}\n")
    monkeypatch.setattr(hardware, "CPUINFO", tmp_path / "cpuinfo")
    assert hardware.vector_extensions() == extensions
    assert hardware.multiplies_bfloat16() is bfloat16


def test_matrix_products_are_timed_with_what_is_imported(monkeypatch):
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    library, float32, bfloat16 = hardware.matrix_products()
    assert (library, bfloat16) == ("numpy", None)
    start = time.perf_counter()
    matrix = np.ones((500, 500), np.float32)
    matrix @ matrix
    slowest = 2 * 500**3 / (time.perf_counter() - start) / 1e9 / 100
    assert slowest < float32 < 1e6


def test_matrix_products_of_keras_are_of_its_backend():
    import keras

    library, float32, bfloat16 = hardware.matrix_products()
    assert library == keras.backend.backend()
    assert float32 > 0
    assert bfloat16 > 0


@pytest.mark.parametrize(
    ("cpuinfo", "name"),
    [
        ("processor\t: 0\nmodel name\t: A Chip 9\nflags\t: avx\n", "A Chip 9"),
        ("CPU implementer\t: 0x41\nCPU part\t: 0xd0c\n", "aarch64 0x41 0xd0c"),
        ("processor\t: 0\n", "aarch64"),
    ],
)
def test_processors_of_different_kinds_have_different_names(cpuinfo, name, tmp_path, monkeypatch):
    (tmp_path / "cpuinfo").write_text(cpuinfo)
    monkeypatch.setattr(hardware, "CPUINFO", tmp_path / "cpuinfo")
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    assert hardware.processor() == name


@pytest.mark.parametrize(
    ("visible", "found"), [(None, ["A", "B"]), ("1", ["B"]), ("", []), ("-1", [])]
)
def test_only_gpus_that_the_process_may_use_are_named(visible, found, tmp_path, monkeypatch):
    tool = tmp_path / "nvidia-smi"
    tool.write_text('#!/bin/sh\n[ "$3" = --id=1 ] && echo B || printf "A\\nB\\n"\n')
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert hardware.gpus() == found


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
