"""The validation reviews: part of train, balanced, sharing no film and no text with the rest."""

from collections.abc import Sequence

from preprocessing.errors import UserError
from preprocessing.sources.review import Review

import numpy as np

SEED = 20_110_619  # the opening day of ACL 2011, where the data set was published; any would do


def held_out_mask(reviews: Sequence[Review], fraction: float, seed: int = SEED) -> np.ndarray:
    """Choose the validation reviews, or, where no split is published, the test reviews.

    Whole groups of reviews go to one side. Two reviews are in one group if they are of one film or
    have one text, directly or through others: the same text is sometimes filed under two films.
    Groups are drawn in a fixed random order, and taken while both classes have room, so that each
    class gives `fraction` of its reviews, or as near below as whole groups allow.

    Returns:
        Shape (len(reviews),), bool; True for what is held out.

    Raises:
        UserError: the groups of a class are all larger than its share.
    """
    labels = np.array([review.label for review in reviews])
    groups = _groups(reviews)
    sizes = np.stack([np.bincount(groups[labels == label], minlength=groups.max() + 1)
                      for label in (0, 1)])  # fmt: skip
    wanted = np.array([round(fraction * (labels == label).sum()) for label in (0, 1)])
    room = wanted.copy()
    taken = np.zeros(sizes.shape[1], bool)
    for group in np.random.default_rng(seed).permutation(sizes.shape[1]):
        if (sizes[:, group] <= room).all():
            taken[group] = True
            room -= sizes[:, group]
    if ((room == wanted) & (wanted > 0)).any():
        raise UserError(
            f"no {fraction:.0%} of the texts of each class can be set aside: too few of them "
            f"differ, and equal texts stay together"
        )
    return taken[groups]


def _groups(reviews: Sequence[Review]) -> np.ndarray:
    """Return the number of each review's group, shape (n,)."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    nodes: dict[tuple[str, str], int] = {}
    edges = [
        (row, len(reviews) + nodes.setdefault(key, len(nodes)))
        for row, review in enumerate(reviews)
        for key in (("film", review.film), ("text", review.text))
    ]
    rows, columns = np.array(edges).T
    size = len(reviews) + len(nodes)
    graph = coo_matrix((np.ones(len(edges)), (rows, columns)), shape=(size, size))
    groups = connected_components(graph, directed=False)[1][: len(reviews)]
    return np.unique(groups, return_inverse=True)[1]
