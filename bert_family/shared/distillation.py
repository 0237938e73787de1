"""A student that learns from a teacher while it is fine-tuned (Sanh et al., 2019)."""

import hashlib
import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

from benchmark.rows import sources
from benchmark.rows.contract import OnEvent
from benchmark.rows.hyperparameters import hyperparameters, option, plain
from benchmark.rows.networks.devices import reset_session
from benchmark.rows.training_data import CacheClock, TrainingData
from bert_family.shared.architecture import backbone_inputs
from bert_family.shared.fine_tuning import (
    FineTuned,
    FineTunedRow,
    FineTuningOptions,
    MaskedLMOptions,
    backbone_of,
    dtype_policy,
    find_source,
    find_tokenizer,
    fine_tune,
    freeze,
    read_tokens,
    start,
)
from bert_family.shared.presets import Preset, folder_name, weights_name
from preprocessing.errors import OptionError
from preprocessing.storage import read_manifest

import keras
from keras import layers, ops
from pydantic import PlainValidator

NOBODY = "none"
TEMPERATURE = 2.0
"""Softens both probabilities; in the range of Hinton et al. (2015)."""

SAME = ("size", "pretrain", "masking", "max_tokens", "truncation", "precision")
"""Options that the teacher takes from the student."""


@hyperparameters
class DistilledOptions(MaskedLMOptions):
    """Options of a student."""

    teacher: Annotated[str, PlainValidator(Preset.of)] = option(
        NOBODY,
        "a BERT to fine-tune first and learn from: as --preset says, scratch for one of the same "
        "size with twice the layers; none for no teacher",
    )


@dataclass(frozen=True)
class DistilledRow(FineTunedRow):
    """A row that can learn from a teacher.

    Attributes:
        teacher: the row that teaches, a BERT. `build` names the layer of the student's last hidden
            states "states".
    """

    teacher: FineTunedRow = field(kw_only=True)

    def check_weights(self, options: Any) -> None:
        """Check that the presets of student and teacher can be had.

        Raises:
            UserError: one cannot.
        """
        super().check_weights(options)
        if options.teacher != NOBODY:
            self.teacher.check_weights(self._teacher_options(options))

    def fit(self, options: Any, data: TrainingData, on_event: OnEvent) -> FineTuned:
        """Fine-tune the student, beside a teacher if there is one, and keep the student alone.

        Raises:
            UserError: weights cannot be loaded, or student and teacher do not fit each other.
        """
        if options.teacher == NOBODY:
            return super().fit(options, data, on_event)
        ours = find_tokenizer(self, options, data)
        theirs = find_tokenizer(self.teacher, self._teacher_options(options), data)
        if theirs.key != ours.key:
            raise OptionError(
                f"teacher {options.teacher!s} has another vocabulary than preset {options.preset!s}"
            )
        source = find_source(self, options, data, on_event)
        teacher = self._fine_tuned_teacher(options, data, on_event)
        tokens = read_tokens(source.tokenizer, options, data)

        reset_session(data.seed, dtype_policy(options.precision))
        student = start(self.architecture, source, options)
        taught = frozen_teacher(teacher.model, source.tokenizer.padding)
        width = taught.output["states"].shape[-1]
        if width != student.hidden_dim:
            raise OptionError(
                f"teacher {options.teacher!s} is {width} wide and the student "
                f"{student.hidden_dim}; they must agree"
            )
        if source.preset is None:
            copy_every_other_layer(teacher.backbone, student)
        freeze(student, options.trainable, self.architecture.shares_layers)
        model = self.build(options, student, source.tokenizer.padding)

        beside_teacher = with_teacher(model, taught)
        widths, history = fine_tune(beside_teacher, source, options, tokens, data, on_event)
        fitted = FineTuned(model, options, widths, source.tokenizer, history)
        fitted.weights = _both(source.weights, teacher.weights)
        fitted.outside_data = _both(source.outside_data, teacher.outside_data)
        return fitted

    def _teacher_options(self, options: DistilledOptions) -> FineTuningOptions:
        taken = {name: getattr(options, name) for name in SAME}
        return self.teacher.hyperparameters(preset=options.teacher, **taken)

    def _fine_tuned_teacher(
        self, options: DistilledOptions, data: TrainingData, on_event: OnEvent
    ) -> FineTuned:
        """Fine-tune the teacher, once, and return it."""
        theirs = self._teacher_options(options)
        settings = plain(theirs) | {"precision": dtype_policy(theirs.precision)}
        code = sources.digest(self.teacher.build.__module__)
        weights = weights_name(Preset.of(options.teacher))
        depends = json.dumps([settings, len(data.train), weights, keras.backend.backend(), code])
        digest = hashlib.sha256(depends.encode()).hexdigest()[:8]
        called = self.teacher.variant_of(theirs) or options.teacher
        name = f"teacher-{called}-{digest}-seed-{data.seed}"

        def build(target: Path) -> dict:
            on_event({"event": "step", "text": f"fine-tuning the teacher, {options.teacher}"})
            apart = replace(data, clock=CacheClock())
            fitted = self.teacher.fit(theirs, apart, on_event)
            fitted.save(target)
            on_event({"event": "step", "text": "fine-tuning the student"})
            return {
                "seconds": -apart.clock.cache_seconds,  # all of it is counted by what was made
                "made": apart.clock.seconds,
                "settings": settings,
                "code": code,
                "weights": fitted.weights,
                "outside_data": fitted.outside_data,
                "history": fitted.history,
            }

        folder = data.cached("teacher", folder_name(name), build)
        # it is loaded where the student will be
        reset_session(data.seed, dtype_policy(options.precision))
        fitted, about = self.teacher.load(theirs, folder), read_manifest(folder)
        fitted.weights, fitted.outside_data = about["weights"], about["outside_data"]
        for what, seconds in about["made"].items():
            name = "pretraining of the teacher" if what == "pretraining" else what
            data.clock.seconds.setdefault(name, seconds)
        return fitted


@keras.saving.register_keras_serializable("bert_family")
class DistillationLoss(layers.Layer):
    """Passes the student's probability on, and adds to the loss how far it is from the teacher.

    Two terms as in the paper (section 2): the cross-entropy with the teacher's probability, both at
    a temperature, times its square; and one minus the cosine between the last hidden states, over
    all tokens. The third, of masked tokens, has become that of the labels. All have weight 1.
    """

    def call(self, inputs: list, training: bool | None = None):
        """Return the student's probability.

        Args:
            inputs: the student's probability, shape (batch, 1), and last hidden states, shape
                (batch, tokens, dimensions); both of the teacher; and the mask, shape
                (batch, tokens), 0 for padding. All are float32.
            training: whether to add to the loss.
        """
        probability, states, soft, taught, mask = inputs
        if training:
            ours, theirs = (
                ops.sigmoid(_logit(value) / TEMPERATURE) for value in (probability, soft)
            )
            unlike = keras.losses.binary_crossentropy(theirs, ours)
            self.add_loss(TEMPERATURE**2 * ops.mean(unlike))
            cosine = ops.sum(ops.normalize(states) * ops.normalize(taught), axis=-1)
            self.add_loss(ops.sum((1 - cosine) * mask) / ops.sum(mask))
        return probability


def copy_every_other_layer(teacher: keras.Model, student: keras.Model) -> None:
    """Start the student from a BERT: its embeddings and every other of its layers (section 3).

    The paper's BERT has been pretrained; this one is fine-tuned as well.

    The segments, which the student does not have, are one text here, so their vector goes into the
    positions'.
    """
    positions = student.embeddings.position_embedding
    student.token_embedding.set_weights(teacher.token_embedding.get_weights())
    positions.set_weights(
        [
            teacher.position_embedding.get_weights()[0]
            + teacher.segment_embedding.get_weights()[0][0]
        ]
    )
    student.embeddings_layer_norm.set_weights(teacher.embeddings_layer_norm.get_weights())
    step = len(teacher.transformer_layers) // len(student.transformer_layers)
    for own, theirs in zip(
        student.transformer_layers, teacher.transformer_layers[::step], strict=False
    ):
        own.set_weights(theirs.get_weights())


def frozen_teacher(model: keras.Model, padding: int) -> keras.Model:
    """Return a frozen model from tokens, shape (batch, tokens), to two outputs by name.

    They are "probability", shape (batch, 1), and "states", the last hidden ones, shape
    (batch, tokens, dimensions).

    It is built again without dropout: a model within another drops when the outer one trains,
    whatever its own call said.
    """
    trained = backbone_of(model)
    backbone = type(trained).from_config(trained.get_config() | {"dropout": 0.0})
    backbone.set_weights(trained.get_weights())
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    outputs = backbone(backbone_inputs(tokens, backbone, padding))
    probability = model.get_layer("positive")(outputs["pooled_output"])
    taught = {"probability": probability, "states": outputs["sequence_output"]}
    teacher = keras.Model(tokens, taught, name="teacher")
    teacher.trainable = False
    return teacher


def with_teacher(model: keras.Model, teacher: keras.Model) -> keras.Model:
    """Return the student's model with the distance to its teacher added to the loss."""
    tokens, states = model.input, model.get_layer("states").output
    taught = teacher(tokens)
    mask = ops.cast(ops.not_equal(tokens, 0), "float32")
    loss = DistillationLoss(dtype="float32", name="distillation_loss")
    compared = [model.output, states, taught["probability"], taught["states"], mask]
    return keras.Model(tokens, loss(compared))


def _both(student: str, teacher: str) -> str:
    """Return what student and teacher name, "none" if neither names anything."""
    return "; ".join(sorted({student, teacher} - {"none"})) or "none"


def _logit(probability):
    probability = ops.clip(probability, 1e-6, 1 - 1e-6)
    return ops.log(probability) - ops.log1p(-probability)
