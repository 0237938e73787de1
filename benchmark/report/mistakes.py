"""The report's lists: texts that every model gets wrong, and those that split the models."""

from collections.abc import Mapping, Sequence
from typing import Any

from benchmark.analysis.evaluations import Asked
from benchmark.records.predictions import Predictions
from benchmark.report.slices import Slices

import numpy as np
from scipy.special import expit

MOST_LISTED = 25


def of_reviews(
    informed: Mapping[str, Predictions],
    family_of: Mapping[str, str],
    slices: Slices | None,
    with_texts: bool,
) -> list[dict[str, Any]]:
    """List the test reviews that every model gets wrong and those that split the families.

    Args:
        informed: predictions of the rows that do better than always giving one answer.
        family_of: each row's family.
        slices: of the test reviews; None if the corpus is not at hand.
        with_texts: show the reviews' texts.

    Returns:
        Lists as the page's template takes them, each with "title", "about" and "reviews".
    """

    def entry(place: int, remark: str = "") -> dict[str, Any]:
        said = {"number": int(place), "id": "", "words": None, "remark": remark, "text": None}
        if slices is not None:
            said |= {"id": slices.ids[place], "words": int(slices.words[place])}
            if with_texts:
                said["text"] = bytes(slices.texts[place]).decode()
        return said

    rows = list(informed.values())
    if not rows:
        return []
    wrong = always_wrong([row.logits for row in rows], rows[0].labels)
    lists = [
        {
            "title": "Reviews that every model gets wrong",
            "about": _about_wrong(len(rows), len(wrong), f"{len(rows[0].labels):,} test reviews"),
            "reviews": [entry(place) for place in wrong[:MOST_LISTED]],
        }
    ]
    split, right_of = most_split(informed, family_of)
    if len(right_of) > 1:
        reviews = []
        for place in split[:MOST_LISTED]:
            right = [family for family, share in right_of.items() if share[place] >= 0.5]
            reviews.append(entry(place, f"right: {', '.join(right) or 'none'}"))
        lists.append(
            {
                "title": "Reviews that split the families",
                "about": "Where families differ most in the share of their models and seeds that "
                "are right:",
                "reviews": reviews,
            }
        )
    return lists


def of_edits(
    name: str, rows: Mapping[str, Asked], outside: set[str], texts: Mapping[str, str]
) -> list[dict[str, Any]]:
    """List the edits that every row gets wrong and those that only rows with weights get right.

    Args:
        name: of the set of pairs.
        rows: what rows answered to it.
        outside: names of the rows with outside weights.
        texts: those that the page may show, by identifier.

    Returns:
        As `of_reviews` does.
    """
    some = next(iter(rows.values()))
    order = some.rows_of(edited=True)
    pairs, total = some.pairs[order], f"{len(order):,} edits"

    def entry(place: int, remark: str = "") -> dict[str, Any]:
        identifier = f"{name}/{pairs[place]}/edited"
        return {
            "number": int(pairs[place]),
            "id": identifier,
            "words": None,
            "remark": remark,
            "text": texts.get(identifier),
        }

    wrong = always_wrong([row.logits[:, order] for row in rows.values()], some.labels[order])
    lists = [
        {
            "title": f"Edits that every model gets wrong: {name}",
            "about": _about_wrong(len(rows), len(wrong), total),
            "reviews": [entry(place) for place in wrong[:MOST_LISTED]],
        }
    ]
    if outside & set(rows) and set(rows) - outside:
        found, right = only_outside(rows, outside)
        of_all = len(outside & set(rows))
        first = f" The first {min(len(found), MOST_LISTED)}, by how many are right:"
        lists.append(
            {
                "title": f"Edits that only models with outside weights get right: {name}",
                "about": f"All seeds of all models without outside weights are wrong, and most "
                f"seeds of a model with outside weights are right, on {len(found):,} of {total}."
                f"{first if len(found) else ''}",
                "reviews": [
                    entry(place, f"right: {right[place]} of {of_all}")
                    for place in found[:MOST_LISTED]
                ],
            }
        )
    return lists


def _about_wrong(models: int, wrong: int, total: str) -> str:
    who = f"All seeds of all {models} models are" if models > 1 else "All seeds of the model are"
    first = f" The {min(wrong, MOST_LISTED)} that are missed most surely:" if wrong else ""
    return f"{who} wrong on {wrong:,} of {total}.{first}"


def always_wrong(logits: Sequence[np.ndarray], labels: np.ndarray) -> np.ndarray:
    """Return the places of the texts that all seeds of all rows miss, the surest mistakes first.

    Args:
        logits: log-odds of "positive", shape (seeds, texts), of each row.
        labels: 1 positive, 0 negative, shape (texts,).
    """
    right = np.any([((own >= 0) == labels).any(axis=0) for own in logits], axis=0)
    mistake = np.mean(
        [np.abs(expit(own.astype(np.float64)) - labels).mean(axis=0) for own in logits], axis=0
    )
    found = np.flatnonzero(~right)
    return found[np.argsort(-mistake[found], kind="stable")]


def most_split(
    predictions: Mapping[str, Predictions], family_of: Mapping[str, str]
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return the reviews by falling spread between families, and each family's share of right.

    The share is a mean over the family's rows and their seeds, shape (reviews,).
    """
    rows_of: dict[str, list[np.ndarray]] = {}
    for name, row in predictions.items():
        rows_of.setdefault(family_of[name], []).append(row.correct.mean(axis=0))
    right_of = {family: np.mean(rows, axis=0) for family, rows in rows_of.items()}
    spread = np.var(list(right_of.values()), axis=0)
    return np.argsort(-spread, kind="stable"), right_of


def only_outside(rows: Mapping[str, Asked], outside: set[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return the edits that only rows with outside weights get right, and how many of them do.

    Args:
        rows: what rows answered; some have outside weights and some have not.
        outside: names of those with outside weights.

    Returns:
        Places among a set's pairs by ascending number, those first that most get right; and for
        each pair how many rows with outside weights get its edit right with most of their seeds.
    """
    known = np.any(
        [r.edited_right.any(axis=0) for n, r in rows.items() if n not in outside], axis=0
    )
    right = np.sum(
        [row.edited_right.mean(axis=0) > 0.5 for name, row in rows.items() if name in outside],
        axis=0,
    )
    found = np.flatnonzero(~known & (right > 0))
    return found[np.argsort(-right[found], kind="stable")], right
