"""Fine-tuning: what all members of the family share.

A review is cut into subwords, those that do not fit are left out at the head, at the tail or in the
middle, and the network's answer at the first token goes to a single unit. Trained with AdamW,
warm-up and linear decay, in batches of like length.
"""

import argparse
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from benchmark.rows import hardware
from benchmark.rows.contract import OnEvent
from benchmark.rows.hyperparameters import hyperparameters, option
from benchmark.rows.networks.devices import on_gpu
from benchmark.rows.networks.network_row import FittedNetwork, NetworkRow
from benchmark.rows.networks.options import TrainingOptions
from benchmark.rows.training_data import TrainingData
from bert_family.shared.masked_lm import pretrain
from bert_family.shared.optimizer import adamw
from bert_family.shared.presets import (
    AUTO,
    SCRATCH,
    Architecture,
    Preset,
    Source,
    backbone_inputs,
    weights_name,
)
from preprocessing.corpus import Reviews
from preprocessing.errors import UserError
from preprocessing.subwords.ids import decoded, pack, subword_ids
from preprocessing.subwords.tokenizers import Tokenizer, read_tokenizer

import keras
import numpy as np
from keras import layers
from pydantic import Field, PlainValidator

VOCABULARY = {"tiny": 8_000, "small": 16_000, "base": 30_000}
"""Subwords learned for a backbone from scratch, by its size."""

RATES = {"tiny": 1e-3, "small": 2e-4, "base": 3e-5}
"""Highest learning rate for a backbone from scratch, by its size."""

PUBLIC_RATE = 2e-5
"""For public weights; all four papers have it among theirs, and no member collapses at it."""


@hyperparameters
class FineTuningOptions(TrainingOptions):
    """Options that the whole family has."""

    preset: Annotated[str, PlainValidator(Preset.of)] = option(
        AUTO,
        "weights to start from: a KerasHub preset, an hf:// or kaggle:// handle, FOLDER, "
        "NAME=FOLDER, or scratch; auto is the public base preset, and scratch on the sample",
    )
    size: Literal["tiny", "small", "base"] = option("tiny", "of the backbone from scratch")
    pretrain: int = option(
        0, "passes of hidden-word training over train and unsup before fine-tuning", ge=0
    )
    max_tokens: int = option(512, "subwords read of a review, both ends included", ge=8, le=512)
    truncation: Literal["head", "tail", "head_tail"] = option(
        "head_tail", "what is kept of a longer review; head_tail is the first 128 of 510 and the "
        "last 382, or in that proportion",
    )  # fmt: skip
    trainable: str = option(
        "all", "what learns besides the head: frozen, top-N layers, or all",
        pattern=r"^(frozen|all|top-[1-9]\d*)$",
    )  # fmt: skip
    epochs: int = option(3, "passes over the training reviews; the best one is kept", ge=1)
    least_steps: int = option(
        110, "steps at least: a small corpus gets smaller batches, then more passes", ge=1
    )
    batch_size: int = option(32, "reviews in a step", ge=1)
    learning_rate: Annotated[float, Field(gt=0)] | Literal["auto"] = option(
        "auto", "highest step size; auto is 2e-5, and from scratch 1e-3 tiny, 2e-4 small, 3e-5 base"
    )
    warm_up: float = option(0.1, "share of the steps in which the rate rises", ge=0, lt=1)
    layer_decay: float = option(
        1.0, "each layer's rate as a share of the rate of the one above", gt=0, le=1
    )
    weight_decay: float = option(0.01, "of all weights but biases and norms", ge=0)
    clip_norm: float = option(1.0, "length that a step's gradient is cut to; 0 for none", ge=0)
    dropout: float = option(0.1, "share of each layer's answers dropped", ge=0, lt=1)
    precision: Literal["auto", "float32", "mixed_bfloat16"] = option(
        "auto", "number format; auto is mixed_bfloat16 where the hardware multiplies it fast"
    )

    @property
    def max_words(self) -> int:
        """The longest sequence, for the batches; sequences come cut."""
        return self.max_tokens


@dataclass
class SubwordData(TrainingData):
    """Training data whose "words" are subwords, start and end included, 0 for padding."""

    source: Source | None = None


class FineTuned(FittedNetwork):
    """A fine-tuned network with its tokenizer."""

    def __init__(self, model: keras.Model, options: Any, widths: np.ndarray, tokenizer: Tokenizer):
        super().__init__(model, options, widths)
        self.tokenizer = tokenizer

    def make_ready(self, reviews: Reviews) -> None:
        """Cut the reviews into subwords, which are kept with the corpus."""
        subword_ids(reviews.texts, self.tokenizer)

    def predict(self, reviews: Reviews) -> np.ndarray:
        """Return probabilities, shape (reviews,), float32."""
        ids = subword_ids(reviews.texts, self.tokenizer).ids
        return super().predict(with_subwords(reviews, ids, self.tokenizer, self.options))

    def save(self, folder: Path) -> None:
        """Write Keras's own format and the vocabulary."""
        super().save(folder)
        (folder / "tokenizer").mkdir()
        self.tokenizer.save(folder / "tokenizer")


@dataclass(frozen=True)
class FineTunedRow(NetworkRow):
    """A row that fine-tunes a member of the family.

    Attributes:
        architecture: which.
    """

    architecture: Architecture = field(kw_only=True)

    def check_weights(self, options: FineTuningOptions) -> None:
        """Tell whether the preset is on this machine or its host answers.

        Raises:
            UserError: neither.
        """
        if options.preset != SCRATCH:
            named = self.architecture.preset if options.preset == AUTO else options.preset
            self.architecture.check(Preset.of(named))

    def add_actions(self, parser: argparse.ArgumentParser) -> None:
        """Add --list-presets."""
        parser.add_argument(
            "--list-presets", action=_ListPresets, nargs=0, const=self.architecture,
            help="show KerasHub's presets of this architecture and exit",
        )  # fmt: skip

    def fit(self, options: FineTuningOptions, data: TrainingData, on_event: OnEvent) -> FineTuned:
        """Fine-tune and keep the weights of the epoch with the lowest validation loss.

        Raises:
            UserError: the weights cannot be loaded.
        """
        source = self.source(options, data, on_event)
        if options.learning_rate == "auto":
            options = replace(options, learning_rate=source.rate)
        return super().fit(options, self.subword_data(options, data, source, on_event), on_event)

    def source(self, options: FineTuningOptions, data: TrainingData, on_event: OnEvent) -> Source:
        """Load the tokenizer, or learn one, and pretrain where it is asked for."""
        from_scratch = options.preset == SCRATCH or (options.preset == AUTO and data.synthetic)
        if from_scratch:
            tokenizer = self._learned_tokenizer(options.size, data)
            source = Source(tokenizer, None, options.size, "none", "none", RATES[options.size])
        else:
            preset = options.preset
            if preset == AUTO:
                preset = Preset.of(self.architecture.preset)
            known = preset.place == self.architecture.preset  # the others saw other texts
            source = Source(
                self.architecture.load_tokenizer(preset),
                preset,
                options.size,
                weights_name(preset),
                self.architecture.outside_data if known else f"what {preset} was pretrained on",
                PUBLIC_RATE,
            )
        if options.pretrain:
            numbers = self.dtype_policy(options)
            folder = pretrain(self.architecture, source, options, data, on_event, numbers)
            source = replace(source, preset=Preset.of(f"pretrained={folder}"))
        return source

    def subword_data(
        self, options: FineTuningOptions, data: TrainingData, source: Source, on_event: OnEvent
    ) -> SubwordData:
        """Return the data with subwords in the place of words."""
        read = {
            part: with_subwords(
                reviews, data.subword_ids(reviews, source.tokenizer), source.tokenizer, options
            )
            for part in ("train", "validation")
            for reviews in [getattr(data, part)]
        }
        return SubwordData(**(vars(data) | read), source=source)

    def network(self, options: FineTuningOptions, data: SubwordData) -> keras.Model:
        """Return the network from subwords, shape (batch, tokens), to (batch, 1)."""
        backbone = self.start(options, data.source)
        freeze(backbone, options.trainable, self.architecture.shares_layers)
        tokens = keras.Input((None,), dtype="int32", name="tokens")
        answer = backbone(backbone_inputs(tokens, backbone, data.source.tokenizer.padding))
        return keras.Model(tokens, head(answer, backbone, options.dropout))

    def start(self, options: FineTuningOptions, source: Source) -> keras.Model:
        """Return the network below the head as it is before the first step."""
        dropout = 0.0 if options.trainable == "frozen" else options.dropout
        return self.architecture.start(source, options.max_tokens, dropout)

    def dtype_policy(self, options: FineTuningOptions) -> str:
        """Return mixed bfloat16 where the hardware multiplies it fast, unless told otherwise."""
        if options.precision != "auto":
            return options.precision
        if on_gpu():
            fast = hardware.gpus_multiply_bfloat16()
        else:
            fast = keras.backend.backend() == "tensorflow" and hardware.multiplies_bfloat16()
        return "mixed_bfloat16" if fast else "float32"

    def optimizer(
        self, options: FineTuningOptions, model: keras.Model, steps: int
    ) -> keras.optimizers.Optimizer:
        """Return AdamW with warm-up and linear decay."""
        shares = None
        if options.layer_decay < 1:
            shares = layer_shares(model, options.layer_decay)
        return adamw(
            options.learning_rate, steps, options.warm_up, options.weight_decay, options.clip_norm,
            shares,
        )  # fmt: skip

    def fitted(
        self, model: keras.Model, options: Any, widths: np.ndarray, data: SubwordData
    ) -> FineTuned:
        """Return the trained model as what predicts."""
        fitted = FineTuned(model, options, widths, data.source.tokenizer)
        fitted.weights, fitted.outside_data = data.source.weights, data.source.outside_data
        return fitted

    def load(self, options: FineTuningOptions, folder: Path) -> FineTuned:
        """Load model and vocabulary."""
        network = super().load(options, folder)
        tokenizer = read_tokenizer(folder / "tokenizer")
        return FineTuned(network.model, options, network.widths, tokenizer)

    def versions(self) -> dict[str, str]:
        """Name the backend of Keras, Keras, and KerasHub."""
        import keras_hub

        return super().versions() | {"keras-hub": keras_hub.__version__}

    def _learned_tokenizer(self, size: str, data: TrainingData) -> Tokenizer:
        """Learn the subwords of the training reviews; they are kept with the corpus."""

        def build(target: Path) -> dict:
            texts = (text for batch in decoded(data.train.texts) for text in batch)
            tokenizer = self.architecture.learn_vocabulary(texts, VOCABULARY[size])
            tokenizer.save(target)
            return {"kind": tokenizer.kind, "size": tokenizer.size}

        learner = self.architecture.learn_vocabulary.__name__.removeprefix("learn_")
        name = f"vocabulary-{learner.replace('_', '-')}-{VOCABULARY[size]}"
        return read_tokenizer(data.cached("vocabulary", name, build))


def with_subwords(
    reviews: Reviews, ids: Any, tokenizer: Tokenizer, options: FineTuningOptions
) -> Reviews:
    """Return the reviews with what the network reads of each as their words."""
    words = pack(ids, tokenizer, options.max_tokens, options.truncation)
    return replace(reviews, words=words)


def head(answer: Any, backbone: keras.Model, dropout: float) -> Any:
    """Return the probability of "positive", shape (batch, 1), float32.

    BERT and ALBERT bring a dense layer over the first token from pretraining; for RoBERTa and
    DistilBERT it is new, with their own activations.
    """
    if isinstance(answer, dict):
        x = answer["pooled_output"]
    else:
        activation = "tanh" if "Roberta" in type(backbone).__name__ else "relu"
        x = layers.Dense(
            backbone.hidden_dim, activation, kernel_initializer=_initial(), name="pooled"
        )(answer[:, 0, :])
    x = layers.Dropout(dropout)(x)
    return layers.Dense(
        1, "sigmoid", kernel_initializer=_initial(), dtype="float32", name="positive"
    )(x)


def _initial() -> keras.initializers.Initializer:
    """Return BERT's initializer, a new one: it draws its seed now, which must follow the run's."""
    return keras.initializers.TruncatedNormal(stddev=0.02)


def backbone_of(model: keras.Model) -> keras.Model:
    """Return the network below the head."""
    return next(layer for layer in model.layers if hasattr(layer, "transformer_layers"))


def freeze(backbone: keras.Model, features: str, shares_layers: bool) -> None:
    """Freeze what shall not learn.

    Args:
        backbone: the network below the head.
        features: "frozen" for nothing of it, "top-N" for its last N layers and the dense layer over
            the first token, "all".
        shares_layers: its layers share their weights.

    Raises:
        UserError: it has not so many layers, or they cannot be trained apart.
    """
    if features == "all":
        return
    if features == "frozen":
        backbone.trainable = False
        return
    top = int(features.removeprefix("top-"))
    if shares_layers:
        raise UserError("all layers share their weights here; use --trainable frozen or all")
    encoder = backbone.transformer_layers
    if top > len(encoder):
        raise UserError(f"--trainable {features}: there are only {len(encoder)} layers")
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
