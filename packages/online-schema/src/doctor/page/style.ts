import { Html } from './html';

/** The look of the page, light and dark. */
export const STYLE = new Html(`
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --ink: #1c2026; --soft: #5d6672; --line: #dfe3e8; --code: #f1f3f6;
  --critical: #b42318; --warning: #9a5b00; --notice: #2458b3; --good: #1f7a4d;
  --heap: #b4c0cf; --index: #3b6fd4; --unread: #d9822b; --broken: #b42318; --enforces: #6f7d8f;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14171b; --card: #1c2026; --ink: #e6e9ee; --soft: #9aa4b1; --line: #2f353d; --code: #252a31;
    --critical: #ff8a7d; --warning: #f0b35a; --notice: #8fb4ff; --good: #6fcf9f;
    --heap: #56616f; --index: #6e9bf5; --unread: #f0a04f; --broken: #ff8a7d; --enforces: #9aa4b1;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 32px 24px 64px; }
h1 { font-size: 26px; line-height: 1.2; margin: 0; letter-spacing: -0.01em; }
h2 { font-size: 18px; margin: 40px 0 12px; }
h3 { font-size: 15px; margin: 0; }
p { margin: 4px 0; }
.soft { color: var(--soft); }
.tiles { display: flex; flex-wrap: wrap; gap: 12px; margin-top: 20px; padding: 0; list-style: none; }
.tiles li { flex: 1 1 120px; background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 12px 16px; }
.tiles a { color: inherit; text-decoration: none; display: block; }
.tiles b { display: block; font-size: 28px; line-height: 1.2; font-variant-numeric: tabular-nums; }
.plots { columns: 2 440px; column-gap: 16px; }
.plots .card { break-inside: avoid; margin-bottom: 16px; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 16px 18px; min-width: 0; }
.card p { font-size: 13px; }
.card svg { display: block; width: 100%; height: auto; margin-top: 10px; }
svg text { font: 12px system-ui, -apple-system, "Segoe UI", sans-serif; fill: var(--ink); }
svg .small { font-size: 11px; fill: var(--soft); }
svg .end { text-anchor: end; } svg .middle { text-anchor: middle; }
svg .grid { stroke: var(--line); stroke-width: 1; }
.heap { fill: var(--heap); } .index { fill: var(--index); } .unread { fill: var(--unread); }
.broken { fill: var(--broken); } .enforces { fill: var(--enforces); } .track { fill: var(--code); }
circle { fill-opacity: 0.78; stroke: var(--card); stroke-width: 1; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 16px; font-size: 12px; color: var(--soft); margin-top: 6px; }
.legend svg { width: 10px; height: 10px; display: inline-block; margin: 0 5px 0 0; }
.critical { color: var(--critical); } .warning { color: var(--warning); } .notice { color: var(--notice); } .good { color: var(--good); }
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: 10px 16px; border-top: 1px solid var(--line); }
thead th { border-top: 0; font-size: 12px; font-weight: 600; color: var(--soft); }
td:first-child { width: 30%; min-width: 200px; overflow-wrap: anywhere; }
td .check { display: block; font-size: 12px; color: var(--soft); }
td .check code { font-size: 11px; background: var(--code); border-radius: 4px; padding: 1px 5px; white-space: nowrap; }
code, pre { font: 12.5px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
pre { background: var(--code); border-radius: 6px; padding: 8px 10px; margin: 8px 0 0; white-space: pre-wrap; overflow-wrap: anywhere; }
.change { margin-top: 8px; padding-left: 10px; border-left: 3px solid var(--notice); }
dl { display: flex; flex-wrap: wrap; gap: 2px 18px; margin: 6px 0 0; font-size: 12px; }
dl div { display: flex; gap: 6px; } dt { color: var(--soft); } dd { margin: 0; font-variant-numeric: tabular-nums; }
details { margin-top: 6px; font-size: 12px; } summary { cursor: pointer; color: var(--soft); }
@media (max-width: 640px) {
  main { padding: 20px 14px 40px; }
  thead { display: none; }
  td, td:first-child { display: block; width: auto; border-top: 0; padding: 0 14px 12px; }
  td:first-child { border-top: 1px solid var(--line); padding: 12px 14px 4px; }
  tr:first-child td:first-child { border-top: 0; }
}
@media print { body { background: none; } .card, .scroll, .tiles li { break-inside: avoid; } }
`);
