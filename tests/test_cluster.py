"""run_all.py on a real Ray cluster, whose nodes are processes of this machine."""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

from preprocessing.corpus import Corpus
from preprocessing.errors import UserError
from preprocessing.storage import pack
from tests.checkouts import (
    add_row,
    is_running,
    leaderboard,
    run_all,
    start_run_all,
    wait_for,
)
from tests.conftest import ROOT, needs, run_python

import pytest

os.environ["RAY_AUTH_MODE"] = "disabled"  # Ray reads it at import; and makes no token then
needs("ray")

FOLDER = "sample-limit-40"
STORE = 80 * 2**20
SLOW = """
    import os, pathlib, time
    with open({told!r}, "a") as file:
        print(os.getpid(), os.environ["IMDB_NODE_CACHE"], file=file)
    if pathlib.Path({told!r}).read_text().count(chr(10)) == 1:
        time.sleep(600)
    return make_pipeline(DummyClassifier(strategy="prior"))
"""
"""A row that sleeps the first time, having told who and where it is."""


class Nodes:
    """A cluster with a head that makes no runs, and nodes of one CPU and a cache each."""

    def __init__(self, folder: Path):
        from benchmark.runs import cluster  # noqa: F401 - sets what Ray reads at import

        from ray.cluster_utils import Cluster

        self.folder, self.nodes = folder, []
        small = {"object_store_memory": STORE, "include_dashboard": False}
        quick = {"health_check_initial_delay_ms": 1000, "health_check_period_ms": 500}
        head = {"num_cpus": 0, "_system_config": quick, **small}
        self.cluster = Cluster(initialize_head=True, head_node_args=head)
        self.address = self.cluster.address
        self.processes: set[int] = set()
        self._note()

    def add(self) -> Path:
        """Add a node; return its cache."""
        cache = self.folder / f"cache-{len(self.nodes)}"
        self.nodes.append(
            self.cluster.add_node(
                num_cpus=1, object_store_memory=STORE, env_vars={"IMDB_NODE_CACHE": str(cache)}
            )
        )
        self._note()
        return cache

    def kill(self, number: int) -> None:
        """Kill a node, as a power cut does."""
        self.cluster.remove_node(self.nodes[number], allow_graceful=False)

    def kill_head(self) -> None:
        self.cluster.head_node.kill_all_processes(check_alive=False, allow_graceful=False)

    def end(self) -> None:
        """End all of its processes by their ids: helpers of a node outlive it if it is killed."""
        self.cluster.shutdown()
        for process in self.processes:
            if is_running(process):
                os.kill(process, signal.SIGKILL)

    def _note(self) -> None:
        """Note the processes of all nodes and what those have started."""
        for node in [self.cluster.head_node, *self.nodes]:
            for process in node.all_processes.values():
                for one in process:
                    self.processes |= {one.process.pid, *children(one.process.pid)}


def children(process: int) -> set[int]:
    said = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(process)], capture_output=True, text=True, check=False
    )
    return {int(line) for line in said.stdout.split()}


def processes_with(mark: str) -> list[int]:
    """Return the processes in whose environment something stands."""
    found = []
    for file in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark.encode() in file.read_bytes():
                found.append(int(file.parent.name))
        except OSError:  # it has ended, or is another user's
            continue
    return found


@pytest.fixture(scope="module")
def nodes(tmp_path_factory) -> Iterator[Nodes]:
    nodes = Nodes(tmp_path_factory.mktemp("nodes"))
    try:
        nodes.add()
        yield nodes
    finally:
        nodes.end()


@pytest.fixture
def bare(checkout) -> Path:
    """A copy of the code without a row."""
    (checkout / "models" / "majority.py").unlink()
    return checkout


def files_of(results: Path) -> dict[str, bytes]:
    folder = results / "runs" / FOLDER
    return {str(f.relative_to(folder)): f.read_bytes() for f in sorted(folder.rglob("*.npz"))}


def begun(output: str) -> list[str]:
    """Return the lines that say which run begins."""
    return [line.split(" on ")[0].split("] ")[1] for line in output.splitlines() if line[:1] == "["]


def test_the_order_and_the_predictions_are_as_planned_and_as_without_a_cluster(
    nodes, checkout, tmp_path
):
    from benchmark.rows import catalogue
    from benchmark.runs.child import Run
    from benchmark.runs.cluster import schedule

    shutil.copytree(ROOT / "results" / "runs" / "imdb", checkout / "results" / "runs" / "imdb")
    shutil.copy(ROOT / "models" / "bag_of_words.py", checkout / "models")
    alone = run_all(checkout, "--seeds", "1", "--results", str(tmp_path / "alone"))
    assert alone.returncode == 0, alone.stderr
    there = run_all(checkout, "--seeds", "1", "--cluster", nodes.address)
    assert there.returncode == 0, there.stderr
    lines = catalogue.lines(checkout).values()
    runs = [Run(line, 0, checkout, hyperparameters={}) for line in lines]
    jobs = schedule.estimate(runs, checkout / "results", "imdb")
    planned = [f"{job.run.name}, seed 0" for _, job in schedule.simulate(jobs, 1).starts]
    assert planned[0] == "bag_of_words, seed 0", "the longest"
    assert begun(there.stdout) == planned
    assert len(files_of(tmp_path / "alone")) == 6
    assert files_of(checkout / "results") == files_of(tmp_path / "alone")
    record = json.loads((checkout / f"results/runs/{FOLDER}/majority/seed-0.json").read_text())
    assert record["environment"]["cpus_given"] is None, "all that the node has"


def test_killed_and_started_again_it_goes_on_and_what_fails_fails_once(nodes, bare, tmp_path):
    told, tried = tmp_path / "told", tmp_path / "tried"
    add_row(bare, "a_quick")
    add_row(bare, "b_slow", body=SLOW.format(told=str(told)).strip())
    add_row(bare, "c_raises", f'open({str(tried)!r}, "a").write("."); raise ValueError("why")')
    driver = start_run_all(bare, "--cluster", nodes.address)
    records = bare / "results" / "runs" / FOLDER
    wait_for(told.exists, 180)  # a node installs the code first
    second = run_all(bare, "--cluster", nodes.address)
    assert second.returncode == 2
    assert "another run_all.py or evaluate is using" in second.stderr
    kept = (records / "a_quick" / "seed-0.json").read_bytes()
    os.killpg(driver.pid, signal.SIGKILL)
    driver.communicate()
    run = int(told.read_text().split()[0])
    wait_for(lambda: not is_running(run))
    assert not (records / "b_slow").exists()

    again = run_all(bare, "--seeds", "1", "--cluster", nodes.address)
    assert again.returncode == 1, again.stderr
    assert (records / "a_quick" / "seed-0.json").read_bytes() == kept
    assert tried.read_text() == "."
    table = leaderboard(bare)
    assert table.loc["c_raises", "info"] == "ValueError: why"
    assert table["status"].drop("c_raises").eq("ok").all()


def test_a_node_dies_and_its_run_is_made_elsewhere_with_what_was_made_once(nodes, bare, tmp_path):
    nodes.add()
    told = tmp_path / "told"
    add_row(bare, "a_slow", body=SLOW.format(told=str(told)).strip())
    for row in ("averaged_word2vec", "bag_of_centroids"):
        shutil.copy(ROOT / "models" / f"{row}.py", bare / "models")
    driver = start_run_all(bare, "--cluster", nodes.address)
    wait_for(told.exists, 180)  # a node installs the code first
    run, cache = told.read_text().split()
    nodes.kill(int(cache.rpartition("-")[2]))
    output, errors = driver.communicate(timeout=300)
    assert driver.returncode == 0, errors
    assert len(told.read_text().splitlines()) == 2
    assert not is_running(int(run))
    assert ", again" in output
    assert "(raylet)" not in output
    assert output.count(": word2vec, cbow, seed 0") == 1
    assert leaderboard(bare)["status"].eq("ok").all()
    seconds = {
        json.loads(file.read_text())["seconds"]["preprocessing"]["word2vec"]
        for file in bare.glob(f"results/runs/{FOLDER}/*o*_*o*/seed-0.json")
    }
    assert len(seconds) == 1, "made by one task"


def test_trials_are_made_on_a_ray_of_this_machine_of_which_nothing_is_left(tmp_path):
    marks = {"IMDB_NODE_CACHE": str(tmp_path / "node")}
    command = ["-m", "benchmark", "tune", "bag_of_words", "--dataset", "sample", "--limit", "40"]
    command += ["--trials", "2", "--results", tmp_path, "--cache", tmp_path, "--cluster"]
    done = run_python(*command, "--cpus-per-run", "1", **marks)
    assert done.returncode == 0, done.stderr
    wait_for(lambda: not processes_with(marks["IMDB_NODE_CACHE"]), 20)
    trials = tmp_path / "tuning" / FOLDER / "bag_of_words" / "trials.jsonl"
    assert [json.loads(line)["trial"] for line in trials.read_text().splitlines()] == [0, 1]


@pytest.fixture
def unreachable(run_here, tmp_path):
    """Run run_all.py with a cluster that cannot be used; return what it says."""

    def run(*arguments: str) -> str:
        done = run_here(
            "run_all.py", "--dataset", "sample", "--limit", "40", "--results", tmp_path,
            "--cache", tmp_path, *arguments,
        )  # fmt: skip
        assert done.returncode == 2
        assert done.stderr.count("\n") == 1
        return done.stderr

    return run


def test_a_cluster_that_cannot_be_used_is_one_line(unreachable, monkeypatch):
    said = "error: --cluster 127.0.0.1:9 does not answer; `ray status"
    assert unreachable("majority", "--cluster", "127.0.0.1:9").startswith(said)
    assert "models are named before --cluster" in unreachable("--cluster", "majority")
    assert "add --cluster" in unreachable("--cpus-per-run", "2")
    assert "leave out --cluster" in unreachable("--jobs", "2", "--cluster")
    monkeypatch.setattr("benchmark.commands.options.find_spec", lambda name: None)
    assert "pip install -r requirements/cluster.txt" in unreachable("--cluster")


def test_another_version_of_ray_is_one_line(nodes, monkeypatch):
    from benchmark.runs.cluster import driver

    import ray

    monkeypatch.setattr(ray, "__version__", "2.1.0")
    with (
        pytest.raises(UserError, match=r"need the same Python and Ray\. .*2\.1\.0"),
        driver._connected(nodes.address),
    ):
        pass
    ray.shutdown()


def test_code_that_is_too_large_to_travel_is_one_line(nodes, checkout, monkeypatch):
    from benchmark.runs.cluster import driver

    import ray

    monkeypatch.setattr(driver, "ROOT", checkout)  # what was sent before is not sent again
    monkeypatch.setattr("ray._private.runtime_env.packaging.GCS_STORAGE_MAX_SIZE", 1000)
    with pytest.raises(UserError, match="too large to travel"), driver._connected(nodes.address):
        pass
    ray.shutdown()


def test_nodes_that_lack_something_are_said(monkeypatch, tmp_path):
    from benchmark.runs.cluster import driver, node

    def of(**resources: float) -> dict:
        return {"NodeManagerHostname": "n1", "Resources": resources}

    with pytest.raises(UserError, match="no node with CPUs"):
        driver._check_room({}, 1, "imdb")
    with pytest.raises(UserError, match=r"n1: .* holds 1 MB, and imdb takes 9; .* 18000000"):
        driver._check_room({"a": of(CPU=1, object_store_memory=1e6)}, 9_000_000, "imdb")
    job = SimpleNamespace(run=SimpleNamespace(line=SimpleNamespace(module="models.majority")))
    with pytest.raises(UserError, match="the largest has 4"):
        driver._request(job, {"a": of(CPU=4), "b": of(CPU=2)}, 8)
    network = SimpleNamespace(run=SimpleNamespace(line=SimpleNamespace(module="models.cnn")))
    with pytest.raises(UserError, match="no node with a GPU has that many; the largest has 4"):
        driver._request(network, {"a": of(CPU=4, GPU=1), "b": of(CPU=16)}, 8)
    assert not driver._answers("first..lan", 6379), "no name of a host"
    with pytest.raises(UserError, match="MB of memory"):
        node._check_memory(1e9)
    with pytest.raises(UserError, match="has room for"):
        node._get(node.Parcel("corpus", 10**18, None), tmp_path / "corpus")


def test_what_a_run_asks_for_follows_from_row_and_nodes():
    from benchmark.runs.cluster import driver

    small = {"Resources": {"CPU": 2.0}}
    large = {"Resources": {"CPU": 16.0, "GPU": 4.0}}
    both = {"a": small, "b": large}
    assert driver._share(False, both, None) == {"CPU": 2}
    assert driver._share(True, both, None) == {"CPU": 4, "GPU": 1}
    assert driver._share(True, {"a": small}, None) == {"CPU": 2}
    assert driver._share(False, both, 1) == {"CPU": 1}


def test_a_node_gets_what_its_run_needs_and_no_more():
    from benchmark.rows import catalogue
    from benchmark.runs.child import Run
    from benchmark.runs.cluster.node import is_needed, seeds_of

    assert is_needed("word2vec-300-seed-0", ("word2vec-",), {0})
    line = catalogue.choose(["lm_lstm"])["lm_lstm"]
    assert seeds_of(Run(line, 2, Path(), hyperparameters={"lm_seed": 0})) == {0, 2}
    assert seeds_of(Run(line, 2, Path())) == {2}
    assert not is_needed("word2vec-300-seed-0", ("word2vec-",), {1})
    assert is_needed("subwords-abc-train", ("subwords-",), {1})
    assert not is_needed("teacher-x-seed-0", ("subwords-",), {0})
    assert not is_needed("word2vec-300-seed-0", (), {0})


def test_what_arrives_damaged_is_not_unpacked(small: Corpus, tmp_path):
    from preprocessing.storage import unpack

    files = pack(small.folder)
    unpack(files, tmp_path / "good" / small.folder.name)
    assert Corpus(tmp_path / "good" / small.folder.name).hash == small.hash
    content = bytearray(files["texts.npy"])
    content[-1] ^= 1
    with pytest.raises(UserError, match="is damaged"):
        unpack(files | {"texts.npy": bytes(content)}, tmp_path / "bad")
    assert not (tmp_path / "bad").exists()


def test_a_cluster_that_goes_is_said_in_one_line_and_records_are_kept(nodes, bare, tmp_path):
    """The last test here: it kills the head of the cluster that the others share."""
    told = tmp_path / "told"
    add_row(bare, "a_quick")
    add_row(bare, "b_slow", body=SLOW.format(told=str(told)).strip())
    driver = start_run_all(bare, "--cluster", nodes.address)
    wait_for(told.exists, 180)  # a node installs the code first
    nodes.kill_head()
    _, errors = driver.communicate(timeout=60)
    assert driver.returncode == 74
    assert errors.splitlines() == [
        f"error: the cluster at {nodes.address} no longer answers; all records so far are kept, "
        "and the next start goes on"
    ]
    assert leaderboard(bare).loc["a_quick", "status"] == "ok"
