"""What learns and what stays, and what a run starts from."""

import dataclasses
import functools
from pathlib import Path

from benchmark.rows import catalogue
from benchmark.rows.training_data import TrainingData
from bert_family.shared import distillation, fine_tuning, pretraining
from bert_family.shared.architecture import initializer
from bert_family.shared.causal_lm import LanguageModelLoss
from bert_family.shared.distillation import TEMPERATURE, DistillationLoss, copy_every_other_layer
from bert_family.shared.fine_tuning import (
    FineTunedRow,
    find_source,
    find_tokenizer,
    freeze,
    layer_shares,
    read_tokens,
)
from bert_family.shared.presets import Preset
from preprocessing.errors import UserError
from preprocessing.storage import read_manifest, seal, unseal
from preprocessing.subwords.training import learn_word_pieces
from tests.bert_family.conftest import NAMES
from tests.conftest import run_python

import keras
import numpy as np
import pytest


def trained(name, presets, small, **options):
    """Return the tiny preset's backbone, and what two steps on eight reviews make of it."""
    row, (folder, before, _) = catalogue.load(name), presets[name]
    options = row.hyperparameters(
        preset=str(folder), pretrain=0, max_tokens=16, learning_rate=0.01, precision="float32",
        epochs=2, least_steps=1, **options,
    )  # fmt: skip
    data = TrainingData.of(small, 0)
    data = dataclasses.replace(
        data, train=data.train.part(40, 48), validation=data.validation.part(0, 4)
    )
    return before, row.fit(options, data, lambda event: None).backbone


def same(before, after) -> list[bool]:
    return [
        bool((one == other).all())
        for one, other in zip(before.get_weights(), after.get_weights(), strict=True)
    ]


@pytest.mark.parametrize("name", NAMES)
def test_padding_changes_no_prediction(name, presets):
    _, backbone, tokenizer = presets[name]
    row = catalogue.load(name)
    model = row.build(row.hyperparameters(), backbone, tokenizer.padding)
    ids = np.random.default_rng(0).integers(10, tokenizer.size, (2, 5)) + 1
    alone = model.predict(ids, verbose=0)
    padded = model.predict(np.pad(ids, ((0, 0), (0, 7))), verbose=0)
    np.testing.assert_allclose(alone, padded, atol=1e-5)
    other = model.predict(np.pad(ids, ((0, 0), (0, 7)), constant_values=12), verbose=0)
    assert np.abs(alone - other).max() > 1e-4, "words in its place do change it"


@pytest.mark.parametrize("name", NAMES)
def test_frozen_means_unchanged(name, presets, small, eagerly):
    before, after = trained(name, presets, small, trainable="frozen", dropout=0.5)
    assert all(same(before, after))
    ids = np.array([[2, 10, 11, 3]])
    tokens = {"token_ids": ids, "padding_mask": ids * 0 + 1, "segment_ids": ids * 0}
    tokens = {key: tokens[key] for key in after.input}
    trains, answers = (keras.tree.flatten(after(tokens, training=t))[0] for t in (True, False))
    np.testing.assert_array_equal(trains, answers)


def test_only_the_top_layer_learns(presets, small, eagerly):
    before, after = trained("bert", presets, small, trainable="top-1")
    assert all(same(before.transformer_layers[0], after.transformer_layers[0]))
    assert not any(same(before.transformer_layers[1], after.transformer_layers[1]))
    assert not any(same(before.pooled_dense, after.pooled_dense))
    assert all(same(before.token_embedding, after.token_embedding))


def test_everything_learns(presets, small, eagerly):
    before, after = trained("bert", presets, small, layer_decay=0.5)
    assert not any(same(before.transformer_layers[0], after.transformer_layers[0]))
    moved = [
        np.abs(one.token_embedding.get_weights()[0] - other.token_embedding.get_weights()[0]).max()
        for one, other in ((before, after), trained("bert", presets, small))
    ]
    assert 0 < moved[0] < 0.3 * moved[1]


@pytest.mark.parametrize(
    ("name", "features", "said"),
    [("bert", "top-3", "there are only 2 layers"), ("albert", "top-1", "share their weights")],
)
def test_layers_that_are_not_there_or_not_apart(name, features, said, presets):
    shares = catalogue.load(name).architecture.shares_layers
    with pytest.raises(UserError, match=said):
        freeze(presets[name][1], features, shares)


def test_albert_shares_its_layers_and_factorizes_its_embeddings(presets):
    _, backbone, tokenizer = presets["albert"]
    deeper = catalogue.load("albert").architecture.backbone(
        **backbone.get_config() | {"num_layers": 12, "name": "deeper"}
    )
    assert deeper.count_params() == backbone.count_params()
    assert backbone.token_embedding.get_weights()[0].shape == (tokenizer.size, 64)
    assert backbone.hidden_dim == 128


def test_lower_layers_have_a_smaller_share(presets):
    backbone = presets["bert"][1]
    model = keras.Model(backbone.input, keras.layers.Dense(1)(backbone.output["pooled_output"]))
    outer = keras.Model(
        backbone.input, keras.layers.Dense(1, name="top")(backbone(backbone.input)["pooled_output"])
    )
    assert len(model.trainable_variables) == len(outer.trainable_variables)
    shares = dict(
        zip([weight.path for weight in outer.trainable_variables], layer_shares(outer, 0.5),
            strict=True)
    )  # fmt: skip
    expected = {
        "top": {1.0},
        "transformer_layer_1": {0.5},
        "transformer_layer_0": {0.25},
        "token_embedding": {0.125},
    }
    for part, share in expected.items():
        assert {value for path, value in shares.items() if part in path} == share


def test_a_student_with_all_layers_copied_answers_as_its_teacher(presets):
    teacher, tokenizer = presets["bert"][1:]
    student = catalogue.load("distilbert").architecture.backbone(
        vocabulary_size=tokenizer.size, num_layers=2, num_heads=2, hidden_dim=128,
        intermediate_dim=512, max_sequence_length=64,
    )  # fmt: skip
    copy_every_other_layer(teacher, student)
    ids = np.array([[2, 10, 11, 3]])
    inputs = {"token_ids": ids, "padding_mask": ids * 0 + 1}
    theirs = teacher(inputs | {"segment_ids": ids * 0})["sequence_output"]
    # they differ in how they compute gelu
    np.testing.assert_allclose(np.asarray(student(inputs)), np.asarray(theirs), atol=5e-3)


def test_a_student_with_half_of_the_layers_has_every_other_one(presets):
    backbone = presets["bert"][1]
    bert, distilbert = (catalogue.load(name).architecture for name in ("bert", "distilbert"))
    teacher = bert.backbone(**backbone.get_config() | {"num_layers": 4, "name": "teacher"})
    student = distilbert.backbone(
        vocabulary_size=backbone.vocabulary_size, num_layers=2, num_heads=2, hidden_dim=128,
        intermediate_dim=512, max_sequence_length=64,
    )  # fmt: skip
    copy_every_other_layer(teacher, student)
    for own, theirs in enumerate((0, 2)):
        copied = student.transformer_layers[own], teacher.transformer_layers[theirs]
        assert all(same(*copied))


def test_the_distance_to_the_teacher_by_hand():
    layer = DistillationLoss()
    student, teacher = np.array([[0.8], [0.4]]), np.array([[0.5], [0.9]])
    states = np.array([[[1.0, 0], [0, 2]], [[1, 1], [9, 9]]])
    taught = np.array([[[1.0, 0], [3, 0]], [[-1, -1], [1, 7]]])
    mask = np.array([[1.0, 1], [1, 0]])
    inputs = [value.astype("float32") for value in (student, states, teacher, taught, mask)]
    assert np.asarray(layer(inputs, training=True)) == pytest.approx(student)
    soft, cosine = (float(loss) for loss in layer.losses)

    def at_temperature(p):
        return 1 / (1 + (p / (1 - p)) ** (-1 / TEMPERATURE))

    p, q = at_temperature(student), at_temperature(teacher)
    expected = -(q * np.log(p) + (1 - q) * np.log(1 - p)).mean() * TEMPERATURE**2
    assert soft == pytest.approx(expected, rel=1e-4)
    assert cosine == pytest.approx((0 + 1 + 2) / 3, abs=1e-4)


def test_a_review_is_read_from_start_to_end_of_what_is_kept(presets, small):
    row, (folder, _, tokenizer) = catalogue.load("bert"), presets["bert"]
    options = row.hyperparameters(preset=str(folder), max_tokens=16)
    data = TrainingData.of(small, 0)
    source = find_source(row, options, data, print)
    assert source.tokenizer.key == tokenizer.key
    assert Preset.of("tiny-bert") == source.preset
    train, validation = read_tokens(source.tokenizer, options, data)
    assert (len(train), len(validation)) == (len(data.train), len(data.validation))
    assert train.lengths.max() == 16
    assert set(train.values[train.offsets[:-1]]) == {tokenizer.start + 1}
    assert set(train.values[train.offsets[1:] - 1]) == {tokenizer.end + 1}


@pytest.mark.parametrize("name", [name for name in NAMES if name != "gpt"])
def test_the_default_is_the_public_preset_and_the_variant_needs_no_weights(name, monkeypatch):
    row, checked = catalogue.load(name), []
    monkeypatch.setattr(
        type(row.architecture), "check", lambda self, preset: checked.append(preset)
    )
    from_scratch = [
        variant for variant, one in row.variants.items() if one.settings["preset"] == "scratch"
    ]
    assert from_scratch
    for variant in from_scratch:
        row.check_weights(row.options_of(variant))
    assert checked == []
    row.check_weights(row.options_of(""))
    assert checked == [row.weights] == [row.architecture.preset]


def test_the_weights_of_a_teacher_are_asked_for_too(monkeypatch):
    row, checked = catalogue.load("distilbert"), []
    monkeypatch.setattr(
        type(row.architecture), "check", lambda self, preset: checked.append(preset)
    )
    row.check_weights(row.hyperparameters(preset="scratch", teacher="bert_tiny_en_uncased"))
    assert checked == ["bert_tiny_en_uncased"]


QUICK = {"epochs": 1, "least_steps": 1}


def quick_fit(small, on_event=lambda event: None, row=None, seed=0, **options):
    """Return what one epoch on eight tokens makes, and the seconds of what was made for it."""
    row, data = row or catalogue.load("bert"), TrainingData.of(small, seed)
    options = row.hyperparameters(max_tokens=8, precision="float32", **QUICK, **options)
    return row.fit(options, data, on_event), data.clock.seconds


def spied(monkeypatch, module) -> list:
    """Return the list that the networks which the module fine-tunes are put into."""
    networks, real = [], fine_tuning.fine_tune
    monkeypatch.setattr(
        module, "fine_tune", lambda model, *rest: networks.append(model) or real(model, *rest)
    )
    return networks


def test_gpt_keeps_its_language_model_loss_in_fine_tuning(small, eagerly, monkeypatch):
    networks = spied(monkeypatch, fine_tuning)
    for weight in (0.5, 0.0):
        quick_fit(
            small, row=catalogue.load("gpt"), preset="scratch", pretrain=0,
            language_model_weight=weight,
        )  # fmt: skip
        found = [layer for layer in networks[-1].layers if isinstance(layer, LanguageModelLoss)]
        assert len(found) == (weight > 0)


def test_a_teacher_is_fine_tuned_once_and_its_student_alone_answers(small, eagerly, monkeypatch):
    row, reviews = catalogue.load("distilbert"), small.reviews("validation")
    quick = functools.partial(row.teacher.hyperparameters, **QUICK)
    row = dataclasses.replace(row, teacher=dataclasses.replace(row.teacher, hyperparameters=quick))
    taught = spied(monkeypatch, distillation)
    first, seconds = quick_fit(small, row=row, preset="scratch", teacher="scratch")
    loss = taught[-1].get_layer("distillation_loss")
    assert isinstance(loss, DistillationLoss)
    from_whom = [one._keras_history.operation.name for one in loss.input]
    assert from_whom[2:4] == ["teacher", "teacher"]
    assert "teacher" not in from_whom[:2]
    alone, _ = quick_fit(small, row=row, preset="scratch")
    assert first.parameters == alone.parameters
    assert not (first.predict(reviews) == alone.predict(reviews)).all()

    (kept,) = small.folder.glob("teacher-scratch-*-seed-0")
    load, loaded = FineTunedRow.load, []
    monkeypatch.setattr(FineTunedRow, "load", lambda *of: loaded.append(load(*of)) or loaded[-1])
    again, seconds_again = quick_fit(small, row=row, preset="scratch", teacher="scratch")
    np.testing.assert_array_equal(again.predict(reviews), first.predict(reviews))
    assert seconds["teacher"] == seconds_again["teacher"] > 0, "it was trained once"
    assert seconds.keys() == seconds_again.keys() > {"teacher", "vocabulary", "subwords of train"}
    assert all(same(loaded[0].model, keras.models.load_model(kept / "model.keras")))


def test_what_cannot_be_is_told_before_anything_is_trained(small, presets, monkeypatch):
    monkeypatch.setattr(pretraining, "_train", None)
    monkeypatch.setattr(FineTunedRow, "fit", None)
    bert, distilbert = catalogue.load("bert"), catalogue.load("distilbert")
    deep = bert.hyperparameters(preset="scratch", pretrain=1, trainable="top-9")
    with pytest.raises(UserError, match="--trainable top-9: there are only 2 layers"):
        find_source(bert, deep, TrainingData.of(small, 3), print)
    with pytest.raises(UserError, match="teacher scratch has another vocabulary than preset"):
        quick_fit(small, row=distilbert, preset=str(presets["distilbert"][0]), teacher="scratch")


@pytest.mark.filterwarnings("error:Gradients do not exist")
@pytest.mark.parametrize("name", ["bert", "gpt"])
def test_pretraining_is_kept_and_used_again(name, small, eagerly, monkeypatch):
    row, data = catalogue.load(name), TrainingData.of(small, 7)  # no other test's seed
    fitted, seconds = quick_fit(small, row=row, seed=7, preset="scratch", pretrain=1)
    assert (fitted.weights, fitted.outside_data) == ("none", "none")
    assert seconds["pretraining"] > 0
    (kept,) = small.folder.glob(f"preset-{name}-scratch-tiny-pretrained-1-*-seed-7")

    monkeypatch.setattr(pretraining, "_train", None)
    source = find_source(row, fitted.options, data, print)
    assert Path(source.preset.place) == kept
    assert row.architecture.load_backbone(source.preset).num_layers == 2


@pytest.mark.parametrize("name", ["bert", "gpt"])
def test_pretraining_that_was_stopped_goes_on_after_its_last_whole_pass(
    name, small, eagerly, monkeypatch
):
    row = catalogue.load(name)

    def stop_after_one_pass(event):
        if "pass 1/2" in event.get("text", ""):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        quick_fit(small, stop_after_one_pass, row, preset="scratch", pretrain=2)
    (passes,) = small.folder.glob(f".preset-{name}-scratch-tiny-pretrained-2-*.passes")
    kept = unseal((passes / "manifest.json").read_bytes())
    kept["passes"][0]["seconds"] = 1000.0
    (passes / "manifest.json").write_text(seal(kept))
    (passes / "unfinished.weights.h5").write_text("of a run that was killed while it wrote")

    told, steps = [], []
    resume = pretraining._Passes.resume

    def spy(passes, model):
        resume(passes, model)
        steps.append(int(model.optimizer.iterations))

    monkeypatch.setattr(pretraining._Passes, "resume", spy)
    _, seconds = quick_fit(small, told.append, row, preset="scratch", pretrain=2)
    assert steps[0] > 0, "it went on from the weights of the first pass"
    texts = [event["text"] for event in told if "pass " in event.get("text", "")]
    assert [text.split(":")[0] for text in texts] == ["pretraining pass 2/2"]
    assert 1000 < seconds["pretraining"] < 1500
    (preset,) = small.folder.glob(f"preset-{name}-scratch-tiny-pretrained-2-*")
    about = read_manifest(preset)
    for what in ("loss", "perplexity"):
        if what in kept["passes"][0]:
            assert about[what][0] == kept["passes"][0][what]
            assert len(about[what]) == 2
    assert ("perplexity" in about) == (name == "gpt")
    assert not passes.exists()


def test_a_pass_is_kept_with_the_optimizers_moments(tmp_path):
    def compiled() -> keras.Model:
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        return model

    keras.utils.set_random_seed(0)
    trained, fresh = compiled(), compiled()
    passes = pretraining._Passes(lambda event: None, 2, tmp_path / "passes")
    numbers = np.random.default_rng(0).normal(size=(8, 3))
    trained.fit(numbers, numbers[:, 0], epochs=2, batch_size=2, verbose=0, callbacks=[passes])
    later = pretraining._Passes(print, 3, tmp_path / "passes")
    assert len(later.history) == 2
    later.resume(fresh)
    assert fresh.optimizer.iterations == 8
    assert all(same(fresh, trained))
    for one, other in zip(fresh.optimizer.variables, trained.optimizer.variables, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_pass_that_was_changed_is_not_gone_on_from(tmp_path):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    passes = pretraining._Passes(lambda event: None, 1, tmp_path / "passes")
    model.fit(np.ones((2, 3)), np.ones(2), verbose=0, callbacks=[passes])
    (weights,) = (tmp_path / "passes").glob("*.h5")
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    with pytest.raises(UserError, match=r"pass-1.weights.h5 is damaged .* delete .*passes"):
        pretraining._Passes(print, 2, tmp_path / "passes")


def test_subwords_are_learned_from_the_training_reviews_alone(small):
    bert, read = catalogue.load("bert"), []

    def learn_and_note(texts, size):
        read.extend(texts)
        return learn_word_pieces(iter(read), size)

    architecture = dataclasses.replace(bert.architecture, learn_vocabulary=learn_and_note)
    row = dataclasses.replace(bert, architecture=architecture)
    options = row.hyperparameters(preset="scratch")
    find_tokenizer(row, options, TrainingData.of(small, 0))
    texts = small.reviews("train").texts
    assert read == [bytes(texts[i]).decode() for i in range(len(texts))]


def test_a_preset_that_there_is_not_is_refused_before_anything_is_learned(small):
    with pytest.raises(UserError, match="KerasHub has no Bert preset bert_huge; "):
        quick_fit(small, preset="bert_huge")


def first_weights() -> list:
    keras.utils.set_random_seed(0)
    return np.asarray(initializer()((4, 1))).tolist()


def test_the_seed_alone_decides_the_heads_first_weights():
    """Also in another process, in which other things were drawn before."""
    process = run_python("-c", f"from {__name__} import first_weights; print(first_weights())")
    assert process.stdout.strip() == str(first_weights()), process.stderr


@pytest.mark.parametrize(("of", "rate"), [("scratch", 1e-3), ("a preset", 2e-5)])
def test_the_rate_and_its_steps_are_those_of_the_weights_and_of_all_epochs(
    of, rate, small, presets, monkeypatch
):
    given = []
    monkeypatch.setattr(
        fine_tuning, "adamw", lambda rate, steps, *rest: given.append((rate, steps))
    )
    monkeypatch.setattr(
        fine_tuning, "train",
        lambda model, optimizer, batches, *rest: given.append(len(batches)) or [],
    )  # fmt: skip
    row = catalogue.load("bert")
    options = row.hyperparameters(
        preset=of if of == "scratch" else str(presets["bert"][0]),
        max_tokens=8, epochs=3, least_steps=1, precision="float32",
    )  # fmt: skip
    row.fit(options, TrainingData.of(small, 0), lambda event: None)
    (asked, steps), batches = given
    assert (asked, steps) == (rate, 3 * batches)
