"""Tokenizers: texts into subword ids, as KerasHub's make them, in batches.

Three ways to cut words, each with the vocabulary it was given: WordPiece (BERT, DistilBERT), byte
pairs (RoBERTa) and SentencePiece (ALBERT). The ids equal those of KerasHub's preprocessors in the
``tf.data`` pipeline of `fit`, which follow the published models.
"""

import hashlib
import json
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from preprocessing.errors import UserError

_LONGEST_WORD_BYTES = 100  # of TensorFlow Text's WordPiece: longer words are unknown
_TOO_LONG = "\0"  # a control character, which no word holds, so it is unknown
_CJK = ((0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2CEAF),
        (0xF900, 0xFAFF), (0x2F800, 0x2FA1F))  # fmt: skip
_SPACE = r"[\t\n\f\r \x{a0}\x{2009}\x{202f}\x{3000}]"
_NO_SPACE = _SPACE.replace("[", "[^")
_SPACE_BYTE = "Ġ"  # how GPT-2 writes a space's byte

INCOMPLETE = "\ufffd"
"""What `Tokenizer.pieces` has for bytes that are only a part of a character."""

_BYTE_PAIR_WORD = (  # of GPT-2, with what RE2 takes for white space
    rf"'s|'t|'re|'ve|'m|'ll|'d| ?\p{{L}}+| ?\p{{N}}+| ?[^\p{{L}}\p{{N}}{_SPACE[1:-1]}]+"
    rf"|{_SPACE}+(?!{_NO_SPACE})|{_SPACE}+"
)


class Tokenizer(ABC):
    """Cuts texts into subwords.

    Attributes:
        kind: how it cuts.
        size: how many ids there are.
        start: the id before a text.
        end: the id behind a text.
        padding: the id that fills up.
        mask: the id of a hidden token.
    """

    kind: str
    size: int
    start: int
    end: int
    padding: int
    mask: int

    @property
    def special(self) -> tuple[int, ...]:
        """The ids that stand for no text."""
        return (self.start, self.end, self.padding, self.mask)

    @abstractmethod
    def contents(self) -> dict[str, bytes]:
        """Return the vocabulary's files by name."""

    @abstractmethod
    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the ids of each text, without start and end."""

    @abstractmethod
    def pieces(self) -> list[tuple[bool, str]]:
        """Return of each id whether it begins a word, and its text without the mark for that."""

    @cached_property
    def key(self) -> str:
        """Twelve hexadecimal digits that name the kind and the vocabulary."""
        digest = hashlib.sha256(self.kind.encode())
        for name, content in sorted(self.contents().items()):
            digest.update(name.encode() + content)
        return digest.hexdigest()[:12]

    def save(self, folder: Path) -> None:
        """Write kind and vocabulary into an existing folder, for `read_tokenizer`."""
        (folder / "kind.txt").write_text(self.kind)
        for name, content in self.contents().items():
            (folder / name).write_bytes(content)


class WordPiece(Tokenizer):
    """Words cut greedily into the longest known pieces (Wu et al., 2016).

    Words end at white space, at control characters and around punctuation and CJK characters; then
    they are folded (Unicode NFKC_Casefold) if the vocabulary has no capitals. Accents stay, which
    is what KerasHub does, and not what the BERT of 2018 did.
    """

    def __init__(self, vocabulary: Sequence[str], lowercase: bool, strip_accents: bool = False):
        """Take the pieces in the order of their ids.

        Raises:
            UserError: one of [PAD], [UNK], [CLS], [SEP], [MASK] is missing.
        """
        from tokenizers import Tokenizer as Library
        from tokenizers import models

        self.vocabulary = list(vocabulary)
        self.lowercase, self.strip_accents = lowercase, strip_accents
        self.kind = "-".join(
            ["wordpiece"] + ["lowercase"] * lowercase + ["no-accents"] * strip_accents
        )
        id_of = {piece: number for number, piece in enumerate(self.vocabulary)}
        special = ("[PAD]", "[CLS]", "[SEP]", "[MASK]")
        _check(id_of, (*special, "[UNK]"))
        self.padding, self.start, self.end, self.mask = (id_of[name] for name in special)
        self.unknown = id_of["[UNK]"]
        self.size = len(self.vocabulary)
        self._library = Library(
            models.WordPiece(id_of, unk_token="[UNK]", max_input_chars_per_word=_LONGEST_WORD_BYTES)
        )

    def contents(self) -> dict[str, bytes]:
        """Return the vocabulary's files by name."""
        return {"vocabulary.txt": "".join(f"{piece}\n" for piece in self.vocabulary).encode()}

    def pieces(self) -> list[tuple[bool, str]]:
        """Return of each id whether it begins a word, and its text; others begin with ``##``."""
        return [(not piece.startswith("##"), piece.removeprefix("##")) for piece in self.vocabulary]

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the ids of each text, without start and end."""
        words = [
            [
                _TOO_LONG if _is_too_long(word) else word
                for word in split_words(text, self.lowercase, self.strip_accents)
            ]
            for text in texts
        ]
        encoded = self._library.encode_batch_fast(
            words, is_pretokenized=True, add_special_tokens=False
        )
        return [one.ids for one in encoded]


class BytePairs(Tokenizer):
    """Bytes merged pair by pair in a learned order (Sennrich et al., 2016; GPT-2's bytes)."""

    def __init__(self, vocabulary: dict[str, int], merges: Sequence[str]):
        """Take the id of each piece, and the pairs to merge, as ``left right``.

        Raises:
            UserError: one of <s>, <pad>, </s>, <mask> is missing.
        """
        from tokenizers import Tokenizer as Library
        from tokenizers import models

        self.kind = "byte-pairs"
        self.vocabulary = dict(vocabulary)
        self.merges = [merge for merge in merges if merge and "#version:" not in merge]
        special = ("<pad>", "<s>", "</s>", "<mask>")
        _check(self.vocabulary, special)
        self.padding, self.start, self.end, self.mask = (self.vocabulary[name] for name in special)
        self.size = max(self.vocabulary.values()) + 1
        self._library = Library(
            models.BPE(
                self.vocabulary,
                [(one, other) for one, _, other in (merge.partition(" ") for merge in self.merges)],
            )
        )
        self._library.pre_tokenizer = byte_level_words()
        self._library.add_special_tokens(list(special))  # KerasHub finds them in texts, too

    def contents(self) -> dict[str, bytes]:
        """Return the vocabulary's files by name."""
        return {
            "vocabulary.json": json.dumps(self.vocabulary).encode(),
            "merges.txt": "".join(f"{merge}\n" for merge in self.merges).encode(),
        }

    def pieces(self) -> list[tuple[bool, str]]:
        """Return of each id whether it begins a word, behind a space, and its text."""
        from tokenizers.decoders import ByteLevel

        text_of = ByteLevel().decode
        found = [(True, "")] * self.size
        for piece, number in self.vocabulary.items():
            begins = piece.startswith(_SPACE_BYTE)
            found[number] = begins, text_of([piece.removeprefix(_SPACE_BYTE)])
        return found

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the ids of each text, without start and end."""
        encoded = self._library.encode_batch_fast(list(texts), add_special_tokens=False)
        return [one.ids for one in encoded]


class SentencePiece(Tokenizer):
    """The likeliest cut under a unigram model of pieces (Kudo, 2018)."""

    def __init__(self, model: bytes):
        """Take a SentencePiece model.

        Raises:
            UserError: it is none, or one of <pad>, [CLS], [SEP], [MASK] is missing.
        """
        import sentencepiece

        self.kind = "sentencepiece"
        self.model = model
        try:
            self._library = sentencepiece.SentencePieceProcessor(model_proto=model)
        except RuntimeError as error:
            raise UserError(f"this is not a SentencePiece model: {error}") from None
        self.size = self._library.vocab_size()
        self._pieces = self._library.id_to_piece(list(range(self.size)))
        id_of = {piece: number for number, piece in enumerate(self._pieces)}
        special = ("<pad>", "[CLS]", "[SEP]", "[MASK]")
        _check(id_of, special)
        self.padding, self.start, self.end, self.mask = (id_of[name] for name in special)

    def contents(self) -> dict[str, bytes]:
        """Return the vocabulary's files by name."""
        return {"vocabulary.spm": self.model}

    def pieces(self) -> list[tuple[bool, str]]:
        """Return of each id whether it begins a word, behind a space, and its text."""
        mark = "\u2581"
        return [(piece.startswith(mark), piece.removeprefix(mark)) for piece in self._pieces]

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the ids of each text, without start and end."""
        return self._library.encode(list(texts), num_threads=-1)


def read_tokenizer(folder: Path) -> Tokenizer:
    """Return the tokenizer that `Tokenizer.save` wrote."""
    kind = (folder / "kind.txt").read_text()
    if kind == "byte-pairs":
        vocabulary = json.loads((folder / "vocabulary.json").read_text(encoding="utf-8"))
        merges = (folder / "merges.txt").read_text(encoding="utf-8").split("\n")
        return BytePairs(vocabulary, merges)
    if kind == "sentencepiece":
        return SentencePiece((folder / "vocabulary.spm").read_bytes())
    pieces = (folder / "vocabulary.txt").read_text(encoding="utf-8").split("\n")[:-1]
    return WordPiece(pieces, "lowercase" in kind, "no-accents" in kind)


def split_words(text: str, lowercase: bool, strip_accents: bool = False) -> list[str]:
    """Return the words and punctuation marks of a text, folded if `lowercase`.

    >>> split_words("It's GOOD, n'est-ce pas? Straße", lowercase=True)
    ['it', "'", 's', 'good', ',', 'n', "'", 'est', '-', 'ce', 'pas', '?', 'strasse']
    """
    if text.isascii():
        words = (text.lower() if lowercase else text).translate(_SEPARATED).split(" ")
        return [word for word in words if word]
    if strip_accents:
        text = unicodedata.normalize("NFD", text)
        text = "".join(c for c in text if unicodedata.category(c) != "Mn")
    words = text.translate(_SEPARATED).split(" ")
    if lowercase:
        words = [word if word.isascii() and word.islower() else _folded(word) for word in words]
    return [word for word in words if word]


def _is_too_long(word: str) -> bool:
    return 4 * len(word) > _LONGEST_WORD_BYTES and len(word.encode()) > _LONGEST_WORD_BYTES


class _Separated(dict):
    """For `str.translate`: what a character becomes, found out when it first occurs."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        category = unicodedata.category(character)
        ascii_mark = code < 128 and character.isprintable() and not character.isalnum()
        if character in " \t\n\r\f" or category in ("Cc", "Cf"):
            becomes = " "
        elif ascii_mark or category[0] == "P" or any(a <= code <= b for a, b in _CJK):
            becomes = f" {character} "
        else:
            becomes = character
        self[code] = becomes
        return becomes


_SEPARATED = _Separated()


_IGNORABLE = frozenset(
    map(chr, (0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0,
              *range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0000, 0xE1000)))
)  # fmt: skip


def _folded(word: str) -> str:
    """Return the word after Unicode's NFKC_Casefold."""
    word = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", word).casefold())
    return "".join(c for c in word if c not in _IGNORABLE) if not word.isascii() else word


def byte_level_words() -> Any:
    """Return GPT-2's way to words, each a string of characters that stand for bytes."""
    from tokenizers import Regex, pre_tokenizers

    return pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_BYTE_PAIR_WORD), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )


def _check(vocabulary: dict[str, int], special: Sequence[str]) -> None:
    missing = [name for name in special if name not in vocabulary]
    if missing:
        raise UserError(
            f"this vocabulary has no {', '.join(missing)}; does it belong to another architecture?"
        )
