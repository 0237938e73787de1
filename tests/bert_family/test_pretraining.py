"""What is masked of a review, and what is learned from it."""

from collections.abc import Sequence
from types import SimpleNamespace

from benchmark.rows import catalogue
from benchmark.rows.training_data import TrainingData
from bert_family.shared import phrases as phrases_module
from bert_family.shared.fine_tuning import find_source
from bert_family.shared.masked_lm import SHARE, MaskedLMBatches, choose_units, mask_tokens
from bert_family.shared.phrases import find_phrases, unit_starts, word_starts
from preprocessing.ragged import Ragged
from preprocessing.subwords.ids import pack
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


def test_what_is_masked_does_not_depend_on_which_batch_is_made_first(tokens):
    sequences = Ragged.from_lengths(tokens[tokens > 0], (tokens > 0).sum(axis=1))

    def made():
        return MaskedLMBatches(sequences, np.array([202]), TOKENIZER, np.random.default_rng(0))

    one, other = made(), made()
    last_first = [one[i][0]["places"].tolist() for i in reversed(range(len(one)))]
    in_order = [other[i][0]["places"].tolist() for i in range(len(other))]
    assert last_first[::-1] == in_order
    plan = [rows.tolist() for rows in other.plan]
    other.on_epoch_end()
    other.plan = plan
    assert other[0][0]["places"].tolist() != in_order[0]


def test_a_review_of_one_word_loses_it_and_an_empty_one_nothing():
    start, end = TOKENIZER.start + 1, TOKENIZER.end + 1
    tokens = np.array([[start, 10, end, 0], [start, end, 0, 0]], np.int32)
    masked, places, true, counts = mask_tokens(tokens, TOKENIZER, np.random.default_rng(3))
    assert counts.tolist() == [[1.0], [0.0]]
    assert (places[0, 0], true[0, 0]) == (1, 9)
    assert masked[1].tolist() == tokens[1].tolist()


WORDS = WordPiece(
    ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "low", "##er", "new", "york", "of", "end", ".",
     "##ly", "state", "the", "is", "at"],
    lowercase=True,
)  # fmt: skip


def ids_of(texts: Sequence[str]) -> Ragged:
    ids = WORDS.encode(texts)
    return Ragged.from_lengths(np.concatenate(ids), np.array(list(map(len, ids))))


def packed(*texts: str, max_tokens: int = 64) -> Ragged:
    return pack(ids_of(texts), WORDS, max_tokens, "tail")


def starts_of(sequences: Ragged, phrases=None) -> list[list[int]]:
    starts = unit_starts(sequences, WORDS, phrases)
    return [starts[row].tolist() for row in range(len(starts))]


def test_a_word_begins_where_its_first_piece_is():
    # [CLS] low ##er new ##ly . [SEP]
    assert starts_of(packed("lower newly.")) == [[1, 1, 0, 1, 0, 1, 1]]


def test_a_word_whose_beginning_was_cut_off_begins_where_it_is_read():
    # [CLS] ##er new . [SEP]
    assert starts_of(packed("lower new.", max_tokens=5)) == [[1, 1, 1, 1, 1]]


@pytest.mark.parametrize("name", ["bert", "roberta", "albert"])
def test_words_of_each_tokenizer_begin_where_texts_have_spaces(name, presets):
    tokenizer = presets[name][2]
    (ids,) = tokenizer.encode([" wonderfully made"])
    starts = word_starts(Ragged.from_lengths(np.array(ids), np.array([len(ids)])), tokenizer)
    words = np.split(ids, np.flatnonzero(starts)[1:])
    assert [word.tolist() for word in words] == tokenizer.encode([" wonderfully", " made"])


@pytest.mark.parametrize("name", ["bert", "roberta", "albert"])
def test_marks_are_no_part_of_the_words_that_they_touch(name, presets):
    tokenizer = presets[name][2]
    (ids,) = tokenizer.encode([" wonderfully made. good"])
    starts = word_starts(Ragged.from_lengths(np.array(ids), np.array([len(ids)])), tokenizer)
    text_of = [text for _, text in tokenizer.pieces()]
    units = np.split(ids, np.flatnonzero(starts)[1:])
    said = ["".join(text_of[piece] for piece in unit) for unit in units]
    assert said == ["wonderfully", "made", ".", "good"]


@pytest.fixture
def reviews(tmp_path):
    """Sixty short reviews, in the place of a run's data."""

    def cached(step, name, build):
        folder = tmp_path / name
        if not folder.exists():
            folder.mkdir()
            build(folder)
        return folder

    ids = ids_of(["new york. low", "low. the state of the end"] * 30)
    return SimpleNamespace(
        train_texts=ids, unsup=ids.part(0, 0), cached=cached, subword_ids=lambda part, _: part
    )


def phrase_of(ids: str) -> str:
    return " ".join(WORDS.vocabulary[int(number)] for number in ids.split())


def test_a_phrase_is_one_unit_with_the_small_words_inside(reviews, monkeypatch):
    monkeypatch.setattr(phrases_module, "THRESHOLD", 0.1)
    found = find_phrases(reviews, WORDS)
    known = {"new york", "state of the end"}
    assert {phrase_of(one) for one in found.phrasegrams} == known
    # [CLS] new york is the state of the end . [SEP]
    assert starts_of(packed("New York is the state of the end."), found) == [
        [1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 1]
    ]
    assert starts_of(packed("new. york"), found) == [[1, 1, 1, 1, 1]]
    assert starts_of(packed("new", "york"), found) == [[1, 1, 1]] * 2, "of two reviews"

    monkeypatch.setattr("gensim.models.phrases.Phrases.export_phrases", lambda self: {})
    assert find_phrases(reviews, WORDS).phrasegrams == found.phrasegrams, "they are kept"


def test_units_are_drawn_until_there_is_room_for_none():
    units = np.array([0, 1, 1, 1, 2, 3, 3, 0])
    seen = {tuple(choose_units(units, 3, np.random.default_rng(seed))) for seed in range(30)}
    assert seen == {(1, 2, 3), (4, 5, 6)}
    assert choose_units(units, 0, np.random.default_rng(0)).tolist() == []
    assert choose_units(np.array([0, 1, 1]), 1, np.random.default_rng(0)).tolist() == []


def units_of(tokens: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return where units of one to five tokens begin, and each token's unit, 0 for none."""
    starts = (np.random.default_rng(5).random(tokens.shape) < 0.5).astype(np.int8)
    starts[:, :2] = 1
    free = tokens > TOKENIZER.mask + 1
    starts[~free] = 1
    return starts, np.where(free, np.cumsum(starts, axis=1), 0)


def test_units_are_masked_as_a_whole_or_not_at_all(tokens):
    starts, units = units_of(tokens)
    masked, places, true, counts = mask_tokens(tokens, TOKENIZER, np.random.default_rng(1), starts)
    assert places.shape == counts.shape == true.shape
    for row in range(len(tokens)):
        chosen = places[row, counts[row] > 0]
        assert len(set(chosen)) == len(chosen)
        inside = np.isin(units[row], units[row, chosen]) & (units[row] > 0)
        assert np.flatnonzero(inside).tolist() == sorted(chosen)
        others = ~inside
        assert (masked[row, others] == tokens[row, others]).all()
        assert (true[row, counts[row] > 0] == tokens[row, chosen] - 1).all()
    free = (units > 0).sum()
    assert counts.sum() / free == pytest.approx(SHARE, abs=0.005)
    shown = np.take_along_axis(masked, places, axis=1)[counts > 0] - 1
    assert (shown == TOKENIZER.mask).mean() == pytest.approx(0.8, abs=0.02)


BEFORE = [
    [[6, 20, 3, 12], [2, 1, 4, 3]],
    [[10, 24, 7, 16], [7, 6, 9, 8]],
    [[1.0, 1.0, 1.0, 0.0], [1.0, 0.0, 0.0, 0.0]],
    [[0, 3], [0, 6], [0, 20], [1, 2]],
]
"""Places, ids and weights, and where tokens changed, from before units could be masked."""


def test_the_same_subwords_are_masked_as_ever_without_units():
    tokens = np.array([[3, *range(6, 26), 4], [3, 7, 8, 9, 10, 4, *[0] * 16]], np.int32)
    masked, places, true, counts = mask_tokens(tokens, TOKENIZER, np.random.default_rng(7))
    assert [places.tolist(), true.tolist(), counts.tolist()] == BEFORE[:3]
    assert np.argwhere(masked != tokens).tolist() == BEFORE[3]


@pytest.mark.parametrize("masking", ["word", "phrase"])
def test_a_network_is_pretrained_on_words_and_phrases(masking, small, eagerly, monkeypatch):
    drawn, plan = [], MaskedLMBatches.__init__

    def remembering(batches, *given):
        plan(batches, *given)
        drawn.append(batches)

    monkeypatch.setattr(MaskedLMBatches, "__init__", remembering)
    row, data = catalogue.load("bert"), TrainingData.of(small, 0)
    options = row.hyperparameters(
        preset="scratch", pretrain=1, masking=masking, max_tokens=16, precision="float32"
    )
    source = find_source(row, options, data, lambda event: None)
    (kept,) = small.folder.glob(f"{source.preset.place.rpartition('/')[2]}")
    assert kept.is_dir()
    assert ("phrases" in data.clock.seconds) == (masking == "phrase")
    (batches,) = drawn
    starts = batches.starts.padded(batches.plan[0], 16)
    assert 0 < (starts == 0).sum() < starts.size
