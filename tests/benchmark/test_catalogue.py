"""What the catalogue reads from the rows' files without importing them."""

from benchmark.rows import Step, catalogue
from preprocessing.errors import UserError

import pytest

BEGINNING = '"""A row."""\nimport a_module_that_is_not_there\n'


def written(tmp_path, text):
    (tmp_path / "models").mkdir(exist_ok=True)
    (tmp_path / "models" / "a_row.py").write_text(BEGINNING + text)
    return catalogue.lines(tmp_path)


@pytest.mark.parametrize("line", catalogue.lines().values(), ids=lambda line: line.name)
def test_what_is_read_is_what_the_row_says(line):
    row = catalogue.load(line.row)
    if line.variant:
        variant = row.variants[line.variant]
        assert (line.settings, line.step, line.weights) == (
            variant.settings, variant.step, variant.weights,
        )  # fmt: skip
        assert row.variant_of(row.options_of(line.variant)) == line.variant
    else:
        assert (line.step, line.weights) == (row.step, row.weights)


def test_a_file_is_read_without_importing_it(tmp_path):
    lines = written(
        tmp_path,
        'row = Row("x", H, build=build, step=Step("majority", "all"), weights="public", variants={'
        '"tiny": Variant({"sizes": (1, 2)}, Step("a_row", "less"))})\n',
    )
    assert list(lines) == ["a_row", "a_row (tiny)"]
    assert lines["a_row"].step == Step("majority", "all")
    assert lines["a_row"].weights == "public"
    assert lines["a_row (tiny)"].settings == {"sizes": (1, 2)}
    assert lines["a_row (tiny)"].weights == ""


def test_a_value_that_is_not_a_literal_is_reported_with_its_line(tmp_path):
    with pytest.raises(UserError, match=r"a_row\.py, line 3: step, variants and weights"):
        written(tmp_path, 'row = Row("x", H, build=build, step=Step(NAME, "all"))\n')
    with pytest.raises(UserError, match=r"a_row\.py, line 3: step, variants and weights"):
        written(tmp_path, 'row = Row("x", H, build=build, variants={NAME: Variant({})})\n')


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ('step=Step("majority")', r"a_row\.py, line 3: .*missing 1 required .*argument"),
        ('variants={"x": {"alpha": 1}}', r"a_row\.py: variants are not a dict of names"),
        ('variants=["x"]', r"a_row\.py: variants are not a dict of names"),
        ('step="lstm"', r"a_row\.py: step is not a Step"),
    ],
)
def test_an_invalid_step_or_variant_is_reported(tmp_path, call, said):
    with pytest.raises(UserError, match=said):
        written(tmp_path, f'row = Row("x", H, build=build, {call})\n')


def test_a_file_with_a_syntax_error_is_still_listed(tmp_path):
    assert list(written(tmp_path, "this is no Python")) == ["a_row"]


def test_each_row_once_with_nothing_to_download():
    once = catalogue.each_once(catalogue.lines())
    assert sorted(line.row for line in once.values()) == list(catalogue.modules())
    assert not any(line.weights for line in once.values())
    assert once["bert (scratch-tiny)"].variant == "scratch-tiny"
    assert "cnn (paper)" not in once


def test_names_choose_rows_with_their_variants_or_single_lines():
    assert list(catalogue.choose(["cnn"])) == ["cnn", "cnn (paper)", "cnn (quick)"]
    assert list(catalogue.choose(["bert (scratch-tiny)"])) == ["bert (scratch-tiny)"]
    assert catalogue.choose([]) == catalogue.lines()
    with pytest.raises(UserError, match=r"did you mean lstm\?"):
        catalogue.choose(["LSTM"])
