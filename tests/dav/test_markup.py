import io
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.dav import markup
from gateway.errors import BadRequest, TooLarge

BOMB = b"""<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>
<propfind xmlns="DAV:">&b;</propfind>"""
EXTERNAL = b"""<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a SYSTEM "file:///etc/passwd">]><a>&a;</a>"""


@pytest.mark.parametrize(
    "body",
    [
        BOMB,
        EXTERNAL,
        b"<!DOCTYPE a><a/>",
        b"",
        b"not xml",
        b"<a>",
        b"<a/><b/>",
        b'<a xmlns:x=""/>',
        b"<x:a/>",
        b"<?xml version='1.0' encoding='nonsense'?><a/>",
        b"<a>&#0;</a>",
        b"\xff\xfe\x00",
        b"<a>" * 100 + b"</a>" * 100,
    ],
)
def test_bombs_and_nonsense_are_refused(body: bytes) -> None:
    with pytest.raises(BadRequest):
        markup.parse(body)


def test_other_encodings_are_read() -> None:
    assert markup.parse("<?xml version='1.0' encoding='utf-16'?><é/>".encode("utf-16")).tag == "é"


def environ(body: bytes, **fields: str) -> dict[str, object]:
    return {"wsgi.input": io.BytesIO(body), **fields}


def test_body_is_read_by_its_length_or_to_its_end() -> None:
    assert markup.read_body(environ(b"<a/>rest", CONTENT_LENGTH="4")) == b"<a/>"
    assert markup.read_body(environ(b"<a/>", HTTP_TRANSFER_ENCODING="chunked")) == b"<a/>"
    assert markup.read_body(environ(b"ignored")) == b""


def test_body_over_a_mebibyte_is_too_large() -> None:
    size = markup.BODY_LIMIT + 1
    with pytest.raises(TooLarge):
        markup.read_body(environ(b"", CONTENT_LENGTH=str(size)))
    with pytest.raises(TooLarge):
        markup.read_body(environ(b"x" * size, HTTP_TRANSFER_ENCODING="chunked"))
    assert len(markup.read_body(environ(b"x" * (size - 1), HTTP_TRANSFER_ENCODING="chunked"))) == size - 1


@given(st.text())
def test_escaped_text_is_well_formed(text: str) -> None:
    read = ET.fromstring(f"<a>{markup.escape(text)}</a>").text or ""
    illegal = {chr(code) for code in range(32)} - set("\t\n\r") | set("\ufffe\uffff")
    expected = "".join("\ufffd" if one in illegal else one for one in text)
    assert read == expected


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters="\ufffe\uffff")))
def test_escaped_attribute_is_read_back(text: str) -> None:
    assert ET.fromstring(f'<a b="{markup.attribute(text)}"/>').get("b") == text


def test_an_element_stands_alone_with_its_namespaces_and_language() -> None:
    root = markup.parse(
        b'<a xmlns="urn:one" xmlns:t="urn:two"><t:b xml:lang="de" t:c="1">x &amp;&#13;<d xmlns=""/> y</t:b> tail</a>'
    )
    alone = markup.serialize(root[0])
    (again,) = ET.fromstring(f"<r>{alone}</r>")
    assert again.tag == "{urn:two}b"
    assert again.attrib == {markup.LANG: "de", "{urn:two}c": "1"}
    assert again.text == "x &\r"
    assert again[0].tag == "d"
    assert "tail" not in alone


def test_language_comes_from_above_unless_the_element_has_its_own() -> None:
    plain, own = markup.parse(b'<a><b/><b xml:lang="de"/></a>')
    assert ET.fromstring(markup.serialize(plain, "fr")).get(markup.LANG) == "fr"
    assert ET.fromstring(markup.serialize(own, "fr")).get(markup.LANG) == "de"


def test_bare_elements_keep_their_namespace() -> None:
    for name in (("DAV:", "a"), ("urn:x&y", "b"), ("", "c")):
        (element,) = ET.fromstring(f'<r xmlns:d="DAV:">{markup.bare(name)}</r>')
        assert markup.split(element.tag) == name
