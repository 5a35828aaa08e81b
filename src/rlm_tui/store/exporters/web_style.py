"""How an exported page looks, in light and in dark."""

from __future__ import annotations

STYLE = """
:root { color-scheme: light dark; --ink: #1f2328; --paper: #ffffff; --soft: #f4f5f7; --line: #d0d4da;
  --faint: #667080; --good: #1a7f37; --bad: #c62828; --accent: #8a5a00; --plan: #4c78d0; --cell:
  #3a9d5d; --call: #9a5fd0; --tool: #c08a2d; --rlm: #c2508c; --held: #d08a00; --wait: #9aa3b2; }
@media (prefers-color-scheme: dark) { :root { --ink: #d7dae0; --paper: #1b1d27; --soft: #232634; --line:
  #3a3f52; --faint: #8f97a8; --good: #7fc98a; --bad: #f07f86; --accent: #dfae67; --plan: #7aa2f7;
  --cell: #73c991; --call: #bb9af7; --tool: #e0af68; --rlm: #f28fc4; --held: #ffc04d; --wait: #5d667a; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.2rem; max-width: 70rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; margin: 0 0 .5rem; }
h2 { font-size: 1.1rem; margin: 1.6rem 0 .4rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: 0; }
dt { color: var(--faint); }
dd { margin: 0; }
details { border: 1px solid var(--line); border-radius: 6px; margin: .4rem 0; }
details > :not(summary) { margin-left: .8rem; margin-right: .8rem; }
summary { cursor: pointer; padding: .35rem .8rem; display: flex; gap: .7rem; align-items: baseline; }
summary::marker { content: ""; }
summary b { min-width: 2rem; }
summary .title { flex: 1; }
summary .facts { color: var(--faint); font-size: .85em; white-space: nowrap; }
details details { font-size: .95em; }
pre { background: var(--soft); border-radius: 4px; padding: .6rem .8rem; margin: .5rem 0; overflow:
  auto; max-height: 40rem; white-space: pre-wrap; font: 13px/1.45 ui-monospace, monospace; }
pre.output { background: none; border-left: 3px solid var(--line); border-radius: 0; }
.reasoning { font-style: italic; color: var(--faint); white-space: pre-wrap; margin-block: .5rem; }
.good { color: var(--good); }
.bad { color: var(--bad); }
.person { color: var(--accent); }
.faint { color: var(--faint); }
ul { columns: 22rem; margin: .3rem 0; } li { break-inside: avoid; }
svg.timeline { width: 100%; height: auto; font: 9px system-ui, sans-serif; }
.timeline text { fill: var(--ink); }
.timeline .axis { fill: var(--faint); }
.timeline line { stroke: var(--line); }
.timeline rect, .spent i, .key i { fill: var(--wait); background: var(--wait); }
rect.plan, i.plan { fill: var(--plan); background: var(--plan); }
rect.cell, i.cell { fill: var(--cell); background: var(--cell); }
rect.call, i.call, rect.batch { fill: var(--call); background: var(--call); }
rect.tool, i.tool { fill: var(--tool); background: var(--tool); }
rect.rlm, i.rlm { fill: var(--rlm); background: var(--rlm); }
rect.held, i.held { fill: var(--held); background: var(--held); }
i.other { background: none; border: 1px solid var(--wait); }
rect.failed, i.failed { fill: var(--bad); background: var(--bad); }
.spent { display: flex; height: 1rem; border-radius: 4px; overflow: hidden; margin: .4rem 0; }
.spent i { display: block; }
.key { font-size: .85em; color: var(--faint); display: flex; flex-wrap: wrap; gap: .1rem 1rem; }
.key i { display: inline-block; width: .8em; height: .8em; border-radius: 2px; margin-right: .3em; }
@media (max-width: 40rem) { body { padding: .6rem; } summary { flex-wrap: wrap; } dl {
  grid-template-columns: 1fr; } }
"""
