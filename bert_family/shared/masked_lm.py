"""Pretraining on masked tokens, from public weights or from scratch, on train and unsup.

Of what is read of each review 15 % of the subwords are chosen, others at each pass: 80 % of these
become the mask, 10 % any subword, 10 % stay (Devlin et al., 2019, section 3.1; anew at each pass as
in Liu et al., 2019, section 4.1). There are no pairs of texts. From public weights it is the
within-task pretraining of Sun et al. (2019, section 5.4).
"""

import hashlib
import json
import math
import shutil
import time
from pathlib import Path
from typing import Any

from benchmark.rows import sources
from benchmark.rows.contract import OnEvent
from benchmark.rows.networks.batches import Batches
from benchmark.rows.networks.devices import reset_session
from benchmark.rows.networks.training import Progress
from benchmark.rows.training_data import TrainingData
from bert_family.shared.architecture import Architecture, backbone_inputs, initializer
from bert_family.shared.kerashub import kerashub
from bert_family.shared.optimizer import adamw
from bert_family.shared.presets import Source, folder_name, weights_name
from preprocessing.ragged import Ragged, bucket_widths
from preprocessing.storage import MANIFEST, seal, size_and_hash, verify, write_atomically
from preprocessing.subwords.ids import pack
from preprocessing.subwords.tokenizers import Tokenizer

import keras
import numpy as np
from keras import ops

SHARE = 0.15
MASKED, RANDOM = 0.8, 0.1
BATCH_SIZE = 32
RATES = {"tiny": 1e-3, "small": 5e-4, "base": 1e-4}
"""Highest learning rate from scratch, by size."""

FURTHER_RATE = 5e-5
"""Highest learning rate from public weights; Sun et al.'s."""

WARM_UP = 0.06


def mask_tokens(
    tokens: np.ndarray, tokenizer: Tokenizer, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Mask some subwords.

    Args:
        tokens: ids moved up by one, shape (batch, width), 0 for padding.
        tokenizer: whose ids they are.
        random: draws what is masked.

    Returns:
        The tokens with some masked, shape (batch, width); the places that were chosen, shape
        (batch, places); the ids that stood there, not moved; and 1 where a place counts, 0 where a
        shorter review has fewer, float32.
    """
    special = np.array(tokenizer.special) + 1
    free = (tokens > 0) & ~np.isin(tokens, special)
    wanted = np.round(SHARE * free.sum(axis=1)).astype(int)
    wanted = np.minimum(np.maximum(wanted, 1), free.sum(axis=1))
    order = np.argsort(np.where(free, random.random(tokens.shape), 2.0), axis=1)
    places = order[:, : math.ceil(SHARE * tokens.shape[1])]
    counts = np.arange(places.shape[1]) < wanted[:, None]
    true = np.take_along_axis(tokens, places, axis=1)
    draw = random.random(places.shape)
    anything = random.integers(0, tokenizer.size, places.shape) + 1
    shown = np.select([draw < MASKED, draw < MASKED + RANDOM], [tokenizer.mask + 1, anything], true)
    hidden = tokens.copy()
    np.put_along_axis(hidden, places, np.where(counts, shown, true), axis=1)
    return hidden, places, np.maximum(true - 1, 0), counts.astype(np.float32)


class MaskedLMBatches(Batches):
    """Batches of like length with other subwords masked at each pass.

    A batch is tokens and places, the ids at the places, and the places' weights.
    """

    def __init__(
        self,
        sequences: Ragged,
        widths: np.ndarray,
        random: np.random.Generator,
        tokenizer: Tokenizer,
    ):
        self.tokenizer, self.draw = tokenizer, random
        super().__init__(sequences, None, BATCH_SIZE, widths, random=random)

    def __getitem__(self, index: int) -> tuple:
        (tokens,) = super().__getitem__(index)
        shown, places, true, counts = mask_tokens(tokens, self.tokenizer, self.draw)
        return {"tokens": shown, "places": places.astype(np.int32)}, true, counts


def masked_lm(backbone: keras.Model, padding: int) -> keras.Model:
    """Return the network that fills in masked tokens: from tokens and places to logits, float32.

    The words' vectors are those of the input, as in all four papers.
    """
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    places = keras.Input((None,), dtype="int32", name="places")
    outputs = backbone(backbone_inputs(tokens, backbone, padding))
    states = outputs["sequence_output"] if isinstance(outputs, dict) else outputs
    logits = kerashub().layers.MaskedLMHead(
        token_embedding=backbone.token_embedding,
        intermediate_activation="gelu",
        kernel_initializer=initializer(),
        dtype=backbone.dtype_policy,
        name="masked_lm",
    )(states, mask_positions=places)
    return keras.Model({"tokens": tokens, "places": places}, ops.cast(logits, "float32"))


def pretrain(
    architecture: Architecture,
    source: Source,
    options: Any,
    data: TrainingData,
    on_event: OnEvent,
    dtype_policy: str,
) -> Path:
    """Return the folder of a preset that was pretrained on the reviews, made once and kept.

    Args:
        architecture: the member of the family.
        source: the weights that it starts from.
        options: passes over the reviews, tokens, what is kept of a longer review, dropout.
        data: train and unsup are read.
        on_event: is told of progress.
        dtype_policy: the name of the dtype policy.
    """
    start = weights_name(source.preset) if source.preset else f"scratch-{source.size}"
    depends = {
        "start": start, "tokenizer": source.tokenizer.key, "passes": options.pretrain,
        "max_tokens": options.max_tokens, "truncation": options.truncation,
        "dropout": options.dropout, "numbers": dtype_policy, "code": sources.digest(__name__),
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
            architecture, source, options, sequences, data.seed, on_event, dtype_policy, passes
        )
        architecture.save(target, backbone, source.tokenizer)
        losses = [entry["loss"] for entry in history]
        return depends | {"loss": losses, "seconds": seconds_before}

    cut = [
        pack(data.subword_ids(part, source.tokenizer), source.tokenizer, options.max_tokens,
               options.truncation)
        for part in (data.train_texts, data.unsup)
    ]  # fmt: skip
    sequences = Ragged.from_lengths(
        np.concatenate([part.values for part in cut]),
        np.concatenate([part.lengths for part in cut]),
    )
    folder = data.cached("pretraining", name, build)
    shutil.rmtree(passes, ignore_errors=True)
    return folder


def _train(
    architecture: Architecture,
    source: Source,
    options: Any,
    sequences: Ragged,
    seed: int,
    on_event: OnEvent,
    dtype_policy: str,
    passes: Path,
) -> tuple[keras.Model, list[dict[str, float]], float]:
    """Return the trained backbone, each pass's loss and seconds, and the seconds of earlier runs.

    What a pass has learned is kept in the folder `passes`, so that training that was stopped goes
    on after its last whole pass. Other tokens are masked there than in the passes before; the
    weights in the end are not those of training in one go.
    """
    progress = _Passes(on_event, options.pretrain, passes)
    done = len(progress.history)
    chance = (seed + done) % 2**32
    reset_session(chance, dtype_policy)
    backbone = architecture.start(source, options.max_tokens, options.dropout)
    if (pooled := getattr(backbone, "pooled_dense", None)) is not None:
        pooled.trainable = False  # masked tokens teach it nothing; Keras would warn
    model = masked_lm(backbone, source.tokenizer.padding)
    batches = MaskedLMBatches(
        sequences,
        bucket_widths(sequences.lengths, options.max_tokens),
        np.random.default_rng(chance),
        source.tokenizer,
    )
    rate = FURTHER_RATE if source.preset else RATES[source.size]
    model.compile(
        optimizer=adamw(rate, options.pretrain * len(batches), WARM_UP, 0.01, 1.0),
        loss=keras.losses.SparseCategoricalCrossentropy(
            from_logits=True, reduction="mean_with_sample_weight"
        ),
    )
    progress.resume(model)
    seconds_before = sum(entry["seconds"] for entry in progress.history)
    model.fit(
        batches, epochs=options.pretrain, initial_epoch=done, shuffle=False, verbose=0,
        callbacks=[progress],
    )  # fmt: skip
    return backbone, progress.history, seconds_before


class _Passes(Progress):
    """Reports batches and passes, and keeps each pass's loss, seconds and weights."""

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
        loss = float(logs["loss"])
        self.folder.mkdir(exist_ok=True)
        unfinished = self.folder / "unfinished.weights.h5"
        self.model.save_weights(unfinished)
        weights = self._weights(self.epoch)
        unfinished.replace(weights)
        self.history.append({"loss": loss, "seconds": time.perf_counter() - self.start})
        kept = {"passes": self.history, "files": {weights.name: size_and_hash(weights)}}
        write_atomically(self.folder / MANIFEST, seal(kept))
        self._weights(self.epoch - 1).unlink(missing_ok=True)
        text = f"{self.what} {self.epoch}/{self.epochs}: loss {loss:.4f}"
        self.on_event({"event": "step", "text": text})

    def _weights(self, passes: int) -> Path:
        return self.folder / f"pass-{passes}.weights.h5"
