"""The process that converts one document to text: `python -m rlm_tui.core.document_converter SOURCE TARGET`.

It reads foreign files with parsers that may hang or grow, so it has limits of its own and no secret in its
environment. What is wrong is one line on stderr and status 1.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path

from rlm_tui.core.document import describe
from rlm_tui.core.document_text import read_text

MEMORY_BYTES = 4 * 1024**3
PROCESSOR_SECONDS = 300


class NoTextError(ValueError):
    """There is no text in the document."""


def main() -> int:
    """Convert; 0 when the text was written."""
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_SECONDS, PROCESSOR_SECONDS))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    try:
        text = convert(source)
        if not text.strip():
            raise NoTextError("there is no text in it; scanned pages need OCR first")
        target.write_text(text, encoding="utf-8", errors="replace", newline="")
    except Exception as error:
        print(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__, file=sys.stderr)
        return 1
    return 0


def convert(source: Path) -> str:
    """The document's text; the pages of a PDF each after a line that numbers it."""
    match source.suffix.lower():
        case ".pdf":
            return _pdf(source)
        case ".docx":
            return _word(source)
        case _:
            return _html(read_text(describe(source)))


def _pdf(source: Path) -> str:
    from pypdf import PdfReader

    reader = PdfReader(source)
    if reader.is_encrypted and not reader.decrypt(""):
        raise NoTextError("it is encrypted; save it without its password first")
    pages = [page.extract_text() for page in reader.pages]
    if not any(page.strip() for page in pages):
        return ""
    return "\n".join(f"[page {number}]\n{page.strip()}\n" for number, page in enumerate(pages, start=1))


def _word(source: Path) -> str:
    import mammoth

    with source.open("rb") as file:
        return _html(mammoth.convert_to_html(file, convert_image=mammoth.images.img_element(_no_image)).value)


def _no_image(image: object) -> dict[str, str]:
    return {}


def _html(page: str) -> str:
    """The page as it reads, tables laid out, and headings marked as Markdown marks them."""
    from inscriptis import get_text
    from inscriptis.css_profiles import CSS_PROFILES
    from inscriptis.html_properties import Display
    from inscriptis.model.config import ParserConfig
    from inscriptis.model.html_element import HtmlElement

    styles = CSS_PROFILES["strict"].copy()
    for level in range(1, 7):
        styles[f"h{level}"] = HtmlElement(
            display=Display.block, prefix=f"{'#' * level} ", margin_before=1, margin_after=1
        )
    text: str = get_text(page, ParserConfig(css=styles))
    return text


if __name__ == "__main__":
    sys.exit(main())
