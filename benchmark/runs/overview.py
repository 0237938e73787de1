"""What run_all.py shows while it works: a live table in a terminal, plain lines elsewhere."""

import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from benchmark.records import metrics, store
from benchmark.records.record import Finished, Record
from benchmark.runs.child import Run
from benchmark.runs.events import describe

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

_ENOUGH_TO_TELL = 0.05


class _Running:
    """A run that has begun: when, and what share of its training is done."""

    def __init__(self) -> None:
        self.start, self.done = time.perf_counter(), 0.0

    def seconds_left(self, expected: float | None) -> float | None:
        """Return the rest, from what is done or else from what such runs take; None if unknown."""
        elapsed = time.perf_counter() - self.start
        if self.done > _ENOUGH_TO_TELL:
            return elapsed * (1 - self.done) / self.done
        return expected and max(0.0, expected - elapsed)


class Overview:
    """Shows every run's state and how much time is left."""

    def __init__(self, runs: Sequence[Run], todo: Sequence[Run], console: Console, jobs: int = 1):
        """Start with all runs, those of `todo` waiting and the others kept; `jobs` run at once."""
        self.todo, self.console, self.jobs = list(todo), console, jobs
        self.state = {run: "·" if run in set(todo) else "[green]kept[/]" for run in runs}
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self.running: dict[Run, _Running] = {}
        self.nodes: dict[str, str] = {}
        self.node_of: dict[Run, str] = {}
        self.begun: dict[Run, int] = {}
        self.ended_runs = 0
        self.lock = threading.Lock()
        self.bar = Progress(
            TextColumn("{task.description}", markup=False), BarColumn(),
            TextColumn("{task.fields[left]}"), TimeElapsedColumn(), console=console,
        )  # fmt: skip
        self.task = self.bar.add_task("starting", total=1.0, left="")
        self.live = Live(self, console=console, refresh_per_second=2)

    def __enter__(self) -> "Overview":
        if self.console.is_terminal and self.todo:
            self.live.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        if self.live.is_started:
            if error[0] is None:
                self.bar.update(self.task, description="done", completed=1.0, left="")
            self.live.__exit__(*error)

    def started(self, run: Run, node: str = "") -> None:
        """Note that a run begins, or begins again, on a node if it is on a cluster."""
        with self.lock:
            where = f" on {node}" if node else ""
            again = ", again" if run in self.running else ""
            self.running[run] = _Running()
            self.state[run] = "[cyan]…[/]"
            number = self.begun.setdefault(run, len(self.begun) + 1)
            if node:
                self.node_of[run] = node
                self.nodes.setdefault(node, "")
                self.jobs = max(self.jobs, len(self.nodes), len(self.running))
            self._plain(f"[{number}/{len(self.todo)}] {run.name}, seed {run.seed}{where}{again}")

    def on_node(self, node: str, doing: str) -> None:
        """Note what a node of a cluster does besides runs; empty if nothing any more."""
        with self.lock:
            self.nodes[node] = doing
            if doing:
                self._plain(f"  {node}: {doing}")

    def tell(self, run: Run, event: dict[str, Any]) -> None:
        """Show an event of the run."""
        with self.lock:
            self._tell(run, event)

    def _tell(self, run: Run, event: dict[str, Any]) -> None:
        text = describe(event).strip()
        if event["event"] == "batch":
            if event["what"] == "epoch":  # the bar would fall back after pretraining
                self.running[run].done = event["done"]
            text = f"{event['what']} {event['epoch']}/{event['epochs']}"
        elif event["event"] == "epoch":
            self.running[run].done = event["epoch"] / event["epochs"]
            accuracy = event["validation_accuracy"]
            self.state[run] = f"[cyan]epoch {event['epoch']}, {accuracy:.3f}[/]"
            self._plain(f"  {self._who(run)}{text}")
            text = f"epoch {event['epoch']}/{event['epochs']}, validation {accuracy:.4f}"
        if text and event["event"] != "start":
            done = self.ended_runs + sum(running.done for running in self.running.values())
            self.bar.update(
                self.task,
                description=f"{run.name}, seed {run.seed}: {text}",
                completed=done / len(self.todo),
                left=self._time_left(),
            )

    def ended(self, run: Run, record: Record) -> None:
        """Note that a run has ended."""
        with self.lock:
            who = self._who(run)
            self.seconds[run.name].append(time.perf_counter() - self.running.pop(run).start)
            self.ended_runs += 1
            self.node_of.pop(run, None)
            if isinstance(record, Finished):
                kept = store.read_predictions(run.path, record)
                accuracy = metrics.accuracy(kept.logits, kept.labels)
                self.state[run] = f"[green]{accuracy:.4f}[/]"
                text = f"test accuracy {accuracy:.4f}"
            else:
                self.state[run] = "[red]failed[/]"
                text = f"failed: {record.reason}"
            left = self._time_left()
            self._plain(f"  {who}{text}; {self.seconds[run.name][-1]:.1f} s{left and ', ' + left}")

    def _who(self, run: Run) -> str:
        """Name the run where several at once make their lines alternate."""
        return f"{run.name}: " if self.jobs > 1 else ""

    def _plain(self, line: str) -> None:
        if not self.live.is_started:
            self.console.print(line, markup=False, highlight=False, soft_wrap=True)

    def _time_left(self) -> str:
        """Estimate from the runs of this session: a row's last, else the mean of all rows."""
        spent = [seconds[-1] for seconds in self.seconds.values()]
        usual = sum(spent) / len(spent) if spent else None
        waiting = [run for run in self.todo if run not in self.begun]
        left = 0.0
        for run in [*self.running, *waiting]:
            known = self.seconds.get(run.name)
            expected = known[-1] if known else usual
            if run in self.running:
                expected = self.running[run].seconds_left(expected)
            if expected is None:
                return ""
            left += expected / self.jobs
        return "" if left < 1 else f"about {_duration(left)} left"

    def __rich__(self) -> Group:
        with self.lock:  # a thread of its own draws
            seeds = sorted({run.seed for run in self.state})
            table = Table("model", *(f"seed {seed}" for seed in seeds), box=None, pad_edge=False)
            by_row: dict[str, dict[int, str]] = defaultdict(dict)
            for run, state in self.state.items():
                by_row[run.name][run.seed] = state
            for row, states in by_row.items():
                table.add_row(Text(row), *(states.get(seed, "") for seed in seeds))
            if not self.nodes:
                return Group(table, self.bar)
            nodes = Table("node", "doing", box=None, pad_edge=False)
            for node, doing in self.nodes.items():
                runs = [run for run, where in self.node_of.items() if where == node]
                told = [f"{run.name}, seed {run.seed}" for run in runs] + [doing] * bool(doing)
                nodes.add_row(Text(node), Text("; ".join(told) or "waiting"))
            return Group(table, nodes, self.bar)


def _duration(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s" if minutes \
        else f"{seconds} s"  # fmt: skip
