"""The pages in a real browser: Debian's Chromium, driven by playwright. Skipped only where there is no Chromium."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from library import PAGES, Library
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no Chromium here: apt-get install chromium")
PATIENCE = 300_000  # milliseconds
expect.set_options(timeout=PATIENCE)
SHOTS = os.environ.get("KOBUNKO_SCREENSHOTS", "")  # a folder: the pictures of docs/images are made by these tests


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield found
        found.close()


def opened(browser: Browser, address: str, **options: Any) -> BrowserContext:
    """A context that waits long: the first picture starts a worker, and the machine may have much else to do."""
    context = browser.new_context(base_url=address, **options)
    context.set_default_timeout(PATIENCE)
    return context


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """A page on which any message on the console, or any request to elsewhere, fails the test."""
    context = opened(browser, address, viewport={"width": 1200, "height": 800}, locale="ja-JP")
    found, trouble = context.new_page(), []
    found.on("console", lambda message: trouble.append(f"{message.type}: {message.text}"))
    found.on("pageerror", lambda error: trouble.append(str(error)))
    found.on("request", lambda request: None if request.url.startswith(address) else trouble.append(request.url))
    yield found
    context.close()
    assert trouble == []


def shot(page: Page, name: str, *, whole: bool = False) -> None:
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=whole)


def test_from_a_passage_to_its_place_on_the_page(page: Page) -> None:
    page.goto("/")
    expect(page).to_have_title("公文庫")
    shot(page, "search")
    page.get_by_role("textbox").fill("見守りは毎朝７時\n三十分から行う".replace("７", "七"))
    page.get_by_role("button", name="検索").click()
    expect(page.get_by_role("status")).to_contain_text("本文")
    page.locator(".results a").first.click()
    marked = page.locator("rect.marked")
    expect(marked).to_have_count(1)
    expect(page.locator(".line.marked")).to_have_text(PAGES[0][2])
    image = page.get_by_role("img", name="原本の1ページ目の画像")
    expect(image).to_be_visible()
    assert image.evaluate("async image => { await image.decode(); return image.naturalWidth }") > 500
    shot(page, "document")


def test_pointing_at_a_line_shows_its_box(page: Page, library: Library) -> None:
    page.goto(f"/ja/documents/{library.ids['notice']}")
    page.get_by_text(PAGES[0][1]).hover()
    expect(page.locator("rect.shown")).to_have_count(1)
    box, sheet = page.locator("rect.shown").bounding_box(), page.locator(".sheet").bounding_box()
    assert box
    assert sheet
    assert 0.1 < (box["y"] - sheet["y"]) / sheet["height"] < 0.2  # the second line of the page
    page.get_by_text(PAGES[0][3]).focus()
    expect(page.locator("rect.shown")).to_have_count(2)
    page.get_by_role("link", name="次のページ").click()
    expect(page.locator(".text")).to_contain_text(PAGES[1][1])


def test_reading_needs_no_script(browser: Browser, address: str, library: Library) -> None:
    context = opened(browser, address, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"/ja/documents/{library.ids['notice']}")
    expect(page.locator(".text")).to_contain_text(PAGES[0][1])
    page.locator("a.line").nth(2).click()
    assert page.url.endswith("#box-3")
    page.goto("/en/")
    page.get_by_role("textbox").fill("令和6(ワ)10")
    page.get_by_role("button", name="Search").click()
    assert library.ids["courts"] in page.url
    context.close()


def test_asking_for_a_removal(page: Page, library: Library) -> None:
    page.goto(f"/ja/documents/{library.ids['course']}")
    page.get_by_role("main").get_by_role("link", name="削除を求める").click()
    expect(page.get_by_label("文書IDまたはURL")).to_have_value(library.ids["course"])
    page.get_by_label("理由").select_option("privacy")
    page.get_by_label("内容").fill("この頁に私の電話番号が書かれています。")
    page.get_by_label("連絡先").fill("watashi@example.jp")
    shot(page, "removal")
    page.get_by_role("button", name="送信").click()
    expect(page.get_by_role("status")).to_contain_text("受け付けました")


def test_the_attribution_is_copied(page: Page, library: Library) -> None:
    page.goto(f"/ja/documents/{library.ids['notice']}")
    page.get_by_role("button", name="コピー").click()
    expect(page.get_by_role("button", name="コピーしました")).to_be_visible()


def test_the_way_of_a_law_is_told_in_english(page: Page, library: Library) -> None:
    page.goto(f"/en/documents/{library.ids['egov_laws-2025']}")
    expect(page.locator(".timeline")).to_contain_text("the stored bytes have the recorded hash")
    expect(page.get_by_role("link", name="law-2025.xml", exact=True)).to_be_visible()  # a copy from elsewhere
    shot(page, "provenance", whole=True)
    page.get_by_role("link", name="Compare").first.click()
    expect(page.locator("del b")).to_have_text("五")
    expect(page.locator("ins b")).to_have_text("十")
    shot(page, "diff")


def test_a_night_is_a_bar(page: Page) -> None:
    page.goto("/ja/runs")
    expect(page.locator("svg.plot").first.locator("rect")).to_have_count(1)
    expect(page.locator("svg.plot").nth(1)).to_contain_text("完了")
    shot(page, "runs")


def test_the_keyboard_reaches_the_content_first(page: Page) -> None:
    page.goto("/ja/sources")
    shot(page, "sources")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="本文へ移動")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("lang", ["ja", "en"])
def test_no_fault_of_accessibility(browser: Browser, address: str, library: Library, lang: str, scheme: str) -> None:
    context = opened(browser, address, color_scheme=scheme, viewport={"width": 390, "height": 800})
    page = context.new_page()
    notice, old, new = (library.ids[name] for name in ("notice", "egov_laws-2024", "egov_laws-2025"))
    paths = [
        "",
        "search?q=見守りは毎朝七時三十分から行う",
        f"documents/{notice}?start=0&end=9",
        f"documents/{new}",
        "runs",
    ]
    for path in [
        *paths,
        f"documents/{old}/diff/{new}",
        "sources",
        "removal",
        "documents/kurashi-aaaaaaaaaaaaaaaaaaaaaaaaaa",
    ]:
        page.goto(f"/{lang}/{path}")
        found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]})
        assert [
            (item["id"], item["impact"], item["nodes"][0]["html"]) for item in found.response["violations"]
        ] == [], path
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 390, f"{path} is wider than a telephone"
    context.close()
