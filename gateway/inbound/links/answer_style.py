"""The style of the pages behind a link: from 320 px to wide, at twice the size of the text. Every text keeps 4.5:1."""

STYLE = """
* { box-sizing: border-box; }
html { font: 106.25%/1.5 system-ui, "Segoe UI", "Liberation Sans", Roboto, Arial, sans-serif; color: #1b1d22; }
body { margin: 0; background: #f4f4f0; overflow-wrap: anywhere; }
header, main { max-width: 44rem; margin: 0 auto; padding: 1rem clamp(1rem, 4vw, 2.5rem); background: #fff; }
header { border-bottom: 1px solid #c9ccd3; color: #50555e; font-size: .9rem; }
main { padding-bottom: 2.5rem; }
h1, h2, p, ul, dl, dd, fieldset { margin: 0; padding: 0; }
h1 { font-size: 1.6rem; line-height: 1.2; color: #1d3480; margin: .4rem 0 .8rem; }
h2 { font-size: 1.2rem; line-height: 1.3; color: #1d3480; margin: 1.8rem 0 .6rem; }
p { margin-bottom: .8rem; }
header p { margin: 0; }
dl { border: 1px solid #d9dbe0; border-radius: 8px; padding: .8rem 1rem; margin: 1rem 0; }
dt { color: #50555e; font-size: .9rem; }
dd { font-weight: 600; margin-bottom: .55rem; }
dd:last-child { margin-bottom: 0; }
.texte { white-space: pre-line; }
.cite { border-left: 4px solid #8b8f97; padding: .2rem .9rem; }
.discret { color: #50555e; font-size: .9rem; }
fieldset { border: 0; min-width: 0; margin: 0 0 1.4rem; }
legend, .champ label { font-weight: 600; padding: 0; margin-bottom: .35rem; display: block; }
.champ { margin-bottom: 1.4rem; }
.champ .discret { margin-bottom: .35rem; }
.case {
  display: grid; grid-template-columns: 1.6rem minmax(0, 1fr); column-gap: .6rem; align-items: center;
  min-height: 2.75rem;
}
.case label { padding: .45rem 0; }
.case .discret { grid-column: 2; margin: -.35rem 0 .3rem; }
input { width: 1.4rem; height: 1.4rem; margin: 0; accent-color: #1d3480; }
textarea {
  font: inherit; color: inherit; width: 100%; padding: .5rem .7rem; border: 1px solid #6a6f78; border-radius: 4px;
}
button {
  font: inherit; font-weight: 600; min-height: 3rem; padding: .6rem 1.6rem; cursor: pointer;
  border: 2px solid #1d3480; border-radius: 4px; background: #1d3480; color: #fff;
}
button:hover { background: #142560; }
a { color: #1d3480; }
:focus-visible { outline: 3px solid #b35900; outline-offset: 2px; }
.faux { border-left: 4px solid #a3162a; padding-left: .9rem; }
.faux textarea { border-color: #a3162a; }
.erreur { color: #a3162a; font-weight: 600; margin-bottom: .35rem; }
.alerte {
  border: 2px solid #a3162a; border-radius: 8px; padding: .8rem 1rem; margin-bottom: 1.2rem; background: #fdf4f5;
}
.alerte p { margin-bottom: .4rem; }
.alerte ul { padding-left: 1.2rem; }
.alerte a { color: #8a1022; }
@media (max-width: 26rem) { button { width: 100%; } }
"""
