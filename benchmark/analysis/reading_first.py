"""What reading the reviews first buys: rows that start from a language model or masked tokens."""

from collections.abc import Mapping, Sequence

from benchmark.analysis.columns import EDITED_PAIRS
from benchmark.records.predictions import Predictions

import numpy as np
import pandas as pd

ALL, EDITED = "all labels", "edited pairs"
"""What a gain is in: accuracy on the test reviews, or the share of pairs with both right."""


def reads_first(row: Predictions) -> bool:
    """Tell whether a row learns from reviews' texts before it learns from labels.

    Word vectors do not count, since they know a word's neighbours but not their order.
    """
    passes = [(record.hyperparameters or {}).get("pretrain") for record in row.records]
    return any(passes)


def perplexities(predictions: Mapping[str, Predictions]) -> pd.DataFrame:
    """Return what language models reach, and the rows that start from them.

    Args:
        predictions: of each row for the test reviews.

    Returns:
        One line per row with the columns "model"; "perplexity" on the validation reviews of the
        pass that was kept, the geometric mean of a row's language models and of its seeds; and
        "of", what it is of: "words" or "subwords", whose perplexities cannot be compared.
    """
    lines = []
    for name, row in predictions.items():
        found = [
            _kept(step, passes) for one in row.records for step, passes in one.perplexity.items()
        ]
        if found:
            steps = {step for one in row.records for step in one.perplexity}
            of_words = all(map(_is_of_words, steps))
            perplexity = float(np.exp(np.mean(np.log(found))))
            lines.append((name, perplexity, "words" if of_words else "subwords"))
    return pd.DataFrame(lines, columns=["model", "perplexity", "of"])


def _kept(step: str, passes: Sequence[float]) -> float:
    """Return the perplexity of the pass that was kept: of words the best, of subwords the last."""
    return min(passes) if _is_of_words(step) else passes[-1]


def _is_of_words(step: str) -> bool:
    return step.startswith("language model")


def gains(
    predictions: Mapping[str, Predictions], steps: pd.DataFrame, labels: pd.DataFrame
) -> pd.DataFrame:
    """Return by how much rows that read first beat the simpler rows that do not.

    A step is taken the other way round where the row without it is declared as the change.

    Args:
        predictions: of each row for the test reviews.
        steps: as `benchmark.analysis.steps.build` returns it.
        labels: as `benchmark.analysis.label_curves.build` returns it.

    Returns:
        One line per row and measure, with the columns "model"; "without", the other row; "asked":
        number of labels, the fewest first, then `ALL`, then `EDITED`; "gain", a fraction; and "low"
        and "high", its interval in `steps`, which fewer labels do not have. Where one of the two is
        not shown to do better than guessing with fewer labels, there is no line: such a gain would
        be over a network that learned nothing.
    """
    lines = []
    measures = [(ALL, "difference", "difference_ci")]
    measures += [
        (EDITED, f"{name}_difference", f"{name}_ci")
        for name in EDITED_PAIRS
        if f"{name}_difference" in steps and steps[f"{name}_difference"].notna().any()
    ][:1]
    guessing = max((row.guessing for row in predictions.values()), default=0.5)
    learned = labels[labels["accuracy_ci_low"] > guessing]
    accuracy = learned.pivot(index="model", columns="labels", values="accuracy_mean")
    for _, step in steps.iterrows():
        ends = step["before"], step["after"]
        reads = [reads_first(predictions[name]) for name in ends]
        if reads[0] == reads[1]:
            continue
        sign = 1 if reads[1] else -1
        without, model = ends[::sign]
        if model in accuracy.index and without in accuracy.index:
            fewer = accuracy.columns[:-1]  # the last are all, of which the step tells
            gain = (accuracy.loc[model] - accuracy.loc[without])[fewer].dropna()
            lines += [
                (model, without, f"{number:,} labels", value, np.nan, np.nan)
                for number, value in gain.items()
            ]
        for asked, difference, interval in measures:
            low, high = sorted(sign * step[f"{interval}_{end}"] for end in ("low", "high"))
            lines.append((model, without, asked, sign * step[difference], low, high))
    found = pd.DataFrame(lines, columns=["model", "without", "asked", "gain", "low", "high"])
    return found.dropna(subset="gain")
