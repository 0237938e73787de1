"""How a program ends."""

import subprocess
import sys

from tests.conftest import ROOT

import pytest

PROGRAM = """
import atexit, os
from preprocessing.errors import UserError
from preprocessing.program import end_at_once, run_program

def main():
    atexit.register(os.abort)  # as a library's thread does
    {first}
    print("all is written")
    {then}

run_program(main)
"""


def run(first: str, then: str) -> subprocess.CompletedProcess[str]:
    code = PROGRAM.format(first=first, then=then)
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False
    )


@pytest.mark.parametrize(
    ("then", "code", "said"),
    [
        ("return 0", 0, ""),
        ("return 1", 1, ""),
        ("raise UserError('no such file')", 2, "error: no such file\n"),
        ("open('no such file')", 2, "error: cannot use no such file: No such file or directory\n"),
        ("raise KeyboardInterrupt", 130, "error: interrupted; what was finished is kept\n"),
    ],
)
def test_told_to_end_at_once_it_ends_with_its_own_code_and_all_it_said(then, code, said):
    assert run("pass", then).returncode < 0, "the case is one"
    ended = run("end_at_once()", then)
    assert (ended.returncode, ended.stdout, ended.stderr) == (code, "all is written\n", said)
