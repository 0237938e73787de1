import re

from benchmark.records.predictions import Predictions
from benchmark.records.record import Epoch
from benchmark.report import figures, slices
from benchmark.report.slices import CONTRAST, NEGATION
from tests.benchmark.made_up_runs import a_record

import numpy as np


def test_the_pareto_front_by_hand():
    cost = np.array([1, 2, 2, 3, 4])
    gain = np.array([0.8, 0.9, 0.85, 0.9, 0.95])
    assert figures.pareto_front(cost, gain).tolist() == [True, True, False, False, True]


def test_points_that_are_equal_do_not_beat_each_other():
    assert figures.pareto_front(np.array([1, 1]), np.array([0.9, 0.9])).tolist() == [True, True]


def test_agreement_by_hand():
    one = np.array([[1, 1, 0, 0], [1, 1, 0, 1]], bool)
    other = np.array([[1, 0, 0, 0]], bool)
    shares = figures.agreement_shares([one, other])
    assert shares[0, 1] == shares[1, 0] == (3 / 4 + 2 / 4) / 2
    assert shares[0, 0] == 3 / 4, "between its two seeds"
    assert np.isnan(shares[1, 1]), "one seed agrees with no other"


def test_features_are_those_of_the_reviews(small):
    found = slices.of(small)
    reviews = small.reviews("test")
    for i, words in enumerate(reviews.word_lists()):
        assert found.words[i] == len(words)
        assert found.negation[i] == bool(NEGATION & set(words))
        assert found.contrast[i] == bool(CONTRAST & set(words))
        assert found.ids[i].startswith("test/")
        assert found.ids[i].endswith(f"_{found.stars[i]}")
    assert found.negation.any()
    assert not found.negation.all()


def test_a_page_can_colour_a_drawing_and_nothing_in_it_clashes():
    random = np.random.default_rng(0)
    labels = random.integers(0, 2, 200)
    epoch = Epoch(loss=0.5, accuracy=0.8, validation_loss=0.6, validation_accuracy=0.7, seconds=1.0)
    records = [a_record(seed, history=[epoch] * 3) for seed in range(3)]
    logits = random.normal(size=(3, 200)).astype(np.float16)
    rows = {"b": Predictions(records, logits, labels, np.zeros(200, bool))}
    for draw in (figures.reliability_curves, figures.agreement, figures.learning_curves):
        with figures.style():
            drawing = draw(rows)
        inline = figures.as_inline_svg(drawing, "A <title>")
        assert inline.startswith('<svg role="img" aria-label="A &lt;title&gt;"')
        assert "var(--ink)" in inline
        assert not any(colour in inline for colour in (figures.INK, *figures.COLOURS))
        for name in re.findall(r"url\(#([^)]+)\)", inline):
            assert f'id="{name}"' in inline
        assert figures.as_svg(drawing) == figures.as_svg(drawing)
        assert figures.as_png(drawing).startswith(b"\x89PNG")
