import struct

from benchmark.runs.tensorboard import Curves
from tests.conftest import run_python

import pytest
from tensorboardX.proto.event_pb2 import Event

EPOCH = {"event": "epoch", "epoch": 1, "epochs": 2, "loss": 0.5, "accuracy": 0.8,
         "validation_loss": 0.6, "validation_accuracy": 0.7, "seconds": 2.0}  # fmt: skip


def written(folder):
    """Read TensorBoard's records: length, its checksum, content, its checksum."""
    (file,) = folder.glob("events.out.tfevents.*")
    content, points = file.read_bytes(), {}
    while content:
        (length,) = struct.unpack("<Q", content[:8])
        event = Event.FromString(content[12 : 12 + length])
        points |= {(v.tag, event.step): v.simple_value for v in event.summary.value}
        content = content[16 + length :]
    return points


def a_run(folder, results, *losses):
    passed = []
    curves = Curves(passed.append, folder, results)
    curves({"event": "start", "record": str(results / "runs/imdb/cnn/seed-0.json")})
    for loss in losses:
        curves(EPOCH | {"loss": loss})
    curves({"event": "end"})
    return passed


def test_curves_stand_where_the_record_does_and_events_are_passed_on(tmp_path):
    passed = a_run(tmp_path / "logs", tmp_path / "results", 0.5, 0.25)
    assert [event["event"] for event in passed] == ["start", "epoch", "epoch", "end"]
    points = written(tmp_path / "logs/runs/imdb/cnn/seed-0")
    assert points["loss/train", 1] == 0.5
    assert points["loss/train", 2] == 0.25
    assert points["accuracy/validation", 2] == pytest.approx(0.7)
    assert len(points) == 10


def test_a_run_made_again_replaces_its_curves(tmp_path):
    a_run(tmp_path, tmp_path, 0.5, 0.25)
    a_run(tmp_path, tmp_path, 0.125)
    points = written(tmp_path / "runs/imdb/cnn/seed-0")
    assert {step for _, step in points} == {1}
    assert points["loss/train", 1] == 0.125


def test_rows_without_epochs_leave_nothing(tmp_path):
    a_run(tmp_path / "logs", tmp_path / "results")
    assert not (tmp_path / "logs").exists()


def test_the_whole_benchmark_writes_curves_when_asked(tmp_path, cache):
    done = run_python(
        "run_all.py", "fasttext", "--seeds", "1", "--dataset", "sample", "--limit", "100",
        "--cache", cache, "--results", tmp_path / "results", "--tensorboard", tmp_path / "logs",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    points = written(tmp_path / "logs/runs/sample-limit-100/fasttext/seed-0")
    assert ("loss/validation", 1) in points
