"""Pages from templates: values are escaped, styles and scripts become part of the page."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

_FOLDER = Path(__file__).parent


def render(template: str, **values: Any) -> str:
    """Return a page that needs nothing outside of itself.

    Args:
        template: the name of a file in ``templates/``.
        values: what it fills in; only `Markup` is taken as HTML.
    """
    return _environment.get_template(template).render(values)


def static(name: str) -> Markup:
    """Return a file of ``static/`` as it is."""
    return Markup((_FOLDER / "static" / name).read_text(encoding="utf-8"))


_environment = Environment(
    loader=FileSystemLoader(_FOLDER / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
_environment.globals["static"] = static
