/** Of a report: everything it looks like, for light, dark and paper. Contrasts are 4.5 to 1 or better in each. */
export const reportStyle = `
:root { color-scheme: light dark; --ground: #f6f7f9; --card: #fff; --text: #1b2330; --soft: #5a6575; --line: #dfe3e9;
  --good: #1a7f37; --bad: #c5221f; --odd: #8a5a00; --calm: #5a6575; --link: #0b57d0; --code: #f1f3f6; }
@media (prefers-color-scheme: dark) { :root { --ground: #11151b; --card: #191f28; --text: #e4e8ee; --soft: #9aa6b6;
  --line: #2d3643; --good: #4cc26b; --bad: #ff7b72; --odd: #e0a63a; --calm: #9aa6b6; --link: #8ab4f8; --code: #10141a; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1040px; margin: 0 auto; padding: 32px 20px 64px; }
h1 { margin: 0; font-size: 26px; line-height: 1.25; overflow-wrap: anywhere; }
h2 { margin: 40px 0 12px; font-size: 18px; }
p { margin: 6px 0; }
a { color: var(--link); }
.soft, dt, .note { color: var(--soft); }
.good { color: var(--good); } .bad { color: var(--bad); } .odd { color: var(--odd); } .calm { color: var(--calm); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.verdict { margin-top: 20px; padding: 18px 20px; border-left: 6px solid currentColor; }
.verdict strong { font-size: 20px; } .verdict p { color: var(--text); }
dl { display: flex; flex-wrap: wrap; gap: 8px 32px; margin: 16px 0 0; } dt { font-size: 13px; } dd { margin: 0; overflow-wrap: anywhere; }
.bar { display: flex; height: 10px; gap: 2px; margin: 20px 0 12px; border-radius: 5px; overflow: hidden; }
.bar i { min-width: 3px; background: currentColor; }
.counts { display: flex; flex-wrap: wrap; gap: 4px 24px; padding: 0; margin: 0; list-style: none; }
.counts b { font-size: 20px; font-variant-numeric: tabular-nums; }
.failure { margin: 0 0 10px; padding: 12px 16px; color: inherit; border-left: 4px solid var(--bad); }
.failure.odd { border-left-color: var(--odd); } .failure[open] .gist { display: none; } .gist { font: 13px/1.45 ui-monospace, monospace; overflow-wrap: anywhere; }
.failure summary { cursor: pointer; } .failure summary::marker { color: var(--soft); }
.name { font-weight: 600; overflow-wrap: anywhere; } .where { font-size: 13px; color: var(--soft); overflow-wrap: anywhere; }
pre { margin: 8px 0 0; padding: 10px 12px; border-radius: 6px; background: var(--code); overflow-x: auto;
  font: 13px/1.45 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
table { width: 100%; border-collapse: collapse; font-size: 14px; }
th, td { padding: 8px 12px; border-top: 1px solid var(--line); text-align: left; vertical-align: top; overflow-wrap: anywhere; }
td a { overflow-wrap: normal; }
thead th { border-top: 0; color: var(--soft); font-size: 13px; font-weight: 500; overflow-wrap: normal; }
tbody th { font-weight: 400; }
td.fixed, th.fixed { white-space: nowrap; overflow-wrap: normal; } .number { text-align: right; font-variant-numeric: tabular-nums; }
tr.inner th { padding-left: 36px; color: var(--soft); }
.wide { overflow-x: auto; }
footer { margin-top: 48px; font-size: 13px; color: var(--soft); }
@media print { body { background: none; font-size: 12px; } main { max-width: none; padding: 0; } .card { border-radius: 0; }
  .failure, tr { break-inside: avoid; } details::details-content { content-visibility: visible; block-size: auto; }
  a { color: inherit; } .bar i, .verdict { print-color-adjust: exact; } }
`;
