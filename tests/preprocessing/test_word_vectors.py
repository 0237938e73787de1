"""Word vectors of every kind; GloVe's counts, gradients and steps against ones made by hand."""

from dataclasses import replace
from itertools import chain
from types import SimpleNamespace

from preprocessing.corpus import Corpus
from preprocessing.prepare import Settings, prepare
from preprocessing.ragged import Ragged
from preprocessing.word_vectors import (
    SETTINGS,
    Word2VecSettings,
    folder_name,
    glove,
    with_gensim,
    word_vectors,
)
from preprocessing.word_vectors.glove import Parameters
from preprocessing.word_vectors.nearest import Nearest
from preprocessing.word_vectors.settings import FastTextSettings, GloveSettings, RandomSettings

import numpy as np
import pytest
from scipy import sparse

QUICK = {
    name: replace(settings, dimensions=8, **({"epochs": 2} if name != "random" else {}))
    for name, settings in SETTINGS.items()
}
QUICK["fasttext"] = replace(QUICK["fasttext"], buckets=500)


@pytest.mark.parametrize("kind", SETTINGS)
def test_vectors_of_each_kind_follow_from_the_seed(kind, small):
    vectors, _ = word_vectors(small, 0, QUICK[kind])
    assert vectors.shape == (len(small.vocabulary), 8)
    assert vectors.dtype == np.float32
    assert not vectors[0].any(), "padding"
    assert vectors[1:].any(axis=1).mean() > 0.99
    other, _ = word_vectors(small, 1, QUICK[kind])
    assert (vectors != other).any()


def test_vectors_are_made_again_to_the_last_bit(small, tmp_path):
    again = prepare("sample", None, tmp_path, Settings(limit=100))
    for settings in QUICK.values():
        vectors, _ = word_vectors(small, 0, settings)
        assert (word_vectors(again, 0, settings)[0] == vectors).all(), settings


@pytest.mark.parametrize("kind", SETTINGS)
def test_vectors_are_learned_from_train_and_unsup_alone(kind, tmp_path, monkeypatch):
    corpus = prepare("sample", None, tmp_path, Settings(limit=40))
    reviews, asked = Corpus.reviews, set()
    monkeypatch.setattr(Corpus, "reviews", lambda self, of: asked.add(of) or reviews(self, of))
    word_vectors(corpus, 0, QUICK[kind])
    assert asked == (set() if kind == "random" else {"train", "unsup"})


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("cbow", ("Word2Vec", 0, 0, 5)),
        ("skip_gram", ("Word2Vec", 1, 0, 5)),
        ("hierarchical_softmax", ("Word2Vec", 0, 1, 0)),
        ("fasttext", ("FastText", None, None, 5)),
    ],
)
def test_gensim_is_asked_for_the_kind_and_each_word_keeps_its_row(kind, given, small, monkeypatch):
    asked = {}

    class Vectors(dict):
        key_to_index = property(lambda self: self)

    def stand_in(name):
        def model(sentences, **options):
            asked.update(options, called=name)
            known = sorted({word for words in sentences for word in words})
            rows = Vectors((word, np.full(2, small.vocabulary.index(word))) for word in known)
            return SimpleNamespace(wv=rows)

        return model

    for name in ("Word2Vec", "FastText"):
        monkeypatch.setattr(with_gensim, name, stand_in(name))
    found = with_gensim.learn(small, 3, replace(SETTINGS[kind], dimensions=2))
    seen = np.concatenate([small.reviews(split).words.values for split in ("train", "unsup")])
    numbers = np.arange(len(small.vocabulary))
    assert found[:, 0].tolist() == np.where(np.isin(numbers, seen), numbers, 0).tolist()
    assert (asked["called"], asked.get("sg"), asked.get("hs"), asked["negative"]) == given
    assert (asked["seed"], asked["workers"], asked["min_count"]) == (3, 1, 1)
    settings = SETTINGS[kind]
    read = [asked[name] for name in ("vector_size", "window", "epochs", "sample")]
    assert read == [2, settings.window, settings.epochs, settings.subsampling]
    if isinstance(settings, FastTextSettings):
        ngrams = [asked[name] for name in ("min_n", "max_n", "bucket")]
        assert ngrams == [settings.shortest_ngram, settings.longest_ngram, settings.buckets]


def test_long_reviews_are_cut_and_lose_no_word(small, monkeypatch):
    whole = list(with_gensim._sentences(small))
    monkeypatch.setattr(with_gensim, "_LONGEST_SENTENCE", 3)
    cut = list(with_gensim._sentences(small))
    assert max(map(len, cut)) == 3
    assert list(chain(*cut)) == list(chain(*whole))


def test_kinds_differ_and_are_kept_apart():
    names = {folder_name(settings, 0) for settings in SETTINGS.values()}
    assert len(names) == len(SETTINGS)
    assert folder_name(Word2VecSettings(), 2) == "word2vec-300-10-10-0-5-0.0001-seed-2"


def test_rare_words_share_the_vectors_of_their_parts(small):
    """With n-grams, words that share nearly all of theirs are alike from the start."""
    settings = FastTextSettings(dimensions=16, epochs=1, buckets=5_000)
    words = set(small.vocabulary)
    pairs = [(word, f"{word}s") for word in words if f"{word}s" in words and len(word) > 5]
    assert pairs
    likeness = {}
    for longest in (0, settings.longest_ngram):
        vectors = with_gensim.learn(small, 0, replace(settings, longest_ngram=longest))
        vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
        row = {word: vectors[number] for number, word in enumerate(small.vocabulary)}
        likeness[longest] = np.mean([row[one] @ row[other] for one, other in pairs])
    assert likeness[settings.longest_ngram] > likeness[0] + 0.1


def test_co_occurrences_of_a_tiny_text():
    """Two reviews, "2 3 2" and "4 3", window 2; no pair reaches from one into the other."""
    reviews = Ragged.from_lengths(np.array([2, 3, 2, 4, 3]), np.array([3, 2]))
    counts = glove.co_occurrences([reviews], 5, window=2).toarray()
    expected = np.zeros((5, 5))
    expected[2, 3] = expected[3, 2] = 1 + 1  # 2 3, and 3 2
    expected[2, 2] = 2 * 1 / 2  # both directions, at a distance of two
    expected[4, 3] = expected[3, 4] = 1
    np.testing.assert_allclose(counts, expected)
    alone = [reviews.part(0, 1), reviews.part(1, 2)]
    np.testing.assert_allclose(glove.co_occurrences(alone, 5, window=2).toarray(), expected)


@pytest.fixture
def three_words():
    """Parameters of three words, and their pairs with counts on both sides of x_max."""
    random = np.random.default_rng(0)
    parameters = Parameters(
        random.normal(size=(3, 2)), random.normal(size=(3, 2)),
        random.normal(size=3), random.normal(size=3),
    )  # fmt: skip
    return parameters, (np.array([0, 0, 1, 2]), np.array([1, 2, 0, 2]), np.array([4.0, 1, 30, 0.5]))


def test_the_loss_is_that_of_the_paper(three_words):
    parameters, (words, neighbours, counts) = three_words
    settings = GloveSettings(x_max=10)
    total = 0.0
    for i, j, x in zip(words, neighbours, counts, strict=True):
        product = sum(parameters.words[i, k] * parameters.neighbours[j, k] for k in range(2))
        error = product + parameters.word_biases[i] + parameters.neighbour_biases[j] - np.log(x)
        total += (1 if x >= 10 else (x / 10) ** 0.75) * error**2
    found, _ = glove.loss(parameters, words, neighbours, counts, settings)
    assert found == pytest.approx(total / 2)


def test_the_gradients_are_those_of_finite_differences(three_words):
    parameters, pairs = three_words
    _, gradients = glove.loss(parameters, *pairs, GloveSettings())
    for values, gradient in zip(parameters, gradients, strict=True):
        for place in np.ndindex(values.shape):
            before, sides = values[place], []
            for change in (1e-6, -1e-6):
                values[place] = before + change
                sides.append(glove.loss(parameters, *pairs, GloveSettings())[0])
            values[place] = before
            assert gradient[place] == pytest.approx((sides[0] - sides[1]) / 2e-6, abs=1e-6)


def test_a_step_of_adagrad():
    """Squares 1 + 3² + 4² by then: the second step is 0.05 · 4 / √26."""
    parameters, squares = (Parameters(*(np.array([v]) for _ in range(4))) for v in (2.0, 1.0))
    for gradient in (3.0, 4.0):
        gradients = Parameters(*(np.array([gradient]) for _ in range(4)))
        glove.step(parameters, squares, gradients, 0.05)
    expected = 2 - 0.05 * 3 / np.sqrt(10) - 0.05 * 4 / np.sqrt(26)
    assert [float(value[0]) for value in parameters] == pytest.approx([expected] * 4)


def test_glove_comes_near_the_logarithms_of_the_counts():
    random = np.random.default_rng(0)
    factors = random.normal(size=(12, 2))
    counts = sparse.csr_matrix(np.exp(factors @ factors.T).astype(np.float32))
    settings = GloveSettings(dimensions=6, epochs=300, x_max=1, batch_size=50, learning_rate=0.1)
    vectors = glove.fit(counts, 0, settings)
    assert vectors.shape == (12, 6)
    like = np.corrcoef((vectors @ vectors.T).ravel(), (factors @ factors.T).ravel())[0, 1]
    assert like > 0.7


def test_what_glove_keeps_is_the_sum_of_both_vectors_of_a_word():
    counts, settings = sparse.csr_matrix(np.ones((5, 5), np.float32)), GloveSettings(dimensions=2)
    drawn = Parameters.drawn(5, 2, np.random.default_rng(0))
    found = glove.fit(counts, 0, replace(settings, epochs=0))
    np.testing.assert_array_equal(found, drawn.words + drawn.neighbours)


def test_random_vectors_are_drawn_and_not_kept(small):
    vectors, seconds = word_vectors(small, 5, RandomSettings(dimensions=40))
    assert seconds == 0
    assert not list(small.folder.glob("random-*"))
    assert vectors[1:].std() == pytest.approx(1, abs=0.05)


VOCABULARY = ["<padding>", "<unknown>", "man", "king", "woman", "queen", "film", "nowhere"]
PLANE = np.array([[0, 0], [1, 0], [1, 0], [1, 1], [-1, 0], [-1, 1], [0, -1], [0, 0]], np.float32)


def test_the_nearest_words_by_cosine():
    nearest = Nearest(PLANE, VOCABULARY)
    found = nearest.to("king", 2)
    assert [word for word, _ in found] == ["man", "queen"]
    assert [cosine for _, cosine in found] == pytest.approx([np.sqrt(0.5), 0], abs=1e-6)
    assert len(nearest.to("king", 100)) == len(VOCABULARY) - 3, "all but itself and the special"


def test_an_analogy_leaves_out_its_own_words():
    words = [word for word, _ in Nearest(PLANE, VOCABULARY).completing("man", "king", "woman", 9)]
    assert words[0] == "queen"
    assert not {"man", "king", "woman", "<unknown>"} & set(words)
