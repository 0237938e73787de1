"""A student that learns from a teacher while it is fine-tuned (Sanh et al., 2019)."""

import hashlib
import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

from benchmark.rows.contract import OnEvent
from benchmark.rows.hyperparameters import hyperparameters, option, plain
from benchmark.rows.networks.devices import reset_session
from benchmark.rows.training_data import CacheClock, TrainingData
from bert_family.shared.fine_tuning import (
    FineTuned,
    FineTunedRow,
    FineTuningOptions,
    SubwordData,
    backbone_of,
    freeze,
    head,
)
from bert_family.shared.presets import Preset, Source, backbone_inputs, folder_name, weights_name
from preprocessing.errors import UserError
from preprocessing.storage import read_manifest

import keras
import numpy as np
from keras import layers, ops
from pydantic import PlainValidator

NOBODY = "none"
TEMPERATURE = 2.0
"""Softens both answers; in the range of Hinton et al. (2015)."""

SAME = ("size", "pretrain", "max_tokens", "truncation", "precision")
"""Options that the teacher takes from the student."""


@hyperparameters
class DistilledOptions(FineTuningOptions):
    """Options of a student."""

    teacher: Annotated[str, PlainValidator(Preset.of)] = option(
        NOBODY,
        "a BERT to fine-tune first and learn from: as --preset says, scratch for one of the same "
        "size with twice the layers; none for no teacher",
    )


@dataclass
class DistilledData(SubwordData):
    """Training data with a teacher."""

    teacher: FineTuned | None = None


@dataclass(frozen=True)
class DistilledRow(FineTunedRow):
    """A row that can learn from a teacher.

    Attributes:
        teacher: the row that teaches.
    """

    teacher: FineTunedRow = field(kw_only=True)

    def subword_data(
        self, options: DistilledOptions, data: TrainingData, source: Source, on_event: OnEvent
    ) -> SubwordData:
        """Return the data with subwords, and with the teacher if there is one."""
        if options.teacher == NOBODY:
            return super().subword_data(options, data, source, on_event)
        teacher = self._teacher(options, data, on_event)
        if teacher.tokenizer.key != source.tokenizer.key:
            raise UserError(
                f"teacher {options.teacher!s} has another vocabulary than preset {options.preset!s}"
            )
        read = super().subword_data(options, data, source, on_event)
        return DistilledData(**vars(read), teacher=teacher)

    def network(self, options: DistilledOptions, data: SubwordData) -> keras.Model:
        """Return the student, or the student with its teacher beside it."""
        if not isinstance(data, DistilledData):
            return super().network(options, data)
        padding = data.source.tokenizer.padding
        student = self.start(options, data.source)
        teacher = _answers_of(data.teacher.model, padding)
        if teacher.output["states"].shape[-1] != student.hidden_dim:
            raise UserError(
                f"teacher {options.teacher!s} is {teacher.output['states'].shape[-1]} wide and the "
                f"student {student.hidden_dim}; they must agree"
            )
        if data.source.preset is None:
            copy_every_other_layer(backbone_of(data.teacher.model), student)
        freeze(student, options.trainable, self.architecture.shares_layers)
        tokens = keras.Input((None,), dtype="int32", name="tokens")
        states = student(backbone_inputs(tokens, student, padding))
        probability = head(states, student, options.dropout)
        taught = teacher(tokens)
        mask = ops.cast(ops.not_equal(tokens, 0), "float32")
        return keras.Model(
            tokens,
            DistillationLoss(dtype="float32", name="imitation")(
                [probability, states, taught["probability"], taught["states"], mask]
            ),
        )

    def fitted(
        self, model: keras.Model, options: Any, widths: np.ndarray, data: SubwordData
    ) -> FineTuned:
        """Return the student alone."""
        if not isinstance(data, DistilledData):
            return super().fitted(model, options, widths, data)
        alone = keras.Model(model.input, model.get_layer("positive").output)
        fitted = super().fitted(alone, options, widths, data)
        own = {"weights": fitted.weights, "outside_data": fitted.outside_data}
        for name, value in own.items():
            names = {value, getattr(data.teacher, name)} - {"none"}
            setattr(fitted, name, "; ".join(sorted(names)) or "none")
        return fitted

    def _teacher(
        self, options: DistilledOptions, data: TrainingData, on_event: OnEvent
    ) -> FineTuned:
        """Fine-tune the teacher, once, and return it."""
        taken = {name: getattr(options, name) for name in SAME}
        theirs = self.teacher.hyperparameters(preset=options.teacher, **taken)
        settings = plain(theirs) | {"precision": self.teacher.dtype_policy(theirs)}
        depends = json.dumps([settings, weights_name(options.teacher)])
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
                "settings": settings,
                "weights": fitted.weights,
                "outside_data": fitted.outside_data,
                "history": fitted.history,
            }

        folder = data.cached("teacher", folder_name(name), build)
        reset_session(data.seed, self.dtype_policy(options))  # load it where the student will be
        fitted, about = self.teacher.load(theirs, folder), read_manifest(folder)
        fitted.weights, fitted.outside_data = about["weights"], about["outside_data"]
        return fitted


@keras.saving.register_keras_serializable("bert_family")
class DistillationLoss(layers.Layer):
    """Passes the student's probability on, and adds to the loss how far it is from the teacher.

    Two terms as in the paper (section 3): the cross-entropy with the teacher's probability, both at
    a temperature, times its square; and one minus the cosine between the last hidden states, over
    all tokens. The third, of hidden words, has become that of the labels.
    """

    def call(self, inputs: list, training: bool | None = None):
        """Take probability and states of the student, then of the teacher, and the mask."""
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


def _answers_of(model: keras.Model, padding: int) -> keras.Model:
    """Return a frozen model from tokens to probability and last hidden states.

    It is built again without dropout: a model within another drops when the outer one trains,
    whatever its own call said.
    """
    trained = backbone_of(model)
    backbone = type(trained).from_config(trained.get_config() | {"dropout": 0.0})
    backbone.set_weights(trained.get_weights())
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    answer = backbone(backbone_inputs(tokens, backbone, padding))
    probability = model.get_layer("positive")(answer["pooled_output"])
    answers = {"probability": probability, "states": answer["sequence_output"]}
    teacher = keras.Model(tokens, answers, name="teacher")
    teacher.trainable = False
    return teacher


def _logit(probability):
    probability = ops.clip(probability, 1e-6, 1 - 1e-6)
    return ops.log(probability) - ops.log1p(-probability)
