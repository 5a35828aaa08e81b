"""How an exported page looks: in light and in dark, on a screen of any width, and on paper."""

from __future__ import annotations

STYLE = """
:root { color-scheme: light dark; --ink: #1f2328; --paper: #ffffff; --soft: #f4f5f7; --line: #d0d4da;
  --faint: #5b6472; --good: #1a7f37; --bad: #c62828; --accent: #8a5a00; --plan: #4c78d0; --cell:
  #3a9d5d; --call: #9a5fd0; --tool: #c08a2d; --rlm: #c2508c; --held: #d08a00; --wait: #9aa3b2; }
@media screen and (prefers-color-scheme: dark) { :root { --ink: #d7dae0; --paper: #1b1d27; --soft: #232634;
  --line: #3a3f52; --faint: #9aa2b3; --good: #7fc98a; --bad: #f07f86; --accent: #dfae67; --plan: #7aa2f7;
  --cell: #73c991; --call: #bb9af7; --tool: #e0af68; --rlm: #f28fc4; --held: #ffc04d;
  --wait: #5d667a; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.2rem; max-width: 70rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; margin: 0 0 .5rem; }
h2 { font-size: 1.1rem; margin: 1.6rem 0 .4rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: 0; }
dt { color: var(--faint); }
dd { margin: 0; }
p { margin: .5rem 0; white-space: pre-wrap; }
p.name { font-weight: 600; margin: .6rem 0 .1rem; }
details { border: 1px solid var(--line); border-radius: 6px; margin: .4rem 0; }
details > :not(summary) { margin-left: .8rem; margin-right: .8rem; }
summary { cursor: pointer; padding: .35rem .8rem; display: flex; gap: .7rem; align-items: baseline; }
summary::before { content: "▸"; color: var(--faint); font-size: .8em; }
details[open] > summary::before { content: "▾"; }
summary:focus-visible { outline: 2px solid var(--plan); border-radius: 6px; }
summary b { min-width: 1.5rem; }
summary .title { flex: 1; min-width: 0; }
summary .facts { color: var(--faint); font-size: .85em; white-space: nowrap; }
details details { font-size: .95em; }
details.call { content-visibility: auto; contain-intrinsic-size: auto 2.2rem; }
details.call > summary .title { white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
pre { background: var(--soft); border-radius: 4px; padding: .6rem .8rem; margin: .5rem 0; overflow:
  auto; max-height: 40rem; white-space: pre-wrap; font: 13px/1.45 ui-monospace, monospace; }
pre.output { background: none; border-left: 3px solid var(--line); border-radius: 0; }
pre.diff ins, pre.diff del { display: block; text-decoration: none; }
pre.diff ins { color: var(--good); } pre.diff del { color: var(--bad); }
.reasoning { font-style: italic; color: var(--faint); white-space: pre-wrap; margin-block: .5rem; }
div.bad { white-space: pre-wrap; margin-block: .5rem; }
.stderr { color: var(--accent); }
.good { color: var(--good); }
.bad { color: var(--bad); }
.person { color: var(--accent); }
.faint { color: var(--faint); }
ul { columns: 22rem; margin: .3rem 0; padding-left: 1.4rem; }
li { break-inside: avoid; white-space: pre-wrap; }
.all { float: right; margin-top: -2rem; font-size: .85em; color: var(--faint); cursor: pointer; }
body:has(#all:checked) details::details-content { content-visibility: visible; block-size: auto; }
body:has(#all:checked) summary::before { content: "▾"; }
.wide { overflow-x: auto; }
svg.timeline { display: block; width: 100%; min-width: 44rem; height: auto; }
svg.timeline { font: 10px system-ui, sans-serif; }
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
@media (max-width: 40rem) {
  body { padding: .6rem; }
  summary { flex-wrap: wrap; padding: .35rem .5rem; gap: .4rem; }
  summary .facts { width: 100%; white-space: normal; }
  details > :not(summary) { margin-left: .4rem; margin-right: .4rem; }
  dl { grid-template-columns: 1fr; } dd { margin-bottom: .3rem; }
}
@media print {
  body { max-width: none; padding: 0; font-size: 10pt; }
  details::details-content { content-visibility: visible; block-size: auto; }
  pre { max-height: none; overflow: visible; font-size: 8.5pt; }
  summary { break-after: avoid; } summary::before { content: none; }
  .all { display: none; }
  details.call { content-visibility: visible; }
  svg.timeline { min-width: 0; }
}
"""
