/** What a hover and a CodeLens say of a loop: words only. Lines are counted from 1, as editors show them. */
import type { LoopFact, LoopLife, LoopOwner, LoopState } from '../../analysis/analyze';
import type { Span } from '../../analysis/finding';

/** The line, from 1, at which a span begins, in the document that the reader sees. */
export type LineOf = (span: Span) => number;

const STATE: Readonly<Record<LoopState, string>> = {
  created: 'created',
  'set current': 'set as the current loop',
  running: 'running',
  'stop requested': 'asked to stop',
  stopped: 'stopped',
  closed: 'closed',
  escaped: 'given to other code',
  foreign: 'made elsewhere',
};

const OWNER: Readonly<Record<LoopOwner, string>> = {
  function: 'This function made it, so this function has to close it.',
  class: 'It belongs to the class: one of its methods has to close it.',
  module: 'It belongs to this module, which has to close it.',
  caller: 'It belongs to the caller: it is not for this code to close.',
  'running program': 'It is the loop that runs this code: whoever runs it closes it.',
  unknown: 'Who has to close it can not be seen from here.',
};

/** A hover in Markdown. `text` is code: it is shown as such. */
export function hoverText(fact: LoopFact, lineOf: LineOf): string {
  const parts = [`**${inlineCode(fact.text)}** is an event loop`];
  if (fact.states.length > 0) {
    const states = fact.states.map((state) => `**${STATE[state]}**`);
    const where =
      states.length === 1
        ? states[0]
        : `${states.slice(0, -1).join(', ')} or ${states.at(-1) ?? ''}, by the way that leads here`;
    parts.push(`Here it is ${where ?? ''}.`);
  }
  parts.push(OWNER[fact.owner]);
  for (const life of fact.lives) parts.push(`Line ${lineOf(life.creation)}: ${lifeText(life, lineOf)}`);
  return parts.join('\n\n');
}

/** `created · run line 40 · never closed`. */
export function lifeText(life: LoopLife, lineOf: LineOf): string {
  const parts = ['created', places('run', life.runs, lineOf), places('stopped', life.stops, lineOf)];
  if (life.escapes.length > 0) parts.push(places('given away', life.escapes, lineOf));
  if (life.closes.length > 0) parts.push(places('closed', life.closes, lineOf));
  else if (life.escapes.length === 0) parts.push('never closed');
  return parts.filter(Boolean).join(' · ');
}

function places(what: string, spans: readonly Span[], lineOf: LineOf): string {
  const lines = [...new Set(spans.map(lineOf))].sort((a, b) => a - b);
  if (lines.length === 0) return '';
  if (lines.length > 3) return `${what} in ${lines.length} places`;
  return `${what} ${lines.length === 1 ? 'line' : 'lines'} ${lines.join(', ')}`;
}

function inlineCode(text: string): string {
  const line = text.split('\n')[0] ?? '';
  return line.includes('`') ? `\`\` ${line} \`\`` : `\`${line}\``;
}
