/** A loop that is stopped before a handle, and what a step did, in words. Pure. */
import type { HandleInfo, LoopStop, StepReport } from '../../protocol/stepping';
import { code, escaped, lines, siteLink } from './markdown';
import { count, dotted, exactDuration, measured, place, shortened } from './text';

const TEXT = 80;

/** `stopped before callback 2 of tick 10,482`. A loop of which nothing is ready is about to wait. */
export function stopWords(stop: LoopStop): string {
  const tick = `tick ${count(stop.tick)}`;
  if (!stop.next) return `stopped in ${tick}, nothing is ready`;
  return `stopped before callback ${count(stop.position + 1)} of ${tick}`;
}

/** For the status bar: `tick 10,482 · 3 ready`. */
export function stopShort(stop: LoopStop): string {
  return `tick ${count(stop.tick)} · ${count(stop.ready)} ready`;
}

/** What runs next, `consumer-2 · consume() server.py:18`. */
export function handleWords(handle: HandleInfo): string {
  return dotted(shortened(handle.text, TEXT), handle.at ? place(handle.at) : undefined);
}

/** `woke 2, created 1, scheduled 3, set 1 timer`; what was none is not told. */
export function effects(did: StepReport): string {
  const { woke, created, scheduled, timers } = did.counts;
  return [
    woke > 0 && `woke ${count(woke)}`,
    created > 0 && `created ${count(created)}`,
    scheduled > 0 && `scheduled ${count(scheduled)}`,
    timers > 0 && `set ${count(timers)} ${timers === 1 ? 'timer' : 'timers'}`,
  ]
    .filter(Boolean)
    .join(', ');
}

/** One line of what the last step did: `ran producer() in 1.2 ms · woke 1 · then waits`. */
export function didWords(did: StepReport): string {
  return dotted(shortened(did.ran.text, TEXT), measured(did.duration), effects(did), did.outcome);
}

/** Markdown: what the last step did, whole. */
export function didTooltip(did: StepReport): string {
  const { ran } = did;
  return lines(
    `**${escaped(ran.text)}** ran for ${exactDuration(did.duration)}${did.outcome === '' ? '' : `, then ${escaped(did.outcome)}`}`,
    ran.at && siteLink(ran.at),
    ran.by && `put into the ready queue by ${escaped(ran.by)}`,
    list('woke', did.woke, did.counts.woke),
    list('created', did.created, did.counts.created),
    list('scheduled', did.scheduled, did.counts.scheduled),
    list('set the timer', did.timers, did.counts.timers),
  );
}

/** Markdown: why it is stopped, what runs next, what was changed in the order. */
export function stopTooltip(stop: LoopStop): string {
  return lines(
    `**${escaped(stopWords(stop))}**`,
    stop.text && escaped(stop.text),
    stop.next && `next: ${code(stop.next.text)} ${stop.next.at ? siteLink(stop.next.at) : ''}`,
    stop.next?.by && `put into the ready queue by ${escaped(stop.next.by)}`,
    stop.frozen ? 'Its clock stands still: no time-out fires.' : 'Its clock runs on.',
    ...stop.changes.map((change) => `$(edit) ${escaped(change)}`),
  );
}

function list(verb: string, handles: readonly HandleInfo[], total: number): string {
  if (total === 0) return '';
  const shown = handles.map((handle) => `${code(handle.text)}${handle.at ? ` ${siteLink(handle.at)}` : ''}`);
  const more = total > handles.length ? [`and ${count(total - handles.length)} more`] : [];
  return `${verb} ${[...shown, ...more].join(', ')}`;
}
