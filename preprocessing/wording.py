"""Small things that messages share."""


def one_line(text: object) -> str:
    """Return a text, or what an error says, with all white space as single spaces."""
    return " ".join(str(text).split())


def counted(number: int, noun: str) -> str:
    """Return a number and its noun, in the plural unless it is one: ``1 run``, ``1,200 runs``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
