"""Pages in a real browser: what is on the page is seen, and the browser has nothing to complain about."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from answers_by_hand import RETAIN_DEMO, SOFTMAX
from each import each
from fields_by_hand import SADDLE
from results_by_hand import MATRICES, SIGMOID
from traces_by_hand import MASKED, RAISED, hostile
from watch_by_hand import FINDING, WATCHED

from gradcli.render import page
from gradcli.render.drawings import svg
from gradcli.render.view import Answer, View

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(BROWSER is None, reason="needs chromium or google-chrome on the PATH")

WIDE, NARROW = 1280, 400

PAGES: dict[str, Answer] = {
    "sigmoid": SIGMOID,
    "field": SADDLE,
    "matrices": MATRICES,
    "softmax": SOFTMAX,
    "retain-demo": RETAIN_DEMO,
    "trace": MASKED,
    "raised": RAISED,
    "hostile": hostile(),
    "watch": WATCHED,
}
BOXES = {"trace": MASKED.steps, "raised": RAISED.steps, "hostile": hostile().steps, "watch": FINDING.nearby}
"""What the graph of each page that has one has a box for."""

PROBE = """
<script>
const look = page => {
  const boxes = selector => [...page.querySelectorAll(selector)].map(element => {
    const box = element.getBoundingClientRect();
    return [box.left, box.top, box.width, box.height];
  });
  const colours = selector => [...page.querySelectorAll(selector)].map(element => getComputedStyle(element).fill);
  return {
    overflow: page.documentElement.scrollWidth - page.documentElement.clientWidth,
    ground: getComputedStyle(page.body).backgroundColor,
    table: boxes('table'), 'td.number': boxes('td.number'), svg: boxes('svg'), section: boxes('section'),
    mark: boxes('mark'), '.carets': boxes('.carets'), footer: boxes('footer'),
    rectangles: boxes('svg .box rect'), texts: boxes('svg .box text'),
    born: colours('svg .born rect'), plain: colours('svg .operation:not(.born,.found,.raised) rect'),
    scripts: page.querySelectorAll('script:not([type="application/json"])').length,
    schema: JSON.parse(page.getElementById('gradcli-result').textContent).schema,
  };
};
window.addEventListener('load', () => {
  const answer = document.createElement('pre');
  answer.id = 'seen';
  const frames = [...document.querySelectorAll('iframe')];
  answer.textContent = JSON.stringify(Object.fromEntries(frames.map(it => [it.name, look(it.contentDocument)])));
  document.body.append(answer);
});
</script>
"""
"""Around the pages only: in the pages themselves no script would run."""

Seen = dict[str, dict[str, Any]]


def browse(address: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A browser without a window, a network or a memory of earlier runs."""
    assert BROWSER is not None
    command = [
        BROWSER,
        *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
        *("--disable-background-networking", "--disable-component-update", "--enable-logging=stderr", "--v=0"),
        *("--allow-file-access-from-files", "--virtual-time-budget=5000", f"--user-data-dir={folder / 'profile'}"),
        *arguments,
        address.as_uri(),
    ]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def look(folder: Path, *, dark: bool) -> Seen:
    """Where the browser has put the parts of each page, in a frame as wide as a window would be."""
    frames = []
    for name, answer in PAGES.items():
        (folder / f"{name}.html").write_text(page.text(answer, View()), encoding="utf-8")
        frames += [
            f'<iframe name="{name} {width}" src="{name}.html" style="width:{width}px;height:900px;border:0"></iframe>'
            for width in (WIDE, NARROW)
        ]
    around = folder / "around.html"
    around.write_text(f"<!DOCTYPE html><body>{''.join(frames)}{PROBE}", encoding="utf-8")
    done = browse(around, folder, "--dump-dom", f"--blink-settings=preferredColorScheme={0 if dark else 1}")
    assert [line for line in done.stderr.splitlines() if "CONSOLE" in line] == []
    found = re.search(r'<pre id="seen">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found is not None, done.stderr[-2000:]
    answered: Seen = json.loads(html.unescape(found[1]))
    return answered


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    return look(tmp_path_factory.mktemp("day"), dark=False)


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    return look(tmp_path_factory.mktemp("night"), dark=True)


@each("width", [WIDE, NARROW])
@each("name", PAGES)
def test_everything_on_the_page_has_room_on_the_screen(name: str, width: int, day: Seen):
    places = day[f"{name} {width}"]
    for kind in ("table", "td.number", "svg", "section", "mark", ".carets", "footer", "rectangles", "texts"):
        assert all(w > 0 and h > 0 for _, _, w, h in places[kind]), kind
    assert len(places["footer"]) == 1
    assert places["table"] or name == "watch"


@pytest.mark.parametrize("name", PAGES)
def test_a_graph_is_seen_with_all_its_boxes(name: str, day: Seen):
    assert len(day[f"{name} {WIDE}"]["rectangles"]) == len(BOXES.get(name, ()))


@pytest.mark.parametrize("name", PAGES)
def test_only_the_data_of_the_page_is_in_a_script(name: str, day: Seen):
    places = day[f"{name} {WIDE}"]
    assert places["scripts"] == 0
    assert places["schema"] == f"gradcli/{getattr(PAGES[name], 'kind', 'error')}/1"


@pytest.mark.parametrize("name", PAGES)
def test_a_phone_scrolls_wide_tables_and_not_the_page(name: str, day: Seen):
    assert day[f"{name} {NARROW}"]["overflow"] == 0


def test_a_page_is_light_by_day_and_dark_by_night(day: Seen, night: Seen):
    assert {places["ground"] for places in day.values()} == {"rgb(255, 255, 255)"}
    assert {places["ground"] for places in night.values()} == {"rgb(13, 17, 23)"}


@pytest.mark.parametrize("time", ["day", "night"])
def test_the_birthplace_is_red_and_a_plain_step_is_not(time: str, request: pytest.FixtureRequest):
    places = request.getfixturevalue(time)[f"trace {WIDE}"]

    def redness(colour: str) -> int:
        red, green, blue = map(int, re.findall(r"\d+", colour))
        return red - max(green, blue)

    (born,), (plain,) = places["born"], places["plain"]
    assert redness(born) >= 20
    assert redness(plain) <= 0


def test_carets_stand_below_the_place_and_are_as_wide(day: Seen):
    places = day[f"trace {WIDE}"]
    (mark,), (carets,) = places["mark"], places[".carets"]
    assert carets[0] == pytest.approx(mark[0], abs=1)
    assert carets[2] == pytest.approx(mark[2], abs=2)
    assert carets[1] > mark[1]


@pytest.mark.parametrize("name", BOXES)
def test_the_texts_of_a_graph_lie_within_its_boxes(name: str, day: Seen):
    places = day[f"{name} {WIDE}"]
    assert places["texts"]
    for left, top, width, height in places["texts"]:
        assert any(
            x <= left and left + width <= x + w and y <= top and top + height <= y + h
            for x, y, w, h in places["rectangles"]
        )


def test_a_picture_alone_is_drawn_light_by_day_and_dark_by_night(tmp_path: Path):
    path = tmp_path / "graph.svg"
    path.write_text(svg.text(MASKED, View()), encoding="utf-8")
    shots = []
    for scheme in (0, 1):
        shot = tmp_path / f"{scheme}.png"
        browse(path, tmp_path, f"--screenshot={shot}", f"--blink-settings=preferredColorScheme={scheme}")
        shots.append(shot.read_bytes())
    assert all(shot.startswith(b"\x89PNG") for shot in shots)
    assert shots[0] != shots[1]


@pytest.mark.parametrize("allowed", [True, False])
def test_the_colours_of_a_field_are_seen_because_the_policy_allows_them(tmp_path: Path, allowed: bool):
    imread = pytest.importorskip("matplotlib.image").imread
    text = page.text(SADDLE, View())
    assert text.count("; img-src data:") == 1
    path = tmp_path / "field.html"
    path.write_text(text if allowed else text.replace("; img-src data:", ""), encoding="utf-8")
    done = browse(path, tmp_path, f"--screenshot={tmp_path / 'shot.png'}", "--window-size=1280,1600")
    assert any("CONSOLE" in line for line in done.stderr.splitlines()) == (not allowed)
    shown = imread(tmp_path / "shot.png")[..., :3]
    colourful = (shown.max(axis=-1) - shown.min(axis=-1) > 0.2).mean()
    assert (colourful > 0.05) == allowed, colourful
