"""Words whose vectors point nearly the same way."""

from collections.abc import Sequence

from preprocessing.vocabulary import SPECIAL

import numpy as np


class Nearest:
    """Finds the words that are nearest by cosine."""

    def __init__(self, vectors: np.ndarray, vocabulary: Sequence[str]):
        """Scale all vectors to length 1.

        Args:
            vectors: shape (words, dimensions), float; a zero vector is near to none.
            vocabulary: the word of each row; padding and unknown are never found.
        """
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        self._vectors = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
        self._vocabulary = vocabulary
        self._number = {word: number for number, word in enumerate(vocabulary)}

    def to(self, word: str, count: int) -> list[tuple[str, float]]:
        """Return the nearest words and their cosines, the nearest first, the word left out."""
        return self._near(self._of(word), [word], count)

    def completing(self, a: str, b: str, c: str, count: int) -> list[tuple[str, float]]:
        """Return the words that may be to `c` what `b` is to `a`, by cosine to b - a + c.

        All three are left out, as in Mikolov, Yih & Zweig (2013, https://aclanthology.org/N13-1090).
        """
        return self._near(self._of(b) - self._of(a) + self._of(c), [a, b, c], count)

    def _of(self, word: str) -> np.ndarray:
        return self._vectors[self._number[word]]

    def _near(
        self, point: np.ndarray, left_out: Sequence[str], count: int
    ) -> list[tuple[str, float]]:
        length = np.linalg.norm(point)
        cosines = self._vectors @ (point / length if length else point)
        hidden = [*range(len(SPECIAL)), *(self._number[word] for word in left_out)]
        cosines[hidden] = -np.inf
        order = np.argsort(-cosines, kind="stable")[: min(count, len(cosines) - len(set(hidden)))]
        return [(self._vocabulary[number], float(cosines[number])) for number in order]
