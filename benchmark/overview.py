"""What run_all.py shows while it works: a live table in a terminal, plain lines elsewhere."""

import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from benchmark.progress import describe

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table


class Overview:
    """Shows every run's state and how much time is left."""

    def __init__(self, runs: Sequence[Any], todo: Sequence[Any], console: Console):
        """Start with all runs, those of `todo` waiting and the others kept."""
        self.todo, self.console = list(todo), console
        self.state = {run: "·" if run in set(todo) else "[green]kept[/]" for run in runs}
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self.current: Any = None
        self.begun = time.perf_counter()
        self.bar = Progress(
            TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[left]}"),
            TimeElapsedColumn(), console=console,
        )  # fmt: skip
        self.task = self.bar.add_task("starting", total=1.0, left="")
        self.live = Live(self, console=console, refresh_per_second=2, transient=False)

    def __enter__(self) -> "Overview":
        if self.console.is_terminal and self.todo:
            self.live.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        if self.live.is_started:
            self.bar.update(self.task, description="done", completed=1.0, left="")
            self.live.__exit__(*error)

    def started(self, run: Any) -> None:
        """Note that a run begins."""
        self.current, self.start, self.done = run, time.perf_counter(), 0.0
        self.state[run] = "[cyan]…[/]"
        self._plain(f"[{self.todo.index(run) + 1}/{len(self.todo)}] {run.row}, seed {run.seed}")

    def tell(self, run: Any, event: dict[str, Any]) -> None:
        """Show an event of the run."""
        text = describe(event).strip()
        if event["event"] == "batch":
            self.done = event["done"]
            text = f"epoch {event['epoch']}/{event['epochs']}"
        elif event["event"] == "epoch":
            self.done = event["epoch"] / event["epochs"]
            accuracy = event["validation_accuracy"]
            self.state[run] = f"[cyan]epoch {event['epoch']}, {accuracy:.3f}[/]"
            self._plain(f"  {text}")
            text = f"epoch {event['epoch']}/{event['epochs']}, validation {accuracy:.4f}"
        if text and event["event"] != "start":
            self.bar.update(
                self.task,
                description=f"{run.row}, seed {run.seed}: {text}",
                completed=(self.todo.index(run) + self.done) / len(self.todo),
                left=self._time_left(),
            )

    def ended(self, run: Any, record: dict[str, Any]) -> None:
        """Note that a run has ended."""
        self.seconds[run.row].append(time.perf_counter() - self.start)
        if record["status"] == "ok":
            accuracy = record["scores"]["accuracy"]
            self.state[run] = f"[green]{accuracy:.4f}[/]"
            text = f"test accuracy {accuracy:.4f}"
        else:
            self.state[run] = "[red]failed[/]"
            text = f"failed: {record['reason']}"
        left = self._time_left(ended=True)
        self._plain(f"  {text}; {self.seconds[run.row][-1]:.1f} s{left and ', ' + left}")

    def _plain(self, line: str) -> None:
        if not self.live.is_started:
            self.console.print(line, markup=False, highlight=False, soft_wrap=True)

    def _time_left(self, ended: bool = False) -> str:
        """Estimate from the runs of this session: a row's last, else the mean of all rows."""
        spent = [seconds[-1] for seconds in self.seconds.values()]
        usual = sum(spent) / len(spent) if spent else None
        left = 0.0
        for run in self.todo[self.todo.index(self.current) + ended :]:
            known = self.seconds.get(run.row)
            expected = known[-1] if known else usual
            if run is self.current:
                elapsed = time.perf_counter() - self.start
                rest = elapsed * (1 - self.done) / self.done if self.done > 0.05 else expected
                expected = rest if rest is None or self.done > 0.05 else max(0.0, rest - elapsed)
            if expected is None:
                return ""
            left += expected
        return "" if left < 1 else f"about {_duration(left)} left"

    def __rich__(self) -> Group:
        seeds = sorted({run.seed for run in self.state})
        table = Table("row", *(f"seed {seed}" for seed in seeds), box=None, pad_edge=False)
        by_row: dict[str, dict[int, str]] = defaultdict(dict)
        for run, state in self.state.items():
            by_row[run.row][run.seed] = state
        for row, states in by_row.items():
            table.add_row(row, *(states.get(seed, "") for seed in seeds))
        return Group(table, self.bar)


def _duration(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s" if minutes \
        else f"{seconds} s"  # fmt: skip
