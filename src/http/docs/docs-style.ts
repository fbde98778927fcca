/** Style sheet of the pages: one column, system fonts, light or dark as the system is set. */
export const DOCS_STYLE = `
:root {
  --paper: #fdfdfb; --ink: #1d2326; --faint: #5d676c; --line: #dfe3e1; --wash: #f2f4f1;
  --accent: #0b6e4f; --get: #1f6f43; --put: #8a5a00; --post: #1d5fa8; --patch: #6b4fa0; --delete: #a8322d;
  --mono: ui-monospace, "SF Mono", "Cascadia Code", Menlo, Consolas, monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14181a; --ink: #e4e8e6; --faint: #97a3a0; --line: #2b3235; --wash: #1c2225;
    --accent: #63c79f; --get: #6fcf97; --put: #e0ad58; --post: #7fb4ee; --patch: #b8a1e8; --delete: #ef8a84;
  }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; scroll-padding-top: 4rem; }
body {
  margin: 0 auto; padding: 3rem 1.25rem 6rem; max-width: 60rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.6 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
a { color: var(--accent); text-underline-offset: .15em; }
h1 { font-size: 2.1rem; line-height: 1.2; letter-spacing: -.02em; margin: 0 0 .25rem; }
h2 { font-size: 1.35rem; margin: 3rem 0 .25rem; letter-spacing: -.01em; }
h4 { font-size: .78rem; text-transform: uppercase; letter-spacing: .06em; color: var(--faint); margin: 1.5rem 0 .25rem; }
p { margin: .4rem 0 1rem; max-width: 44rem; }
.lead { font-size: 1.15rem; color: var(--faint); }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: 1.5rem 0 0; padding: .75rem 0; border-block: 1px solid var(--line); }
code { font: .9em var(--mono); background: var(--wash); padding: .1em .3em; border-radius: .25em; overflow-wrap: anywhere; }
pre { background: var(--wash); border: 1px solid var(--line); border-radius: .5rem; padding: .9rem 1rem; overflow-x: auto; margin: 1rem 0; }
pre code { background: none; padding: 0; font-size: .85rem; line-height: 1.55; overflow-wrap: normal; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
th, td { text-align: left; vertical-align: top; padding: .4rem 1rem .4rem 0; border-bottom: 1px solid var(--line); font-weight: 400; }
tr:last-child > * { border-bottom: 0; }
.members th { width: 17rem; }
.members th code { white-space: nowrap; }
.type { color: var(--faint); font-size: .88rem; }
.members .type { width: 13rem; }
.must { color: var(--delete); font-size: .72rem; }
.operation { border-bottom: 1px solid var(--line); }
.operation > summary, .inner > summary { cursor: pointer; list-style: none; }
.operation > summary::-webkit-details-marker, .inner > summary::-webkit-details-marker { display: none; }
.operation > summary { display: grid; grid-template-columns: 4.2rem minmax(0, 1fr); gap: 0 .75rem; padding: .7rem .25rem; align-items: baseline; }
.operation > summary:hover { background: var(--wash); }
.operation[open] > summary { background: var(--wash); }
.path { background: none; padding: 0; }
.what { grid-column: 2; color: var(--faint); font-size: .95rem; }
.method { font: 700 .74rem var(--mono); letter-spacing: .04em; }
.get { color: var(--get); } .put { color: var(--put); } .post { color: var(--post); } .patch { color: var(--patch); } .delete { color: var(--delete); }
.card { padding: .75rem .25rem 1.5rem; }
.answers { margin: .25rem 0; padding: 0; list-style: none; }
.answers b { display: inline-block; width: 3rem; font: 600 .85rem var(--mono); }
.inner > summary { color: var(--accent); font-size: .92rem; margin-top: .5rem; }
.inner > summary::before { content: "+ "; font-family: var(--mono); }
.inner[open] > summary::before { content: "\\2212 "; }
:target { background: var(--wash); }
footer { margin-top: 4rem; padding-top: 1rem; border-top: 1px solid var(--line); color: var(--faint); font-size: .9rem; }
@media (min-width: 46rem) {
  nav { position: sticky; top: 0; background: var(--paper); }
}
@media (max-width: 46rem) {
  body { padding-top: 1.5rem; }
  .operation > summary { grid-template-columns: 1fr; }
  .what { grid-column: 1; }
  .members { min-width: 40rem; }
}
`;
