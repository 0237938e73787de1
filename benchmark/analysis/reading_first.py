"""What reading the reviews first buys: rows that start from a language model or masked tokens."""

from collections.abc import Mapping

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
        A line a row with the columns "model"; "perplexity" on the validation reviews of the pass
        that was kept, the geometric mean of a row's language models and of its seeds; and "of",
        what it is of: "words" or "subwords", whose perplexities cannot be compared.
    """
    lines = []
    for name, row in predictions.items():
        found = [min(passes) for one in row.records for passes in one.perplexity.values()]
        if found:
            steps = {step for one in row.records for step in one.perplexity}
            of_words = all(step.startswith("language model") for step in steps)
            perplexity = float(np.exp(np.mean(np.log(found))))
            lines.append((name, perplexity, "words" if of_words else "subwords"))
    return pd.DataFrame(lines, columns=["model", "perplexity", "of"])


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
        A line a row and what it is asked, with the columns "model"; "without", the other row;
        "asked": number of labels, the fewest first, then `ALL`, then `EDITED`; "gain", a fraction;
        and "low" and "high", its interval of `steps`, which fewer labels do not have. Where one of
        the two is not shown to do better than guessing with fewer labels, there is no line: such
        a gain would be over a network that learned nothing.
    """
    lines = []
    learned = labels[labels["accuracy_ci_low"] > 0.5]
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
        for asked, difference, interval in (
            (ALL, "difference", "difference_ci"),
            (EDITED, "contrast_both_difference", "contrast_both_ci"),
        ):
            low, high = sorted(sign * step[f"{interval}_{end}"] for end in ("low", "high"))
            lines.append((model, without, asked, sign * step[difference], low, high))
    found = pd.DataFrame(lines, columns=["model", "without", "asked", "gain", "low", "high"])
    return found.dropna(subset="gain")
