"""Kneser–Ney by hand and by what must hold of it; the verdict of two language models."""

from models.ngram_lm import Hyperparameters, LogLikelihoodRatio
from models.ngrams.kneser_ney import _discounts, kneser_ney, probabilities
from models.ngrams.trie import UNSEEN, NgramTrie, Places
from preprocessing.ragged import Ragged

import numpy as np
import pytest

VOCABULARY = ["<padding>", "<unknown>", "a", "b", "c"]
A, B, C = 2, 3, 4


def ragged(*texts):
    return Ragged.from_lengths(np.concatenate(texts).astype(np.int64), np.array([*map(len, texts)]))


def model(texts, order, scale=1.0, size=5):
    """Return the trie and a function from texts to the probability of each of their words."""
    trie = NgramTrie.of(texts, order, size)
    counts = np.bincount(trie.locate(texts).nodes[-1], minlength=len(trie))
    smoothed = kneser_ney(trie, counts, scale)
    return trie, lambda asked: probabilities(*smoothed, trie.locate(asked), size)


def a_random_text(seed, length=400, size=12):
    return np.random.default_rng(seed).geometric(0.3, length).clip(1, size - 1)


def test_a_trie_finds_each_n_gram_and_what_is_before_and_after_its_ends():
    trie = NgramTrie.of(ragged([A, B, C], [A, B]), 2, len(VOCABULARY))
    a, b, c = trie.find(np.zeros(3, int), np.array([A, B, C]))
    ab, bc = trie.find(np.array([a, b]), np.array([B, C]))
    assert (trie.parents[[ab, bc]] == [a, b]).all()
    assert (trie.suffixes[[ab, bc]] == [b, c]).all()
    assert trie.find(np.array([c]), np.array([A])) == [UNSEEN], "no pair goes from text to text"
    places = trie.locate(ragged([B, C, A], [], [B]))
    assert places.texts.tolist() == [0, 0, 0, 2]
    assert places.nodes[1].tolist() == [UNSEEN, bc, UNSEEN, UNSEEN]


def test_kneser_ney_by_hand():
    """Pairs of "a b a b a c", of which "#" is the start: #a 1, ab 2, ba 2, ac 1.

    Two of four pairs occur once and two twice: Y = 2 / (2 + 2 · 2) = 1/3, so that
    D(1) = 1 - 2Y · 2/2 = 1/3 and D(2) = 2 - 3Y · 0/2 = 2. As single words, a follows two others
    (# and b), b and c one each: Y = 2 / (2 + 2 · 1) = 1/2, D(1) = 1 - 2Y · 1/2 = 1/2, D(2) = 2.
    """
    _, of = model(ragged([A, B, A, B, A, C]), 2)
    backoff = (2 + 0.5 + 0.5) / 4  # the uniform distribution is over a, b, c and unknown
    single = {word: (0.5 if word != A else 0) / 4 + backoff / 4 for word in (A, B, C)}
    after_a = (2 + 1 / 3) / 3
    expected = [(1 - 1 / 3) / 1 + 1 / 3 * single[A], after_a * single[B], single[C]]
    np.testing.assert_allclose(of(ragged([A, B]))[:2], expected[:2])
    np.testing.assert_allclose(of(ragged([A, C]))[1], (1 - 1 / 3) / 3 + after_a * single[C])
    np.testing.assert_allclose(of(ragged([C, C]))[1], expected[2], err_msg="nothing follows c")


@pytest.mark.parametrize("order", [1, 2, 3, 4])
@pytest.mark.parametrize("scale", [0.5, 1.0, 2.5])
@pytest.mark.parametrize("context", [[], [1], [1, 2, 1], [11, 11, 11], [3, 11, 1]])
def test_the_probabilities_of_all_words_sum_to_one(order, scale, context):
    _, of = model(ragged(a_random_text(0), a_random_text(1)), order, scale, size=12)
    asked = [of(ragged([*context, word]))[-1] for word in range(1, 12)]
    assert sum(asked) == pytest.approx(1)
    assert min(asked) > 0


@pytest.mark.parametrize("order", [1, 2, 3])
def test_nothing_is_impossible_however_little_was_seen(order):
    asked = ragged(*([a, b, c] for a in (1, 2, 3) for b in (2, 5) for c in (1, 3)))
    for seed in range(100):
        text = a_random_text(seed, length=1 + seed // 4, size=4)
        _, of = model(ragged(text), order, size=6)
        assert (of(asked) > 0).all()


def test_single_words_count_once_for_each_word_before_them():
    """In "a c a c a c b b" c is frequent but follows a alone; b follows c and b."""
    text = [A, C, A, C, A, C, B, B]
    _, of = model(ragged(text), 2, scale=0)
    np.testing.assert_allclose(of(ragged([1, A]))[1], 2 / 5)  # after the start and c
    np.testing.assert_allclose(of(ragged([1, B]))[1], 2 / 5)
    np.testing.assert_allclose(of(ragged([1, C]))[1], 1 / 5)
    _, alone = model(ragged(text), 1, scale=0)
    np.testing.assert_allclose(alone(ragged([C]))[0], 3 / 8, err_msg="the longest are counted")


def test_many_models_at_once_give_what_each_gives():
    texts = ragged(a_random_text(2))
    trie = NgramTrie.of(texts, 3, 12)
    places = trie.locate(texts)
    counts = np.bincount(places.nodes[-1], minlength=len(trie))
    one, other = kneser_ney(trie, counts), kneser_ney(trie, counts, 2.0)
    both = probabilities(*(np.stack(pair, 1) for pair in zip(one, other, strict=True)), places, 12)
    assert isinstance(places, Places)
    np.testing.assert_allclose(both[:, 0], probabilities(*one, places, 12))
    np.testing.assert_allclose(both[:, 1], probabilities(*other, places, 12))


def test_equal_texts_in_both_classes_give_one_half():
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    ratio = LogLikelihoodRatio(VOCABULARY, Hyperparameters(), seed=0)
    texts = ["a b c", "b c", "c a b"] * 2
    ratio.fit(texts, np.array([0, 0, 0, 1, 1, 1]))
    np.testing.assert_allclose(ratio.transform(["a b", "c c c", "", "<unknown>"]), 0, atol=1e-6)
    pipeline = make_pipeline(ratio, LogisticRegression()).fit(texts * 40, [0, 0, 0, 1, 1, 1] * 40)
    np.testing.assert_allclose(pipeline.predict_proba(["a b", ""]), 0.5, atol=0.05)


def test_a_training_text_is_judged_by_models_that_have_not_seen_it():
    """Texts without a word in common tell nothing of one another, and all of themselves."""
    vocabulary = [*VOCABULARY, *(f"w{number}" for number in range(40))]
    texts = [f"w{number} w{number}" for number in range(40)]
    labels = np.arange(40) % 2
    ratio = LogLikelihoodRatio(vocabulary, Hyperparameters(discount_scale=0.5), seed=0)
    unseen = ratio.fit_transform(texts, labels)[:, 0]
    seen = ratio.transform(texts)[:, 0]
    assert ((seen > 0) == labels).all()
    assert abs(unseen).max() < abs(seen).min() / 5


def test_a_ratio_is_divided_by_a_power_of_the_length():
    texts, labels = ["a b a", "b c c"], np.array([1, 0])
    whole, mean = (
        LogLikelihoodRatio(VOCABULARY, Hyperparameters(length_power=power), 0).fit(texts, labels)
        for power in (0, 1)
    )
    np.testing.assert_allclose(
        whole.transform(["a a b", "a"]) / [[3], [1]], mean.transform(["a a b", "a"])
    )


def test_discounts_by_hand():
    """Of counts 1 to 4 there are 4, 3, 2 and 1: Y = 4 / (4 + 2 · 3) = 0.4.

    D(1) = 1 - 2Y · 3/4, D(2) = 2 - 3Y · 2/3, D(3) = 3 - 4Y · 1/2.
    """
    counts = np.repeat([1.0, 2, 3, 4, 9], [4, 3, 2, 1, 5])
    np.testing.assert_allclose(_discounts(counts, 1.0), [0, 0.4, 1.2, 2.2])
