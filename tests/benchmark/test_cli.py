"""What a row's command line refuses."""

import sys

from benchmark.commands.row import run_row

import pytest


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--c", "0"), "--c 0: Input should be greater than 0"),
        (("--c", "much"), "--c much: Input should be a valid number"),
        (("--max-ngram", "9"), "--max-ngram 9: Input should be less than or equal to 5"),
        (("--colour", "red"), "unrecognized arguments: --colour red"),
        (("--seed", "-1"), "-1 is not between"),
    ],
)
def test_bad_options_of_a_row(monkeypatch, capsys, arguments, said):
    monkeypatch.setattr(sys, "argv", ["tfidf_logreg.py", *arguments])
    with pytest.raises(SystemExit) as stopped:
        run_row("models/tfidf_logreg.py")
    assert stopped.value.code == 2
    assert said in capsys.readouterr().err
