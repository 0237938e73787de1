"""Fine-tuning: what all members of the family share.

A review is cut into subwords, those that do not fit are left out at the head, at the tail or in the
middle, and a row's own network reads the rest. Trained with AdamW, warm-up and linear decay, in
batches of like length.
"""

import argparse
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from benchmark.rows import hardware
from benchmark.rows.contract import OnEvent, Row
from benchmark.rows.hyperparameters import Choice, LogUniform, Uniform, hyperparameters, option
from benchmark.rows.networks import devices
from benchmark.rows.networks.batches import Batches
from benchmark.rows.networks.devices import on_gpu, reset_session
from benchmark.rows.networks.network_row import (
    FittedNetwork,
    keras_versions,
    load_model,
    load_widths,
)
from benchmark.rows.networks.options import Epochs, TrainingOptions, fit_to_size
from benchmark.rows.networks.training import train
from benchmark.rows.training_data import TrainingData
from bert_family.shared.architecture import Architecture
from bert_family.shared.kerashub import kerashub
from bert_family.shared.masked_lm import masked_tokens
from bert_family.shared.optimizer import adamw
from bert_family.shared.presets import SCRATCH, Preset, PresetOption, Source, weights_name
from bert_family.shared.pretraining import Objective, pretrain
from preprocessing.corpus import Reviews
from preprocessing.errors import OptionError
from preprocessing.ragged import Ragged, bucket_widths
from preprocessing.subwords.ids import decoded, pack, subword_ids
from preprocessing.subwords.tokenizers import Tokenizer, read_tokenizer

import keras
import numpy as np
from pydantic import Field

VOCABULARY = {"tiny": 8_000, "small": 16_000, "base": 30_000}
"""Subwords learned for a backbone from scratch, by its size."""

RATES = {"tiny": 1e-3, "small": 2e-4, "base": 3e-5}
"""Highest learning rate for a backbone from scratch, by its size."""

PUBLIC_RATE = 2e-5
"""For public weights; three of four papers have it among theirs."""


@hyperparameters
class FineTuningOptions(TrainingOptions):
    """Options that the whole family has; each row names its public preset."""

    preset: PresetOption = SCRATCH
    size: Literal["tiny", "small", "base"] = option(
        "tiny", "backbone size when training from scratch"
    )
    pretrain: int = option(0, "passes over train and unsup before fine-tuning", ge=0)
    max_tokens: int = option(512, "subwords read of a review, both ends included", ge=8, le=512)
    truncation: Literal["head", "tail", "head_tail"] = option(
        "head_tail", "what is kept of a longer review; head_tail is the first 128 of 510 and the "
        "last 382, or in that proportion",
    )  # fmt: skip
    trainable: str = option(
        "all", "what learns besides the head: frozen, top-N layers, or all",
        pattern=r"^(frozen|all|top-[1-9]\d*)$",
    )  # fmt: skip
    epochs: Epochs = 3
    least_steps: int = option(
        110, "least number of steps; a small corpus gets smaller batches, then more passes", ge=1
    )
    batch_size: int = option(32, "reviews in a step", Choice(16, 32, 64), ge=1)
    learning_rate: Annotated[float, Field(gt=0)] | Literal["auto"] = option(
        "auto",
        "highest step size; auto is 2e-5, and from scratch 1e-3 tiny, 2e-4 small, 3e-5 base",
        LogUniform(1e-5, 3e-3),  # the least for public weights, the most for tiny from scratch
    )
    warm_up: float = option(0.1, "share of the steps in which the rate rises", ge=0, lt=1)
    layer_decay: float = option(
        1.0, "each layer's rate as a share of the rate of the one above", gt=0, le=1
    )
    weight_decay: float = option(0.01, "of all weights but biases and norms", ge=0)
    clip_norm: float = option(
        1.0, "norm that a step's gradient is clipped to; 0 for no clipping", ge=0
    )
    dropout: float = option(
        0.1, "share of each layer's outputs dropped", Uniform(0.0, 0.3), ge=0, lt=1
    )
    precision: Literal["auto", "float32", "mixed_bfloat16"] = option(
        "auto", "number format; auto is mixed_bfloat16 where the hardware multiplies it fast"
    )


@hyperparameters
class MaskedLMOptions(FineTuningOptions):
    """Options of those that are pretrained on masked tokens."""

    pretrain: int = option(
        0, "passes of masked-token training over train and unsup before fine-tuning", ge=0
    )
    masking: Literal["token", "word", "phrase"] = option(
        "token", "what --pretrain masks: single subwords, whole words, or phrases of words"
    )


def itself(options: Any, model: keras.Model) -> keras.Model:
    """Train the model itself, on the cross-entropy of its probability."""
    return model


class FineTuned(FittedNetwork):
    """A fine-tuned network with its tokenizer."""

    def __init__(
        self,
        model: keras.Model,
        options: Any,
        widths: np.ndarray,
        tokenizer: Tokenizer,
        history: list[dict[str, float]] | None = None,
    ):
        super().__init__(model, options, widths, history)
        self.tokenizer = tokenizer

    def make_ready(self, reviews: Reviews) -> None:
        """Cut the reviews into subwords, which are kept with the corpus."""
        subword_ids(reviews.texts, self.tokenizer)

    @property
    def backbone(self) -> keras.Model:
        """The network below the head."""
        return backbone_of(self.model)

    def batches(self, reviews: Reviews) -> Batches:
        """Return what the network reads of reviews."""
        options, ids = self.options, subword_ids(reviews.texts, self.tokenizer).ids
        tokens = pack(ids, self.tokenizer, options.max_tokens, options.truncation)
        return Batches(tokens, None, options.batch_size, self.widths)

    def save(self, folder: Path) -> None:
        """Write Keras's own format and the vocabulary."""
        super().save(folder)
        (folder / "tokenizer").mkdir()
        self.tokenizer.save(folder / "tokenizer")


@dataclass(frozen=True)
class FineTunedRow(Row):
    """A row that fine-tunes a member of the family.

    Attributes:
        architecture: which.
        build: takes the row's options, the backbone and the vocabulary's id of padding, and returns
            the network from tokens, shape (batch, tokens), int32, each id moved up by one, 0 for
            padding, to the probability of "positive", shape (batch, 1), float32.
        objective: takes the row's options and that network and returns the one to train, which
            shares its weights and its inputs and adds to the loss; itself unless the row says
            otherwise.
        pretraining: takes the row's options, the tokenizer and the reviews, and returns what
            `--pretrain` learns; masked tokens unless the row says otherwise.
    """

    architecture: Architecture = field(kw_only=True)
    build: Callable[[Any, keras.Model, int], keras.Model] = field(kw_only=True)
    objective: Callable[[Any, keras.Model], keras.Model] = field(default=itself, kw_only=True)
    pretraining: Callable[[Any, Tokenizer, TrainingData], Objective] = field(
        default=masked_tokens, kw_only=True
    )

    def check_weights(self, options: FineTuningOptions) -> None:
        """Check that the preset is on this machine or its host answers.

        Raises:
            UserError: neither.
        """
        if options.preset != SCRATCH:
            self.architecture.check(Preset.of(options.preset))

    def add_actions(self, parser: argparse.ArgumentParser) -> None:
        """Add --list-presets."""
        parser.add_argument(
            "--list-presets", action=_ListPresets, nargs=0, const=self.architecture,
            help="show KerasHub's presets of this architecture and exit",
        )  # fmt: skip

    def warm_up(self) -> None:
        """Import KerasHub and what is of its kind."""
        self.architecture.classes()

    def fit(self, options: FineTuningOptions, data: TrainingData, on_event: OnEvent) -> FineTuned:
        """Fine-tune and keep the weights of the epoch with the lowest validation loss.

        Raises:
            UserError: the weights cannot be loaded.
        """
        source = find_source(self, options, data, on_event)
        tokens = read_tokens(source.tokenizer, options, data)
        reset_session(data.seed, dtype_policy(options.precision))
        backbone = start(self.architecture, source, options)
        freeze(backbone, options.trainable, self.architecture.shares_layers)
        model = self.build(options, backbone, source.tokenizer.padding)
        trained = self.objective(options, model)
        widths, history = fine_tune(trained, source, options, tokens, data, on_event)
        fitted = FineTuned(model, options, widths, source.tokenizer, history)
        fitted.weights, fitted.outside_data = source.weights, source.outside_data
        return fitted

    def load(self, options: FineTuningOptions, folder: Path) -> FineTuned:
        """Load model and vocabulary."""
        self.architecture.classes()  # they are known to Keras once they are imported
        tokenizer = read_tokenizer(folder / "tokenizer")
        return FineTuned(load_model(folder), options, load_widths(folder), tokenizer)

    def versions(self) -> dict[str, str]:
        """Name the backend of Keras, Keras, and KerasHub."""
        return keras_versions() | {"keras-hub": kerashub().__version__}


def find_tokenizer(row: FineTunedRow, options: FineTuningOptions, data: TrainingData) -> Tokenizer:
    """Load the tokenizer of the weights that a run starts from, or learn one.

    Raises:
        UserError: it cannot be loaded.
    """
    if options.preset == SCRATCH:
        return _learned_tokenizer(row.architecture, options.size, data)
    return row.architecture.load_tokenizer(Preset.of(options.preset))


def find_source(
    row: FineTunedRow, options: FineTuningOptions, data: TrainingData, on_event: OnEvent
) -> Source:
    """Load the tokenizer, or learn one, and pretrain where it is asked for.

    Raises:
        UserError: the weights cannot be loaded, or have fewer layers than are to be trained.
    """
    architecture, tokenizer = row.architecture, find_tokenizer(row, options, data)
    if options.preset == SCRATCH:
        depth = architecture.scratch[options.size]["num_layers"]
        check_trainable(options.trainable, depth, architecture.shares_layers)
        source = Source(tokenizer, None, options.size, "none", "none", RATES[options.size])
    else:
        preset = Preset.of(options.preset)
        known = preset.place == architecture.preset  # the others saw other texts
        source = Source(
            tokenizer,
            preset,
            options.size,
            weights_name(preset),
            architecture.outside_data if known else f"what {preset} was pretrained on",
            PUBLIC_RATE,
        )
    if options.pretrain:
        policy = dtype_policy(options.precision)
        objective = row.pretraining(options, source.tokenizer, data)
        folder = pretrain(objective, architecture, source, options, data, on_event, policy)
        source = replace(source, preset=Preset.of(f"pretrained={folder}"))
    return source


def read_tokens(
    tokenizer: Tokenizer, options: FineTuningOptions, data: TrainingData
) -> tuple[Ragged, Ragged]:
    """Return what the network reads of the training and of the validation reviews."""
    train_tokens, validation_tokens = (
        pack(data.subword_ids(part, tokenizer), tokenizer, options.max_tokens, options.truncation)
        for part in (data.train, data.validation)
    )
    return train_tokens, validation_tokens


def start(architecture: Architecture, source: Source, options: FineTuningOptions) -> keras.Model:
    """Return the backbone as it is before the first step, without dropout if it is frozen."""
    dropout = 0.0 if options.trainable == "frozen" else options.dropout
    return architecture.start(source, options.max_tokens, dropout)


def fine_tune(
    model: keras.Model,
    source: Source,
    options: FineTuningOptions,
    tokens: tuple[Ragged, Ragged],
    data: TrainingData,
    on_event: OnEvent,
) -> tuple[np.ndarray, list[dict[str, float]]]:
    """Train the model with AdamW.

    Args:
        model: from tokens to probabilities, not compiled.
        source: where its weights come from.
        options: the row's hyperparameters.
        tokens: of the training and of the validation reviews, as `read_tokens` returns them.
        data: where the labels and the seed are.
        on_event: is told of progress.

    Returns:
        The widths that batches are padded to, ascending, and the history, as `train` returns it.
    """
    train_tokens, validation_tokens = tokens
    widths = np.array([options.max_tokens])
    if options.batches == "like_length":
        widths = bucket_widths(train_tokens.lengths, options.max_tokens)
    batch_size, epochs = fit_to_size(options, len(train_tokens))
    random = np.random.default_rng(data.seed)
    batches = Batches(train_tokens, data.train.labels, batch_size, widths, random=random)
    validation = Batches(validation_tokens, data.validation.labels, options.batch_size, widths)
    optimizer = adamw(
        source.rate if options.learning_rate == "auto" else options.learning_rate,
        epochs * len(batches),
        options.warm_up,
        options.weight_decay,
        options.clip_norm,
        layer_shares(model, options.layer_decay) if options.layer_decay < 1 else None,
    )
    return widths, train(model, optimizer, batches, validation, epochs, on_event)


def dtype_policy(precision: str) -> str:
    """Return the name of the Keras dtype policy: on processors, too, mixed bfloat16 where fast."""
    on_tensorflow = keras.backend.backend() == "tensorflow"
    if precision == "auto" and not on_gpu() and on_tensorflow and hardware.multiplies_bfloat16():
        return "mixed_bfloat16"
    return devices.dtype_policy(precision)


def _learned_tokenizer(architecture: Architecture, size: str, data: TrainingData) -> Tokenizer:
    """Learn the subwords of the training reviews; they are kept with the corpus."""

    def build(target: Path) -> dict:
        texts = (text for batch in decoded(data.train_texts.texts) for text in batch)
        tokenizer = architecture.learn_vocabulary(texts, VOCABULARY[size])
        tokenizer.save(target)
        return {"kind": tokenizer.kind, "size": tokenizer.size}

    learner = architecture.learn_vocabulary.__name__.removeprefix("learn_")
    name = f"vocabulary-{learner.replace('_', '-')}-{VOCABULARY[size]}"
    return read_tokenizer(data.cached("vocabulary", name, build))


def backbone_of(model: keras.Model) -> keras.Model:
    """Return the network below the head."""
    return next(layer for layer in model.layers if hasattr(layer, "transformer_layers"))


def check_trainable(trainable: str, depth: int, shares_layers: bool) -> None:
    """Check that this many of a network's layers can be trained; see `freeze`.

    Args:
        trainable: what --trainable says.
        depth: how many layers it has.
        shares_layers: its layers share their weights.

    Raises:
        UserError: it does not have that many layers, or they cannot be trained apart.
    """
    if not trainable.startswith("top-"):
        return
    if shares_layers:
        raise OptionError("all layers share their weights here; use --trainable frozen or all")
    if int(trainable.removeprefix("top-")) > depth:
        raise OptionError(f"--trainable {trainable}: there are only {depth} layers")


def freeze(backbone: keras.Model, trainable: str, shares_layers: bool) -> None:
    """Freeze the layers that --trainable leaves out.

    Args:
        backbone: the network below the head.
        trainable: "frozen" for nothing of it, "top-N" for its last N layers and the dense layer
            over the first token, "all".
        shares_layers: its layers share their weights.

    Raises:
        UserError: it does not have that many layers, or they cannot be trained apart.
    """
    if trainable == "all":
        return
    if trainable == "frozen":
        backbone.trainable = False
        return
    encoder = backbone.transformer_layers
    check_trainable(trainable, len(encoder), shares_layers)
    top = int(trainable.removeprefix("top-"))
    learning = {id(layer) for layer in encoder[len(encoder) - top :]}
    learning.add(id(getattr(backbone, "pooled_dense", None)))
    for layer in backbone.layers:
        layer.trainable = id(layer) in learning


def layer_shares(model: keras.Model, decay: float) -> list[float]:
    """Return what each trainable weight's rate is of the whole.

    The head has the whole rate, the uppermost layer `decay` of it, the one below its square, and so
    on; the embeddings have the least.
    """
    backbone = backbone_of(model)
    depth = len(backbone.transformer_layers)
    own = {id(weight) for weight in backbone.weights}

    def height(weight: keras.Variable) -> int:
        if id(weight) not in own or "pooled_dense" in weight.path:
            return 0
        number = re.search(r"(?:transformer_layer|group)_(\d+)", weight.path)
        return depth - int(number[1]) if number else depth + 1

    return [decay ** height(weight) for weight in model.trainable_variables]


class _ListPresets(argparse.Action):
    def __call__(self, parser, namespace, values, option_string=None):
        for name, about in sorted(self.const.presets().items()):
            millions = about["metadata"]["params"] / 1e6
            print(f"{name:38} {millions:6.1f} million weights")
        parser.exit()
