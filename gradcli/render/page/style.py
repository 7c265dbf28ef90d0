"""How a page looks: by day and by night, on a phone, on a wide screen, on paper."""

from __future__ import annotations

DAY = """
--ground:#ffffff;--panel:#f6f8fa;--text:#1f2328;--quiet:#59636e;--line:#d1d9e0;--stripe:#f6f8fa80;
--error:#a40e26;--error-ground:#ffebe9;--error-line:#cf222e;--warning:#7d4e00;--warning-ground:#fff8c5;
--warning-line:#9a6700;--note:#0550ae;--note-ground:#ddf4ff;--note-line:#0969da;--good:#116329;--mark:#ffd8d3;
--paper:#ffffff;--by-night:none;
"""
NIGHT = """
--ground:#0d1117;--panel:#151b23;--text:#f0f6fc;--quiet:#9198a1;--line:#3d444d;--stripe:#151b2380;
--error:#ff7b72;--error-ground:#25171c;--error-line:#f85149;--warning:#e3b341;--warning-ground:#272115;
--warning-line:#d29922;--note:#79c0ff;--note-ground:#121d2f;--note-line:#388bfd;--good:#56d364;--mark:#67060c;
--paper:#121212;--by-night:invert(.93) hue-rotate(180deg);
"""
RULES = """
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--ground);color:var(--text);font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,
'Noto Sans',sans-serif}
main,footer{max-width:72rem;margin:0 auto;padding:1rem clamp(1rem,4vw,2.5rem)}
code,pre,table,dd.number{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono',
monospace;unicode-bidi:isolate;direction:ltr;font-variant-ligatures:none}
h1{font-size:1.35rem;line-height:1.35;margin:.6rem 0 0;overflow-wrap:anywhere}
header .remark{margin:.1rem 0 1.2rem;color:var(--quiet)}
p{margin:.6rem 0;overflow-wrap:anywhere}
.quiet,.none,caption,dt,thead{color:var(--quiet)}
p.good,.good strong{color:var(--good)}
p.good code{color:var(--text)}
p.good{overflow-wrap:anywhere}
pre{margin:.6rem 0;font-size:.875rem;line-height:1.5;overflow-x:auto}
.verbatim{white-space:pre-wrap;overflow-wrap:anywhere;padding:.1rem 0 .1rem .9rem;border-left:3px solid var(--line)}
.drawn{line-height:1.2;padding:.8rem;border:1px solid var(--line);border-radius:6px}
.excerpt,.source{line-height:1.3}
.source .error{color:var(--error);font-weight:700}.source .warning{color:var(--warning);font-weight:700}
.source .note{color:var(--note)}
h2{font-size:1.1rem;margin:1.6rem 0 0}
figure.norms{padding:.8rem}
figure.norms>svg{display:block;width:100%;max-width:46rem;height:auto}
.gradcli-norms{--hue0:#0072b2;--hue1:#d55e00;--hue2:#007a5a;--hue3:#b0508c;--hue4:#1f2328;--hue5:#a87900}
.gradcli-norms text{font:12px system-ui,sans-serif;fill:var(--quiet)}
.gradcli-norms path{fill:none}
.gradcli-norms .grid{stroke:var(--line);stroke-width:.7}.gradcli-norms .axis{stroke:var(--quiet)}
.gradcli-norms .curve{stroke-width:1.8;stroke-linejoin:round}.gradcli-norms .dashed .curve{stroke-dasharray:6 3}
.gradcli-norms .band{fill:var(--line);opacity:.7}
.gradcli-norms path.broke{stroke:var(--error-line);stroke-width:1.5;stroke-dasharray:2 3}
.gradcli-norms text.broke{fill:var(--error);font-weight:700}
.hue0{stroke:var(--hue0);fill:var(--hue0)}.hue1{stroke:var(--hue1);fill:var(--hue1)}
.hue2{stroke:var(--hue2);fill:var(--hue2)}.hue3{stroke:var(--hue3);fill:var(--hue3)}
.hue4{stroke:var(--hue4);fill:var(--hue4)}.hue5{stroke:var(--hue5);fill:var(--hue5)}
.key{list-style:none;display:flex;flex-wrap:wrap;gap:.2rem 1.4rem;margin:.6rem 0 0;padding:0;font-size:.875rem}
.key li{overflow-wrap:anywhere}
.key svg{display:inline-block;width:26px;height:8px}
figcaption .quiet{font-size:.875rem;margin:.4rem 0 0}
@media (prefers-color-scheme:dark){.gradcli-norms{--hue0:#56b4e9;--hue1:#f0803c;--hue2:#2fbf94;--hue3:#e08bc0;
--hue4:#f0f6fc;--hue5:#e6c229}}
.finding>:first-child{margin-top:.2rem}.finding>:last-child{margin-bottom:.2rem}
.place{display:inline-flex;flex-direction:column;vertical-align:top}
mark{background:var(--mark);color:inherit;font-weight:700;border-radius:2px;white-space:pre}
.carets{line-height:.9;font-weight:700;user-select:none;overflow:hidden;max-width:100%}
.finding{margin:1rem 0;padding:.5rem 1rem;border-left:4px solid;border-radius:0 6px 6px 0}
.finding.error{background:var(--error-ground);border-color:var(--error-line)}
.finding.warning{background:var(--warning-ground);border-color:var(--warning-line)}
.finding.note{background:var(--note-ground);border-color:var(--note-line)}
.finding.error strong:first-child,.error .carets{color:var(--error)}
.finding.warning>p.warning strong,.warning .carets{color:var(--warning)}
.finding.note>p.note strong,.note .carets{color:var(--note)}
.warning mark{background:var(--warning-ground);box-shadow:inset 0 -.12em var(--warning-line)}
.note mark{background:var(--note-ground);box-shadow:inset 0 -.12em var(--note-line)}
.finding .good strong{color:var(--good)}
.table{overflow:auto;margin:1rem 0 .6rem;border:1px solid var(--line);border-radius:6px;
width:fit-content;max-width:100%}
table{border-collapse:separate;border-spacing:0;font-size:.875rem}
caption{text-align:left;padding:.45rem .8rem;font-family:system-ui,sans-serif;font-weight:600}
th,td{padding:.3rem .8rem;text-align:left;vertical-align:top;white-space:pre;unicode-bidi:isolate}
th{position:sticky;top:0;background:var(--panel);border-bottom:1px solid var(--line);font-weight:600}
tbody tr:nth-child(even) td{background:var(--stripe)}
td.prose{white-space:pre-wrap;min-width:16rem}
.number{text-align:right}
td.number{padding-right:calc(.8rem + var(--behind,0)*1ch)}
.facts{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.15rem 1.2rem;margin:1rem 0;
align-items:baseline}
.facts dd{margin:0;overflow-wrap:anywhere}
.facts dd.number{text-align:left;font-size:.9rem}
figure{margin:1rem 0;overflow:auto;border:1px solid var(--line);border-radius:6px}
figure.graph{max-height:max(40rem,90vh)}
.finding figure.graph{position:relative;background:var(--ground)}
.first-seen{position:absolute;width:1px;height:1px;scroll-initial-target:nearest}
figure svg{display:block;margin:0 auto}
figure.curves{background:var(--paper)}figure.field{background:#fff}
figure.curves:not(.field)>svg{filter:var(--by-night)}
figure.curves svg{width:100%;height:auto;max-width:38rem}
footer{border-top:1px solid var(--line);margin-top:2rem;font-size:.875rem;color:var(--quiet)}
footer dl{display:flex;flex-wrap:wrap;gap:.2rem 1.4rem;margin:0}
footer dl div{display:flex;gap:.4rem}
footer dd{margin:0;color:var(--text)}
@media (max-width:40rem){
body{font-size:15px}
.gradcli-norms text{font-size:18px}
figure.norms{padding:.4rem}
.facts{grid-template-columns:1fr;gap:0}
.facts dd{margin:0 0 .5rem}
th,td{padding:.3rem .55rem}
td.number{padding-right:calc(.55rem + var(--behind,0)*1ch)}
}
@media print{
body{font-size:10pt}
.table,figure,pre{overflow:visible;max-height:none}
th{position:static}
tr,.finding,figure{break-inside:avoid}
thead{display:table-header-group}
figure svg{max-width:100%;height:auto}
}
"""

STYLE = f":root{{color-scheme:light dark;{DAY}}}@media (prefers-color-scheme:dark){{:root{{{NIGHT}}}}}{RULES}".replace(
    "\n", ""
)
