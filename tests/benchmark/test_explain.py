import re

from benchmark.report import attention
from benchmark.rows import catalogue
from benchmark.runs import explain
from preprocessing.errors import UserError

import numpy as np
import pytest


@pytest.fixture
def row():
    return catalogue.load("attention_lstm")


@pytest.fixture
def ask(row, small):
    options = row.hyperparameters(epochs=1, least_steps=1, max_words=9, units=4)

    def ask(text):
        return explain.explain("attention_lstm", row, options, 0, small, text, lambda event: None)

    return ask


def test_the_weights_of_the_words_sum_to_one(ask):
    explanation = ask("A film that I did not like!")
    assert explanation.words[:3] == ["a", "film", "that"]
    assert explanation.words[-1] == "!"
    assert explanation.weights.sum() == pytest.approx(1, abs=1e-5)
    assert 0 < explanation.positive < 1


def test_a_second_question_trains_nothing(ask, row, monkeypatch):
    first = ask("good")
    monkeypatch.setattr(type(row), "fit", lambda *_: pytest.fail("it trained again"))
    assert ask("good").positive == first.positive


def test_a_review_is_cut_as_in_training(ask):
    assert len(ask("good " * 50).words) == 9


def test_a_text_without_words_is_refused(ask):
    with pytest.raises(UserError, match="no word"):
        ask(" ~ ")


def test_the_darkest_word_has_the_largest_weight_and_markup_is_escaped():
    words, weights = ["<b>", "good"], np.array([0.2, 0.8])
    page = attention.as_html("Positive with probability 0.900", words, weights)
    assert "<b>" not in page
    assert ">&lt;b&gt;</span>" in page
    shades = [float(shade) for shade in re.findall(r"rgba\([\d, ]+, ([\d.]+)\)", page)]
    assert shades == [0.25, 1]
    assert 'title="80.00%"' in page
    assert "<h1>Positive with probability 0.900</h1>" in page
    assert attention.for_terminal(words, weights).plain.split() == words


def test_on_the_command_line(run_here, eagerly, tmp_path):
    page = tmp_path / "page.html"
    process = run_here(
        "models/attention_lstm.py", "--dataset", "sample", "--limit", "40", "--epochs", "1",
        "--least-steps", "1", "--units", "4", "--cache", tmp_path, "--html", page,
        "--explain", "I wanted to love it, but it is a bore.",
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    assert "i wanted to love it but it is a bore" in process.stdout
    assert "bore" in page.read_text(encoding="utf-8")
