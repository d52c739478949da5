"""Bringing files in, as a person does: dropped folders, skipped duplicates, taken names, full spaces, archives."""

from __future__ import annotations

import io
import zipfile
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.library.house import noise
from tests.viewer.conftest import SCREENSHOTS
from tests.viewer.gallery import NEWEST, Gallery, photograph

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Locator, Page, Route

PHONE = (390, 844)
AXE = """
async () => (await axe.run('.uploads', { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa'] })).violations
  .map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join(' '))
"""


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gallery]:
    """One server for all tests of this file."""
    with Gallery.open(tmp_path_factory.mktemp("gallery"), 2) as opened:
        yield opened


@pytest.fixture
def page(browser: Browser, gallery: Gallery) -> Iterator[Page]:
    """Anna's photos."""
    with gallery.page(browser) as page:
        page.wait_for_selector("#upload")
        yield page


def picture(number: int) -> bytes:
    """A photograph that no other number gives."""
    return photograph(NEWEST - timedelta(hours=number), seed=number)


def panel(page: Page) -> Locator:
    return page.get_by_role("region").filter(has=page.locator("#uploads-title"))


def drop(page: Page, *paths: Path) -> None:
    """Drag files or folders from the desktop and drop them in the middle of the page."""
    session = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, "x": 700, "y": 450, "data": data})


def finished(page: Page, text: str) -> None:
    expect(page.locator("#uploads-title")).to_have_text(text, timeout=30_000)


def test_a_dropped_folder_arrives_with_its_folders_and_what_is_there_is_skipped(
    page: Page, gallery: Gallery, tmp_path: Path
) -> None:
    trip = tmp_path / "Trip"
    (trip / "Day 1").mkdir(parents=True)
    photos = {f"Trip/Day 1/{number}.jpg": picture(100 + number) for number in range(4)}
    photos["Trip/notes.txt"] = b"It rained."
    for name, content in photos.items():
        (tmp_path / name).write_bytes(content)
    (trip / ".DS_Store").write_bytes(b"x")
    (trip / "again.jpg").write_bytes(photograph(gallery.taken[0], (300, 200), 0))
    drop(page, trip)
    finished(page, "5 files uploaded")
    expect(panel(page)).to_contain_text("1 file is there already and was skipped.")
    for name, content in photos.items():
        assert gallery.get(f"anna/{name}") == content
    page.wait_for_selector(".tile[data-id]")
    page.screenshot(path=SCREENSHOTS / "uploads-done.png")
    drop(page, trip)
    expect(panel(page)).to_contain_text("7 files are there already")


def test_one_choice_for_all_names_that_are_taken(page: Page, gallery: Gallery, tmp_path: Path) -> None:
    files = []
    for number in range(3):
        gallery.put(f"anna/same {number}.jpg", picture(200 + number))
        files.append(tmp_path / f"same {number}.jpg")
        files[-1].write_bytes(picture(300 + number))
    drop(page, *files)
    expect(panel(page)).to_contain_text("3 files have the names of other files that are there.")
    page.screenshot(path=SCREENSHOTS / "uploads-choice.png")
    panel(page).get_by_role("button", name="Keep both").click()
    finished(page, "3 files uploaded")
    assert gallery.get("anna/same 1 (2).jpg") == files[1].read_bytes()
    assert gallery.get("anna/same 1.jpg") != files[1].read_bytes()


def test_what_does_not_fit_is_said_before_anything_is_sent(browser: Browser, gallery: Gallery, tmp_path: Path) -> None:
    gallery.gateway.run("user", "set-quota", "berta", "2MB")
    files = []
    for number, size in enumerate((900_000, 3_000_000, 700_000)):
        files.append(tmp_path / f"{number}.bin")
        files[-1].write_bytes(noise(size, number))
    with gallery.page(browser, name="berta", size=PHONE, touch=True) as page:
        page.get_by_role("button", name="Upload").click()
        page.locator("input[type=file]").first.set_input_files(files)
        expect(panel(page)).to_contain_text("2.6 MB more than is free")
        page.screenshot(path=SCREENSHOTS / "uploads-room-phone.png")
        panel(page).get_by_role("button", name="Upload the 2 files that fit").click()
        finished(page, "2 files uploaded")
        expect(panel(page)).to_contain_text("There is no room for it.")


def test_an_archive_is_unpacked_on_the_server(page: Page, gallery: Gallery, tmp_path: Path) -> None:
    archive = io.BytesIO()
    photos = {f"Zipped/{number}.jpg": picture(400 + number) for number in range(3)}
    with zipfile.ZipFile(archive, "w") as file:
        for name, content in {**photos, "../out.jpg": b"x"}.items():
            file.writestr(name, content)
    (tmp_path / "all.zip").write_bytes(archive.getvalue())
    drop(page, tmp_path / "all.zip")
    panel(page).get_by_role("button", name="Unpack").click()
    finished(page, "1 file uploaded")
    expect(panel(page)).to_contain_text("1 member of an archive was left out")
    for name, content in photos.items():
        assert gallery.get(f"anna/{name}") == content


def test_what_is_brought_to_a_folder_goes_into_it(browser: Browser, gallery: Gallery, tmp_path: Path) -> None:
    gallery.folder("anna/2019")
    gallery.folder("anna/2019/Summer")
    (tmp_path / "sea.txt").write_bytes(b"The sea.")
    with gallery.page(browser, "/folders/anna/2019/Summer") as page:
        page.locator("main [data-upload]").click()
        expect(panel(page).get_by_label("To")).to_have_value("anna/2019/Summer")
        page.locator(".uploads input[type=file]").first.set_input_files(tmp_path / "sea.txt")
        finished(page, "1 file uploaded")
        panel(page).get_by_role("button", name="Show it").click()
        expect(page.locator("main")).to_contain_text("sea.txt")
    assert gallery.get("anna/2019/Summer/sea.txt") == b"The sea."


def test_a_lost_connection_is_waited_for(browser: Browser, gallery: Gallery, tmp_path: Path) -> None:
    file = tmp_path / "video.bin"
    file.write_bytes(noise(3_000_000, "video"))
    broken: list[Route] = []

    def breaks(route: Route) -> None:
        if len(broken) < 2:
            broken.append(route)
            route.abort()
        else:
            route.fallback()

    with suppress(AssertionError), gallery.page(browser) as page:  # the browser itself complains of what breaks
        page.route("**/api/v1/uploads/*?offset=*", breaks)
        drop(page, file)
        finished(page, "1 file uploaded")
    assert len(broken) == 2
    assert gallery.get("anna/video.bin") == file.read_bytes()


def test_the_panel_is_at_hand_for_keys_and_for_everybody(page: Page, packages: Path) -> None:
    page.keyboard.press("u")
    expect(panel(page).get_by_role("button", name="Choose files")).to_be_focused()
    expect(panel(page).get_by_label("To")).to_have_value("anna")
    assert panel(page).get_by_label("To").locator("option").all_text_contents() == ["anna", "family"]
    page.evaluate((packages.parent / "vendor-dev/axe-core/axe.min.js").read_text())
    assert page.evaluate(AXE) == []
    page.screenshot(path=SCREENSHOTS / "uploads-panel.png")
    page.emulate_media(color_scheme="dark")
    page.screenshot(path=SCREENSHOTS / "uploads-panel-dark.png")
    page.keyboard.press("Escape")
    expect(panel(page)).to_have_count(0)


def test_a_picture_of_the_page_that_is_dragged_is_no_upload(page: Page) -> None:
    shown = page.evaluate(
        """() => {
          const data = new DataTransfer();
          data.items.add(new File(['x'], 'tile.webp'));
          const about = { dataTransfer: data, bubbles: true };
          const drag = (type) => document.body.dispatchEvent(new DragEvent(type, about));
          const sign = document.querySelector('.dropping');
          drag('dragenter');
          const before = !sign.hidden;
          drag('dragend'), drag('drop'), drag('dragstart'), drag('dragenter');
          return [before, !sign.hidden];
        }"""
    )
    assert shown == [True, False]
