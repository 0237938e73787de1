"""Pretraining on the reviews, from public weights or from scratch: train and unsup, never test.

What is learned is an `Objective`: masked tokens in `masked_lm`, the next token in `causal_lm`. The
rest is here. From public weights it is the within-task pretraining of Sun et al. (2019, section
5.4).
"""

import hashlib
import json
import math
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmark.rows import sources
from benchmark.rows.contract import OnEvent
from benchmark.rows.networks.batches import Batches
from benchmark.rows.networks.devices import reset_session
from benchmark.rows.networks.training import Progress
from benchmark.rows.training_data import TrainingData
from bert_family.shared.architecture import Architecture
from bert_family.shared.optimizer import adamw
from bert_family.shared.presets import Source, folder_name, weights_name
from preprocessing.corpus import Reviews
from preprocessing.ragged import Ragged, bucket_widths
from preprocessing.storage import MANIFEST, seal, size_and_hash, verify, write_atomically
from preprocessing.subwords.ids import pack

import keras
import numpy as np

BATCH_SIZE = 32
RATES = {"tiny": 1e-3, "small": 5e-4, "base": 1e-4}
"""Highest learning rate from scratch, by size."""

FURTHER_RATE = 5e-5
"""Highest learning rate from public weights; Sun et al.'s."""

WARM_UP = 0.06


@dataclass(frozen=True)
class Objective:
    """What a network learns of reviews without labels.

    Attributes:
        module: the name of the module that it is of; its code is part of what a result depends on.
        network: takes the backbone and the vocabulary's id of padding, and returns the network to
            train, whose output are logits of subwords, float32.
        batches: takes what is read of the reviews, the widths to pad to, the tokenizer and, unless
            the order is fixed, the random generator. A batch is the network's inputs, the true ids
            and their weights, both of the logits' shape without its last axis.
        settings: what else a result depends on.
        perplexity: that of the validation reviews is measured after each pass.
    """

    module: str
    network: Callable[[keras.Model, int], keras.Model]
    batches: Callable[..., Batches]
    settings: dict[str, Any] = field(default_factory=dict)
    perplexity: bool = False


def pretrain(
    objective: Objective,
    architecture: Architecture,
    source: Source,
    options: Any,
    data: TrainingData,
    on_event: OnEvent,
    dtype_policy: str,
) -> Path:
    """Return the folder of a preset that was pretrained on the reviews, made once and kept.

    Its manifest has the loss of each pass and, where the objective asks for it, the perplexity of
    the validation reviews.

    Args:
        objective: what is learned.
        architecture: the member of the family.
        source: the weights that it starts from.
        options: passes over the reviews, tokens, what is kept of a longer review, dropout.
        data: train and unsup are learned from.
        on_event: is told of progress.
        dtype_policy: the name of the dtype policy.
    """
    start = weights_name(source.preset) if source.preset else f"scratch-{source.size}"
    depends = {
        "start": start, "tokenizer": source.tokenizer.key, "passes": options.pretrain,
        "max_tokens": options.max_tokens, "truncation": options.truncation,
        "dropout": options.dropout, "numbers": dtype_policy, **objective.settings,
        "backend": keras.backend.backend(), "size": architecture.scratch[source.size],
        "code": sources.digest(objective.module),
        "network": sources.digest(architecture.classes().__name__),
    }  # fmt: skip
    digest = hashlib.sha256(json.dumps(depends).encode()).hexdigest()[:8]
    begins = folder_name(str(source.preset or start))
    name = (
        f"preset-{architecture.name.lower()}-{begins}-pretrained-{options.pretrain}-{digest}"
        f"-seed-{data.seed}"
    )

    passes = data.folder / f".{name}.passes"  # outlives a process that is killed

    def build(target: Path) -> dict:
        backbone, history, seconds_before = _train(
            objective, architecture, source, options, sequences, validation, data.seed, on_event,
            dtype_policy, passes,
        )  # fmt: skip
        architecture.save(target, backbone, source.tokenizer)
        about = {"loss": [entry["loss"] for entry in history]}
        if objective.perplexity:
            about["perplexity"] = [entry["perplexity"] for entry in history]
        return depends | about | {"seconds": seconds_before}

    def read(reviews: Reviews) -> Ragged:
        ids = data.subword_ids(reviews, source.tokenizer)
        return pack(ids, source.tokenizer, options.max_tokens, options.truncation)

    parts = [read(part) for part in (data.train_texts, data.unsup)]
    sequences = Ragged.from_lengths(
        np.concatenate([part.values for part in parts]),
        np.concatenate([part.lengths for part in parts]),
    )
    validation = read(data.validation) if objective.perplexity else None
    folder = data.cached("pretraining", name, build)
    shutil.rmtree(passes, ignore_errors=True)
    return folder


def _train(
    objective: Objective,
    architecture: Architecture,
    source: Source,
    options: Any,
    sequences: Ragged,
    validation: Ragged | None,
    seed: int,
    on_event: OnEvent,
    dtype_policy: str,
    passes: Path,
) -> tuple[keras.Model, list[dict[str, float]], float]:
    """Return the trained backbone, what each pass left, and the seconds of earlier runs.

    What a pass has learned is kept in the folder `passes`, so that training that was stopped goes
    on after its last whole pass. Other chance is drawn there than in the passes before; the weights
    in the end are not those of training in one go.
    """
    progress = _Passes(on_event, options.pretrain, passes)
    done = len(progress.history)
    chance = (seed + done) % 2**32
    reset_session(chance, dtype_policy)
    backbone = architecture.start(source, options.max_tokens, options.dropout)
    if (pooled := getattr(backbone, "pooled_dense", None)) is not None:
        pooled.trainable = False  # subwords teach it nothing; Keras would warn
    model = objective.network(backbone, source.tokenizer.padding)
    widths = bucket_widths(sequences.lengths, options.max_tokens)
    batches = objective.batches(sequences, widths, source.tokenizer, np.random.default_rng(chance))
    held_out = validation and objective.batches(validation, widths, source.tokenizer)
    rate = FURTHER_RATE if source.preset else RATES[source.size]
    # over all tokens; the loss is the mean of the batches' means
    cross_entropy = keras.metrics.SparseCategoricalCrossentropy("cross_entropy", from_logits=True)
    model.compile(
        optimizer=adamw(rate, options.pretrain * len(batches), WARM_UP, 0.01, 1.0),
        loss=keras.losses.SparseCategoricalCrossentropy(
            from_logits=True, reduction="mean_with_sample_weight"
        ),
        weighted_metrics=[cross_entropy] if objective.perplexity else None,
    )
    progress.resume(model)
    seconds_before = sum(entry["seconds"] for entry in progress.history)
    model.fit(
        batches, validation_data=held_out, epochs=options.pretrain, initial_epoch=done,
        shuffle=False, verbose=0, callbacks=[progress],
    )  # fmt: skip
    return backbone, progress.history, seconds_before


class _Passes(Progress):
    """Reports batches and passes, and keeps each pass's loss, perplexity, seconds and weights."""

    what = "pretraining pass"

    def __init__(self, on_event: OnEvent, epochs: int, folder: Path):
        super().__init__(on_event, epochs)
        self.folder = folder
        if (folder / MANIFEST).exists():
            self.history = verify(folder)["passes"]

    def resume(self, model: keras.Model) -> None:
        """Load what earlier passes have learned, if there were any."""
        if self.history:
            model.optimizer.build(model.trainable_variables)  # its moments are loaded, too
            model.load_weights(self._weights(len(self.history)))

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        """Keep and report the pass; it counts once the manifest names its weights."""
        seconds = time.perf_counter() - self.start
        entry, text = {"loss": float(logs["loss"])}, ""
        if "val_cross_entropy" in logs:
            entry["perplexity"] = math.exp(logs["val_cross_entropy"])
            text = f", validation perplexity {entry['perplexity']:.1f}"
        self.folder.mkdir(exist_ok=True)
        unfinished = self.folder / "unfinished.weights.h5"
        self.model.save_weights(unfinished)
        weights = self._weights(self.epoch)
        unfinished.replace(weights)
        self.history.append(entry | {"seconds": seconds})
        kept = {"passes": self.history, "files": {weights.name: size_and_hash(weights)}}
        write_atomically(self.folder / MANIFEST, seal(kept))
        self._weights(self.epoch - 1).unlink(missing_ok=True)
        text = f"{self.what} {self.epoch}/{self.epochs}: loss {entry['loss']:.4f}{text}"
        self.on_event({"event": "step", "text": text})

    def _weights(self, passes: int) -> Path:
        return self.folder / f"pass-{passes}.weights.h5"
