"""All n-grams of some texts as one sorted array, in which many are looked up at once."""

from dataclasses import dataclass
from functools import cached_property

from preprocessing.ragged import PADDING, Ragged

import numpy as np

ROOT = 0
"""The node of no word."""

UNSEEN = -1
"""In a node's place: the n-gram is not in the trie. As an index it means the last row."""


@dataclass(frozen=True)
class Places:
    """Where the words of some texts stand in a trie.

    Attributes:
        nodes: the node of the last 1, 2, … `order` words up to each, shape (order, words), int32.
        contexts: the node of the 0, 1, … `order - 1` words before each, of the same shape and type.
        texts: the number of each one's text, shape (words,).
    """

    nodes: np.ndarray
    contexts: np.ndarray
    texts: np.ndarray

    def take(self, chosen: np.ndarray) -> "Places":
        """Return some of the words, by a mask of shape (words,)."""
        return Places(self.nodes[:, chosen], self.contexts[:, chosen], self.texts[chosen])


class NgramTrie:
    """The n-grams of 1 to `order` words; each is a node, a child of its first n - 1 words.

    A node's key is its parent's number times the size of the vocabulary plus its last word. Nodes
    are numbered in the order of their keys, and so by rising n: root, single words, pairs, …

    Attributes:
        keys: of the nodes 1, 2, …, ascending, shape (nodes - 1,), int64.
        order: words in the longest n-grams.
        vocabulary_size: word ids, padding included, which stands before the start of each text.
        levels: the first node of n words for n = 0 … `order`, and the number of nodes.
    """

    def __init__(self, keys: np.ndarray, order: int, vocabulary_size: int):
        self.keys = keys
        self.order = order
        self.vocabulary_size = vocabulary_size
        self.levels = [0, 1]
        for _ in range(order):
            after = np.searchsorted(keys, self.levels[-1] * vocabulary_size)
            self.levels.append(1 + int(after))

    @classmethod
    def of(cls, texts: Ragged, order: int, vocabulary_size: int) -> "NgramTrie":
        """Collect the n-grams of texts, given as word ids; at least one has a word."""
        words, starts, _ = _with_padding(texts, order)
        keys = np.zeros(0, np.int64)
        nodes = np.full(len(words), ROOT)
        for n in range(1, order + 1):
            contexts = _before(nodes, starts, n)
            found = contexts * vocabulary_size + words
            keys = np.concatenate([keys, np.unique(found[contexts != UNSEEN])])
            nodes = cls(keys, n, vocabulary_size).find(contexts, words)
        return cls(keys, order, vocabulary_size)

    def __len__(self) -> int:
        return 1 + len(self.keys)

    def level(self, n: int) -> slice:
        """Return the nodes of n words."""
        return slice(self.levels[n], self.levels[n + 1])

    @cached_property
    def parents(self) -> np.ndarray:
        """The node of all words but the last, shape (nodes,); the root is its own."""
        return np.concatenate([[ROOT], self.keys // self.vocabulary_size])

    @cached_property
    def suffixes(self) -> np.ndarray:
        """The node of all words but the first, shape (nodes,); the root is its own."""
        suffixes = np.full(len(self), ROOT)
        for n in range(2, self.order + 1):
            level = self.level(n)
            last_words = self.keys[level.start - 1 : level.stop - 1] % self.vocabulary_size
            suffixes[level] = self.find(suffixes[self.parents[level]], last_words)
        return suffixes

    def find(self, parents: np.ndarray, words: np.ndarray) -> np.ndarray:
        """Return the child of each node for each word, or UNSEEN, int64."""
        wanted = parents.astype(np.int64) * self.vocabulary_size + words
        index = np.searchsorted(self.keys, wanted)
        index[index == len(self.keys)] = 0
        return np.where(self.keys[index] == wanted, index + 1, UNSEEN)

    def locate(self, texts: Ragged) -> Places:
        """Look up all n-grams of texts, given as word ids."""
        words, starts, numbers = _with_padding(texts, self.order)
        is_word = words != PADDING
        ends, befores = [], []
        nodes = np.full(len(words), ROOT)
        for n in range(1, self.order + 1):
            contexts = _before(nodes, starts, n)
            nodes = self.find(contexts, words)
            ends.append(nodes[is_word].astype(np.int32))
            befores.append(contexts[is_word].astype(np.int32))
        return Places(np.stack(ends), np.stack(befores), numbers[is_word])


def _with_padding(texts: Ragged, order: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the words with `order - 1` paddings before each text, the starts, and text numbers.

    Words and numbers have shape (words and paddings,), starts has shape (texts,).
    """
    lengths = texts.lengths + order - 1
    numbers = np.repeat(np.arange(len(texts)), lengths)
    starts = np.cumsum(lengths) - lengths
    words = np.full(len(numbers), PADDING, np.int64)
    words[np.arange(len(numbers)) - starts[numbers] >= order - 1] = texts.values
    return words, starts, numbers


def _before(nodes: np.ndarray, starts: np.ndarray, n: int) -> np.ndarray:
    """Return the node of n - 1 words before each position, given those that end at each.

    None reaches back into the text before.
    """
    if n == 1:
        return nodes
    contexts = np.roll(nodes, 1)
    contexts[starts[starts < len(nodes)]] = UNSEEN
    return contexts
