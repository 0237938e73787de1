"""Where weights and vocabularies come from: KerasHub's presets, handles, and local folders."""

import difflib
import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.rows.quiet import native_log_hidden
from preprocessing.errors import UserError
from preprocessing.storage import sha256
from preprocessing.subwords.tokenizers import BytePairs, SentencePiece, Tokenizer, WordPiece

import keras
from keras import ops

with native_log_hidden():
    try:
        import keras_hub
    except ImportError as error:
        raise UserError(
            f"the BERT family needs keras-hub ({error}): pip install -r requirements.txt, or on "
            "JAX pip install --no-deps keras-hub; -c constraints.txt with either"
        ) from None

AUTO, SCRATCH = "auto", "scratch"
WEIGHTS = "IMDB_WEIGHTS"
"""The environment variable that says where weights are: NAME=FOLDER, several parted as in PATH."""

_HOSTS = {"kaggle": "api.kaggle.com", "hf": "huggingface.co"}
_PROXIES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")
_SECONDS_TO_ANSWER = 5
_PAPERS_WIDTH = 768


class Preset(str):
    """The name of pretrained weights, which records show, and where they are.

    Attributes:
        place: what KerasHub loads: a preset's name, a handle or a local folder.
    """

    place: str

    @classmethod
    def of(cls, text: Any) -> "Preset":
        """Read ``NAME``, ``hf://…``, ``kaggle://…``, ``FOLDER`` or ``NAME=FOLDER``.

        A folder without a name is called as its last part, so that no record holds a path.
        """
        if isinstance(text, cls):
            return text
        text = _places().get(str(text), text)
        name, _, place = str(text).partition("=")
        if not place or os.sep in name:
            place = str(text)
            name = Path(place).resolve().name if _is_folder(place) else place
        return _preset(name, str(Path(place).expanduser()) if _is_folder(place) else place)

    def __reduce__(self):
        return _preset, (str(self), self.place)

    @property
    def is_local(self) -> bool:
        """Tell whether it is a folder of this machine."""
        return _is_folder(self.place)


def _preset(name: str, place: str) -> Preset:
    preset = Preset(name)
    preset.place = place
    return preset


def _places() -> dict[str, str]:
    """Return what the environment says of where weights are, as NAME=FOLDER, by name."""
    given = filter(None, os.environ.get(WEIGHTS, "").split(os.pathsep))
    return {entry.partition("=")[0]: entry for entry in given}


def _is_folder(place: str) -> bool:
    return "://" not in place and (os.sep in place or Path(place).is_dir())


@dataclass(frozen=True)
class Architecture:
    """What tells one member of the family from another.

    Attributes:
        name: the beginning of its classes' names in KerasHub.
        preset: the public preset that is fine-tuned by default.
        outside_data: what the public presets were pretrained on.
        learn_vocabulary: learns subwords from texts, at most so many.
        scratch: the backbone's settings by size, without the vocabulary's.
        shares_layers: all its layers are one layer, so they cannot be trained apart.
    """

    name: str
    preset: str
    outside_data: str
    learn_vocabulary: Any
    scratch: dict[str, dict[str, Any]]
    shares_layers: bool = False

    @property
    def backbone(self) -> type:
        """KerasHub's class of the network below the head."""
        return getattr(keras_hub.models, f"{self.name}Backbone")

    @property
    def tokenizer(self) -> type:
        """KerasHub's class of the tokenizer."""
        return getattr(keras_hub.models, f"{self.name}Tokenizer")

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
        get so much more that answers vary as much.
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

    def start(self, source: "Source", max_tokens: int, dropout: float) -> keras.Model:
        """Return the backbone that a run starts from.

        Raises:
            UserError: it reads fewer tokens.
        """
        if source.preset is None:
            return self.new_backbone(source.size, source.tokenizer.size, max_tokens, dropout)
        backbone = self.load_backbone(source.preset, dropout)
        if backbone.max_sequence_length < max_tokens:
            raise UserError(
                f"preset {source.preset!s} reads {backbone.max_sequence_length} tokens at most; "
                f"give --max-tokens {backbone.max_sequence_length} or less"
            )
        return backbone

    def save(self, folder: Path, backbone: keras.Model, tokenizer: Tokenizer) -> None:
        """Write a preset of KerasHub's own form, that `load_backbone` and others can read."""
        backbone.save_to_preset(str(folder))
        as_kerashub(tokenizer, self.tokenizer).save_to_preset(str(folder))

    def check(self, preset: Preset) -> None:
        """Tell whether a preset can be loaded, without loading it.

        Raises:
            UserError: there is none of this name, or its host does not answer.
        """
        if not preset.is_local and "://" not in preset.place and preset not in self.presets():
            near = difflib.get_close_matches(preset, self.presets(), n=1)
            hint = f"did you mean {near[0]}?" if near else "--list-presets shows what there is"
            raise UserError(f"KerasHub has no {self.name} preset {preset!s}; {hint}")
        _check_reachable(preset)

    def _load(self, cls: type, preset: Preset, **arguments: Any) -> Any:
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
                raise UserError(
                    f"the folder of preset {preset!s} is no {self.name} that KerasHub can load "
                    f"({type(error).__name__}: {said}); {advice}"
                ) from error
            raise UserError(
                f"preset {preset!s} cannot be loaded ({type(error).__name__}: {said}); {_ADVICE}"
            ) from error


@dataclass(frozen=True)
class Source:
    """Where a run starts from.

    Attributes:
        tokenizer: cuts the reviews.
        preset: the weights; None for random ones.
        size: of the backbone where the weights are random.
        weights: the name of outside weights, "none" without.
        outside_data: what they were trained on, "none" without.
        rate: the highest learning rate that suits them.
    """

    tokenizer: Tokenizer
    preset: Preset | None
    size: str
    weights: str
    outside_data: str
    rate: float


def folder_name(weights: str) -> str:
    """Return a preset's name or handle as a part of a folder's name."""
    return weights.replace("/", "-").replace(":", "")


def backbone_inputs(tokens: Any, backbone: keras.Model, padding: int) -> dict[str, Any]:
    """Return ids, mask and segments for ids that were moved up by one, 0 for padding."""
    mask = ops.not_equal(tokens, 0)
    inputs = {
        "token_ids": ops.where(mask, tokens - 1, padding),
        "padding_mask": ops.cast(mask, "int32"),
        "segment_ids": ops.zeros_like(tokens),
    }
    return {name: inputs[name] for name in backbone.input}


_ADVICE = (
    "--list-presets shows what there is; without network pass a local folder with --preset FOLDER, "
    "or train from nothing but the reviews with --preset scratch --size tiny --pretrain 1"
)


def _check_reachable(preset: Preset) -> None:
    """Fail at once where a download would be tried again and again.

    Raises:
        UserError: there is no such folder, or the host does not answer.
    """
    if preset.is_local:
        if not Path(preset.place).is_dir():
            raise UserError(f"--preset {preset.place}: no such folder")
        return
    scheme = preset.place.partition("://")[0] if "://" in preset.place else "kaggle"
    behind_proxy = any(os.environ.get(name) for name in _PROXIES)
    if scheme not in _HOSTS or behind_proxy or _is_cached(preset.place):
        return
    try:
        socket.create_connection((_HOSTS[scheme], 443), _SECONDS_TO_ANSWER).close()
    except OSError as error:
        raise UserError(
            f"preset {preset!s} cannot be fetched: {_HOSTS[scheme]} does not answer "
            f"({error.strerror or error}); {_ADVICE}"
        ) from error


def _is_cached(place: str) -> bool:
    """Tell whether a download of the preset is on this machine."""
    if place.startswith("hf://"):
        from huggingface_hub import try_to_load_from_cache

        return isinstance(try_to_load_from_cache(place.removeprefix("hf://"), "config.json"), str)
    known = keras_hub.models.Backbone.presets
    handle = known[place]["kaggle_handle"] if place in known else place
    home = Path(os.environ.get("KAGGLEHUB_CACHE", Path.home() / ".cache" / "kagglehub"))
    return (home / "models" / handle.removeprefix("kaggle://") / "config.json").exists()


def weights_name(preset: Preset) -> str:
    """Return the name of the weights for the records; of local ones with a hash to know them by."""
    if not preset.is_local:
        return str(preset)
    for file in ("model.safetensors", "model.weights.h5"):
        if (path := Path(preset.place) / file).exists():
            return f"{preset} (sha256 {sha256(path)[:16]})"
    return str(preset)


def as_tokenizer(theirs: Any) -> Tokenizer:
    """Return our tokenizer for one of KerasHub's."""
    if isinstance(theirs, keras_hub.tokenizers.WordPieceTokenizer):
        return WordPiece(theirs.get_vocabulary(), theirs.lowercase, theirs.strip_accents)
    if isinstance(theirs, keras_hub.tokenizers.BytePairTokenizer):
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
    return cls(proto=tokenizer.model)
