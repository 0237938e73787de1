"""Subword ids: equal to KerasHub's own, kept with the corpus, cut as asked."""

from benchmark.rows.quiet import native_log_hidden
from preprocessing.corpus import Texts
from preprocessing.errors import UserError
from preprocessing.ragged import Ragged
from preprocessing.subwords.ids import HEAD_SHARE, decoded, pack, subword_ids
from preprocessing.subwords.tokenizers import INCOMPLETE, BytePairs, SentencePiece, WordPiece
from preprocessing.subwords.training import (
    learn_byte_pairs,
    learn_sentence_pieces,
    learn_word_pieces,
)

import numpy as np
import pytest

with native_log_hidden():
    import keras_hub

    # What KerasHub trains on comes out of a tf.data pipeline, on every backend; called on a list of
    # texts, its byte-pair tokenizer cuts contractions in capitals another way.
    import tensorflow as tf

LENGTH = 64
ODD = [
    "",
    " ",
    "\n\n",
    "!!!???...",
    "¡¿…—“”",
    "a",
    "I",
    "A film.<br /><br />It's GOOD; isn't it? 10/10",
    "<s>struck out</s> <mask> <pad> [MASK] [CLS] [SEP] ##ing",
    "Amélie was naïve, Zoë's façade; STRASSE Straße ﬁlm ½ ² Ⅷ",
    "e\u0301clair cafe\u0301 \u00adsoft\u00adhyphen zero\u200bwidth \ufeffmark",
    "😀 great 👍🏽 👨‍👩‍👧 ☹️",
    "七人の侍 is 살인의 추억's equal, Сталкер too, שלום سلام",
    "tab\there\r\nline\x85next\x96dash\xa0space\u2009thin\u3000wide",
    "   leading, double  spaces   and trailing   ",
    "1994 12345678 3.5 $1,000,000 50% #1 a_b c-d e/f",
    "can't CAN'T we'll WE'LL 'tis rock'n'roll 'S 'll",
    "x" * 100,
    "x" * 101,
    "é" * 60,
    "ü" * 51 + " " + "ü" * 50,
    "aaa " * 5_000,
    "Supercalifragilisticexpialidocious " * 40,
    "…" * 30,
    "-" * 70,
    "İstanbul ΣΊΣΥΦΟΣ ǅ K Å",
    "`quoted' ^hat^ ~tilde~ |pipe| {brace} \\slash",
    "http://www.imdb.com/title/tt0111161/?ref_=nv_sr_1",
]


@pytest.fixture(scope="module")
def texts(sample) -> list[str]:
    """A hundred awkward reviews, odd ones and the sample's with odd ones in the middle."""
    plain = next(decoded(sample.reviews("train").texts))
    mixed = [f"{plain[i]} {ODD[i % len(ODD)]} {plain[-i - 1]}" for i in range(100 - len(ODD))]
    # KerasHub's byte pairs take as many rounds for all texts of a batch as its longest word needs
    return sorted(ODD + mixed, key=lambda text: max(map(len, text.split()), default=0))


def learned(sample, learn, size):
    def everything():
        for batch in decoded(sample.reviews("train").texts):
            yield from batch
        yield from (text for text in ODD * 3 if len(set(text)) > 2)  # runs are cut in many ways

    return learn(everything(), size)


@pytest.fixture(scope="module")
def word_pieces(sample):
    return learned(sample, learn_word_pieces, 1_500)


@pytest.fixture(scope="module")
def byte_pairs(sample):
    return learned(sample, learn_byte_pairs, 600)


@pytest.fixture(scope="module")
def sentence_pieces(sample):
    return learned(sample, learn_sentence_pieces, 800)


def as_texts(strings) -> Texts:
    encoded = [string.encode() for string in strings]
    flat = np.frombuffer(b"".join(encoded), np.uint8)
    ragged = Ragged.from_lengths(flat, np.array([len(one) for one in encoded], np.int64))
    return Texts(ragged.values, ragged.offsets)


def differences(tokenizer, preprocessor, texts, ties=()) -> list[str]:
    """Compare with KerasHub's preprocessor in the pipeline that its `fit` makes of texts.

    The ids of `ties` may stand in either order.
    """
    preprocessor.sequence_length = LENGTH
    pipeline = tf.data.Dataset.from_tensor_slices(texts).batch(20).map(preprocessor)
    batches = list(pipeline.as_numpy_iterator())
    theirs = {name: np.concatenate([batch[name] for batch in batches]) for name in batches[0]}
    cut = pack(subword_ids(as_texts(texts), tokenizer).ids, tokenizer, LENGTH, "head")
    padded = cut.padded(np.arange(len(texts)), LENGTH)
    mask = padded > 0
    ids = np.where(mask, padded - 1, tokenizer.padding)
    if "segment_ids" in theirs:
        assert not theirs["segment_ids"].any()
    for row in np.flatnonzero((ids != theirs["token_ids"]).any(axis=1)):
        other = np.flatnonzero(ids[row] != theirs["token_ids"][row])
        pairs = ids[row][other], theirs["token_ids"][row][other]
        if set(pairs[0].tolist()) <= set(ties) and sorted(pairs[0]) == sorted(pairs[1]):
            ids[row] = theirs["token_ids"][row]
    same = (ids == theirs["token_ids"]).all(axis=1) & (mask == theirs["padding_mask"]).all(axis=1)
    return [texts[i] for i in np.flatnonzero(~same)]


@pytest.mark.parametrize("lowercase", [True, False])
@pytest.mark.parametrize("strip_accents", [True, False])
@pytest.mark.parametrize("name", ["Bert", "DistilBert"])
def test_word_pieces_equal_kerashub(name, strip_accents, lowercase, texts, word_pieces):
    theirs = getattr(keras_hub.models, f"{name}Tokenizer")(
        vocabulary=word_pieces.vocabulary, lowercase=lowercase, strip_accents=strip_accents
    )
    preprocessor = getattr(keras_hub.models, f"{name}TextClassifierPreprocessor")(theirs)
    tokenizer = WordPiece(word_pieces.vocabulary, lowercase, strip_accents)
    assert differences(tokenizer, preprocessor, texts) == []


def test_byte_pairs_equal_kerashub(texts, byte_pairs):
    theirs = keras_hub.models.RobertaTokenizer(byte_pairs.vocabulary, byte_pairs.merges)
    preprocessor = keras_hub.models.RobertaTextClassifierPreprocessor(theirs)
    assert differences(byte_pairs, preprocessor, texts) == []


def test_sentence_pieces_equal_kerashub(texts, sentence_pieces):
    theirs = keras_hub.models.AlbertTokenizer(sentence_pieces.model)
    preprocessor = keras_hub.models.AlbertTextClassifierPreprocessor(theirs)
    # "!!!" has two likeliest cuts, and KerasHub itself takes one in a pipeline, the other outside.
    ties = [theirs.token_to_id(piece) for piece in ("!", "!!")]
    assert differences(sentence_pieces, preprocessor, texts, ties) == []


def test_a_corpus_is_cut_once_and_read_again(small, word_pieces, monkeypatch):
    reviews = small.reviews("validation").texts
    alone = subword_ids(as_texts([text for batch in decoded(reviews) for text in batch]),
                        word_pieces).ids  # fmt: skip
    kept = subword_ids(reviews, word_pieces)
    assert isinstance(kept.ids.values.base, np.memmap)
    assert kept.ids.values.dtype == np.uint16
    for i in range(len(reviews)):
        assert kept.ids[i].tolist() == alone[i].tolist()
    subword_ids(small.reviews("test").texts, word_pieces)
    monkeypatch.setattr(WordPiece, "encode", None)
    assert subword_ids(reviews, word_pieces).seconds == kept.seconds
    one = subword_ids(small.reviews("test").texts.part(3, 5).part(1, 2), word_pieces).ids
    whole = subword_ids(small.reviews("test").texts, word_pieces).ids
    assert one[0].tolist() == whole[4].tolist()


def test_the_unlabelled_reviews_are_cut_when_asked_for(small, byte_pairs):
    unsup = small.reviews("unsup").texts
    ids = subword_ids(unsup.part(1, 3), byte_pairs).ids
    assert ids[0].tolist() == byte_pairs.encode([unsup[1].tobytes().decode()])[0]
    folders = [folder.name for folder in small.folder.glob(f"subwords-{byte_pairs.key}*")]
    assert folders == [f"subwords-{byte_pairs.key}-unsup"]


@pytest.mark.parametrize(
    ("truncation", "kept"),
    [
        ("head", list(range(1, 11))),
        ("tail", list(range(11, 21))),
        ("head_tail", [1, 2, 3, *range(14, 21)]),
    ],
)
def test_truncation_by_hand(truncation, kept, word_pieces):
    ids = Ragged.from_lengths(np.concatenate([np.arange(1, 21), [7, 8]]), np.array([20, 0, 2]))
    cut = pack(ids, word_pieces, 12, truncation)
    start, end = word_pieces.start + 1, word_pieces.end + 1
    kept = [0 if number == word_pieces.padding else number + 1 for number in kept]
    assert cut[0].tolist() == [start, *kept, end]
    assert cut[1].tolist() == [start, end]
    assert cut[2].tolist() == [start, 8, 9, end]


def test_head_and_tail_are_those_of_the_paper_at_512():
    assert round(HEAD_SHARE * (512 - 2)) == 128
    ids = Ragged.from_lengths(np.arange(10, 1010), np.array([1000]))
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer = WordPiece(special + [f"piece{i}" for i in range(1_005)], lowercase=True)
    cut = pack(ids, tokenizer, 512, "head_tail")[0]
    assert cut[1:129].tolist() == list(range(11, 139))
    assert cut[129:511].tolist() == list(range(1010 - 382 + 1, 1011))


@pytest.mark.parametrize(
    ("learn", "size"),
    [(learn_word_pieces, 400), (learn_byte_pairs, 400), (learn_sentence_pieces, 200)],
)
def test_learned_vocabularies_come_out_the_same_again(learn, size, small):
    def everything():
        return (text for batch in decoded(small.reviews("train").texts) for text in batch)

    first, again = learn(everything(), size), learn(everything(), size)
    assert first.key == again.key
    assert 100 < first.size <= size
    lost = first.encode(["a wonderful film"])[0]
    assert lost
    assert max(lost) < first.size


def test_the_key_names_kind_and_vocabulary(word_pieces):
    same = WordPiece(word_pieces.vocabulary, lowercase=True)
    assert same.key == word_pieces.key
    assert WordPiece(word_pieces.vocabulary, lowercase=False).key != word_pieces.key
    assert WordPiece([*word_pieces.vocabulary, "new"], lowercase=True).key != word_pieces.key


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: WordPiece(["[PAD]", "a"], True), r"has no \[CLS\], \[SEP\], \[MASK\], \[UNK\]"),
        (
            lambda: BytePairs({"<s>": 0}, []),
            "has no <pad>, </s>, <mask>; does it belong",
        ),
        (lambda: SentencePiece(b"no model"), "not a SentencePiece model"),
    ],
)
def test_a_vocabulary_of_another_kind_is_refused(make, said):
    with pytest.raises(UserError, match=said):
        make()


def test_pieces_of_bytes_are_told_as_text():
    """In GPT-2's alphabet "—" is three characters and a line break is one, all of them letters."""
    pieces = ["<s>", "<pad>", "</s>", "<mask>", "good", "Ġgood", "âĢĶ", "Ċ", "Ã"]
    told = BytePairs({piece: number for number, piece in enumerate(pieces)}, []).pieces()[4:]
    assert told == [
        (False, "good"), (True, "good"), (False, "—"), (False, "\n"), (False, INCOMPLETE),
    ]  # fmt: skip
