"""Where weights and vocabularies come from: KerasHub's presets, handles, and local folders."""

import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from bert_family.shared.kerashub import kerashub
from preprocessing.errors import UserError
from preprocessing.storage import sha256
from preprocessing.subwords.tokenizers import Tokenizer

from pydantic import Field, PlainValidator

SCRATCH = "scratch"
WEIGHTS = "IMDB_WEIGHTS"
"""The environment variable that says where weights are: NAME=FOLDER, or several, as in PATH."""

_HOSTS = {"kaggle": "api.kaggle.com", "hf": "huggingface.co"}
_PROXIES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")
_SECONDS_TO_ANSWER = 5


class Preset(str):
    """The name of pretrained weights, which records show, and where they are.

    Attributes:
        place: what KerasHub loads: a preset's name, a handle or a local folder.
    """

    place: str

    @classmethod
    def of(cls, text: Any) -> "Preset":
        """Read ``NAME``, ``hf://…``, ``kaggle://…``, ``FOLDER`` or ``NAME=FOLDER``.

        A folder without a name is called as its last part, so that no record holds a path. What is
        not a folder is looked for first where the environment says that the weights of this name
        are.
        """
        if isinstance(text, cls):
            return text
        name, _, place = str(text).partition("=")
        if name in _places() and not (place and _is_folder(place)):
            place = _places()[name]
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


PresetOption = Annotated[
    str,
    PlainValidator(Preset.of),
    Field(
        description="weights to start from: a KerasHub preset, an hf:// or kaggle:// handle, "
        "FOLDER, NAME=FOLDER, or scratch for random ones"
    ),
]


def _places() -> dict[str, str]:
    """Return the folders that the environment names, by the weights' names."""
    given = filter(None, os.environ.get(WEIGHTS, "").split(os.pathsep))
    return {name: folder for name, _, folder in (entry.partition("=") for entry in given)}


def _is_folder(place: str) -> bool:
    return "://" not in place and (os.sep in place or Path(place).is_dir())


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


ADVICE = (
    "--list-presets shows what there is; without network pass a local folder with --preset FOLDER, "
    "or train from nothing but the reviews with --variant scratch-tiny"
)


def check_reachable(preset: Preset) -> None:
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
            f"({error.strerror or error}); {ADVICE}"
        ) from error


def _is_cached(place: str) -> bool:
    """Tell whether a download of the preset is on this machine."""
    if place.startswith("hf://"):
        from huggingface_hub import try_to_load_from_cache

        return isinstance(try_to_load_from_cache(place.removeprefix("hf://"), "config.json"), str)
    known = kerashub().models.Backbone.presets
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
