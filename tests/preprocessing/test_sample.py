"""The synthetic corpus: reproducible, shaped like IMDB, and not to be solved by single words."""

import hashlib
import re
from collections import defaultdict

from preprocessing.sources.sample import SHARED_TEXTS, read_sample

import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

CLASSES = {0: "neg", 1: "pos", -1: "unsup"}
STARS = {0: {1, 2, 3, 4}, 1: {7, 8, 9, 10}, -1: {0}}


@pytest.fixture(scope="module")
def sample():
    return read_sample()


@pytest.fixture(scope="module")
def reviews(sample):
    return [review for part in sample.values() for review in part]


def test_bytes_are_the_same_on_every_machine(sample):
    # Renew it when the grammar is changed on purpose: all results on the sample change with it.
    digest = hashlib.sha256(repr([tuple(r) for part in sample.values() for r in part]).encode())
    assert digest.hexdigest()[:16] == "f20384c3752cd393"


def test_parts_are_balanced(sample):
    counts = {
        part: [sum(r.label == label for r in sample[part]) for label in (0, 1, -1)]
        for part in sample
    }
    assert counts == {"train": [1000, 1000, 0], "test": [500, 500, 0], "unsup": [0, 0, 500]}


def test_ids_are_unique_and_say_part_class_number_and_stars(sample):
    for part, reviews in sample.items():
        numbers = defaultdict(list)
        for review in reviews:
            head, folder, name = review.id.split("/")
            number, stars = name.split("_")
            assert (head, folder, int(stars)) == (part, CLASSES[review.label], review.rating)
            assert review.rating in STARS[review.label]
            numbers[folder].append(int(number))
        each = len(reviews) // len(numbers)
        assert all(sorted(found) == list(range(each)) for found in numbers.values())


def test_parts_share_no_film(sample):
    train, test, unsup = ({review.film for review in part} for part in sample.values())
    assert not train & test
    assert not (train | test) & unsup


def test_films_have_few_reviews_of_both_classes(sample):
    labels = defaultdict(list)
    for review in sample["train"]:
        labels[review.film].append(review.label)
    assert {len(found) for found in labels.values()} == set(range(1, 9))
    assert sum(len(set(found)) == 2 for found in labels.values()) > len(labels) / 2


def test_lengths_have_a_long_tail(reviews):
    lengths = sorted(len(review.text.split()) for review in reviews)
    assert lengths[0] >= 5
    assert 14 <= lengths[len(lengths) // 2] <= 20
    assert lengths[-50] > 45
    assert lengths[-1] <= 80


def test_a_few_texts_are_in_train_and_test_with_one_label(sample):
    train = {review.text: review.label for review in sample["train"]}
    shared = [review for review in sample["test"] if review.text in train]
    assert len(shared) == SHARED_TEXTS
    assert all(review.label == train[review.text] for review in shared)


def test_every_slot_is_filled(reviews):
    assert not [review.text for review in reviews if re.search("[{}]", review.text)]


@pytest.mark.parametrize(
    "feature",
    ["<br /><br />", "&amp;", "&quot;", "“", "’", "é", "n't", "!", "?", "GOOD"],
)
def test_raw_text_features_of_imdb_occur(reviews, feature):
    assert sum(feature in review.text for review in reviews) >= 5


def test_stars_in_the_text_are_rare_and_true(sample):
    written = [
        (int(stars[1]), review.rating)
        for review in sample["train"] + sample["test"]
        if (stars := re.search(r"(\d+)(?:/10| out of 10)", review.text))
    ]
    assert 60 <= len(written) <= 180
    assert all(stars == rating for stars, rating in written)


def test_word_order_pays_and_headroom_is_left(sample):
    single, pairs = (_accuracy(sample, longest) for longest in (1, 2))
    assert 0.7 < single < pairs - 0.025
    assert pairs < 0.97


def _accuracy(sample, longest):
    """Train TF-IDF of 1- to `longest`-grams with logistic regression; return test accuracy."""
    model = make_pipeline(
        TfidfVectorizer(ngram_range=(1, longest), sublinear_tf=True),
        LogisticRegression(C=10, max_iter=1000),
    )
    texts, labels = zip(*((r.text, r.label) for r in sample["train"]), strict=True)
    model.fit(texts, labels)
    texts, labels = zip(*((r.text, r.label) for r in sample["test"]), strict=True)
    return model.score(texts, labels)
