"""Learning a subword vocabulary from texts."""

import io
import json
from collections import Counter
from collections.abc import Iterator

from preprocessing.subwords.tokenizers import (
    BytePairs,
    SentencePiece,
    WordPiece,
    byte_level_words,
    split_words,
)

_MOST_CHARACTERS = 300  # in a learned WordPiece vocabulary; words with others are unknown


def learn_word_pieces(texts: Iterator[str], size: int) -> WordPiece:
    """Learn a lower-case WordPiece vocabulary of at most `size` pieces from the texts."""
    from tokenizers import Tokenizer as Library
    from tokenizers import models, pre_tokenizers, trainers

    words = [split_words(text, lowercase=True) for text in texts]
    counts = Counter(character for one in words for word in one for character in word)
    alphabet = sorted(sorted(counts), key=counts.__getitem__, reverse=True)[:_MOST_CHARACTERS]
    library = Library(models.WordPiece(unk_token="[UNK]"))
    library.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    trainer = trainers.WordPieceTrainer(
        vocab_size=size,
        # pairs as frequent as one another are merged in the order of their ids, which the library
        # gives out in a random order, unless they are given
        special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *alphabet]
        + [f"##{character}" for character in alphabet],
        limit_alphabet=len(alphabet),
        show_progress=False,
    )
    library.train_from_iterator((" ".join(one) for one in words), trainer)
    vocabulary = library.get_vocab()
    return WordPiece(sorted(vocabulary, key=vocabulary.__getitem__), lowercase=True)


def learn_byte_pairs(texts: Iterator[str], size: int) -> BytePairs:
    """Learn a byte-pair vocabulary of at most `size` pieces from the texts."""
    from tokenizers import Tokenizer as Library
    from tokenizers import models, pre_tokenizers, trainers

    library = Library(models.BPE())
    library.pre_tokenizer = byte_level_words()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    library.train_from_iterator(texts, trainer)
    learned = json.loads(library.to_str())["model"]
    return BytePairs(
        learned["vocab"], [m if isinstance(m, str) else " ".join(m) for m in learned["merges"]]
    )


def learn_sentence_pieces(texts: Iterator[str], size: int) -> SentencePiece:
    """Learn a lower-case unigram SentencePiece model of at most `size` pieces from the texts."""
    import sentencepiece

    written = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=texts,
        model_writer=written,
        model_type="unigram",
        vocab_size=size,
        hard_vocab_limit=False,
        normalization_rule_name="nmt_nfkc_cf",
        pad_id=0, unk_id=1, bos_id=-1, eos_id=-1, pad_piece="<pad>",
        control_symbols=["[CLS]", "[SEP]", "[MASK]"],
        max_sentence_length=100_000,
        num_threads=1,  # sums of several threads end differently each time
        minloglevel=2,
    )  # fmt: skip
    return SentencePiece(written.getvalue())
