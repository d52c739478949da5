"""What the browser tests stand on: a page that speaks, or asks another host, fails."""

import pytest

COMPLAINTS = {
    "console": "console.info('hello')",
    "error": "setTimeout(() => { throw new Error('oh') })",
    "policy": "document.body.append(Object.assign(document.createElement('script'), {textContent: '1'}))",
    "missing file": "document.body.append(Object.assign(new Image(), {src: '/gone.png'}))",
    "another host": "fetch('http://example.test/').catch(() => 0)",
    "an address of another host": "fetch('http://192.0.2.1/').catch(() => 0)",
}


@pytest.mark.parametrize("script", [*COMPLAINTS.values(), "0"], ids=[*COMPLAINTS, "nothing"])
def test_a_page_must_be_silent_and_stay_here(pytester: pytest.Pytester, script: str) -> None:
    pytester.makeconftest("from tests.viewer.conftest import *")
    pytester.makepyfile(
        f"""
        def test_page(page):
            page.evaluate({script!r})
            page.wait_for_timeout(200)
        """
    )
    result = pytester.runpytest_subprocess("--import-mode=importlib", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=1, errors=int(script != "0"))
