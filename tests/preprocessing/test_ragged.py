from preprocessing.ragged import Ragged, batches_of_like_length, bucket_widths

import numpy as np
import pytest

SEQUENCES = Ragged.from_lengths(np.array([1, 2, 3, 4, 5, 6], np.uint16), np.array([3, 0, 1, 2]))


def test_sequences_and_parts():
    assert [SEQUENCES[i].tolist() for i in range(4)] == [[1, 2, 3], [], [4], [5, 6]]
    assert SEQUENCES[-1].tolist() == [5, 6]
    part = SEQUENCES.part(1, 4)
    assert [part[i].tolist() for i in range(len(part))] == [[], [4], [5, 6]]
    assert part.values.base is not None, "a part must be a view"
    with pytest.raises(IndexError):
        SEQUENCES[4]


def test_padding_by_hand():
    rows = np.array([0, 3, 1])
    assert SEQUENCES.padded(rows, 4).tolist() == [[1, 2, 3, 0], [5, 6, 0, 0], [0, 0, 0, 0]]
    assert SEQUENCES.padded(rows, 2).tolist() == [[1, 2], [5, 6], [0, 0]]
    assert SEQUENCES.padded(rows, 2, truncation="tail").tolist() == [[2, 3], [5, 6], [0, 0]]
    with pytest.raises(ValueError, match="middle"):
        SEQUENCES.padded(rows, 2, truncation="middle")


def test_padding_equals_a_plain_loop():
    random = np.random.default_rng(0)
    lengths = random.integers(0, 12, 50)
    ragged = Ragged.from_lengths(random.integers(1, 99, lengths.sum()), lengths)
    for truncation in ("head", "tail"):
        for width in (1, 5, 20):
            padded = ragged.padded(np.arange(50), width, truncation)
            for i in range(50):
                kept = ragged[i][:width] if truncation == "head" else ragged[i][-width:]
                expected = [*kept, *[0] * (width - len(kept))]
                assert padded[i].tolist() == expected


def test_batches_hold_every_sequence_once_and_lengths_alike():
    lengths = np.random.default_rng(0).integers(0, 500, 1_000)
    for random in (None, np.random.default_rng(1)):
        batches = batches_of_like_length(lengths, 32, random)
        assert sorted(np.concatenate(batches)) == list(range(1_000))
        assert sorted(len(batch) for batch in batches)[1:] == [32] * 31
        spread = np.mean([np.ptp(lengths[batch]) for batch in batches])
        assert spread < 40, "batches of random reviews spread over more than 400 words"


def test_shuffling_is_new_each_time_and_fixed_by_the_seed():
    lengths = np.arange(300)
    random = np.random.default_rng(7)
    first, second = (batches_of_like_length(lengths, 10, random) for _ in range(2))
    again = batches_of_like_length(lengths, 10, np.random.default_rng(7))
    assert any((a != b).any() for a, b in zip(first, second, strict=True))
    assert all((a == b).all() for a, b in zip(first, again, strict=True))


def test_widths_are_few_and_serve_all():
    lengths = np.random.default_rng(0).lognormal(5, 0.6, 5_000).astype(int)
    widths = bucket_widths(lengths, longest=400)
    assert len(widths) <= 13
    assert widths[-1] == 400
    assert (np.diff(widths) > 0).all()
    assert bucket_widths(np.array([0, 0]), longest=5).tolist() == [1, 5]
