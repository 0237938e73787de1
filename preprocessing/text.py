"""From raw review to words: every decision about text, each shown by example.

HTML tags become spaces and entities become characters:

>>> words("A gem.<br /><br />Tom &amp; Jerry")
['a', 'gem', 'tom', 'jerry']

Unicode is folded to its plain form (compatibility forms, curly quotes, accents), case is dropped:

>>> words("“Amélie” is NAÏVE")
['amelie', 'is', 'naive']

So is a backtick in an apostrophe's place:

>>> words("I don`t like cafés")
['i', 'do', 'not', 'like', 'cafes']

Contractions are written out, so that "didn't" and "did not" share their negation; the possessive
and the "is" of ``'s`` cannot be told apart and are dropped:

>>> words("I didn't, can't, won't; it's John's and they've...")
['i', 'did', 'not', 'can', 'not', 'will', 'not', 'it', 'john', 'and', 'they', 'have', '...']

A rating out of ten is one word. Numbers up to 99 stay; longer ones (years, budgets) become 000:

>>> words("8 / 10, top 5 of 1994")
['8/10', 'top', '5', 'of', '000']

Of the punctuation only what carries sentiment stays: ``!`` and ``?`` (a run counts in pairs), the
ellipsis and emoticons:

>>> words("Really?!! Bad, bad, BAD!!! :-(")
['really', '?!', '!', 'bad', 'bad', 'bad', '!!', '!', ':-(']
"""

import html
import re
import unicodedata

_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,200}>")
_QUOTES = str.maketrans({"‘": "'", "’": "'", "´": "'", "\x92": "'"})
_SUFFIX = re.compile(r"'(ll|re|ve|m|d|s)\b")
_SUFFIX_WORDS = {"ll": " will", "re": " are", "ve": " have", "m": " am", "d": " would", "s": " "}
_RATING = re.compile(r"\b(10|\d(?:\.5)?) ?/ ?10\b")
_LONG_NUMBER = re.compile(r"\d{3,}")
_WORD = re.compile(r"\d(?:\.5)?/10|10/10|[^\W_]+|[!?]{1,2}|\.\.\.|[:;]-?[()]")


def clean(text: str) -> str:
    """Return `text` without markup, in plain lower-case characters, contractions written out."""
    text = _TAG.sub(" ", text).replace("`", "'")
    if "&" in text:
        text = html.unescape(text)
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text.translate(_QUOTES))
        text = "".join(c for c in text if not unicodedata.combining(c))
    text = text.lower()
    if "n't" in text:
        text = text.replace("can't", "can not").replace("won't", "will not").replace("n't", " not")
    text = _SUFFIX.sub(lambda match: _SUFFIX_WORDS[match[1]], text)
    text = _RATING.sub(r"\1/10", text)
    return _LONG_NUMBER.sub("000", text)


def words(text: str) -> list[str]:
    """Return the words of a raw review, in order; the list is empty if it has none."""
    return _WORD.findall(clean(text))
