"""Language models over words: exact probabilities, text in windows, training that resumes."""

from dataclasses import replace
from pathlib import Path

from benchmark.rows import TrainingData, catalogue
from models.layers.ends import of_length_one
from models.pretraining import training
from models.pretraining.adaptive_softmax import AdaptiveSoftmax, Clusters
from models.pretraining.language_model import LanguageModelOptions, language_model
from models.pretraining.speed import operations
from models.pretraining.spelling import SpelledWords, spell
from models.pretraining.training import (
    CarryingLSTM,
    Settings,
    Training,
    read_arrays,
    weights_of,
)
from models.pretraining.windows import END, Windows, end_to_end
from preprocessing.corpus import Corpus
from preprocessing.ragged import Ragged

import keras
import numpy as np
import pytest

CLUSTERS = Clusters.of(50, cutoffs=(8, 20))


def ragged(*rows: list[int]) -> Ragged:
    return Ragged.from_lengths(
        np.concatenate(rows).astype(np.uint16), np.array(list(map(len, rows)))
    )


def test_probabilities_of_all_words_sum_to_one_and_are_those_worked_out_in_numpy() -> None:
    keras.utils.set_random_seed(0)
    softmax = AdaptiveSoftmax(CLUSTERS.borders)
    states = np.repeat(np.random.default_rng(0).normal(size=(1, 1, 12)), 50, axis=0)
    words = np.arange(50)[:, None]
    nats = np.array(softmax(states, CLUSTERS.targets(words, CLUSTERS.room(words[None]))))
    assert np.exp(-nats).sum() == pytest.approx(1, abs=1e-5)

    weights = {weight.path.split("/", 1)[1]: weight.numpy() for weight in softmax.weights}

    def log_softmax(x: np.ndarray) -> np.ndarray:
        return x - np.log(np.exp(x).sum())

    state = states[0, 0]
    frequent = log_softmax(state @ weights["head/kernel"] + weights["head/bias"])
    within = log_softmax(
        state @ weights["narrow_1/kernel"] @ weights["tail_1/kernel"] + weights["tail_1/bias"]
    )
    assert nats[5, 0] == pytest.approx(-frequent[5], abs=1e-5)
    assert nats[33, 0] == pytest.approx(-(frequent[8 + 1] + within[33 - 20]), abs=1e-5)


def test_a_vocabulary_below_the_first_cutoff_is_one_plain_softmax() -> None:
    assert Clusters.of(6, cutoffs=(8, 20)).borders == (6,)
    assert not Clusters.of(6, cutoffs=(8, 20)).sizes


def test_reviews_stand_end_to_end_and_rare_words_are_unknown() -> None:
    text = end_to_end([ragged([5, 9]), ragged([7, 40, 3])], known_words=30)
    assert text.tolist() == [END, 5, 9, END, 7, 1, 3, END]
    turned = end_to_end([ragged([5, 9]), ragged([7, 40, 3])], known_words=30, backwards=True)
    assert turned.tolist() == text[::-1].tolist()


def test_windows_go_along_the_text_and_foretell_every_word_once() -> None:
    text = np.arange(1, 25) % 50  # 23 words to foretell, 2 streams of 12, windows of 5
    windows = Windows(text, 2, 5, CLUSTERS)
    batches = [windows[i] for i in range(len(windows))]
    assert len(batches) == 3
    (first, *_), (second, *_) = batches[:2]
    assert first["words"].tolist() == [[1, 2, 3, 4, 5], [13, 14, 15, 16, 17]]
    assert second["words"].tolist() == [[6, 7, 8, 9, 10], [18, 19, 20, 21, 22]]
    foretold = [
        word
        for stream in (0, 1)
        for _, words, counts in batches
        for word in words[stream][counts[stream] > 0]
    ]
    assert foretold == list(range(2, 25))


def test_state_is_carried_from_window_to_window() -> None:
    keras.utils.set_random_seed(0)
    x = np.random.default_rng(0).normal(size=(2, 6, 3)).astype(np.float32)
    layer = CarryingLSTM(4, 2)
    halves = [np.array(layer(x[:, :3])), np.array(layer(x[:, 3:]))]
    layer.forget()
    np.testing.assert_allclose(np.concatenate(halves, axis=1), np.array(layer(x)), atol=1e-6)


def lstm_in_numpy(x: np.ndarray, kernel: np.ndarray, recurrent: np.ndarray, bias: np.ndarray):
    """Return the states of one row, shape (steps, units); gates in Keras's order."""
    h = c = np.zeros(recurrent.shape[0])
    states = []
    for step in x:
        i, f, g, o = np.split(step @ kernel + h @ recurrent + bias, 4)
        i, f, o = (1 / (1 + np.exp(-gate)) for gate in (i, f, o))
        c = f * c + i * np.tanh(g)
        h = o * np.tanh(c)
        states.append(h)
    return np.array(states)


def test_carried_state_is_that_of_the_recurrence_unrolled() -> None:
    keras.utils.set_random_seed(1)
    x = np.random.default_rng(1).normal(size=(1, 6, 3)).astype(np.float32)
    layer = CarryingLSTM(4, 1)
    layer(x[:, :4])
    second = np.array(layer(x[:, 4:]))[0]
    unrolled = lstm_in_numpy(x[0], *layer.lstm.get_weights())
    np.testing.assert_allclose(second, unrolled[4:], atol=1e-5)


def test_operations_of_training_on_a_text() -> None:
    """Two words of 3 numbers, 5 units: one frequent word, one of the first cluster of 12 words."""
    settings = replace(SETTINGS, words=50, dimensions=3, units=5, depth=1)
    recurrent, frequent, narrow = 4 * 5 * (3 + 5), 5 * (8 + 2), 5 // 4
    by_hand = 6 * (2 * (recurrent + frequent) + narrow * (5 + 12))
    assert operations(settings, CLUSTERS, np.array([2, 9])) == by_hand


class Killed(Exception):
    """Stands for a process that is killed."""


SETTINGS = Settings(
    words=30, dimensions=6, units=5, depth=2, passes=2, learning_rate=0.01, seed=0, backwards=False
)


def reviews(count: int, seed: int) -> Ragged:
    """Return reviews in which each word is the one before plus one, from a random start."""
    random = np.random.default_rng(seed)
    return ragged(*((random.integers(28) + np.arange(20)) % 28 + 2 for _ in range(count)))


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "STREAMS", 4)
    monkeypatch.setattr(training, "STEPS", 10)
    monkeypatch.setattr(training, "WINDOWS_BETWEEN_SAVES", 7)
    monkeypatch.setattr(training, "LEAST_WINDOWS", 1)


def train(
    folder: Path,
    settings: Settings = SETTINGS,
    killed_after: int = 10**6,
    **given: np.ndarray,
) -> Training:
    keras.utils.clear_session()
    keras.utils.set_random_seed(3)
    told = 0

    def on_event(event: dict) -> None:
        nonlocal told
        told += event["event"] == "batch"
        if told > killed_after:
            raise Killed

    learning = Training(settings, [reviews(40, 0)], reviews(8, 1), folder, on_event, **given)
    learning.run()
    return learning


def test_training_that_was_stopped_ends_with_the_weights_of_training_in_one_go(
    short: None, tmp_path: Path
) -> None:
    whole = train(tmp_path / "whole")
    for killed_after in (1, 1):
        with pytest.raises(Killed):
            train(tmp_path / "stopped", killed_after=killed_after)
    resumed = train(tmp_path / "stopped")
    assert resumed.perplexities == whole.perplexities
    for ours, theirs in zip(resumed.best, whole.best, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert resumed.seconds_before > 0


def test_progress_is_the_share_of_all_passes(short: None, tmp_path: Path) -> None:
    events: list[dict] = []
    Training(SETTINGS, [reviews(40, 0)], reviews(8, 1), tmp_path, events.append).run()
    told = [(event["epoch"], event["done"]) for event in events if event["event"] == "batch"]
    assert {epoch for epoch, _ in told} == set(range(1, SETTINGS.passes + 1))
    assert told == sorted(told)
    assert all(
        (epoch - 1) / SETTINGS.passes < done <= epoch / SETTINGS.passes for epoch, done in told
    )
    assert told[-1] == (SETTINGS.passes, 1)


def test_the_pass_with_the_lowest_perplexity_is_kept(
    short: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learning = Training(SETTINGS, [reviews(40, 0)], reviews(8, 1), tmp_path, lambda event: None)
    judged: list[list[np.ndarray]] = []

    def evaluate(*_, **__) -> dict[str, float]:
        judged.append(weights_of(learning.model, SETTINGS.depth))
        return {"nats": float(len(judged))}

    monkeypatch.setattr(learning.model, "evaluate", evaluate)
    learning.run()
    assert len(judged) == SETTINGS.passes > 1
    for kept, first, last in zip(learning.best, judged[0], judged[-1], strict=True):
        np.testing.assert_array_equal(kept, first)
        assert (first != last).any()


@pytest.mark.parametrize("backwards", [False, True])
def test_a_language_model_learns_what_comes_next(
    short: None, tmp_path: Path, backwards: bool
) -> None:
    settings = replace(SETTINGS, units=32, learning_rate=0.05, passes=6, backwards=backwards)
    perplexities = train(tmp_path, settings).perplexities
    assert perplexities[-1] < 4 < perplexities[0]


def test_a_language_model_learns_in_mixed_numbers(short: None, tmp_path: Path) -> None:
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        perplexities = train(tmp_path).perplexities
    finally:
        keras.config.set_dtype_policy("float32")
    assert perplexities[1] < perplexities[0] < 60


@pytest.mark.usefixtures("eagerly")
def test_a_language_model_is_made_once_and_its_perplexity_noted(
    small: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = LanguageModelOptions(lm_units=4, lm_seed=7)
    first = language_model(options, TrainingData.of(small, 0), "backwards")
    monkeypatch.setattr(Training, "run", lambda self: pytest.fail("it was made before"))
    data = TrainingData.of(small, 1)  # another seed of the run, the same language model
    again = language_model(options, data, "backwards")
    np.testing.assert_array_equal(first.vectors, again.vectors)
    (perplexity,) = data.clock.perplexity["language model backwards"]
    assert 1 < perplexity < len(small.vocabulary)


def test_a_language_model_learns_from_train_and_unsup_and_is_judged_by_validation(
    small: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list = []

    def begin(self, settings, texts, validation, *rest) -> None:
        given.extend([*texts, validation])
        raise Killed

    monkeypatch.setattr(Training, "__init__", begin)
    with pytest.raises(Killed):
        language_model(LanguageModelOptions(lm_seed=11), TrainingData.of(small, 0))
    for texts, split in zip(given, ("train", "unsup", "validation"), strict=True):
        np.testing.assert_array_equal(texts.values, small.reviews(split).words.values)


@pytest.mark.usefixtures("eagerly")
def test_a_row_begins_alike_whether_its_language_model_was_made_or_found(small: Corpus) -> None:
    row = catalogue.load("lm_lstm")
    options = row.hyperparameters(lm_units=4, lm_seed=8)
    data = TrainingData.of(small, 5)
    made, found = (row.build(options, data).get_weights() for _ in range(2))
    for one, other in zip(made, found, strict=True):
        np.testing.assert_array_equal(one, other)


def test_words_are_spelled_byte_by_byte_between_marks() -> None:
    spelled = spell(["a", "né", "x" * 40])
    padding = [258] * 16
    assert spelled[0].tolist() == [256, ord("a"), 257, *padding, 258]
    assert spelled[1].tolist() == [256, ord("n"), 0xC3, 0xA9, 257, *padding[:15]]
    assert spelled[2].tolist() == [256, *[ord("x")] * 18, 257]


def test_a_spelled_vector_is_that_worked_out_in_numpy() -> None:
    keras.utils.set_random_seed(0)
    layer = SpelledWords(3, 4)
    layer.build((None, None))
    spelling = spell(["", "bad", "badly"])
    layer.letters.assign(spelling)
    weights = {weight.path.split("/", 1)[1]: weight.numpy() for weight in layer.weights}
    symbols = weights["symbols/embeddings"][spelling[2]]
    found = []
    for width in (1, 2, 3, 4, 5):
        kernel, bias = weights[f"filters_{width}/kernel"], weights[f"filters_{width}/bias"]
        windows = np.lib.stride_tricks.sliding_window_view(symbols, width, axis=0)
        answers = np.einsum("plw,wlf->pf", windows, kernel) + bias
        found += [*np.maximum(answers, 0).max(axis=0)]
    gate = 1 / (1 + np.exp(-(found @ weights["gate/kernel"] + weights["gate/bias"])))
    change = np.maximum(found @ weights["change/kernel"] + weights["change/bias"], 0)
    mixed = gate * change + (1 - gate) * found
    by_hand = mixed @ weights["projection/kernel"] + weights["projection/bias"]
    found_by_layer = np.array(layer(np.array([[1, 2]])))
    assert found_by_layer.shape == (1, 2, 4)
    np.testing.assert_allclose(found_by_layer[0, 1], by_hand, atol=1e-5)
    np.testing.assert_allclose(layer.table()[2], by_hand, atol=1e-5)


@pytest.mark.usefixtures("eagerly")
def test_rare_words_have_vectors_where_they_are_spelled(small: Corpus) -> None:
    options = LanguageModelOptions(
        lm_units=4, lm_dimensions=4, known_words=50, lm_vectors="learned"
    )
    data = TrainingData.of(small, 0)
    assert len(language_model(options, data).vectors) == 50
    spelled = language_model(replace(options, lm_vectors="spelled"), data).vectors
    assert len(spelled) == len(small.vocabulary) > 50
    assert len(np.unique(spelled, axis=0)) == len(spelled)


@pytest.mark.usefixtures("eagerly")
def test_vectors_of_word2vec_stay_and_the_first_layer_reads_them_at_their_length(
    small: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = LanguageModelOptions(lm_units=4, lm_seed=3, known_words=50)
    data = TrainingData.of(small, 0)
    start = language_model(options, data)
    own = of_length_one(data.word_vectors("cbow", 3))
    np.testing.assert_allclose(start.vectors, own, rtol=1e-6)
    (folder,) = small.folder.glob("language-model-forwards-*-seed-3")
    read, kernel, *_ = read_arrays(folder / "weights.npz")
    np.testing.assert_allclose(
        start.vectors @ start.layers[0][0], read @ kernel, rtol=1e-4, atol=1e-6
    )
    assert np.abs(read).max() > np.abs(start.vectors).max()
    monkeypatch.setattr("models.pretraining.language_model.LENGTH", 2.0)
    language_model(options, data)
    assert len(list(small.folder.glob("language-model-forwards-*-seed-3"))) == 2, "it is another"


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("kind", ["word2vec", "learned", "spelled"])
def test_without_a_pass_it_is_what_the_network_begins_with_and_none_is_kept(
    small: Corpus, kind: str
) -> None:
    options = LanguageModelOptions(
        lm_units=4, lm_dimensions=6, pretrain=0, lm_vectors=kind, lm_seed=9, known_words=50
    )
    data = TrainingData.of(small, 0)
    first, again = (language_model(options, data) for _ in range(2))
    np.testing.assert_array_equal(first.layers[0][0], again.layers[0][0])
    other = language_model(options, TrainingData.of(small, 1))
    assert (first.layers[0][0] != other.layers[0][0]).any(), "the run's seed counts"
    assert not list(small.folder.glob("language-model-*-seed-9"))
    assert not data.clock.perplexity
    if kind == "word2vec":
        np.testing.assert_array_equal(first.vectors, of_length_one(data.word_vectors("cbow", 9)))


def test_training_on_spelled_words_resumes_to_the_same_weights(short: None, tmp_path: Path) -> None:
    spelling = spell([f"word{number}" for number in range(40)])
    whole = train(tmp_path / "whole", spelling=spelling)
    with pytest.raises(Killed):
        train(tmp_path / "stopped", killed_after=1, spelling=spelling)
    resumed = train(tmp_path / "stopped", spelling=spelling)
    assert whole.best[0].shape == (40, SETTINGS.dimensions)
    for ours, theirs in zip(resumed.best, whole.best, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_perplexity_is_that_of_every_validation_word(short: None, tmp_path: Path) -> None:
    learning = train(tmp_path, replace(SETTINGS, passes=1))
    text = end_to_end([reviews(8, 1)], SETTINGS.words)
    windows = Windows(text, learning.streams, training.STEPS, learning.clusters)
    for number in range(SETTINGS.depth):
        learning.model.get_layer(f"lstm_{number}").forget()
    nats = 0.0
    for inputs, _, counts in (windows[i] for i in range(len(windows))):
        nats += float((np.asarray(learning.model(inputs)) * counts).sum())
    assert learning.perplexities == [pytest.approx(np.exp(nats / (len(text) - 1)), rel=1e-4)]


def test_reviews_stand_in_another_order_in_each_pass(short: None, tmp_path: Path) -> None:
    learning = Training(SETTINGS, [reviews(40, 0)], reviews(8, 1), tmp_path, lambda event: None)
    first, again, second = (learning._pass(number)[0][0]["words"] for number in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != second).any()
