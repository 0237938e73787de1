"""Prepare the corpus and print what it holds.

python -m preprocessing --data aclImdb_v1.tar.gz
python -m preprocessing --dataset sample
"""

from preprocessing.corpus import SPLITS
from preprocessing.options import DataOptions, add_data_options, corpus_from
from preprocessing.program import Parser, run_program
from preprocessing.storage import verify

from rich.console import Console
from rich.markup import escape
from rich.table import Table


def main() -> None:
    parser = Parser(
        prog="python -m preprocessing", description="Prepare the corpus and print what it holds."
    )
    add_data_options(parser)
    corpus = corpus_from(DataOptions.of(parser.parse_args()))
    verify(corpus.folder)
    console, about = Console(), corpus.manifest

    synthetic = " (synthetic)" if corpus.synthetic else ""
    console.print(
        f"[bold]{about['name']}[/]{synthetic}, hash {corpus.hash}, in {escape(str(corpus.folder))}"
    )
    console.print(
        f"vocabulary: {about['vocabulary']:,} ids ({about['id_type']}) for the words that occur at "
        f"least {about['settings']['minimum_count']} times in the training reviews, "
        f"of {about['distinct_words']:,} distinct words"
    )
    splits = [split for split in SPLITS if split in about["words"]]
    table = Table("", *splits)
    for column in table.columns[1:]:
        column.justify = "right"
    held = [about["words"][split] for split in splits]
    positive = [f"{(corpus.column('labels', split) == 1).sum():,}" for split in splits]
    if "unsup" in splits:
        positive[-1] = "unlabelled"
    table.add_row("reviews", *(f"{part['reviews']:,}" for part in held))
    table.add_row("positive", *positive)
    table.add_row("words", *(f"{part['words']:,}" for part in held))
    unknown = [part["unknown"] / max(part["words"], 1) for part in held]
    table.add_row("unknown words", *(f"{share:.2%}" for share in unknown))
    table.add_row("words in a review, mean", *(f"{part['mean']:.1f}" for part in held))
    for name in held[0]["quantiles"]:
        table.add_row(f"· {name}", *(f"{part['quantiles'][name]:,}" for part in held))
    table.add_row("· longest", *(f"{part['longest']:,}" for part in held))
    console.print(table)
    console.print("audit: " + "; ".join(f"{k}: {v:,}" for k, v in about["audit"].items()))
    seconds = about["seconds"]
    steps = ", ".join(f"{step} {value:.1f} s" for step, value in seconds.items())
    console.print(f"prepared in {sum(seconds.values()):.1f} s: {steps}")


if __name__ == "__main__":
    run_program(main)
