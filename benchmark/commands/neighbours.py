"""Which words are nearest to a word by their vectors, and which word completes an analogy."""

import argparse
import difflib
import sys
from typing import TYPE_CHECKING, get_args

from benchmark.analysis.terminal import Column, TerminalTable
from benchmark.commands.options import seed_number
from preprocessing.errors import UserError
from preprocessing.options import DataOptions, add_data_options, corpus_from, positive
from preprocessing.vocabulary import SPECIAL
from preprocessing.word_vectors.settings import SETTINGS, Kind, RandomSettings, folder_name

from rich.console import Console

if TYPE_CHECKING:
    from preprocessing.corpus import Corpus
    from preprocessing.word_vectors.nearest import Nearest


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the words, the vectors and the reviews that they are learned from."""
    parser.add_argument("words", nargs="*", metavar="WORD", help="words to find neighbours of")
    parser.add_argument(
        "--analogy", nargs=3, metavar=("A", "B", "C"),
        help="a is to b as c is to which word? such as man king woman",
    )  # fmt: skip
    parser.add_argument(
        "--vectors", choices=get_args(Kind), default="cbow", metavar="KIND",
        help=f"{', '.join(get_args(Kind))} (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--top", type=positive, default=10, metavar="N", help="words to show (default: 10)"
    )
    parser.add_argument("--seed", type=seed_number, default=0, help="(default: 0)")
    add_data_options(parser)


def main(options: argparse.Namespace) -> None:
    """Print the neighbours of each word, side by side, and those of the analogy.

    Raises:
        UserError: no word is given, or the vocabulary has not one of them.
    """
    if not options.words and not options.analogy:
        raise UserError("name a word, such as terrible, or --analogy man king woman")
    corpus = corpus_from(DataOptions.of(options))
    for word in [*options.words, *(options.analogy or ())]:
        _check(word, corpus.vocabulary)
    nearest = _learned(corpus, options.vectors, options.seed)
    titles = {word: nearest.to(word, options.top) for word in dict.fromkeys(options.words)}
    if options.analogy:
        a, b, c = options.analogy
        titles[f"{b} - {a} + {c}"] = nearest.completing(a, b, c, options.top)
    console = Console(highlight=False)
    for title, found in titles.items():
        table = TerminalTable(
            f"{title} ({options.vectors}, {corpus.name})",
            [Column("word", is_name=True), Column("cosine")],
        )
        for word, cosine in found:
            table.add_row(word, f"{cosine:.3f}")
        console.print(table)


def _check(word: str, vocabulary: list[str]) -> None:
    """Check that a word has a vector.

    Raises:
        UserError: it has none.
    """
    known = vocabulary[len(SPECIAL) :]
    if word in known:
        return
    near = difflib.get_close_matches(word.lower(), known, n=3)
    advice = f"did you mean {', '.join(near)}?" if near else "no word is spelt like it"
    raise UserError(f"the vocabulary has no word {word!r}; {advice}")


def _learned(corpus: "Corpus", kind: Kind, seed: int) -> "Nearest":
    """Return the vectors, and say so if they are not there yet."""
    from preprocessing.word_vectors import word_vectors
    from preprocessing.word_vectors.nearest import Nearest

    settings = SETTINGS[kind]
    is_kept = (corpus.folder / folder_name(settings, seed)).exists()
    if not is_kept and not isinstance(settings, RandomSettings):
        print(f"learning {kind} vectors of {corpus.name}, seed {seed}", file=sys.stderr)
    return Nearest(word_vectors(corpus, seed, settings)[0], corpus.vocabulary)
