"""A trained model as one folder that holds all it takes to go from raw text to a probability.

::

    FOLDER/
        manifest.json            which row, its hyperparameters, where and with what it was trained,
                                 the size and SHA-256 of every other file, and its own hash
        vocabulary.txt           the word of each id, one a line
        model.keras, model.skops Keras's or skops's own format, and what goes with it

Nothing in it is a pickle. The hashes tell what was damaged or changed; that no code runs on loading
is up to the formats: Keras refuses lambdas and modules that are not its own or registered, skops
refuses all but scikit-learn's types and the estimators that rows define.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from benchmark.rows import catalogue
from benchmark.rows.contract import Fitted
from benchmark.rows.hyperparameters import refusal
from preprocessing import corpus as corpora
from preprocessing.corpus import Corpus, Reviews
from preprocessing.errors import UserError
from preprocessing.storage import MANIFEST, make_folder, sha256, unseal
from preprocessing.wording import one_line

import numpy as np
from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

FORMAT = 2
_KEPT = (
    "model", "family", "seed", "protocol", "corpus", "hyperparameters", "command", "backend",
    "precision", "parameters", "weights", "outside_data", "validation", "utc",
)  # fmt: skip


class _File(BaseModel):
    """What a manifest says of a file."""

    bytes: int
    sha256: str


class _Manifest(BaseModel):
    """What loading needs of a manifest."""

    model_config = ConfigDict(strict=True)

    text_version: int
    words: int
    model: str
    hyperparameters: dict[str, JsonValue]
    files: dict[str, _File]


@dataclass(frozen=True)
class SavedModel:
    """A model that was loaded.

    Attributes:
        folder: where from.
        manifest: what was said of it when it was saved.
        fitted: the model.
        vocabulary: the word of each id.
    """

    folder: Path
    manifest: dict
    fitted: Fitted
    vocabulary: list[str]

    def predict(self, texts: list[str]) -> np.ndarray:
        """Return the probability that each raw text is positive, shape (texts,), float.

        Raises:
            UserError: the model cannot answer, since it is not what was saved.
        """
        reviews = Reviews.of(texts, self.vocabulary)
        try:
            return self.fitted.predict(reviews)
        except Exception as error:  # see `load`
            raise _unusable(self.folder, "cannot answer", error) from error


def check_target(folder: Path) -> None:
    """Say before hours of training that a model could not be saved there.

    Raises:
        UserError: the folder is there.
    """
    if folder.exists():
        raise UserError(f"{folder} exists already; name a folder that --save can create")


def save(folder: Path, fitted: Fitted, corpus: Corpus, record: dict) -> None:
    """Write a model; the folder is there whole or not at all.

    Args:
        folder: the folder to make.
        fitted: the model.
        corpus: what it was trained on.
        record: the record of its run.

    Raises:
        UserError: another run has saved its model there since this one began.
    """
    built = []

    def build(target: Path) -> dict:
        built.append(target)
        fitted.save(target)
        text = "\n".join(corpus.vocabulary) + "\n"
        (target / "vocabulary.txt").write_text(text, encoding="utf-8")
        return {
            "format": FORMAT,
            "text_version": corpora.VERSION,
            "words": len(corpus.vocabulary),
            "packages": record["environment"]["packages"],
        } | {name: record[name] for name in _KEPT}

    make_folder(folder, build)
    if not built:
        raise UserError(f"another run has created {folder}; this run's model was not saved")
    (folder.parent / f".{folder.name}.lock").unlink(missing_ok=True)


def load(folder: Path) -> SavedModel:
    """Read a model that `save` wrote.

    Raises:
        UserError: it is none, or of another format, or was changed, or is not safe to load.
    """
    manifest = _manifest(folder)
    name = manifest["model"]
    try:
        row = catalogue.load(name)
    except UserError:
        raise
    except Exception as error:  # a package that the row needs is not there, for one
        raise _unusable(folder, "cannot be loaded", error) from error
    try:
        options = row.hyperparameters(**manifest["hyperparameters"])
    except ValidationError as error:
        option, value, what = refusal(error)
        raise UserError(
            f"{folder} has a hyperparameter that {name} does not accept: {option} = {value!r} "
            f"{what}; train and save the model again"
        ) from None
    try:
        vocabulary = (folder / "vocabulary.txt").read_text(encoding="utf-8").splitlines()
        if len(vocabulary) != manifest["words"]:
            raise UserError(
                f"{folder / 'vocabulary.txt'} has {len(vocabulary):,} words, but the model reads "
                f"{manifest['words']:,}; train and save the model again"
            )
        fitted = row.load(options, folder)
    except UserError:
        raise
    except Exception as error:  # libraries say in many ways that a file is not what they wrote
        raise _unusable(folder, "cannot be loaded", error) from error
    return SavedModel(folder, manifest, fitted, vocabulary)


def glance(folder: Path) -> dict:
    """Return what a saved model's manifest says, without a look at its files.

    Empty if it cannot be read: `load` will say what is wrong.
    """
    try:
        return unseal((folder / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return {}


def _unusable(folder: Path, what: str, error: Exception) -> UserError:
    return UserError(f"{folder} {what}: {type(error).__name__}: {one_line(error)[:300]}")


def _manifest(folder: Path) -> dict:
    """Return the manifest, having checked it and the hash of every file.

    Raises:
        UserError: something is not as it was saved.
    """
    again = "train and save the model again"
    try:
        written = (folder / MANIFEST).read_bytes()
        saved_format = json.loads(written)["format"]
    except (OSError, KeyError, TypeError):
        raise UserError(
            f"{folder} is not a saved model; a model's --save option makes one"
        ) from None
    except (ValueError, RecursionError):
        raise UserError(f"{folder / MANIFEST} is damaged (it is not JSON); {again}") from None
    if saved_format != FORMAT:
        raise UserError(
            f"{folder} was saved in format {saved_format}, but this version reads format {FORMAT}; "
            f"{again}"
        )
    try:
        manifest = unseal(written)
        checked = _Manifest.model_validate(manifest)
    except ValueError as error:  # pydantic's is one
        said = str(error).splitlines()[0]
        raise UserError(f"{folder / MANIFEST} is damaged ({said}); {again}") from None
    if checked.text_version != corpora.VERSION:
        raise UserError(
            f"{folder} expects version {checked.text_version} of the preprocessing, "
            f"and this is version {corpora.VERSION}; {again}"
        )
    found = {file.relative_to(folder).as_posix(): file for file in folder.rglob("*")}
    for name in sorted({*checked.files, *found, "vocabulary.txt"}):
        file = found.get(name)
        if file is None:
            raise UserError(f"{folder / name} is missing; {again}")
        if file.is_symlink() or not (file.is_file() or file.is_dir()):
            raise UserError(f"{file} is not a file of its own; replace it by what it points to")
        if file.is_dir() or name == MANIFEST:
            continue
        if name not in checked.files:
            raise UserError(f"{file} was not there when the model was saved; delete it")
        if sha256(file) != checked.files[name].sha256:
            raise UserError(f"{file} has changed since it was saved; {again}")
    return manifest
