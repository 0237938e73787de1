"""What tells the members of the family apart, and how KerasHub makes, loads and saves them."""

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bert_family.shared.kerashub import kerashub
from bert_family.shared.presets import ADVICE, Preset, Source, check_reachable
from preprocessing.errors import OptionError, UserError
from preprocessing.subwords.tokenizers import BytePairs, SentencePiece, Tokenizer, WordPiece

import keras
from keras import ops

_PAPERS_WIDTH = 768


def sized(layers: int, width: int) -> dict[str, int]:
    """Return the settings of Turc et al. (2019): heads 64 wide, four times the width inside."""
    return {
        "num_layers": layers,
        "num_heads": width // 64,
        "hidden_dim": width,
        "intermediate_dim": 4 * width,
    }


SIZES = {"tiny": sized(2, 128), "small": sized(4, 512), "base": sized(12, 768)}
"""A backbone's settings by the size that --size names."""


def _of_kerashub() -> Any:
    return kerashub().models


@dataclass(frozen=True)
class Architecture:
    """What tells one member of the family from another.

    Attributes:
        name: the beginning of its classes' names.
        preset: the public preset whose pretraining the paper describes; empty if there is none.
        outside_data: what that preset was pretrained on.
        learn_vocabulary: learns at most that many subwords from texts.
        scratch: the backbone's settings by size, without the vocabulary's.
        shares_layers: all its layers are one layer, so they cannot be trained apart.
        classes: imports the module that has the classes.
    """

    name: str
    preset: str
    outside_data: str
    learn_vocabulary: Callable[..., Tokenizer]
    scratch: dict[str, dict[str, Any]]
    shares_layers: bool = False
    classes: Callable[[], Any] = _of_kerashub

    @property
    def backbone(self) -> Any:
        """The class, KerasHub's or of its kind, of the network below the head."""
        return getattr(self.classes(), f"{self.name}Backbone")

    @property
    def tokenizer(self) -> Any:
        """The class, KerasHub's or of its kind, of the tokenizer."""
        return getattr(self.classes(), f"{self.name}Tokenizer")

    def presets(self) -> dict[str, dict]:
        """Return KerasHub's own presets of this architecture, by name."""
        return dict(self.backbone.presets)

    def load_tokenizer(self, preset: Preset) -> Tokenizer:
        """Return the preset's tokenizer.

        Raises:
            UserError: it cannot be fetched, or is of another architecture.
        """
        return as_tokenizer(self._load(self.tokenizer, preset))

    def load_backbone(self, preset: Preset, dropout: float | None = None) -> keras.Model:
        """Return the preset's network with its weights, in the current number format.

        Args:
            preset: which.
            dropout: share dropped in training; None leaves the preset's own.

        Raises:
            UserError: it cannot be fetched, or is of another architecture.
        """
        given = {} if dropout is None else {"dropout": dropout}
        return self._load(self.backbone, preset, dtype=keras.config.dtype_policy(), **given)

    def new_backbone(
        self, size: str, vocabulary: int, max_tokens: int, dropout: float
    ) -> keras.Model:
        """Return the network of this size with random weights.

        The papers' standard deviation of 0.02 suits matrices 768 wide. Those of narrower networks
        are so much larger that outputs vary as much.
        """
        backbone = self.backbone(
            vocabulary_size=vocabulary,
            max_sequence_length=max_tokens,
            dropout=dropout,
            **self.scratch[size],
        )
        for weight in backbone.weights:
            if weight.name == "kernel":
                weight.assign(weight * (_PAPERS_WIDTH / backbone.hidden_dim) ** 0.5)
        return backbone

    def start(self, source: Source, max_tokens: int, dropout: float) -> keras.Model:
        """Return the backbone that a run starts from.

        Raises:
            UserError: it reads fewer tokens.
        """
        if source.preset is None:
            return self.new_backbone(source.size, source.tokenizer.size, max_tokens, dropout)
        backbone = self.load_backbone(source.preset, dropout)
        if backbone.max_sequence_length < max_tokens:
            raise OptionError(
                f"preset {source.preset!s} reads {backbone.max_sequence_length} tokens at most; "
                f"give --max-tokens {backbone.max_sequence_length} or less"
            )
        return backbone

    def save(self, folder: Path, backbone: keras.Model, tokenizer: Tokenizer) -> None:
        """Write a preset of KerasHub's own form, that `load_backbone` and others can read."""
        backbone.save_to_preset(str(folder))
        as_kerashub(tokenizer, self.tokenizer).save_to_preset(str(folder))

    def check(self, preset: Preset) -> None:
        """Check that a preset can be loaded, without loading it.

        Raises:
            UserError: there is none of this name, or its host does not answer.
        """
        place = preset.place
        if not preset.is_local and "://" not in place and place not in self.presets():
            near = difflib.get_close_matches(place, self.presets(), n=1)
            hint = f"did you mean {near[0]}?" if near else "--list-presets shows what there is"
            raise UserError(f"KerasHub has no {self.name} preset {place}; {hint}")
        check_reachable(preset)

    def _load(self, cls: Any, preset: Preset, **arguments: Any) -> Any:
        self.check(preset)
        try:
            return cls.from_preset(preset.place, **arguments)
        except Exception as error:  # KerasHub and its downloaders raise all kinds
            said = " ".join(str(error).split())[:160]
            if preset.is_local:
                advice = (
                    "it needs config.json and either model.weights.h5 with assets/tokenizer/ "
                    "(KerasHub) or model.safetensors with tokenizer_config.json and "
                    "vocab.txt, vocab.json + merges.txt or spiece.model (Hugging Face)"
                )
                raise OptionError(
                    f"the folder of preset {preset!s} is not a {self.name} that KerasHub can load "
                    f"({type(error).__name__}: {said}); {advice}"
                ) from error
            raise UserError(
                f"preset {preset!s} cannot be loaded ({type(error).__name__}: {said}); {ADVICE}"
            ) from error


def backbone_inputs(tokens: Any, backbone: keras.Model, padding: int) -> dict[str, Any]:
    """Return ids, mask and segments for ids that were moved up by one, 0 for padding."""
    mask = ops.not_equal(tokens, 0)
    inputs = {
        "token_ids": ops.where(mask, tokens - 1, padding),
        "padding_mask": ops.cast(mask, "int32"),
        "segment_ids": ops.zeros_like(tokens),
    }
    return {name: inputs[name] for name in backbone.input}


def initializer() -> keras.initializers.Initializer:
    """Return BERT's initializer, a new one: it draws its seed now, which must follow the run's."""
    return keras.initializers.TruncatedNormal(stddev=0.02)


def as_tokenizer(theirs: Any) -> Tokenizer:
    """Return our tokenizer for one of KerasHub's."""
    if isinstance(theirs, kerashub().tokenizers.WordPieceTokenizer):
        return WordPiece(theirs.get_vocabulary(), theirs.lowercase, theirs.strip_accents)
    if isinstance(theirs, kerashub().tokenizers.BytePairTokenizer):
        return BytePairs(theirs.vocabulary, theirs.merges)
    return SentencePiece(theirs.proto)


def as_kerashub(tokenizer: Tokenizer, cls: type) -> Any:
    """Return KerasHub's tokenizer of the class for one of ours."""
    if isinstance(tokenizer, WordPiece):
        return cls(
            vocabulary=tokenizer.vocabulary,
            lowercase=tokenizer.lowercase,
            strip_accents=tokenizer.strip_accents,
        )
    if isinstance(tokenizer, BytePairs):
        return cls(vocabulary=tokenizer.vocabulary, merges=tokenizer.merges)
    assert isinstance(tokenizer, SentencePiece)
    return cls(proto=tokenizer.model)
