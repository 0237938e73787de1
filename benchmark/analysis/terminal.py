"""Tables for a terminal: text is text, and what has no room gives way in a stated order."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from rich import box
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

_WIDEST_NAME = 20
"""Characters of a name that stay together in a narrow terminal."""


@dataclass(frozen=True)
class Column:
    """A column of a table for a terminal.

    Attributes:
        heading: its heading.
        is_name: it holds names or other text: it stands at the left, and its lines break.
        gives_way: where the table is too wide, columns go in the order of this number; 0 never.
    """

    heading: str
    is_name: bool = False
    gives_way: int = 0


@dataclass
class TerminalTable:
    """A table that leaves out columns until the others fit, and says which.

    Attributes:
        title: what stands above it; empty for nothing.
        columns: all columns.
        caption: the lines below it.
        rows: a cell for each column; strings are taken as they are, never as markup. A name may
            stand with the depth at which it is shown, as a pair.
    """

    title: str
    columns: Sequence[Column]
    caption: Sequence[str] = ()
    rows: list[Sequence[str | Text | tuple[Text, int]]] = field(default_factory=list)

    def add_row(self, *cells: str | Text | tuple[Text, int]) -> None:
        """Add a row; cells that are not given are empty."""
        self.rows.append([*cells, *[""] * (len(self.columns) - len(cells))])

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Show as many columns as the terminal has room for."""
        order = sorted(range(len(self.columns)), key=lambda i: self.columns[i].gives_way)
        giving = [i for i in order if self.columns[i].gives_way]
        left_out: list[int] = []
        while True:
            table = self._built(left_out, options.max_width)
            wide = options.update(max_width=10_000)
            needed = Measurement.get(console, wide, table).minimum
            if needed <= options.max_width or not giving:
                break
            left_out.append(giving.pop(0))
        yield table
        caption = list(self.caption)
        if left_out:
            headings = (" ".join(self.columns[i].heading.split()) for i in left_out)
            caption.append(f"columns that do not fit: {', '.join(headings)}")
        for line in caption:
            yield Text(line)

    def _built(self, left_out: list[int], width: int) -> Table:
        """Return the table without the columns of these numbers, for a width in characters."""
        kept = [i for i in range(len(self.columns)) if i not in left_out]
        table = Table(
            title=Text(self.title) if self.title else None,
            box=box.SIMPLE_HEAD,
            padding=(0, 1, 0, 0),
            min_width=min(len(self.title) + 2, width),
        )
        indent = 2 if width >= 100 else 1
        for i in kept:
            column = self.columns[i]
            cells = [row[i] for row in self.rows]
            whole = _longest_line(cells if column.is_name else [column.heading, *cells], indent)
            least = min(whole, _WIDEST_NAME) if column.is_name else whole
            table.add_column(
                Text(column.heading),
                justify="left" if column.is_name else "right",
                no_wrap=not column.is_name,
                min_width=least,
                overflow="fold",
            )
        for row in self.rows:
            table.add_row(*(_shown(row[i], indent) for i in kept))
        return table


def share(right: np.ndarray, interval: tuple[float, float]) -> str:
    """Return a cell with the share of what is right, in %, and its interval below."""
    low, high = interval
    return f"{100 * right.mean():.2f}\n{100 * low:.1f}–{100 * high:.1f}"


def _shown(cell: str | Text | tuple[Text, int], indent: int) -> RenderableType:
    if isinstance(cell, tuple):
        text, depth = cell
        return Padding(text, (0, 0, 0, indent * depth))
    return Text(cell) if isinstance(cell, str) else cell


def _longest_line(cells: Sequence[str | Text | tuple[Text, int]], indent: int) -> int:
    """Return how wide a column must be for no line to break."""
    longest = 0
    for cell in cells:
        text, depth = cell if isinstance(cell, tuple) else (cell, 0)
        longest = max(longest, *(indent * depth + len(line) for line in str(text).split("\n")))
    return longest
