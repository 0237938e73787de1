"""Interpolated Kneser–Ney smoothing of n-gram probabilities, modified as by Chen & Goodman.

    p(w | h) = max(c(hw) - D(c(hw)), 0) / c(h) + b(h) · p(w | h without its first word)

The longest n-grams are counted as they occur. A shorter one counts once for each word that it was
seen after, since it matters most where the longer one was not seen: "francisco" is frequent, but
follows one word alone (Kneser & Ney, 1995). D takes other values for counts of one, of two, and of
three and more, estimated for each n from how many n-grams have the counts 1 to 4; b(h) is the share
of c(h) that they take. Below single words all are equally likely (Chen & Goodman, 1999,
Computer Speech & Language 13, equations 17 and 26; https://doi.org/10.1006/csla.1999.0128).
"""

from models.ngrams.trie import NgramTrie, Places

import numpy as np

LEAST_DISCOUNT = 0.1
"""Few texts may give an estimate of none, with which what they lack would be impossible."""


def kneser_ney(
    trie: NgramTrie, counts: np.ndarray, discount_scale: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """Smooth counts.

    Args:
        trie: the n-grams.
        counts: how often each of the longest n-grams occurs, shape (nodes,); others are not read.
        discount_scale: factor that the estimated discounts are multiplied by, above 0; none
            exceeds its count.

    Returns:
        The first summand of p for each node, and b for each that can be a context, both float64,
        of shapes (nodes + 1,) and (contexts + 1,); the last entries are those of n-grams not seen.
    """
    weights = np.zeros(len(trie) + 1)
    backoffs = np.ones(trie.levels[trie.order] + 1)
    level_counts = counts[trie.level(trie.order)].astype(np.float64)
    for n in range(trie.order, 0, -1):
        level, above = trie.level(n), trie.level(n - 1)
        size = above.stop - above.start
        discounts = _discounts(level_counts, discount_scale)
        taken = discounts[np.minimum(level_counts, len(discounts) - 1).astype(np.int64)]
        contexts = trie.parents[level] - above.start
        totals = np.bincount(contexts, level_counts, size)
        seen = totals > 0
        totals[~seen] = 1
        weights[level] = (level_counts - taken) / totals[contexts]
        backoffs[above][seen] = (np.bincount(contexts, taken, size) / totals)[seen]
        endings = trie.suffixes[level][level_counts > 0] - above.start
        level_counts = np.bincount(endings, minlength=size).astype(np.float64)
    return weights, backoffs


def probabilities(
    weights: np.ndarray, backoffs: np.ndarray, places: Places, vocabulary_size: int
) -> np.ndarray:
    """Return the probability of each word after those before it.

    Args:
        weights: as `kneser_ney` returns them; further axes may follow the first.
        backoffs: the same.
        places: the words.
        vocabulary_size: word ids, of which all but padding can occur.

    Returns:
        Shape (words,) and the further axes, float64.
    """
    shape = (places.nodes.shape[1], *weights.shape[1:])
    result = np.full(shape, 1 / (vocabulary_size - 1))
    for nodes, contexts in zip(places.nodes, places.contexts, strict=True):
        result = weights[nodes] + backoffs[contexts] * result
    return result


def _discounts(counts: np.ndarray, scale: float) -> np.ndarray:
    """Return what is taken from counts of 0, 1, 2 and of 3 or more, shape (4,)."""
    of = np.bincount(counts[counts <= 4].astype(np.int64), minlength=5)
    share = of[1] / max(of[1] + 2 * of[2], 1)
    number = np.arange(4)
    estimated = number - (number + 1) * share * of[1:] / np.maximum(of[:4], 1)
    return np.clip(scale * np.maximum(estimated, LEAST_DISCOUNT), 0, number)
