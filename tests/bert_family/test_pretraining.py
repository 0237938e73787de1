"""What is masked of a review, and what is learned from it."""

from bert_family.shared.masked_lm import SHARE, mask_tokens
from preprocessing.subwords.tokenizers import WordPiece

import numpy as np
import pytest

TOKENIZER = WordPiece(
    ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *(f"w{i}" for i in range(995))], lowercase=True
)


@pytest.fixture
def tokens():
    """Four hundred sequences of 12 to 202 tokens, each packed."""
    random = np.random.default_rng(0)
    result = np.zeros((400, 202), np.int32)
    for row in result:
        length = random.integers(10, 201)
        row[1 : length + 1] = random.integers(5, 1_000, length) + 1
        row[0], row[length + 1] = TOKENIZER.start + 1, TOKENIZER.end + 1
    return result


def test_fifteen_percent_are_masked_in_three_ways(tokens):
    masked, places, true, counts = mask_tokens(tokens, TOKENIZER, np.random.default_rng(1))
    free = (tokens > TOKENIZER.mask + 1).sum(axis=1)
    assert (counts.sum(axis=1) == np.round(SHARE * free)).all()
    rows, columns = np.nonzero(counts)
    shown = np.take_along_axis(masked, places, axis=1)[rows, columns] - 1
    before = true[rows, columns]
    assert (before == np.take_along_axis(tokens, places, axis=1)[rows, columns] - 1).all()
    assert (shown == TOKENIZER.mask).mean() == pytest.approx(0.8, abs=0.02)
    assert (shown == before).mean() == pytest.approx(0.1, abs=0.02)
    other = (shown != TOKENIZER.mask) & (shown != before)
    assert other.mean() == pytest.approx(0.1, abs=0.02)


def test_ends_padding_and_all_else_stay(tokens):
    masked, places, _, counts = mask_tokens(tokens, TOKENIZER, np.random.default_rng(1))
    chosen = np.zeros(tokens.shape, bool)
    rows, columns = np.nonzero(counts)
    chosen[rows, places[rows, columns]] = True
    assert (masked[~chosen] == tokens[~chosen]).all()
    assert not chosen[tokens <= TOKENIZER.mask + 1].any()


def test_other_tokens_are_masked_at_each_pass(tokens):
    random = np.random.default_rng(1)
    first, again = (
        mask_tokens(tokens, TOKENIZER, random)[1],
        mask_tokens(tokens, TOKENIZER, random)[1],
    )
    assert not (first == again).all()


def test_a_review_of_one_word_loses_it_and_an_empty_one_nothing():
    start, end = TOKENIZER.start + 1, TOKENIZER.end + 1
    tokens = np.array([[start, 10, end, 0], [start, end, 0, 0]], np.int32)
    masked, places, true, counts = mask_tokens(tokens, TOKENIZER, np.random.default_rng(3))
    assert counts.tolist() == [[1.0], [0.0]]
    assert (places[0, 0], true[0, 0]) == (1, 9)
    assert masked[1].tolist() == tokens[1].tolist()
