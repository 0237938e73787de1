"""How long all runs take on a number of nodes, and in which order: ``--cluster``, simulated."""

import argparse
import itertools
from typing import TYPE_CHECKING

from benchmark.commands.options import add_dataset_option, add_results_option, check_dataset
from benchmark.records import PROTOCOL_SEEDS
from preprocessing.options import positive
from preprocessing.wording import counted

if TYPE_CHECKING:
    from benchmark.runs.cluster.schedule import Job


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add how many nodes and seeds, and whose seconds."""
    parser.add_argument(
        "--nodes", type=positive, nargs="+", default=[1, 4, 16, 64], metavar="N",
        help="nodes, each like the machine that made the records (default: 1 4 16 64)",
    )  # fmt: skip
    parser.add_argument(
        "--seeds", type=positive, default=PROTOCOL_SEEDS, metavar="N",
        help="seeds of each model (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--order", action="store_true", help="also list in which order all of it begins"
    )
    add_dataset_option(parser)
    add_results_option(parser)


def main(options: argparse.Namespace) -> None:
    """Print the times for each number of nodes.

    Raises:
        UserError: there are no records.
    """
    check_dataset(options.results, options.dataset)

    from benchmark.rows import catalogue
    from benchmark.runs.cluster import schedule

    from rich.console import Console
    from rich.table import Table

    lines = catalogue.lines().values()
    runs = schedule.lines_with_records(lines, options.results, options.dataset, options.seeds)
    jobs = schedule.estimate(runs, options.results, options.dataset)
    console = Console(highlight=False, markup=False, soft_wrap=True)
    work = sum(job.seconds for job in jobs) / 3600
    shared = len(jobs) - len(runs)
    console.print(
        f"{counted(len(runs), 'run')}, and {counted(shared, 'thing')} made once for several: "
        f"{work:.1f} hours"
    )
    table = Table("nodes", "hours", "lower bound", "above it", box=None)
    for column in table.columns:
        column.justify = "right"
    simulated = {nodes: schedule.simulate(jobs, nodes) for nodes in options.nodes}
    for nodes, found in simulated.items():
        above = max(0.0, found.seconds / found.bound - 1) if found.bound else 0.0
        hours, bound = found.seconds / 3600, found.bound / 3600
        table.add_row(str(nodes), f"{hours:.2f}", f"{bound:.2f}", f"{above:.1%}")
    console.print(table)
    if not options.order:
        return
    for nodes, found in simulated.items():
        console.print(f"on {counted(nodes, 'node')}, with the second at which each starts:")
        named = [(_named(job), job.run.seed, second) for second, job in found.starts]
        for name, group in itertools.groupby(named, key=lambda one: one[0]):
            each = ", ".join(f"{second:.0f} (seed {seed})" for _, seed, second in group)
            console.print(f"  {name}: {each}")


def _named(job: "Job") -> str:
    return job.run.name if job.makes is None else f"{job.makes.kind}, {job.makes.name}"
