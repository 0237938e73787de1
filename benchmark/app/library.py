"""The models that a page can ask: which there are, and those that are loaded."""

import csv
import gc
import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from benchmark.analysis.columns import EDITED_PAIRS
from benchmark.analysis.leaderboard import folder_of
from benchmark.rows import saved
from benchmark.rows.saved import SavedModel
from benchmark.runs import kept_models
from preprocessing.errors import UserError
from preprocessing.storage import MANIFEST

GIGABYTES = 4.0
"""What loaded models take at most, unless the user says otherwise."""

_IN_MEMORY = 4  # times its files: measured 1 to 4, and more of small networks


@dataclass(frozen=True)
class Listed:
    """A model to choose.

    Attributes:
        name: of its line in the leaderboard.
        folder: where it is kept.
        family: of its line.
        accuracy: on test reviews, 0 to 1; None where the leaderboard has none.
        both_right: the share of edited pairs with both texts right; None likewise.
    """

    name: str
    folder: Path
    family: str
    accuracy: float | None = None
    both_right: float | None = None

    @property
    def label(self) -> str:
        """What the page shows."""
        said = [self.name]
        if self.accuracy is not None:
            said.append(f"{self.accuracy:.1%}")
        if self.both_right is not None:
            said.append(f"both right {self.both_right:.1%}")
        return " · ".join(said)


def listed(cache: Path, results: Path, dataset: str) -> dict[str, Listed]:
    """Return the kept models of a data set by name, in the order of its leaderboard.

    Those that no leaderboard has come last. No model is loaded.

    Args:
        cache: where finished runs keep their models.
        results: where the leaderboard is; it may be missing.
        dataset: the data set's name.

    Raises:
        UserError: no model is kept.
    """
    kept = kept_models.named(cache, dataset)
    if not kept:
        raise UserError(
            f"no model of {dataset} is kept in {cache / 'models'}; make demo trains some on "
            f"synthetic reviews, python run_all.py --results mine on the real ones"
        )
    lines = _lines(folder_of(results, dataset) / "leaderboard.csv")
    found = {}
    for name in [*(name for name in lines if name in kept), *(n for n in kept if n not in lines)]:
        line = lines.get(name, {})
        both = next((line[column] for column in EDITED_PAIRS if line.get(column)), "")
        found[name] = Listed(
            name,
            kept[name],
            line.get("family") or saved.glance(kept[name]).get("family", "other"),
            float(line["accuracy_mean"]) if line.get("accuracy_mean") else None,
            float(both) if both else None,
        )
    return found


def _lines(table: Path) -> dict[str, dict[str, str]]:
    if not table.is_file():
        return {}
    with table.open(encoding="utf-8", newline="") as file:
        return {line["model"]: line for line in csv.DictReader(file) if line["status"] == "ok"}


class Library:
    """Loads models when they are first asked for; the least recently used make room for others."""

    def __init__(self, models: dict[str, Listed], gigabytes: float = GIGABYTES):
        """Take the models.

        Args:
            models: by name.
            gigabytes: what loaded ones take at most, 10^9 bytes each, reckoned by their files; one
                is loaded in any case.
        """
        self.models, self.limit = models, gigabytes * 1e9
        self._loaded: OrderedDict[str, tuple[bytes, float, SavedModel]] = OrderedDict()

    @property
    def loaded(self) -> list[str]:
        """The names of loaded models, the least recently used first."""
        return list(self._loaded)

    def get(self, name: str) -> SavedModel:
        """Return a model; one that was replaced since it was loaded is loaded anew.

        Raises:
            UserError: it is gone, or not what was saved.
        """
        folder = self.models[name].folder
        try:
            written = hashlib.sha256((folder / MANIFEST).read_bytes()).digest()
        except OSError:
            self._loaded.pop(name, None)
            raise UserError(f"{name} is no longer kept; its next run keeps it again") from None
        kept_models.mark_used(folder)
        if name in self._loaded and self._loaded[name][0] == written:
            self._loaded.move_to_end(name)
            return self._loaded[name][2]
        self._loaded.pop(name, None)
        files = (file for file in folder.rglob("*") if file.is_file())
        size = _IN_MEMORY * float(sum(file.stat().st_size for file in files))
        while self._loaded and size + sum(one[1] for one in self._loaded.values()) > self.limit:
            self._loaded.popitem(last=False)
            gc.collect()
        model = saved.load(folder)
        self._loaded[name] = written, size, model
        return model
