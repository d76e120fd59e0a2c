"""The style of the page of the feuille de route: from 320 px to wide, and A4. Every text keeps 4.5:1 on its ground."""

from gateway.balises import csp

STYLE = """
@page { size: A4; margin: 16mm 15mm; }
* { box-sizing: border-box; }
html { font: 100%/1.5 system-ui, "Segoe UI", "Liberation Sans", Roboto, Arial, sans-serif; color: #1b1d22; }
body { margin: 0; background: #f4f4f0; overflow-wrap: anywhere; }
.page { max-width: 48rem; margin: 0 auto; padding: 1.25rem clamp(1rem, 4vw, 2.5rem) 2rem; background: #fff; }
h1, h2, h3, p, ul, dl, dd { margin: 0; padding: 0; }
h1 { font-size: 1.75rem; line-height: 1.15; letter-spacing: -.015em; color: #1d3480; }
h2 {
  font-size: 1.15rem; line-height: 1.25; color: #1d3480; border-bottom: 2px solid #1d3480;
  padding-bottom: .2rem; margin: 1.75rem 0 .7rem;
}
h3 { font-size: 1rem; line-height: 1.35; }
ul { list-style: none; }
header { border-bottom: 1px solid #c9ccd3; padding-bottom: .9rem; }
header p, .discret, dt { color: #50555e; font-size: .9rem; }
.nom {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 14rem), 1fr)); gap: .3rem 1.5rem;
  margin-top: .9rem;
}
.nom span { border-bottom: 1px dotted #8b8f97; padding-top: .55rem; color: #50555e; font-size: .9rem; }
.bloc { border: 1px solid #d9dbe0; border-radius: 8px; padding: .65rem .9rem; margin-bottom: .6rem; }
.bloc > * + *, .suite > * + * { margin-top: .2rem; }
.dates > li, .actions > li {
  display: grid; grid-template-columns: minmax(0, 12.5rem) minmax(0, 1fr); gap: 0 1.1rem; padding: .42rem 0;
  border-bottom: 1px solid #e4e5e9;
}
.dates > li:last-child, .actions > li:last-child { border-bottom: 0; padding-bottom: 0; }
.actions { margin-top: .35rem; }
.actions > li { grid-template-columns: minmax(0, 1fr) auto; align-items: baseline; }
time { font-variant-numeric: tabular-nums; }
.dates time { font-weight: 600; }
.texte { white-space: pre-line; }
.etat {
  display: inline-block; font-size: .82rem; font-weight: 600; line-height: 1.35;
  border: 1px solid currentColor; border-radius: 99px; padding: .03rem .55rem; color: #50555e;
  white-space: nowrap;
}
.etat.fait { color: #15663b; }
.etat.retard { color: #a3162a; }
.titre { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: baseline; gap: .15rem .8rem; }
.faits { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 13rem), 1fr)); gap: .35rem 1.2rem; }
.faits + .deux { margin-top: .55rem; }
.deux { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 17rem), 1fr)); gap: .4rem 1.5rem; }
.deux li { padding: .2rem 0; }
.vide { color: #50555e; font-style: italic; }
.alerte { border-left: 4px solid #a3162a; padding: .4rem .8rem; margin-top: .9rem; background: #fbeef0; }
footer { margin-top: 2rem; padding-top: .7rem; border-top: 1px solid #c9ccd3; color: #50555e; font-size: .85rem; }
@media (max-width: 30rem) {
  .dates > li { grid-template-columns: minmax(0, 1fr); }
  .actions > li { grid-template-columns: minmax(0, 1fr); }
  .etat { justify-self: start; }
}
@media print {
  html { font-size: 10pt; }
  body, .page { background: #fff; }
  .page { max-width: none; padding: 0; }
  .bloc, .dates > li, .actions > li { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
}
"""
CSP = csp(STYLE, "'none'")
