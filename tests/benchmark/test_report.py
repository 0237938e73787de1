"""The page, as files and in a browser."""

import dataclasses
import html
import re
import shutil

from benchmark.analysis import budget, label_curves, leaderboard, steps, tables
from benchmark.analysis.evaluations import Asked
from benchmark.records import trials
from benchmark.records.predictions import Predictions
from benchmark.records.record import Epoch
from benchmark.records.store import Answered, SetPredictions
from benchmark.report import (
    about,
    build,
    evaluation_figures,
    figures,
    mistakes,
    page,
    sections,
    slices,
)
from preprocessing import evaluation_sets
from preprocessing.errors import UserError
from tests.benchmark.made_up_runs import (
    a_corpus,
    a_failure,
    a_trial,
    put,
    put_many,
    put_record,
)
from tests.conftest import ROOT, run_python

import numpy as np
import pandas as pd
import pytest

VARIANT = "bert (all-MiniLM-L6-v2)"
CURVE = [
    Epoch(loss=0.6, accuracy=0.7, validation_loss=0.5, validation_accuracy=0.8, seconds=1.0),
    Epoch(loss=0.4, accuracy=0.8, validation_loss=0.45, validation_accuracy=0.85, seconds=1.0),
]


def make(results, dataset, **changes):
    """Write the report of a data set and return the page."""
    written = build.write(results, dataset, **({"cache": results} | changes))
    return written.page.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Runs of five rows, of which two cannot be told apart and one is chance; a sixth failed."""
    folder = tmp_path_factory.mktemp("results")
    put_many(folder, "cnn", 10, family="convolutional", parameters=15_000_000, history=CURVE)
    put_many(folder, "tfidf_logreg", 12, family="bag of words", parameters=800_000)
    put_many(folder, "bag_of_words", 60, family="bag of words", parameters=9_000_000)
    put_many(
        folder, "bert", 90, seeds=1, family="BERT family", variant="all-MiniLM-L6-v2",
        parameters=22_000_000,
    )  # fmt: skip
    put_many(folder, "majority", 200, family="baseline")
    put_record(folder, a_failure(model="naive_bayes_svm", reason="out of <memory>"))
    make(folder, "imdb")
    return folder


@pytest.fixture(scope="module")
def known(small, tmp_path_factory):
    """Runs on the embedded corpus."""
    folder = tmp_path_factory.mktemp("known")
    labels = np.asarray(small.column("labels", "test"))
    for row, wrong, family in (("cnn", 3, "convolutional"), ("tfidf_logreg", 10, "bag of words")):
        logits = np.where((np.arange(len(labels)) < wrong) ^ (labels == 1), 2.0, -2.0)
        put(
            folder, 0, row, logits, labels, dataset=small.name, family=family,
            corpus=a_corpus(small.name, small.hash),
        )  # fmt: skip
    return folder


def test_the_page_asks_for_nothing_outside_of_itself(results):
    page = (results / "report.html").read_text(encoding="utf-8")
    without_links = re.sub(r"<a [^>]*>", "", page)
    addresses = re.findall(r'(?:src|href|action)\s*=\s*"([^"]*)"', without_links)
    assert all(address.startswith(("data:", "#")) for address in addresses)
    assert "@import" not in page
    assert not re.search(r"url\((?!#)", page)
    assert len(page.encode()) < 2_000_000


def test_the_page_and_the_figures_say_what_is_known(results):
    page = (results / "report.html").read_text(encoding="utf-8")
    names = {file.name for file in (results / "figures").iterdir()}
    stems = {
        "accuracy_by_time", "accuracy_by_parameters", "learning_curves", "reliability",
        "agreement",
    }  # fmt: skip
    assert names == {f"{stem}.{kind}" for stem in stems for kind in ("svg", "png")}
    assert "97.50" in page
    assert "out of &lt;memory&gt;" in page
    assert "wrong on 10 of 400 test reviews" in page
    assert "number 0 of the test reviews" in page
    steps = page.partition('<section class="steps">')[2].partition("</section>")[0]
    named = re.findall(r'scope="row"[^>]*>(\w+)', steps)
    assert named == ["majority", "bag_of_words", "tfidf_logreg"], "what cnn changes has no run"
    assert "+12.00 ± " in steps
    assert f"{VARIANT} (1 seed)" in page


def test_with_the_corpus_errors_are_explained_and_texts_stay_at_home(known, small):
    page = make(known, small.name, cache=small.folder.parent)
    figures = {file.stem for file in (known / small.name / "figures").iterdir()}
    assert {"error_by_length", "error_by_stars", "error_by_negation"} <= figures
    first = (small.folder / "ids.txt").read_text().splitlines()[small.manifest["splits"]["test"][0]]
    assert f"<code>{first}</code>" in page
    assert "(synthetic)" in page
    assert "synthetic reviews" in (known / small.name / "figures/reliability.svg").read_text()
    text = bytes(small.reviews("test").texts[0]).decode()
    assert html.escape(text) not in page
    with_texts = make(known, small.name, cache=small.folder.parent, with_texts=True)
    assert html.escape(text) in with_texts


def test_figures_say_in_words_what_they_show(known, small, recwarn):
    told = []
    made = make(known, small.name, cache=small.folder.parent, tell=told.append)
    assert [str(one.message) for one in recwarn] == []
    assert told[0] == "reading the records"
    assert "writing figure 7 of 7: Error by negation and contrast" in told
    assert told[-1] == "writing the page"
    page = html.unescape(made)
    alternatives = re.findall(r'<svg[^>]*aria-label="([^"]*)"', page)
    assert len(alternatives) == len(set(alternatives)) == 7
    for said in (
        r"Test accuracy and seconds of each model: cnn \d\d\.\d\d %, 2 s; tfidf_logreg \d",
        r"Test accuracy and size of each model: cnn \d\d\.\d\d %, 2 parameters;",
        r"Calibration error of each model: cnn 0\.\d{3}; tfidf",
        r"answer alike: cnn most with tfidf_logreg \d+ %; tfidf",
        r"Test error by group of reviews: cnn: \d+\.\d % \d+ words, ",
        r"Test error by group of reviews: cnn: \d+\.\d % \d stars, ",
        r"Test error by group of reviews: cnn: \d+\.\d % neither, ",
    ):
        assert any(re.search(said, one) for one in alternatives), said


def test_the_page_says_what_is_missing_and_what_went_wrong(results, tmp_path):
    page = (results / "report.html").read_text(encoding="utf-8")
    remarks = page.partition('class="remarks">')[2].partition("</ul>")[0]
    remarks = " ".join(html.unescape(re.sub("<[^>]*>", "", remarks)).split())
    assert remarks.startswith("naive_bayes_svm – failed: out of <memory> albert (scratch-")
    assert "ulmfit – missing: no run yet albert, bert, distilbert, roberta" in remarks
    assert remarks.endswith("roberta – missing: needs public weights and was not run")
    put_many(
        tmp_path, "lstm", 200, history=[CURVE[0].model_copy(update={"validation_accuracy": 0.5})]
    )
    page = make(tmp_path, "imdb")
    assert "seed 0 stayed at chance; seed 1 stayed at chance" in page
    written = tables.as_markdown(leaderboard.build(tmp_path, "imdb"), "imdb")
    assert "- lstm: seed 0 stayed at chance; seed 1 stayed" in written


def test_names_are_text_in_figures(known, small, monkeypatch):
    """Dollars are no formula, and what looks like an element is none."""
    name, family = "a$b^$c <i>", "f$_$ &"
    evaluation = leaderboard.evaluate(known, small.name)
    changed = {"model": {"cnn": name}, "family": {"convolutional": family}}
    ranked = evaluation.table[:2].replace(changed)
    of = {name if n == "cnn" else n: row for n, row in evaluation.predictions.items()}
    curve = pd.DataFrame([epoch.as_json() for epoch in CURVE])
    with figures.style():
        shown = build.draw(ranked, of, {name: [curve]}, slices.of(small), "a$b^$c")
        sets = sections.build(
            {n: {name: asked_of(), "contrast": asked_of()} for n in of}, of, ranked,
            steps.build(evaluation),
            pd.DataFrame([[name, 10, 3, 0.5, 0.4, 0.6]], columns=label_curves.COLUMNS),
            {name: SEARCHED}, "", {},
        )  # fmt: skip
    for drawing in [*shown, *(one for part in sets for one in part.shown)]:
        drawn = figures.as_inline_svg(drawing.figure, drawing.alternative)
        figures.as_png(drawing.figure)
        text = html.unescape(re.sub("<[^>]*>", "", drawn))
        assert "a$b^$c" in text, drawing.name
        assert "<i>" not in drawn
        assert "&amp;lt;" not in drawn


def test_what_is_not_there_is_said(results, tmp_path):
    with pytest.raises(UserError, match="holds no finished run"):
        make(tmp_path, "imdb")
    with pytest.raises(UserError, match="the texts of corpus abc are not in"):
        make(results, "imdb", with_texts=True)


def test_one_run_has_no_agreement_to_draw(known, small, tmp_path):
    shutil.copytree(known / "runs" / small.name / "cnn", tmp_path / "runs" / small.name / "cnn")
    assert "Agreement between models" not in make(tmp_path, small.name)
    assert "Agreement between models" in make(known, small.name)


def test_the_name_of_a_review_is_no_part_of_the_page(known, small):
    found = slices.of(small)
    hostile = dataclasses.replace(found, ids=["<img src=x>"] * len(found.ids))
    labels = np.asarray(small.column("labels", "test"))
    logits = np.where(labels == 1, 2.0, -2.0)
    logits[0] *= -1
    right = {"<b>row</b>": Predictions([], logits[None], labels, labels > 1)}
    table = leaderboard.evaluate(known, small.name).table[:1].assign(model="<b>row</b>")
    made = page.build(table, pd.DataFrame(), right, small.name, [], [], hostile, False)
    assert "<code>&lt;img src=x&gt;</code>" in made
    assert "&lt;b&gt;row&lt;/b&gt;" in made
    assert "<img" not in made
    assert "<b>row" not in made


def test_sections_are_absent_without_data(results):
    page = (results / "report.html").read_text(encoding="utf-8")
    for name in ("reads_or_counts", "other_texts", "fewer_labels", "reading_first", "search"):
        assert f'id="{name}"' not in page


SEARCHED = budget.curve_of([a_trial(number, 0.9) for number in range(3)])
PAIRS = 40


def a_set(name="contrast", original_wrong=2, edited_wrong=10, paired=True):
    """What a run answered: the first originals and the first edits, or texts, are wrong."""
    texts = np.arange(2 * PAIRS)
    labels = (texts % 2).astype(np.int8)
    edited = (labels == 1) & paired
    wrong = texts // 2 < np.where(edited, edited_wrong, original_wrong)
    logits = np.where(wrong ^ (labels == 1), 2.0, -2.0).astype(np.float16)
    pairs = (texts // 2 if paired else np.full(len(texts), -1)).astype(np.int32)
    return {name: Answered("h" * 16, 0.1, SetPredictions(logits, labels, pairs, edited))}


@pytest.fixture(scope="module")
def with_sets(tmp_path_factory):
    """Runs of three rows, one of them with outside weights, that were asked three sets."""
    folder = tmp_path_factory.mktemp("with_sets")
    for row, wrong, edited_wrong, changes in (
        ("naive_bayes_svm", 30, 20, {"family": "bag of words"}),
        ("cnn", 32, 12, {"family": "convolutional"}),
        ("bert", 28, 5, {"family": "BERT family", "variant": "all-MiniLM-L6-v2",
                         "weights": "all-MiniLM-L6-v2"}),
    ):  # fmt: skip
        answered = (
            a_set("contrast", 3, edited_wrong)
            | a_set("products", 9, edited_wrong)
            | a_set("own_films", 7, paired=False)
        )
        put_many(folder, row, wrong, seeds=1, answered=answered, **changes)
    put_many(folder, "cnn", 90, seeds=1, with_labels=10, family="convolutional")
    put_many(folder, "cnn", 60, seeds=1, with_labels=16, family="convolutional")
    for row, found in (("cnn", (0.9, 0.9, 0.9)), ("naive_bayes_svm", (0.0, 0.88, 0.95))):
        for number, accuracy in enumerate(found, 1):
            trials.add(trials.path_of(folder, "imdb", row), a_trial(number, accuracy))
    make(folder, "imdb")
    return folder


def test_there_are_looks_for_any_number_of_sets():
    labels = np.array([0, 1] * 20, np.int8)
    row = Predictions([], np.ones((1, 40), np.float16), labels, labels > 1)
    texts = Asked("v1", row.logits, labels, np.full(40, -1, np.int32), np.zeros(40, bool))
    figure = evaluation_figures.other_texts(
        {f"set {n}": {"a": texts} for n in range(15)}, {"a": row}
    )
    assert len(figure.legends[0].get_texts()) == 16


def part_of(page, name):
    return page.partition(f'<section class="part" id="{name}">')[2].partition("</section>")[0]


def test_the_page_says_what_edits_do(with_sets):
    page = (with_sets / "report.html").read_text(encoding="utf-8")
    drawn = {file.stem for file in (with_sets / "figures").glob("*.svg")}
    part = part_of(page, "reads_or_counts")
    named = set(re.findall(r'<figure id="([^"]*)"', part))
    assert named == {"edits_contrast", "edits_products", "both_right"} <= drawn
    said = html.unescape(re.findall(r'aria-label="([^"]*)"', part)[0])
    assert "cnn 92.5 % to 70.0 %" in said, "3 originals and 12 edits of 40 are wrong"
    assert "cnn 92.0 % and 70.0 %" in html.unescape(part), "test accuracy, and both right"
    assert "wrong on 5 of 40 edits" in part
    assert "right, on 7 of 40 edits" in part, "the edits 5 to 11, which only bert gets right"
    listed = re.findall(r"<code>contrast/(\d+)/edited</code>", part)
    assert [int(number) for number in listed] == [*range(5), *range(5, 12)]
    assert "products/" not in part, "lists are of edited reviews"


def test_the_page_says_what_other_texts_and_fewer_labels_do(with_sets):
    page = html.unescape((with_sets / "report.html").read_text(encoding="utf-8"))
    others = part_of(page, "other_texts")
    assert "cnn 70.0 % on products, 82.5 % on own_films" in others
    assert "contrast" not in others
    assert "products: 40 edits; own_films: 80 texts" in others
    labels = part_of(page, "fewer_labels")
    assert "cnn 77.5 % with 10, 85.0 % with 16, 92.0 % with 20" in labels
    assert "naive_bayes_svm" not in labels, "it has no run with fewer labels"


def test_the_page_says_what_searches_find(with_sets):
    page = html.unescape((with_sets / "report.html").read_text(encoding="utf-8"))
    part = part_of(page, "search")
    assert "naive_bayes_svm 61.00 % with one trial, 95.00 % with 3" in part
    assert "cnn and naive_bayes_svm is better depends on the budget" in part
    assert "fewer than 2 trials" in part
    assert set(re.findall(r'<figure id="([^"]*)"', part)) == {
        "budget_by_trials",
        "budget_by_seconds",
    }


def test_the_leaderboard_has_the_sets_that_were_asked(with_sets, results):
    asked, without = (
        re.findall(r'<th scope="col" class="(\w+)"', (folder / "report.html").read_text())
        for folder in (with_sets, results)
    )
    assert {"contrast_both", "products_accuracy", "own_films_accuracy"} <= set(asked)
    assert not {"sentences_accuracy", "own_films_both", "contrast_both_ci_low"} & set(asked)
    assert not any(name.startswith("contrast") for name in without)


def test_the_same_answers_give_the_same_page(with_sets, tmp_path):
    for name in ("runs", "tuning"):
        shutil.copytree(with_sets / name, tmp_path / name)
    run_python(  # in another process, which orders sets of names in another way
        "-m", "benchmark", "report", "--results", tmp_path, "--cache", tmp_path, PYTHONHASHSEED="1"
    )
    assert (tmp_path / "report.html").read_bytes() == (with_sets / "report.html").read_bytes()
    for file in (with_sets / "figures").iterdir():
        assert file.read_bytes() == (tmp_path / "figures" / file.name).read_bytes(), file.name


def asked_of(name="contrast", edited_wrong=10, **others):
    """Answers of a single run, as the analysis reads them."""
    one = a_set(name, edited_wrong=edited_wrong, **others)[name]
    kept = one.predictions
    return Asked(one.hash, kept.logits[None], kept.labels, kept.pairs, kept.edited)


def test_names_of_sets_and_edits_are_no_part_of_the_page(with_sets):
    name = "<i>$x"
    evaluation = leaderboard.evaluate(with_sets, "imdb")
    ranked = evaluation.table[evaluation.table["status"] == "ok"]
    asked = {row: {name: asked_of(), "contrast": asked_of()} for row in evaluation.predictions}
    curves = pd.DataFrame(columns=label_curves.COLUMNS)
    with figures.style():
        parts = sections.build(
            asked, evaluation.predictions, ranked, steps.build(evaluation), curves, {}, "",
            {"contrast/0/edited": "<img src=y>"},
        )  # fmt: skip
    made = page.build(
        evaluation.table, pd.DataFrame(), evaluation.predictions, "imdb", [], parts, None, True
    )
    assert "<i>$x" not in made
    assert "From originals to edits: &lt;i&gt;$x" in made
    assert "<img" not in made
    assert "<p>&lt;img src=y&gt;</p>" in made


def test_edits_that_only_outside_weights_get_right_by_hand():
    rows = {
        "a": asked_of(edited_wrong=10),
        "b": asked_of(edited_wrong=6),
        "c": asked_of(edited_wrong=8),
    }
    found, right = mistakes.only_outside(rows, {"b", "c"})
    assert found.tolist() == [8, 9, 6, 7], "those first that both get right"
    assert right[5:10].tolist() == [0, 1, 1, 2, 2]
    (wrong, _) = mistakes.of_edits("contrast", rows, {"b", "c"}, {})
    numbers = [review["number"] for review in wrong["reviews"]]
    assert numbers == rows["a"].pairs[rows["a"].rows_of(edited=True)][:6].tolist()


def test_texts_of_sets_are_shown_if_they_are_here_and_the_ones_that_were_asked(tmp_path):
    here, _ = evaluation_sets.built_in("sample", None, tmp_path)
    edits = next(one for one in here if one.name == "edits")
    for of_hash, expected in ((edits.hash, set(edits.ids)), ("another", set())):
        asked = {"cnn": {"edits": dataclasses.replace(asked_of(), hash=of_hash)}}
        assert set(sections.texts_at_hand(asked, None, tmp_path)) == expected
    asked = {"cnn": {"contrast": asked_of()}}
    assert sections.texts_at_hand(asked, None, tmp_path) == {}, "nothing is fetched"
    assert not list(tmp_path.iterdir())


def test_the_surest_mistakes_of_all_come_first():
    labels = np.array([1, 1, 0, 0])
    logits = [np.array([[-1, -9, 1, -1]], np.float16), np.array([[-1, -9, 2, 1]], np.float16)]
    assert mistakes.always_wrong(logits, labels).tolist() == [1, 2, 0]


def test_the_reviews_that_split_the_families_come_first():
    labels = np.ones(3, int)
    rows = {
        "one": Predictions([], np.array([[1, 1, -1]], np.float16), labels, labels > 1),
        "two": Predictions([], np.array([[1, 1, 1]], np.float16), labels, labels > 1),
        "three": Predictions([], np.array([[1, -1, -1]], np.float16), labels, labels > 1),
    }
    order, right_of = mistakes.most_split(rows, {"one": "a", "two": "a", "three": "b"})
    assert order.tolist() == [1, 2, 0]
    assert right_of["a"].tolist() == [1, 1, 0.5]


@pytest.fixture
def tab(browser, results):
    """Return a function that opens the page, and fail if it complains or asks for anything."""
    tabs, complaints = [], []

    def open_page(width=1280, scheme="light"):
        tab = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
        tab.on("console", lambda message: complaints.append(message.text))
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on("request", lambda request: complaints.append(request.url))
        tab.goto((results / "report.html").as_uri())
        complaints.remove((results / "report.html").as_uri())
        tabs.append(tab)
        return tab

    yield open_page
    for tab in tabs:
        tab.close()
    assert complaints == []


def shown(tab) -> list[str]:
    return tab.eval_on_selector_all(
        ".leaderboard tbody tr",
        "rows => rows.filter(r => r.offsetParent).map(r => r.dataset.model)",
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_sections_fit_on_a_phone(browser, with_sets, scheme):
    tab = browser.new_page(viewport={"width": 400, "height": 800}, color_scheme=scheme)
    tab.goto((with_sets / "report.html").as_uri())
    assert tab.evaluate("document.documentElement.scrollWidth") == 400, "no sideways scrolling"
    scales = tab.eval_on_selector_all(
        ".part svg",
        "all => all.map(svg => svg.getBoundingClientRect().width / svg.viewBox.baseVal.width)",
    )
    tab.close()
    assert len(scales) == 7
    assert min(scales) > 0.9, "drawings keep the size of their type"


def test_sorting_in_the_browser(tab):
    page = tab()
    assert shown(page) == ["cnn", "tfidf_logreg", "bag_of_words", VARIANT, "majority"]
    page.click("th.parameters button")
    assert shown(page) == ["majority", "tfidf_logreg", "bag_of_words", "cnn", VARIANT]
    page.click("th.parameters button")
    assert shown(page) == [VARIANT, "cnn", "bag_of_words", "tfidf_logreg", "majority"]
    assert page.get_attribute("th.parameters", "aria-sort") == "descending"
    page.click("th.accuracy_mean button")
    assert shown(page)[0] == "cnn", "the most accurate first"
    page.click("thead th.model button")
    assert shown(page) == sorted(shown(page))
    page.click("th.rank button")
    assert shown(page) == ["cnn", "tfidf_logreg", "bag_of_words", VARIANT, "majority"]
    page.click("th.preprocessing_seconds button")
    page.click("th.rank button")
    assert shown(page)[:2] == ["cnn", "tfidf_logreg"], "both of rank 1, the more accurate first"


def test_filtering_in_the_browser(tab):
    page = tab()
    for million in ("1000000", "1M", "1,000k", " 1 m", "1e6"):
        page.fill("input[name=parameters]", million)
        assert shown(page) == ["tfidf_logreg", "majority"], million
    page.fill("input[name=parameters]", "many")
    assert len(shown(page)) == 5
    assert page.inner_text("output") == "a limit is a number, such as 60, 500k or 2M"
    assert page.get_attribute("input[name=parameters]", "aria-invalid") == "true"
    page.fill("input[name=parameters]", "")
    page.uncheck("fieldset input[value='bag of words']")
    assert shown(page) == ["cnn", VARIANT, "majority"]
    assert page.inner_text("output") == "3 of 5 models"
    page.fill("input[name=model]", "CN")
    assert shown(page) == ["cnn"]
    page.fill("input[name=model]", "minilm")
    assert shown(page) == [VARIANT]


def test_ties_are_marked_in_the_browser(tab):
    page = tab()
    page.click("tr[data-model=cnn] td.rank")
    assert page.eval_on_selector_all("tr.tied", "rows => rows.map(r => r.dataset.model)") == [
        "tfidf_logreg"
    ]
    assert page.get_attribute("tr[data-model=cnn]", "aria-selected") == "true"
    page.click("tr[data-model=cnn] td.rank")
    assert page.query_selector("tr.tied") is None
    page.focus("tr[data-model=tfidf_logreg] td.rank")
    page.keyboard.press(" ")
    assert page.query_selector("tr.tied[data-model=cnn]")


def test_the_address_holds_the_view(tab):
    page = tab()
    page.fill("input[name=parameters]", "10M")
    page.uncheck("fieldset input[value='bag of words']")
    page.uncheck("fieldset input[value='baseline']")
    page.click("th.f1 button")
    page.click("th.f1 button")
    view, kept = shown(page), page.evaluate("location.hash")
    other = tab()
    other.evaluate("hash => { location.hash = hash; }", kept)
    other.wait_for_function("document.querySelector('th.f1').hasAttribute('aria-sort')")
    assert shown(other) == view
    assert other.input_value("input[name=parameters]") == "10M"
    assert other.get_attribute("th.f1", "aria-sort") == "ascending"
    other.evaluate("location.hash = 'sort=nonsense&order=up&without=nothing'")
    other.wait_for_function("document.querySelector('th.rank').hasAttribute('aria-sort')")
    assert len(shown(other)) == 5


def test_the_table_is_one_stop_of_the_tab_key(tab):
    page = tab()
    page.focus(".filters > a")
    inside = "document.activeElement.closest('.leaderboard table') !== null"
    where = """[document.activeElement.closest('tr').dataset.model ?? 'head',
                document.activeElement.closest('th, td').className]"""
    page.keyboard.press("Tab")
    assert page.evaluate(where) == ["head", "rank"]
    for key, place in (
        ("ArrowUp", ["head", "rank"]),
        ("ArrowDown", ["cnn", "rank"]),
        ("ArrowRight", ["cnn", "model"]),
        ("End", ["cnn", "device"]),
        ("Control+End", ["majority", "device"]),
        ("Home", ["majority", "rank"]),
    ):
        page.keyboard.press(key)
        assert page.evaluate(where) == place, key
    page.keyboard.press("Tab")
    assert not page.evaluate(inside)
    page.keyboard.press("Shift+Tab")
    assert page.evaluate(where) == ["majority", "rank"], "back to where one was"
    page.fill("input[name=model]", "cnn")
    page.focus(".filters > a")
    page.keyboard.press("Tab")
    assert page.evaluate(where) == ["head", "rank"], "majority is hidden"


def test_a_name_opens_what_the_model_is(tab):
    page = tab()
    page.click("tr[data-model=cnn] .name")
    opened = page.locator(".about:popover-open")
    assert opened.locator("h3").inner_text() == "cnn"
    text = opened.inner_text()
    assert "A convolutional network for sentences (Kim, 2014" in text
    assert "models/cnn.py" in text
    assert "Compared with cnn (paper): shorter filters" in text
    paper = opened.locator("a").first.get_attribute("href")
    assert paper == "https://arxiv.org/abs/1408.5882"
    assert page.query_selector("tr.chosen") is None
    page.keyboard.press("Escape")
    assert opened.count() == 0
    page.focus("tr[data-model=majority] .name")
    page.keyboard.press("Enter")
    assert opened.locator("h3").inner_text() == "majority"
    page.keyboard.press("Escape")
    page.click('.remarks >> text="lstm (paper)"')
    assert "python models/lstm.py --variant paper" in opened.inner_text()


def test_files_are_linked_where_the_page_can_find_them(tmp_path):
    inside = about.all_lines(ROOT / "results" / "sample")["bert (scratch-tiny)"]
    assert inside.href == "../../bert_family/bert.py"
    assert inside.command == "python bert_family/bert.py --variant scratch-tiny"
    assert about.all_lines(tmp_path)["cnn"].href == ""


def test_the_table_can_be_downloaded(tab, results, tmp_path):
    page = tab()
    with page.expect_download() as download:
        page.click(".filters > a")
    assert download.value.suggested_filename == "leaderboard-imdb.csv"
    download.value.save_as(tmp_path / "page.csv")
    shutil.copytree(results / "runs", tmp_path / "runs")
    leaderboard.write(tmp_path, "imdb")
    assert (tmp_path / "page.csv").read_bytes() == (tmp_path / "leaderboard.csv").read_bytes()


def test_the_steps_need_no_scrolling_on_a_phone(tab):
    page = tab(400)
    cells = """all => all.filter(cell => cell.innerText).map(cell => {
        const box = cell.getBoundingClientRect();
        return [cell.innerText, box.left, box.right];
    })"""
    found = page.eval_on_selector_all(".steps td", cells)
    assert {"better"} <= {text for text, _, _ in found}
    assert all(0 <= left < right <= 400 for _, left, right in found)
    assert not page.is_visible(".steps .hint")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_series_stand_out_from_the_page(tab, scheme):
    page = tab(scheme=scheme)
    names = ["paper", "card", *(f"series-{number}" for number in range(len(figures.COLOURS)))]
    paper, card, *series = page.evaluate(
        "names => names.map(n => getComputedStyle(document.body).getPropertyValue(`--${n}`))", names
    )
    for colour in series:
        assert min(contrast(colour, paper), contrast(colour, card)) >= 3, colour
    if scheme == "light":
        assert tuple(series) == figures.COLOURS


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours as WCAG 2 defines it."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))

    low, high = sorted(map(luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_legible_on_a_phone(tab, scheme):
    page = tab(400, scheme)
    assert page.evaluate("document.documentElement.scrollWidth") == 400, "no sideways scrolling"
    names = "document.querySelector('.leaderboard tbody th.model').getBoundingClientRect().width"
    assert page.evaluate(names) < 200, "the names stay in place and leave room for the rest"
    smallest = page.evaluate(
        """Math.min(...[...document.querySelectorAll('svg')].map(svg =>
            svg.getBoundingClientRect().width / svg.viewBox.baseVal.width))"""
    )
    assert smallest > 0.9, "drawings keep the size of their type"
    luminance = page.evaluate(
        """["color", "backgroundColor"].map(what => getComputedStyle(document.body)[what]
            .match(/\\d+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0) / 765)"""
    )
    assert abs(luminance[0] - luminance[1]) > 0.7
    assert (luminance[1] < 0.2) == (scheme == "dark")


def test_the_tables_scroll_in_their_own_boxes_on_a_phone(tab):
    page = tab(400)
    lines = """names => names.map(name => {
        const text = document.createRange();
        text.selectNodeContents(name);
        return [name.innerText, new Set([...text.getClientRects()].map(r => r.top)).size,
                name.closest("tr").getBoundingClientRect().height];
    })"""
    for name, broken, height in page.eval_on_selector_all(".leaderboard tbody .name", lines):
        assert broken <= len(re.split(r"[ -]", name)), f"{name} breaks inside of a word"
        assert height < 90, name
    for box in (".leaderboard .scroll",):
        inside, outside = page.eval_on_selector(box, "box => [box.scrollWidth, box.clientWidth]")
        assert page.is_visible(f"{box.split()[0]} .hint") == (inside > outside)
    assert page.is_visible(".leaderboard .hint")
    assert page.evaluate("document.documentElement.scrollHeight") < 9000
    assert not tab(2400).is_visible(".steps .hint")
