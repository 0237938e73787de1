from preprocessing.sources.review import Review
from preprocessing.splits import held_out_mask

import numpy as np


def review(number: int, label: int, film: str, text: str | None = None) -> Review:
    return Review(f"train/x/{number}_0", text or f"text {number}", label, 0, film)


def test_balanced_and_no_film_or_text_on_both_sides():
    random = np.random.default_rng(0)
    reviews = [
        review(i, i % 2, f"film {random.integers(150)}", f"text {random.integers(20_000)}")
        for i in range(1_000)
    ]
    mask = held_out_mask(reviews, 0.1)
    labels = np.array([r.label for r in reviews])
    assert 40 <= mask[labels == 1].sum() <= 50
    assert 40 <= mask[labels == 0].sum() <= 50
    films, texts = np.array([r.film for r in reviews]), np.array([r.text for r in reviews])
    assert not set(films[mask]) & set(films[~mask])
    assert not set(texts[mask]) & set(texts[~mask])


def test_exact_share_where_some_films_have_one_review():
    reviews = [review(i, i % 2, f"film {i // 3 if i < 300 else i}") for i in range(600)]
    mask = held_out_mask(reviews, 0.1)
    labels = np.array([r.label for r in reviews])
    assert mask[labels == 1].sum() == mask[labels == 0].sum() == 30


def test_a_text_under_two_films_joins_them():
    reviews = [review(i, i % 2, f"film {i}") for i in range(40)]
    reviews += [review(40, 0, "a", "same"), review(41, 1, "b", "same"), review(42, 1, "b")]
    mask = held_out_mask(reviews, 0.3)
    assert mask[40] == mask[41] == mask[42]


def test_always_the_same():
    """Where this changes, so must `VERSION` in preprocessing/corpus.py: no hash would tell."""
    reviews = [review(i, i % 2, f"film {i // 4}") for i in range(200)]
    held_out = np.flatnonzero(held_out_mask(reviews, 0.1))
    assert sorted(set(held_out // 4)) == [2, 3, 5, 7, 42], "whole films"
