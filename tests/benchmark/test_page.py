"""The page that asks models, served as a user has it and driven in a browser."""

import logging
import shutil
import sys
import threading
import urllib.request
from dataclasses import replace
from types import SimpleNamespace

from benchmark.app import library as libraries
from benchmark.app import pairs as pairs_of
from benchmark.app import server
from benchmark.app.library import Library
from benchmark.app.pairs import Pair
from benchmark.rows import catalogue, saved
from benchmark.rows.hyperparameters import plain
from benchmark.rows.training_data import TrainingData
from benchmark.runs import kept_models
from preprocessing.errors import UserError
from tests.benchmark.made_up_runs import a_record
from tests.checkouts import wait_for

import pytest

MODELS = {
    "tfidf_logreg": "bag of words", "naive_bayes_svm": "bag of words",
    "bag_of_words": "forest", "majority": "baseline",
}  # fmt: skip
LEADERBOARD = """model,family,status,accuracy_mean,edits_both
naive_bayes_svm,bag of words,ok,0.79,0.275
majority,baseline,ok,0.5,0
tfidf_logreg,bag of words,ok,0.76,0.215
lstm,recurrent,failed,,
"""
TEXT = "I wanted to love it, but the music is dull. A masterpiece? No."
HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>"
HOSTILE += " ${alert(3)} {{7*7}} good\u0007 \u202efilm"


@pytest.fixture(scope="module")
def kept(small, tmp_path_factory):
    """A cache with kept models, and results with a leaderboard."""
    folder = tmp_path_factory.mktemp("page")
    for name, family in MODELS.items():
        row = catalogue.load(name)
        options = row.hyperparameters(**({"trees": 20} if name == "bag_of_words" else {}))
        fitted = row.fit(options, TrainingData.of(small, 0), lambda event: None)
        record = a_record(model=name, family=family, hyperparameters=plain(options))
        target = folder / "cache/models/sample" / name / "seed-0"
        target.parent.mkdir(parents=True)
        saved.save(target, fitted, small, record.as_json())
    (folder / "results/sample").mkdir(parents=True)
    (folder / "results/sample/leaderboard.csv").write_text(LEADERBOARD)
    return folder


def listed(kept):
    return libraries.listed(kept / "cache", kept / "results", "sample")


def folder_of(kept, name):
    return kept / "cache/models/sample" / name / "seed-0"


@pytest.fixture(scope="module")
def served(kept):
    """The page's address, its library and its log."""
    import uvicorn

    library = Library(listed(kept))
    pairs = pairs_of.at_hand(None, kept / "cache")
    pairs.append(replace(pairs[0], name="twin", edited="Its twin's edit."))
    listening = server.listen("127.0.0.1", 0)
    config = uvicorn.Config(server.application(library, pairs), log_level="warning")
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    wait_for(lambda: running.started, 30)
    address = f"http://127.0.0.1:{listening.getsockname()[1]}/"
    yield SimpleNamespace(address=address, library=library, pairs=pairs)
    running.should_exit = True
    thread.join(10)


@pytest.fixture
def tab(browser, served):
    """Return a function that opens the page; fail if anything is asked of another host, or runs."""
    tabs, complaints = [], []

    def open_page(state="", width=1200, scheme="light"):
        tab = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        own = (served.address, served.address.replace("http", "ws"), "data:", "blob:")
        tab.on("request", lambda r: r.url.startswith(own) or complaints.append(r.url))
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on("dialog", lambda dialog: (complaints.append(dialog.message), dialog.dismiss()))
        tab.goto(served.address + state)
        tab.wait_for_function("document.querySelector('#text textarea')?.value")
        tabs.append(tab)
        return tab

    yield open_page
    for tab in tabs:
        tab.close()
    assert complaints == []


def choose(tab, *names):
    for name in MODELS:
        tab.locator(f"#models label:has-text('{name}') input").set_checked(name in names)


def ask(tab, text):
    """Type a text and ask."""
    tab.fill("#text textarea", text)
    tab.click("#ask")


def answered(tab, *names):
    """Wait until these models have answered, with reasons, and return probabilities by name."""
    for name in names:
        tab.wait_for_selector(f"[data-model='{name}'] ul.strongest")
    return tab.eval_on_selector_all(
        ".answer",
        "all => Object.fromEntries(all.map(one => [one.dataset.model,"
        " Number(one.querySelector('.verdict strong')?.title)])"
        ".filter(([_, positive]) => !Number.isNaN(positive)))",
    )


def test_three_models_answer_as_predict_does(tab, served, kept):
    page = tab()
    names = ["naive_bayes_svm", "tfidf_logreg", "bag_of_words"]
    choose(page, *names)
    ask(page, TEXT)
    said = answered(page, *names)
    assert list(said) == names, "in the table's order; what is not in it comes last"
    for name in names:
        (expected,) = saved.load(folder_of(kept, name)).predict([TEXT])
        assert said[name] == pytest.approx(float(expected), abs=1e-6)
    shades = page.locator("[data-model='tfidf_logreg'] .shaded .against, .shaded .for")
    assert shades.count() > 2
    assert "its exact weights" in page.inner_text("[data-model='naive_bayes_svm']").lower()
    label = page.inner_text("#models label:has-text('naive_bayes_svm')")
    assert label == "naive_bayes_svm · 79.0% · both right 27.5%"
    page.wait_for_function("location.hash.includes('bag_of_words')")
    state = page.evaluate("location.hash")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.click("#copy")
    page.wait_for_selector("#copy:has-text('Copied')")
    assert page.evaluate("navigator.clipboard.readText()").endswith(state)
    other = tab(state)
    assert answered(other, *names) == said, "a shared address answers at once"
    assert other.input_value("#text textarea") == TEXT
    assert not other.locator("#models label:has-text('majority') input").is_checked()


def test_the_browser_is_forbidden_to_load_anything_from_outside(served):
    with urllib.request.urlopen(served.address) as response:
        assert "default-src 'self'" in response.headers["content-security-policy"]


def test_no_address_is_not_all_addresses():
    with pytest.raises(UserError, match="--host is empty"):
        server.listen("", 0)


def test_an_example_is_flipped(tab, served):
    page = tab()
    pair = served.pairs[0]
    assert page.input_value("#text textarea") == pair.original
    choose(page, "tfidf_logreg")
    page.click("#flip")
    answered(page, "tfidf_logreg")
    assert page.input_value("#text textarea") == pair.edited
    page.fill("#text textarea", "Not of a pair.")
    page.click("#flip")
    page.wait_for_selector("text=choose an example")


def test_of_pairs_with_one_original_the_chosen_one_is_flipped(tab, served):
    page = tab()
    choose(page, "tfidf_logreg")
    page.click("#example input")
    page.get_by_role("option", name="twin").click()
    page.wait_for_function("document.querySelector('#example input').value == 'twin'")
    assert page.input_value("#text textarea") == served.pairs[0].original
    page.click("#flip")
    answered(page, "tfidf_logreg")
    assert page.input_value("#text textarea") == "Its twin's edit."


def test_of_pairs_that_share_an_original_the_first_is_flipped():
    contrast = Pair("contrast 1", "Good.", "Bad.", True)
    counterfactual = Pair("counterfactual 1", "Good.", "Awful.", True)
    pairs = [contrast, counterfactual]
    assert pairs_of.flipped("Good.", [counterfactual, *pairs]) == "Awful."
    assert pairs_of.flipped("Good.", [contrast, *pairs]) == "Bad."
    assert pairs_of.flipped("Awful.", [contrast, *pairs]) == "Good."
    assert pairs_of.flipped("Else.", pairs) is None


def test_by_keyboard_in_the_dark_on_a_phone(tab):
    page = tab(width=400, scheme="dark")
    choose(page, "tfidf_logreg", "majority")
    page.get_by_label("Text", exact=True).focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("Superb!")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "ask"
    page.keyboard.press("Enter")
    assert set(answered(page, "tfidf_logreg", "majority")) == {"tfidf_logreg", "majority"}
    assert page.evaluate("document.documentElement.scrollWidth") == 400, "no sideways scrolling"
    assert page.get_attribute("#answers", "aria-live") == "polite"
    assert page.get_by_role("article", name="majority").count() == 1
    dark = "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).every(c => c < 60)"
    assert page.evaluate(dark)


def test_what_cannot_be_asked_is_said_and_markup_is_text(tab, served):
    page = tab()
    choose(page, "tfidf_logreg")
    for text, said in (
        (" \n ", "type a text"),
        ("\u0001\u0002", "this text has no words"),
        ("good film " * 100_000, "1,000,000 characters; at most 20,000"),
    ):
        ask(page, text)
        page.wait_for_selector(f".problem:has-text('{said}')")
    ask(page, HOSTILE)
    answered(page, "tfidf_logreg")
    shown = page.inner_text("[data-model='tfidf_logreg'] .shaded")
    assert "<script>alert(2)</script> ${alert(3)} {{7*7}} good␇" in shown
    assert page.locator("#answers img, #answers script").count() == 0
    choose(page)
    ask(page, TEXT)
    page.wait_for_selector(".problem:has-text('choose a model')")


def test_a_model_that_is_gone_or_was_changed_is_one_line_and_the_others_answer(
    tab, served, kept, caplog, tmp_path
):
    folder = folder_of(kept, "majority")
    shutil.copytree(folder, tmp_path / "copy")
    page = tab()
    choose(page, "tfidf_logreg", "majority")
    try:
        shutil.rmtree(folder)
        ask(page, TEXT)
        page.wait_for_selector("[data-model='majority'] .problem:has-text('is no longer kept')")
        assert set(answered(page, "tfidf_logreg")) == {"tfidf_logreg"}
        shutil.copytree(tmp_path / "copy", folder)
        (folder / "tables.json").write_text("{}")
        ask(page, TEXT)
        said = "seed-0/tables.json has changed since it was saved"
        page.wait_for_selector(f"[data-model='majority'] .problem:has-text('{said}')")
        assert str(kept) not in page.inner_text("#answers")
        logged = [record.message for record in caplog.records if record.levelno == logging.WARNING]
        assert any("tables.json has changed" in line for line in logged)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(tmp_path / "copy", folder)
    ask(page, TEXT)
    answered(page, "majority")


def test_fifty_at_once_are_all_answered(served, kept):
    from gradio_client import Client

    client = Client(served.address, verbose=False, analytics_enabled=False)
    (expected,) = saved.load(folder_of(kept, "tfidf_logreg")).predict(["Superb 7!"])
    jobs = [
        client.submit(f"Superb {number}!", ["tfidf_logreg"], [], [], api_name="/ask")
        for number in range(50)
    ]
    answers = [job.result(60) for job in jobs]
    assert all(f">{number}</span>" in answer for number, answer in enumerate(answers))
    assert f'title="{expected:.6f}"' in answers[7]


def test_the_least_recently_used_model_makes_room(kept):
    one = Library(listed(kept), gigabytes=1e-9)
    one.get("majority")
    one.get("tfidf_logreg")
    assert one.loaded == ["tfidf_logreg"], "one is loaded, however little memory there is"
    many = Library(listed(kept), gigabytes=1)
    majority = many.get("majority")
    many.get("tfidf_logreg")
    assert many.get("majority") is majority
    assert many.loaded == ["tfidf_logreg", "majority"]


def test_what_is_missing_is_said_before_the_page_is_served(run_here, kept, tmp_path, monkeypatch):
    nothing = run_here("benchmark", "page", "--cache", tmp_path)
    assert nothing.returncode == 2
    assert "no model of imdb is kept" in nothing.stderr
    assert kept_models.any_dataset(kept / "cache") == "sample"
    taken = server.listen("127.0.0.1", 0)
    with pytest.raises(UserError, match=r"cannot listen at 127\.0\.0\.1, port"):
        server.listen("127.0.0.1", taken.getsockname()[1])
    taken.close()
    monkeypatch.setitem(sys.modules, "gradio", None)
    without = run_here("benchmark", "page", "--cache", kept / "cache", "--results", tmp_path)
    assert without.returncode == 2
    assert "pip install -r requirements/page.txt -c constraints.txt" in without.stderr
