"""What an SVG of ours is written with: text in which nothing is markup, and its colours by day and by night."""

from __future__ import annotations

DAY = {
    "ground": "#ffffff",
    "text": "#1f2328",
    "quiet": "#59636e",
    "line": "#818b98",
    "operation": "#f6f8fa",
    "input": "#ddf4ff",
    "input-line": "#0969da",
    "output": "#dafbe1",
    "output-line": "#1a7f37",
    "found": "#fff8c5",
    "found-line": "#9a6700",
    "found-text": "#7d4e00",
    "born": "#ffebe9",
    "born-line": "#cf222e",
    "born-text": "#a40e26",
    "note-text": "#0550ae",
}
_NIGHT = {
    "ground": "#0d1117",
    "text": "#f0f6fc",
    "quiet": "#9198a1",
    "line": "#656c76",
    "operation": "#151b23",
    "input": "#0c2340",
    "input-line": "#388bfd",
    "output": "#0b2a16",
    "output-line": "#3fb950",
    "found": "#2c2200",
    "found-line": "#d29922",
    "found-text": "#e3b341",
    "born": "#3a1115",
    "born-line": "#f85149",
    "born-text": "#ff7b72",
    "note-text": "#79c0ff",
}
_RULES = (
    ("ground", "fill", "ground"),
    ("text", "fill", "text"),
    (".quiet", "fill", "quiet"),
    (".error,.remark", "fill", "born-text"),
    (".warning,.found .remark", "fill", "found-text"),
    (".note", "fill", "note-text"),
    (".box rect", "fill", "operation"),
    (".box rect", "stroke", "line"),
    (".input rect", "fill", "input"),
    (".input rect", "stroke", "input-line"),
    (".output rect", "fill", "output"),
    (".output rect", "stroke", "output-line"),
    (".found rect", "fill", "found"),
    (".found rect", "stroke", "found-line"),
    (".born rect,.raised rect", "fill", "born"),
    (".born rect,.raised rect", "stroke", "born-line"),
    (".line", "stroke", "line"),
    (".head", "fill", "line"),
    (".spreads .line", "stroke", "born-line"),
    (".spreads .head", "fill", "born-line"),
)
"""Which colour goes where. Each selector is confined to our own picture: a style within a page holds for all of it."""


def _rules(colours: dict[str, str]) -> str:
    return "".join(f"{_ours(selector)}{{{name}:{colours[role]}}}" for selector, name, role in _RULES)


def _ours(selector: str) -> str:
    parts = (part if part.startswith((".", "text")) else f".{part}" for part in selector.split(","))
    return ",".join(f".gradcli-graph {part}" for part in parts)


STYLE = (
    ".gradcli-graph text{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono',"
    "monospace;white-space:pre}"
    ".gradcli-graph .heading,.gradcli-graph .name,.gradcli-graph .remark{font-weight:700}"
    ".gradcli-graph .line{fill:none;stroke-width:1.4}.gradcli-graph .spreads .line{stroke-width:2.4}"
    ".gradcli-graph rect{stroke-width:1.2}.gradcli-graph .ground{stroke:none}"
    ".gradcli-graph .output rect,.gradcli-graph .found rect{stroke-width:2}"
    ".gradcli-graph .born rect,.gradcli-graph .raised rect{stroke-width:2.6}"
    ".gradcli-graph .raised rect{stroke-dasharray:7 4}"
    f"{_rules(DAY)}@media (prefers-color-scheme:dark){{{_rules(_NIGHT)}}}"
)
