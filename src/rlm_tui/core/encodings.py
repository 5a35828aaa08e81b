"""Which encoding a text is in, and whether it is text at all, told from samples of its bytes."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from itertools import pairwise
from unicodedata import category

from msgspec import Struct

# The name that Python decodes with; its own mark is dropped in reading.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_KINDS = (
    (b"%PDF-", "a PDF; turn it into text first (pdftotext)"),
    (b"PK\x03\x04", "a ZIP archive or an Office document; extract or export its text first"),
    (b"\xd0\xcf\x11\xe0", "an old Office document; export its text first"),
    (b"\x1f\x8b", "compressed with gzip; decompress it first (gunzip)"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd; decompress it first (unzstd)"),
    (b"BZh91AY&SY", "compressed with bzip2; decompress it first (bunzip2)"),
    (b"\xfd7zXZ\x00", "compressed with xz; decompress it first (unxz)"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive; extract it first"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90\x00", "a program"),
    (b"\x89PNG\r\n", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF89a", "a GIF picture"),
    (b"SQLite format 3\x00", "an SQLite database; export its tables as text first"),
    (b"PAR1\x15", "a Parquet file; export it as CSV first"),
    (b"OggS\x00", "sound"),
    (b"ID3\x03", "sound"),
    (b"ID3\x04", "sound"),
)
# Tried by the detector, so that rare codecs in which any bytes are "text" don't win. UTF-8 is tried before.
_CANDIDATES = [
    "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "koi8_r", "iso8859_2",
    "iso8859_7", "mac_roman", "cp437", "cp850", "cp866", "cp932", "shift_jis", "euc_jp", "iso2022_jp",
    "gb18030", "big5", "cp949", "euc_kr", "tis_620",
]  # fmt: skip
_DETECTOR_SAMPLE = 16 * 1024
_UTF16_SAMPLE = 8 * 1024
# Control characters that no text has: not tab, newline, form feed, return or escape.
_CONTROL = re.compile(rb"[\x01-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
_SHIFTS_TO_JAPANESE = re.compile(rb"\x1b\$[@B].{1,400}?\x1b\([BJ]", re.DOTALL)
_CONTROL_SHARE = 0.02
_SIGN_IN_WORD = re.compile(r"[^\W\d_][¹²³¼½¾±¶¬¦¤¨¯´¸¿¡§†‡‰¢£¥]|[¹²³¼½¾±¶¬¦¤¨¯´¸†‡‰¢£¥][a-z]")
# How messy, of 1, a decoded text may look; and how much messier than the best one it is still compared with.
_MESSY = 0.35
_AS_GOOD = 0.1
_ODD_SAMPLE = 4_000
# One broken sequence in so many good ones is a flaw of a UTF-8 text; more is another encoding.
_GOOD_FOR_ONE_BROKEN = 10
_BEYOND_ASCII = bytes(range(0x80, 0x100))


class Binary(Struct, frozen=True):
    """The bytes are no text; `kind` says what they are and what would help, or is empty."""

    kind: str = ""


class Undecided(Struct, frozen=True):
    """The bytes may be text, and no encoding that is tried reads them."""


class Encoded(Struct, frozen=True):
    """The bytes are text in this encoding; `broken` says that a few of them are not, and show as
    replacements.
    """

    encoding: str
    broken: bool = False


def tell_encoding(samples: list[bytes]) -> Encoded | Binary | Undecided:
    """The encoding of a text from samples of it in order; the first begins where the text begins.

    A single sample is the whole text; several are parts of it and may begin and end inside a character.
    """
    head = samples[0]
    for mark, name in _MARKS:
        if head.startswith(mark):
            return Encoded(name)
    for magic, kind in _KINDS:
        if head.startswith(magic):
            return Binary(kind)
    if any(b"\x00" in sample for sample in samples):
        return _with_nul(samples)
    if any(_SHIFTS_TO_JAPANESE.search(sample) for sample in samples) and all(map(bytes.isascii, samples)):
        return Encoded("iso2022_jp")
    size = sum(map(len, samples))
    if sum(len(_CONTROL.findall(sample)) for sample in samples) > size * _CONTROL_SHARE:
        return Binary()
    good, broken = _utf8_sequences(samples)
    if not broken or good >= broken * _GOOD_FOR_ONE_BROKEN:
        return Encoded("utf-8", broken=broken > 0)
    return _legacy(samples)


def _with_nul(samples: list[bytes]) -> Encoded | Binary:
    """UTF-16 without a mark has NUL bytes in it; anything else with NUL bytes is no text."""
    # In the right byte order fewer blocks of Unicode occur than in the wrong one.
    readings = [
        (blocks, name) for name in ("utf-16-le", "utf-16-be") if (blocks := _utf16_blocks(samples, name))
    ]
    return Encoded(min(readings)[1]) if readings else Binary()


def _utf16_blocks(samples: list[bytes], encoding: str) -> int:
    """How many blocks of 256 characters a text in this encoding uses; 0 if it is no text."""
    text = ""
    for sample in samples:
        decoder = codecs.getincrementaldecoder(encoding)("replace")
        # A sample may begin with the second half of a pair, and end with the first.
        text += decoder.decode(sample[:_UTF16_SAMPLE]).removeprefix("\ufffd")
    strange = sum(
        character == "\ufffd"
        or (character not in "\t\n\r\f\ufeff" and category(character) in ("Cc", "Cn", "Co"))
        for character in text
    )
    blank = any(character in text for character in " \n\u3000")
    return len({ord(character) >> 8 for character in text}) if blank and strange * 100 <= len(text) else 0


def _utf8_sequences(samples: list[bytes]) -> tuple[int, int]:
    """How many characters beyond ASCII decode, and how many sequences don't; the cut edges don't count."""
    good = broken = 0
    for number, sample in enumerate(samples):
        if sample.isascii():
            continue
        if number:
            # At most three bytes of a character that began before the sample.
            start = next((index for index in range(min(4, len(sample))) if sample[index] & 0xC0 != 0x80), 3)
            sample = sample[start:]
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        text = decoder.decode(sample, final=len(samples) == 1)
        flaws = text.count("\ufffd") - sample.count(b"\xef\xbf\xbd")
        broken += flaws
        good += len(text) - len(sample.translate(None, _BEYOND_ASCII)) - flaws
    return good, broken


def _legacy(samples: list[bytes]) -> Encoded | Undecided:
    # Imported here: only a text that is not UTF-8 has to wait for it.
    from charset_normalizer import from_bytes

    # What tells is beyond ASCII; whole lines, so that no character of several bytes is cut.
    telling = b"\n".join(_telling_lines(sample) for sample in _whole_lines(samples))
    matches = list(
        from_bytes(telling, cp_isolation=_CANDIDATES, preemptive_behaviour=False, threshold=_MESSY)
    )
    if not matches:
        return Undecided()
    near = [match for match in matches if match.chaos <= matches[0].chaos + _AS_GOOD]
    best = min(near, key=lambda match: _odd_words(str(match)[:_ODD_SAMPLE]))
    # A few accents read as well in several encodings: then it is the usual one.
    equal = [
        name
        for match in near
        if match.chaos == best.chaos and match.coherence == best.coherence
        for name in match.could_be_from_charset
    ]
    name = "cp1252" if "cp1252" in equal else best.encoding
    name = {"shift_jis": "cp932"}.get(name, name)
    broken = telling.decode(name, "replace").count("\ufffd")
    return Encoded(name, broken=broken > 0) if broken * 1000 <= len(telling) else Undecided()


def _odd_words(text: str) -> int:
    """What the detector is lenient with: "rodz¹" for "rodzą" and "бЯЕ" for "Все", of another encoding."""
    capitals = sum(one.isalpha() and two.isupper() for one, two in pairwise(text))
    return capitals + len(_SIGN_IN_WORD.findall(text))


def _whole_lines(samples: list[bytes]) -> Iterator[bytes]:
    for number, sample in enumerate(samples):
        begin = sample.find(b"\n") + 1 if number else 0
        end = sample.rfind(b"\n") if len(samples) > 1 else len(sample)
        yield sample[begin:end] if begin < end else sample


def _telling_lines(sample: bytes) -> bytes:
    kept: list[bytes] = []
    size = 0
    for line in sample.split(b"\n"):
        if not line.isascii() and size < _DETECTOR_SAMPLE // 3:
            kept.append(line)
            size += len(line)
    return b"\n".join(kept)
