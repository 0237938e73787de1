"""Masked tokens: what BERT and its kin are pretrained on.

Of what is read of each review 15 % of the subwords are chosen, others at each pass: 80 % of these
become the mask, 10 % any subword, 10 % stay (Devlin et al., 2019, section 3.1; anew at each pass as
in Liu et al., 2019, section 4.1). There are no pairs of texts. What is chosen are single subwords,
whole words (as in the models that BERT's authors published later) or whole phrases (ERNIE; Sun et
al., 2019, https://arxiv.org/abs/1904.09223), which gensim finds: see `phrases`.
"""

import math
from typing import Any

from benchmark.rows.networks.batches import Batches
from benchmark.rows.training_data import TrainingData
from bert_family.shared.architecture import backbone_inputs, initializer
from bert_family.shared.kerashub import kerashub
from bert_family.shared.phrases import find_phrases, unit_starts
from bert_family.shared.pretraining import BATCH_SIZE, Objective
from preprocessing.ragged import Ragged
from preprocessing.subwords.tokenizers import Tokenizer

import keras
import numpy as np
from keras import ops

SHARE = 0.15
MASKED, RANDOM = 0.8, 0.1


def masked_tokens(options: Any, tokenizer: Tokenizer, data: TrainingData) -> Objective:
    """Return the objective that --masking asks for; phrases are found once and kept.

    Args:
        options: a row's hyperparameters.
        tokenizer: cuts the reviews.
        data: where phrases are looked for.
    """
    phrases = find_phrases(data, tokenizer) if options.masking == "phrase" else None

    def batches(
        sequences: Ragged, widths: np.ndarray, tokenizer: Tokenizer, random: np.random.Generator
    ) -> Batches:
        starts = None
        if options.masking != "token":
            starts = unit_starts(sequences, tokenizer, phrases)
        return MaskedLMBatches(sequences, widths, tokenizer, random, starts)

    return Objective(__name__, masked_lm, batches, {"masking": options.masking})


def mask_tokens(
    tokens: np.ndarray,
    tokenizer: Tokenizer,
    random: np.random.Generator,
    starts: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Mask some subwords.

    Args:
        tokens: ids moved up by one, shape (batch, width), 0 for padding.
        tokenizer: whose ids they are.
        random: draws what is masked.
        starts: 1 where a unit begins that is masked as a whole or not at all, else 0, shape (batch,
            width); None for single subwords.

    Returns:
        The tokens with some masked, shape (batch, width); the places that were chosen, shape
        (batch, places); the ids that stood there, not moved; and 1 where a place counts, 0 where a
        shorter review has fewer, float32.
    """
    special = np.array(tokenizer.special) + 1
    free = (tokens > 0) & ~np.isin(tokens, special)
    wanted = np.round(SHARE * free.sum(axis=1)).astype(int)
    wanted = np.minimum(np.maximum(wanted, 1), free.sum(axis=1))
    most = math.ceil(SHARE * tokens.shape[1])
    if starts is None:
        order = np.argsort(np.where(free, random.random(tokens.shape), 2.0), axis=1)
        places = order[:, :most]
        counts = np.arange(places.shape[1]) < wanted[:, None]
    else:
        units = np.where(free, np.cumsum(starts, axis=1), 0)
        places = np.zeros((len(tokens), most), np.int64)
        counts = np.zeros(places.shape, bool)
        for row, (of_review, room) in enumerate(zip(units, wanted, strict=True)):
            chosen = choose_units(of_review, room, random)
            places[row, : len(chosen)] = chosen
            counts[row, : len(chosen)] = True
    true = np.take_along_axis(tokens, places, axis=1)
    draw = random.random(places.shape)
    anything = random.integers(0, tokenizer.size, places.shape) + 1
    shown = np.select([draw < MASKED, draw < MASKED + RANDOM], [tokenizer.mask + 1, anything], true)
    hidden = tokens.copy()
    rows, columns = np.nonzero(counts)
    hidden[rows, places[rows, columns]] = shown[rows, columns]
    return hidden, places, np.maximum(true - 1, 0), counts.astype(np.float32)


def choose_units(units: np.ndarray, room: int, random: np.random.Generator) -> np.ndarray:
    """Return places of whole units, drawn by chance, as many as there is room for.

    A unit that no longer fits is passed over, as in BERT's own code.

    Args:
        units: the number of each token's unit, 0 where nothing may be masked, shape (width,).
        room: how many places.
        random: draws the units.

    Returns:
        Places, ascending, shape (chosen,), at most `room`.
    """
    numbers, unit_of, sizes = np.unique(units, return_inverse=True, return_counts=True)
    chosen = []
    for unit in random.permutation(np.flatnonzero(numbers)):
        if sizes[unit] <= room:
            chosen.append(unit)
            room -= sizes[unit]
        if not room:
            break
    return np.flatnonzero(np.isin(unit_of, chosen))


class MaskedLMBatches(Batches):
    """Batches of like length with other subwords masked at each pass.

    A batch is tokens and places, the ids at the places, and the places' weights.
    """

    def __init__(
        self,
        sequences: Ragged,
        widths: np.ndarray,
        tokenizer: Tokenizer,
        random: np.random.Generator,
        starts: Ragged | None = None,
    ):
        """Plan the batches.

        Args:
            sequences: what is read of the reviews.
            widths: what to pad to, ascending.
            tokenizer: whose ids they are.
            random: draws the batches and what is masked.
            starts: as `unit_starts` returns them; None to mask single subwords.
        """
        self.tokenizer, self.draw, self.starts = tokenizer, random, starts
        super().__init__(sequences, None, BATCH_SIZE, widths, random=random)

    def on_epoch_end(self) -> None:
        """Plan the next pass's batches."""
        super().on_epoch_end()
        self.pass_seed = int(self.draw.integers(2**32))

    def __getitem__(self, index: int) -> tuple:
        (tokens,) = super().__getitem__(index)
        starts = None
        if self.starts is not None:
            starts = self.starts.padded(self.plan[index], tokens.shape[1])
        random = np.random.default_rng([self.pass_seed, index])
        shown, places, true, counts = mask_tokens(tokens, self.tokenizer, random, starts)
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
