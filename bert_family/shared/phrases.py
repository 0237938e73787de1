"""Units of several subwords: whole words, and words that stand together more often than by chance.

Phrases are two words that follow one another, with words such as "of" and "the" between them, that
do so more often than their own counts let expect (Mikolov et al., 2013, section 4,
https://arxiv.org/abs/1310.4546), where ERNIE takes what a chunker finds. They never go across
punctuation.
"""

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmark.rows.training_data import TrainingData
from preprocessing.ragged import Ragged
from preprocessing.subwords.tokenizers import INCOMPLETE, Tokenizer

import numpy as np

LEAST_COUNT = 5
"""Occurrences that a phrase must have; gensim's default."""

THRESHOLD = 10.0
"""Of Mikolov et al.'s score (equation 6) times the number of distinct words; gensim's default."""

_IDS, _WORDS = ".", " "  # between the ids of a word, and between the words of a phrase


def find_phrases(data: TrainingData, tokenizer: Tokenizer) -> Any:
    """Return gensim's phrases of train and unsup, found once and kept.

    Their words are those of the tokenizer, each written as its ids.
    """
    from gensim.models.phrases import ENGLISH_CONNECTOR_WORDS, FrozenPhrases, Phrases

    joining = tokenizer.encode([f" {word}" for word in sorted(ENGLISH_CONNECTOR_WORDS)])
    settings: dict[str, Any] = {
        "min_count": LEAST_COUNT,
        "threshold": THRESHOLD,
        "delimiter": _WORDS,
        "connector_words": frozenset(_IDS.join(map(str, ids)) for ids in joining),
    }
    reviews = [data.subword_ids(part, tokenizer) for part in (data.train_texts, data.unsup)]

    def build(target: Path) -> dict:
        sentences = (
            [word for word, _ in sentence]
            for ids in reviews
            for sentence in _sentences(ids, word_starts(ids, tokenizer), tokenizer)
        )
        found = Phrases(sentences, **settings).export_phrases()
        (target / "phrases.json").write_text(json.dumps(found))
        return {"phrases": len(found)}

    name = f"phrases-{tokenizer.key}-{LEAST_COUNT}-{THRESHOLD:g}"
    folder = data.cached("phrases", name, build)
    phrases = FrozenPhrases(Phrases(**settings))
    phrases.phrasegrams = json.loads((folder / "phrases.json").read_text())
    return phrases


def unit_starts(sequences: Ragged, tokenizer: Tokenizer, phrases: Any = None) -> Ragged:
    """Return where units begin: words, or phrases and the words that are in none.

    Args:
        sequences: what is read of the reviews, as `pack` returns it.
        tokenizer: whose ids they are.
        phrases: as `find_phrases` returns them; None for words alone.

    Returns:
        1 where a unit begins, else 0, for each token, int8; what stands for no text is a unit of
        its own.
    """
    moved = sequences.values.astype(np.int64)
    ids = Ragged(np.where(moved > 0, moved - 1, tokenizer.padding), sequences.offsets)
    starts = word_starts(ids, tokenizer)
    if phrases is not None:
        for sentence in _sentences(ids, starts.copy(), tokenizer):
            place = 0
            for unit, score in phrases.analyze_sentence([word for word, _ in sentence]):
                words = unit.count(_WORDS) + 1
                if score is not None:
                    starts[[begin for _, begin in sentence[place + 1 : place + words]]] = False
                place += words
    return Ragged(starts.astype(np.int8), sequences.offsets)


def word_starts(ids: Ragged, tokenizer: Tokenizer) -> np.ndarray:
    """Tell of each subword whether a word begins with it, shape (subwords,), bool.

    Marks and words begin anew where they touch, as in "good." So does, whatever it is, the first of
    a text and what follows a token that stands for no text: the beginning of its word was cut off.
    """
    begins = np.array([begins for begins, _ in tokenizer.pieces()])
    special = np.isin(ids.values, tokenizer.special)
    spoken = _speaks(tokenizer)[ids.values]
    starts = begins[ids.values] | special
    starts[1:] |= special[:-1] | (spoken[1:] != spoken[:-1])
    starts[ids.offsets[:-1][ids.lengths > 0]] = True
    return starts


def _speaks(tokenizer: Tokenizer) -> np.ndarray:
    """Tell of each id whether its text has letters or digits, shape (ids,), bool.

    A part of a character, as bytes can be, counts as one of a letter.
    """
    speaks = np.array(
        [any(map(str.isalnum, text)) or INCOMPLETE in text for _, text in tokenizer.pieces()]
    )
    speaks[list(tokenizer.special)] = False
    return speaks


def _sentences(
    ids: Ragged, starts: np.ndarray, tokenizer: Tokenizer
) -> Iterator[list[tuple[str, int]]]:
    """Yield the words between marks, each written as its ids, and where in `ids.values` it is."""
    speaks = _speaks(tokenizer)
    for first, last in itertools.pairwise(ids.offsets.tolist()):
        pieces = ids.values[first:last]
        begins = np.flatnonzero(starts[first:last]).tolist()
        spoken, names = speaks[pieces].tolist(), list(map(str, pieces.tolist()))
        sentence: list[tuple[str, int]] = []
        for begin, end in itertools.pairwise([*begins, last - first]):
            if any(spoken[begin:end]):
                sentence.append((_IDS.join(names[begin:end]), first + begin))
            elif sentence:
                yield sentence
                sentence = []
        if sentence:
            yield sentence
