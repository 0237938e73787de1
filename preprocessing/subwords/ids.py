"""Subword ids of reviews, kept with the corpus, and how they are packed for a network."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from preprocessing.corpus import Corpus, Texts
from preprocessing.ragged import PADDING, Ragged
from preprocessing.storage import make_folder
from preprocessing.subwords.tokenizers import Tokenizer
from preprocessing.vocabulary import smallest_integer_type

import numpy as np

HEAD_SHARE = 128 / 510
"""Of the tokens that head_tail keeps; Sun et al. (2019) keep the first 128 and the last 382."""

_BATCH = 5_000


@dataclass(frozen=True)
class SubwordIds:
    """Subword ids of some texts.

    Attributes:
        ids: the ids of each text, without start and end.
        seconds: what it once took to make them.
    """

    ids: Ragged
    seconds: float


def subword_ids(texts: Texts, tokenizer: Tokenizer) -> SubwordIds:
    """Return the subword ids of the texts; those of a prepared corpus are made once and kept.

    They are kept in the corpus's folder, each split for itself, in the smallest integer type that
    fits.

    Raises:
        RuntimeError: the texts are test reviews, and a row is learning.
    """
    if texts.corpus is None:
        start = time.perf_counter()
        ids = _encode(texts, tokenizer)
        return SubwordIds(ids, time.perf_counter() - start)
    whole_split = Corpus(texts.corpus).reviews(texts.split).texts
    folder = texts.corpus / f"subwords-{tokenizer.key}-{texts.split}"

    def build(target: Path) -> dict:
        start = time.perf_counter()
        ids = _encode(whole_split, tokenizer)
        np.save(target / "ids.npy", ids.values, allow_pickle=False)
        np.save(target / "offsets.npy", ids.offsets, allow_pickle=False)
        seconds = time.perf_counter() - start
        return {"kind": tokenizer.kind, "size": tokenizer.size, "seconds": seconds}

    manifest = make_folder(folder, build)
    kept = Ragged(*(np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
                    for name in ("ids", "offsets")))  # fmt: skip
    if texts.rows is not None:
        return SubwordIds(kept.take(texts.rows), manifest["seconds"])
    return SubwordIds(kept.part(texts.first, texts.first + len(texts)), manifest["seconds"])


def _encode(texts: Ragged, tokenizer: Tokenizer) -> Ragged:
    """Return the ids of the texts, made in batches."""
    kind = smallest_integer_type(tokenizer.size)  # one more than the largest id: see `pack`
    values = [np.empty(0, kind)]
    lengths: list[int] = []
    for batch in decoded(texts):
        ids = tokenizer.encode(batch)
        lengths += map(len, ids)
        values.append(np.fromiter((i for one in ids for i in one), kind, sum(map(len, ids))))
    return Ragged.from_lengths(np.concatenate(values), np.array(lengths, np.int64))


def decoded(texts: Ragged) -> Iterator[list[str]]:
    """Yield the texts in batches, as strings."""
    for start in range(0, len(texts), _BATCH):
        rows = range(start, min(start + _BATCH, len(texts)))
        yield [texts[row].tobytes().decode() for row in rows]


def pack(ids: Ragged, tokenizer: Tokenizer, max_tokens: int, truncation: str) -> Ragged:
    """Return what a network reads of each text: start, the tokens that are kept, end.

    Args:
        ids: subword ids of the texts.
        tokenizer: whose ids they are.
        max_tokens: tokens at most, start and end included; at least 3.
        truncation: which tokens of a longer text are kept: its "head", its "tail", or "head_tail",
            the first 128 and the last 382 at 512 tokens and in that proportion at other lengths
            (Sun et al., 2019, section 5.3.1, https://arxiv.org/abs/1905.05583).

    Returns:
        Each id moved up by one, so that padding is 0 as everywhere in this project, whichever id
        the vocabulary has for it.
    """
    room = max_tokens - 2
    head = {"head": room, "tail": 0, "head_tail": round(HEAD_SHARE * room)}[truncation]
    lengths = ids.lengths
    kept = np.minimum(lengths, room)
    result = Ragged.from_lengths(
        np.empty(int(kept.sum()) + 2 * len(kept), smallest_integer_type(tokenizer.size)), kept + 2
    )
    row = np.repeat(np.arange(len(kept)), kept)
    place = np.arange(len(row)) - np.repeat(np.cumsum(kept) - kept, kept)
    skipped = np.where(place < head, 0, (lengths - kept)[row])
    values = np.asarray(ids.values[ids.offsets[:-1][row] + place + skipped])
    moved = np.where(values == tokenizer.padding, PADDING, values + 1)  # a text can hold "<pad>"
    result.values[result.offsets[:-1][row] + 1 + place] = moved
    result.values[result.offsets[:-1]] = tokenizer.start + 1
    result.values[result.offsets[1:] - 1] = tokenizer.end + 1
    return result
