"""Why a saved model answers as it does: reasons that every row can give, and what some can add.

**Occlusion** (Zeiler & Fergus, 2014, https://arxiv.org/abs/1311.2901; for words Li, Monroe &
Jurafsky, 2016, https://arxiv.org/abs/1612.08220) asks the model again without a word. The word's
change is the log-odds of "positive" with it less those without it, so that what is above zero
speaks for "positive". The same is done for sentences. Only answers are needed, so a change means
the same for every row; for a linear model of single words it is the word's weight times its value.

What it tells is how the model would have answered another text, and so what this answer hangs on.
What it does not tell:

- How words act together. Of two words that say the same, each may change nothing, since the other
  is still there; "not" and "good" share what they say as a pair. Changes do not add up.
- What is so in general. It is about one text, and a text without one of its words may be unlike
  all that the model has learned from.
- Whether the model is right, or why it learned what it relies on.
- The word alone, where a model reads a part of the text or divides by its length: without one
  word, another comes in, or all others weigh more.

**Exact weights**, for linear rows: the share of each word or phrase in the log-odds. With the
intercept they add up to them.

**Attention**, for rows that have it: the weight of each word's state in the mean that the answer
is computed from. It tells where the network looks and not why it answers as it does: a state knows
the words around it, too, and other weights may give the same answer (Jain & Wallace, 2019,
https://arxiv.org/abs/1902.10186; a reply: Wiegreffe & Pinter, 2019,
https://arxiv.org/abs/1908.04626).
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import chain, pairwise
from typing import Any

from benchmark.rows import catalogue
from benchmark.rows.pipelines.pipeline_row import FittedPipeline, as_texts
from benchmark.rows.saved import SavedModel
from preprocessing.corpus import Reviews
from preprocessing.errors import UserError
from preprocessing.text import words as words_of

import numpy as np
from scipy.sparse import issparse
from scipy.special import logit

LONGEST = 20_000
"""Characters of a text that is explained; the longest review has 13,704."""

MOST_WORDS = 200
"""Words that are left out, one by one; of a longer text those of the sentences that matter most."""

_MOST_SENTENCES = 50
_LONGEST_SENTENCE = 40
_BATCH = 64
_LEAST_CHANGE = 0.005  # what two digits show

_LETTERS = r"(?:[^\W_]|[\u0300-\u036f]|&#?\w{1,8};)+"
_PIECE = re.compile(
    r"</?[a-zA-Z][^<>]{0,200}>"  # a tag, which holds no word
    r"|(?:10|\d(?:\.5)?) ?/ ?10\b"
    rf"|{_LETTERS}(?:['’‘´`]{_LETTERS})*"
    r"|[!?]+|\.\.\.|[:;]-?[()]"
)
_END_OF_SENTENCE = re.compile(r"[.!?…]['\"”’)\]]*\s|\n|<br\b|</?p\b", re.IGNORECASE)


@dataclass(frozen=True)
class Part:
    """A word or a sentence of a text.

    Attributes:
        start: its first character.
        stop: the character after its last.
        change: log-odds of "positive" with it less those without it; None where it was not asked.
    """

    start: int
    stop: int
    change: float | None = None


@dataclass(frozen=True)
class Weights:
    """A linear model's answer, taken apart.

    Attributes:
        intercept: its log-odds for a text without any known word.
        phrases: each word or phrase of the text that it knows, and its share of the log-odds; the
            largest first.
    """

    intercept: float
    phrases: list[tuple[str, float]]


@dataclass(frozen=True)
class Reasons:
    """What a model says of a text, and why.

    Attributes:
        text: the text.
        positive: the probability of "positive".
        log_odds: the same as log-odds, at most those of the largest probability below 1.
        words: its words in order.
        sentences: its sentences in order, of a long text a few at a time; none if it has only one.
        weights: exact weights, of a linear model.
        attention: the words that it read, as it read them, and the weight of each; they sum to 1.
    """

    text: str
    positive: float
    log_odds: float
    words: list[Part]
    sentences: list[Part]
    weights: Weights | None = None
    attention: list[tuple[str, float]] | None = None

    def part(self, part: Part) -> str:
        """Return the text of a word or sentence."""
        return self.text[part.start : part.stop]

    def strongest(self, count: int = 5) -> tuple[list[Part], list[Part]]:
        """Return the words that speak most for "positive", and those that do for "negative"."""
        known = sorted(
            (part for part in self.words if part.change is not None),
            key=lambda part: -abs(part.change or 0),
        )
        return (
            [part for part in known if (part.change or 0) >= _LEAST_CHANGE][:count],
            [part for part in known if (part.change or 0) <= -_LEAST_CHANGE][:count],
        )

    def as_json(self) -> dict[str, Any]:
        """Return what `json.dumps` takes."""

        def listed(parts: list[Part]) -> list[dict[str, Any]]:
            return [vars(part) | {"text": self.part(part)} for part in parts]

        return {
            "text": self.text,
            "positive": self.positive,
            "log_odds": self.log_odds,
            "words": listed(self.words),
            "sentences": listed(self.sentences),
            "weights": self.weights and vars(self.weights),
            "attention": self.attention,
        }


def check_text(text: str) -> None:
    """Check that a text can be explained.

    Raises:
        UserError: it has no words, or too many characters.
    """
    if len(text) > LONGEST:
        raise UserError(
            f"this text has {len(text):,} characters; at most {LONGEST:,} can be explained"
        )
    if not words_of(text):
        raise UserError("this text has no words")


def explain(
    model: SavedModel, text: str, tell: Callable[[int, int], None] = lambda done, of: None
) -> Reasons:
    """Return what a model says of a text and why; see the module.

    Of a text of more than `MOST_WORDS` words, all sentences are left out first, and then the words
    of those that change most: so the time that it takes has a bound.

    Args:
        model: any saved model.
        text: a raw text.
        tell: takes how many texts the model has answered, and of how many.

    Raises:
        UserError: see `check_text`; or the model cannot answer.
    """
    check_text(text)
    words = split_words(text)
    grouped = split_sentences(text, words)
    long = len(words) > MOST_WORDS
    # What is left out of a long text is known only when its sentences are.
    total = 1 + len(grouped) * (len(grouped) > 1) + min(len(words), MOST_WORDS)
    done = 0

    def ask(texts: Sequence[str]) -> np.ndarray:
        nonlocal done
        answers = []
        for first in range(0, len(texts), _BATCH):
            answers.append(model.predict(list(texts[first : first + _BATCH])))
            done += len(answers[-1])
            tell(min(done, total), total)
        return np.concatenate(answers)

    def leave_out(parts: Sequence[Part]) -> list[Part]:
        if not parts:
            return []
        without = _log_odds(ask([_without(text, part) for part in parts]))
        return [
            replace(part, change=float(log_odds - one))
            for part, one in zip(parts, without, strict=True)
        ]

    (positive,) = ask([text])
    log_odds = float(_log_odds(positive))
    spans = [part for part, _ in grouped]
    sentences = leave_out(spans) if len(spans) > 1 else []
    chosen = set(range(len(words)))
    if long:
        order = sorted(range(len(spans)), key=lambda i: -abs(sentences[i].change or 0))
        chosen = set()
        for number in order:
            members = grouped[number][1]
            if len(chosen) + len(members) > MOST_WORDS:
                break
            chosen.update(members)
    asked = sorted(chosen)
    found = dict(zip(asked, leave_out([words[i] for i in asked]), strict=True))
    return Reasons(
        text,
        float(positive),
        log_odds,
        [found.get(i, word) for i, word in enumerate(words)],
        sentences,
        weights_of(model, text),
        attention_of(model, text),
    )


def split_words(text: str) -> list[Part]:
    """Return the words of a raw text, as a reader sees them, that the preprocessing reads.

    "Didn't" is one, though it is read as two; a tag is none.
    """
    return [Part(*match.span()) for match in _PIECE.finditer(text) if words_of(match[0])]


def split_sentences(text: str, words: Sequence[Part]) -> list[tuple[Part, list[int]]]:
    """Return the sentences of a text, each with the numbers of its words.

    Those without an end are cut, and where there are many, neighbours stand together.
    """
    groups: list[list[int]] = [[0]] if words else []
    for number, (before, word) in enumerate(pairwise(words), 1):
        ends = _END_OF_SENTENCE.search(text, before.start, word.start)
        if ends or len(groups[-1]) == _LONGEST_SENTENCE:
            groups.append([])
        groups[-1].append(number)
    together = math.ceil(len(groups) / _MOST_SENTENCES) or 1
    groups = [
        list(chain.from_iterable(groups[first : first + together]))
        for first in range(0, len(groups), together)
    ]
    starts = [words[group[0]].start for group in groups] + [len(text)]
    return [
        (Part(start, start + len(text[start:stop].rstrip())), group)
        for (start, stop), group in zip(pairwise(starts), groups, strict=True)
    ]


def weights_of(model: SavedModel, text: str) -> Weights | None:
    """Return the exact weights of a linear model on words; None of any other."""
    if not isinstance(model.fitted, FittedPipeline):
        return None
    pipeline = model.fitted.pipeline
    vocabulary = getattr(pipeline.steps[0][1], "vocabulary_", None)
    coefficients = getattr(pipeline.steps[-1][1], "coef_", None)
    if vocabulary is None or coefficients is None or len(coefficients) != 1:
        return None
    values: Any = as_texts(Reviews.of([text], model.vocabulary))
    for _, step in pipeline.steps[:-1]:  # rows' own steps are too plain for a part of a pipeline
        values = step.transform(values)
    if not issparse(values) or values.shape[1] != len(vocabulary):
        return None  # what the linear model reads is not the words themselves
    values = values.tocsr()
    shares = dict(zip(values.indices, values.data * coefficients[0, values.indices], strict=True))
    phrases = [(name, float(shares[i])) for name, i in vocabulary.items() if i in shares]
    phrases.sort(key=lambda phrase: (-abs(phrase[1]), phrase[0]))
    return Weights(float(pipeline.steps[-1][1].intercept_[0]), phrases)


def attention_of(model: SavedModel, text: str) -> list[tuple[str, float]] | None:
    """Return the words that a network with attention read, with their weights; else None."""
    layer = getattr(catalogue.load(model.manifest["model"]), "attention", "")
    if not layer:
        return None

    import keras

    fitted: Any = model.fitted
    options, network = fitted.options, fitted.model
    found, most = words_of(text), options.max_words
    read = found[:most] if options.truncation == "head" else found[-most:]
    review = Reviews.of([text], model.vocabulary)
    ids = review.words.padded(np.array([0]), len(read), options.truncation)
    looking = keras.Model(network.input, network.get_layer(layer).output[1])
    weights = keras.ops.convert_to_numpy(keras.ops.cast(looking(ids), "float32"))[0]
    return [(word, float(weight)) for word, weight in zip(read, weights, strict=True)]


def _log_odds(probabilities: np.ndarray) -> np.ndarray:
    """Return log-odds, at most those of the largest probability below 1 that the format has."""
    least = np.finfo(probabilities.dtype).epsneg
    return logit(np.clip(probabilities.astype(np.float64), least, 1 - least))


def _without(text: str, part: Part) -> str:
    """Return a text without a part of it, and without the space that would stand twice."""
    before, after = text[: part.start], text[part.stop :]
    return before + (after.lstrip() if not before or before[-1].isspace() else after)
