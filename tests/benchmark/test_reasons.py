"""Reasons: by occlusion for every row, exact weights, attention; and how they are shown."""

import json
import re
from types import SimpleNamespace

from benchmark.analysis import reasons
from benchmark.analysis.reasons import Part, Reasons
from benchmark.report import explanation
from benchmark.rows import catalogue
from benchmark.rows.pipelines import WORD
from benchmark.rows.pipelines.pipeline_row import FittedPipeline
from benchmark.rows.saved import SavedModel
from benchmark.rows.training_data import TrainingData
from preprocessing.errors import UserError

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

TEXT = "I didn't LOVE it, <br />but (oh!) the <i>Café</i> scene is 8/10 &amp; superb... Superb."


def saved_model(fitted, small, name="majority"):
    return SavedModel(None, {"model": name}, fitted, small.vocabulary)


@pytest.fixture(scope="module")
def linear(small):
    """A linear model of the counts of single words."""
    train = small.reviews("train")
    pipeline = make_pipeline(
        CountVectorizer(token_pattern=WORD, lowercase=False), LogisticRegression()
    )
    texts = [" ".join(words) for words in train.word_lists()]
    return saved_model(FittedPipeline(pipeline.fit(texts, train.labels)), small)


def asked(probability_of, remember=None):
    """A model that is a function of a text."""

    def predict(texts):
        if remember is not None:
            remember.extend(texts)
        return np.array([probability_of(text) for text in texts])

    return SimpleNamespace(
        predict=predict, fitted=None, manifest={"model": "majority"}, vocabulary=[]
    )


def test_words_are_what_a_reader_sees_and_the_preprocessing_reads():
    found = [TEXT[part.start : part.stop] for part in reasons.split_words(TEXT)]
    assert found == [
        "I", "didn't", "LOVE", "it", "but", "oh", "!", "the", "Café", "scene", "is", "8/10",
        "superb", "...", "Superb",
    ]  # fmt: skip


def test_on_a_linear_model_occlusion_is_weight_times_value(linear):
    text = "I wanted to love it , but it is a bore and the music is dull"
    found = reasons.explain(linear, text)
    vectorizer, classifier = (step for _, step in linear.fitted.pipeline.steps)
    for part in found.words:
        number = vectorizer.vocabulary_.get(found.part(part).lower())
        weight = 0 if number is None else classifier.coef_[0, number]
        if found.part(part) in linear.vocabulary:
            assert part.change == pytest.approx(weight, abs=1e-9), found.part(part)
    shares = dict(found.weights.phrases)
    assert shares["it"] == pytest.approx(2 * classifier.coef_[0, vectorizer.vocabulary_["it"]])
    total = sum(shares.values()) + found.weights.intercept
    assert total == pytest.approx(found.log_odds, abs=1e-9)


def test_a_sure_linear_model_is_explained_beyond_where_scores_are_clipped(linear):
    text = "superb " * 160
    found = reasons.explain(linear, text)
    total = sum(share for _, share in found.weights.phrases) + found.weights.intercept
    assert 17 < total < 30
    assert found.log_odds == pytest.approx(total, rel=1e-3)
    assert f"add up to the log-odds, {total:+.2f}" in explanation.as_html("", {"linear": found})


@pytest.mark.parametrize("certain", [np.float32(1), np.float64(1)])
def test_a_certain_answer_has_finite_log_odds(certain):
    found = reasons.explain(asked(lambda text: certain, []), "Superb, superb.")
    assert np.isfinite(found.log_odds)
    assert found.log_odds > 15


def test_what_is_left_out_leaves_no_second_space():
    texts = []
    reasons.explain(asked(lambda text: 0.5, texts), "So (very) good. Not bad!")
    assert texts == [
        "So (very) good. Not bad!",
        "Not bad!", "So (very) good. ",
        "(very) good. Not bad!", "So () good. Not bad!", "So (very) . Not bad!",
        "So (very) good. bad!", "So (very) good. Not !", "So (very) good. Not bad",
    ]  # fmt: skip


def test_a_long_text_is_asked_by_sentence_first_and_a_bounded_number_of_times():
    sentences = [f"the film number {i} has a plot and no end ." for i in range(250)]
    sentences[100] = "it is a superb film ."
    texts, told = [], []
    found = reasons.explain(
        asked(lambda text: 0.9 if "superb" in text else 0.3, texts),
        " ".join(sentences),
        lambda done, of: told.append((done, of)),
    )
    assert len(found.words) == 2495
    assert len(texts) <= 1 + 50 + reasons.MOST_WORDS
    largest = max(found.sentences, key=lambda part: part.change)
    assert "superb" in found.part(largest)
    assert [found.part(part) for part in found.strongest()[0]] == ["superb"]
    assert any(part.change is None for part in found.words)
    assert all(done <= of for done, of in told)
    shown = explanation.shaded(found, found.words)
    words = " ".join(piece for piece, _, _ in shown)
    assert "superb" in words
    assert "…" in words
    assert "number 200" not in " ".join(words.split()), "it was not asked about"


def test_a_sentence_without_end_is_cut():
    found = reasons.explain(asked(lambda text: 0.5), "word " * 90)
    assert [found.part(part).count("word") for part in found.sentences] == [40, 40, 10]


@pytest.mark.parametrize(
    ("text", "said"), [(" ~ <br />", "no words"), ("a " * 10_001, "20,002 characters; at most")]
)
def test_what_cannot_be_explained_is_said(text, said):
    with pytest.raises(UserError, match=said):
        reasons.explain(asked(lambda text: 0.5), text)


def test_padding_and_batch_do_not_matter_and_attention_is_a_second_view(
    small, eagerly, monkeypatch
):
    row = catalogue.load("attention_lstm")
    options = row.hyperparameters(epochs=1, least_steps=1, units=2, max_words=9)
    fitted = row.fit(options, TrainingData.of(small, 0), lambda event: None)
    model = saved_model(fitted, small, "attention_lstm")
    text = "I wanted to love it, but it is a bore."
    together = reasons.explain(model, text)
    assert together.positive == pytest.approx(float(model.predict([text])[0]), abs=1e-6)
    monkeypatch.setattr(reasons, "_BATCH", 4)
    apart = reasons.explain(model, text)
    changes = [[part.change for part in one.words] for one in (together, apart)]
    assert np.abs(changes[0]).max() > 0
    assert changes[0] == pytest.approx(changes[1], abs=1e-5)
    assert [word for word, _ in together.attention][:3] == ["i", "wanted", "to"]
    assert len(together.attention) == 9, "it is cut as in training"
    assert sum(weight for _, weight in together.attention) == pytest.approx(1, abs=1e-5)
    assert together.weights is None


def test_shades_follow_the_changes_and_markup_is_text():
    text = "<b>Superb\u0000</b>, never\u202e dull & plain"
    superb, never, plain = (Part(*re.search(w, text).span()) for w in ("Superb", "never", "plain"))
    words = [
        Part(superb.start, superb.stop, 2.0), Part(never.start, never.stop, -1.0),
        Part(plain.start, plain.stop, 0.02),
    ]  # fmt: skip
    found = Reasons(text, 0.75, 1.1, words, [], None, [("<i>", 0.2), ("dull", 0.8)])
    page = explanation.as_html("<why>", {"<cnn>": found})
    for element in ("<b>", "<i>", "<cnn>", "<why>", "\u0000", "\u202e"):
        assert element not in page
    spans = re.findall(
        r'<span class="(for|against)" style="--shade: (\d+)%" title="(.*?)">(\w+)', page
    )
    assert spans == [("for", "100", "+2.00", "Superb"), ("against", "50", "-1.00", "never")]
    assert '<span title="+0.02">plain</span>' in page
    assert "&lt;b&gt;" in page
    assert "75.0 %" in page
    shown = explanation.for_terminal("cnn", found)
    assert "for “positive”: Superb +2.00, plain +0.02" in shown.plain
    assert "its attention: dull 80%, <i> 20%" in shown.plain
    assert "on rgb(86,180,233)" in str(shown.spans)


def test_on_the_command_line(run_here, small, linear, monkeypatch, tmp_path):
    from benchmark.rows import saved

    monkeypatch.setattr(saved, "load", lambda folder: linear)
    page = tmp_path / "why.html"
    words = ("explain", "--model", tmp_path, "I love this film.")
    shown = run_here("benchmark", *words, "--html", page)
    assert shown.returncode == 0, shown.stderr
    assert "I love this film." in shown.stdout
    assert 'title="+' in page.read_text(encoding="utf-8")
    found = json.loads(run_here("benchmark", *words, "--json").stdout)[tmp_path.name]
    assert found["positive"] == float(linear.predict(["I love this film."])[0])
    assert [part["text"] for part in found["words"]] == ["I", "love", "this", "film"]
    assert found["weights"]["phrases"]
    refused = run_here("benchmark", *words[:3], "~")
    assert (refused.returncode, refused.stderr) == (2, "error: this text has no words\n")
