"""How a long rubric feels in a browser: opening it, scrolling, typing, going from row to row.

A headless Chromium without a GPU shows the page that the web process of `manage.py serve`
sends. The database is not asked here: Playwright's loop runs in this thread.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from _common import Figure, figure, median
from playwright.sync_api import Page, sync_playwright

KEYS = 20
WHEEL = 400
SLOW_FRAME_MS = 50
# From the press of a key to the frame that shows it: the task behind the next frame's work.
WATCH = """
window.bench = { tasks: [], frames: [], keys: [], frame: 0 };
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) bench.tasks.push(entry.duration);
}).observe({ type: "longtask", buffered: true });
addEventListener("keydown", (event) => {
  requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => bench.keys.push(performance.now() - event.timeStamp);
    port2.postMessage(null);
  });
}, true);
bench.watchFrames = () => {
  let last = performance.now();
  const next = (now) => {
    bench.frames.push(now - last);
    last = now;
    bench.frame = requestAnimationFrame(next);
  };
  bench.frame = requestAnimationFrame(next);
};
bench.atEnd = () => scrollY + innerHeight >= document.documentElement.scrollHeight - 2;
"""
NEXT_FRAME = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
SIZE = """() => {
  const [page] = performance.getEntriesByType("navigation");
  const [seen] = performance.getEntriesByName("first-contentful-paint");
  const sizes = [page.decodedBodySize, page.encodedBodySize].map((bytes) => bytes / 1024);
  return [...sizes, seen?.startTime ?? page.duration];
}"""


def feel(
    chromium: str, port: int, cookie: Mapping[str, str], pages: Mapping[str, str]
) -> list[Figure]:
    """The figures of each page (name to path) for a person with this session cookie."""
    found: list[Figure] = []
    with _browser(chromium) as browser:
        for name, path in pages.items():
            context = browser.new_context(viewport={"width": 1440, "height": 900})
            url = f"http://127.0.0.1:{port}"
            context.add_cookies([{**cookie, "url": url}])
            context.add_init_script(WATCH)
            page = context.new_page()
            page.goto(url + path, wait_until="networkidle")
            found += _figures(page, name)
            context.close()
    return found


@contextmanager
def _browser(chromium: str) -> Iterator[Any]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--disable-background-networking", "--disable-gpu"],
        )
        yield browser
        browser.close()


def _figures(page: Page, name: str) -> list[Figure]:
    raw, sent, paint = page.evaluate(SIZE)
    tasks = page.evaluate("bench.tasks")
    frames = _scrolled(page)
    typed, gone = _typed(page), _gone(page)
    return [
        figure(f"{name}: the page", raw, unit="KiB"),
        figure(f"{name}: the page as it is sent", sent, unit="KiB"),
        figure(f"{name}: until something is seen", paint, unit="ms"),
        figure(f"{name}: long tasks while it opens", sum(tasks), unit="ms"),
        figure(f"{name}: the longest of them", max(tasks, default=0), unit="ms"),
        figure(f"{name}: frames while it scrolls", len(frames), unit="frames"),
        figure(
            f"{name}: those over {SLOW_FRAME_MS} ms",
            sum(f > SLOW_FRAME_MS for f in frames),
            unit="frames",
        ),
        figure(f"{name}: the longest frame", max(frames), unit="ms"),
        figure(f"{name}: a key typed in a row, to the next paint", median(typed), unit="ms"),
        figure(f"{name}: the slowest of {KEYS}", max(typed), unit="ms"),
        figure(f"{name}: an arrow to the next row, to the next paint", median(gone), unit="ms"),
        figure(f"{name}: the slowest of {KEYS} arrows", max(gone), unit="ms"),
    ]


def _scrolled(page: Page) -> list[float]:
    """Milliseconds of each frame while the wheel turns from the top to the end."""
    page.mouse.move(500, 500)
    page.evaluate("bench.watchFrames()")
    while not page.evaluate("bench.atEnd()"):
        page.mouse.wheel(0, WHEEL)
        page.evaluate(NEXT_FRAME)
    return list(page.evaluate("(cancelAnimationFrame(bench.frame), bench.frames)"))


def _typed(page: Page) -> list[float]:
    """Letters at the end of the text in the middle of the page."""
    texts = page.locator("[data-row-text]")
    texts.nth(texts.count() // 2).focus()
    page.keyboard.press("Control+End")
    return _pressed(page, "a")


def _gone(page: Page) -> list[float]:
    """From there up, row by row: the cursor stands at the beginning of each."""
    page.keyboard.press("Control+Home")
    return _pressed(page, "ArrowUp")


def _pressed(page: Page, key: str) -> list[float]:
    page.evaluate(NEXT_FRAME)
    page.evaluate("bench.keys = []")
    for _ in range(KEYS):
        page.keyboard.press(key)
        page.evaluate(NEXT_FRAME)
    return list(page.evaluate("bench.keys"))
