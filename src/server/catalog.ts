/**
 * The rules as the two faces of the analysis show them: codes, one line each, the page that explains each.
 */

import type { Severity } from '../analysis/finding';

/** A rule, for a list or a report. */
export interface RuleEntry {
  readonly code: string;
  /** One line: what it flags. */
  readonly summary: string;
  /** Its severity where neither the code that it is about nor a setting says otherwise. */
  readonly severity: Severity;
}

export const RULES: readonly RuleEntry[] = [
  { code: 'LOOP101', summary: 'A loop that is never closed.', severity: 'warning' },
  { code: 'LOOP102', summary: 'close() skipped on some path, an exceptional one included.', severity: 'warning' },
  { code: 'LOOP103', summary: 'A loop kept in an attribute that no method closes.', severity: 'info' },
  { code: 'LOOP104', summary: 'run_forever() that nothing can stop.', severity: 'warning' },
  { code: 'LOOP105', summary: 'close() while the loop runs.', severity: 'error' },
  { code: 'LOOP106', summary: 'Use after close().', severity: 'error' },
  { code: 'LOOP107', summary: 'A new loop per iteration, or several loops in one thread.', severity: 'warning' },
  { code: 'LOOP108', summary: 'Closing a loop that is not yours.', severity: 'warning' },
  { code: 'LOOP109', summary: 'stop() without close() after it.', severity: 'warning' },
  { code: 'LOOP110', summary: 'close() without shutdown_asyncgens().', severity: 'info' },
  { code: 'LOOP111', summary: 'close() without shutdown_default_executor().', severity: 'info' },
  { code: 'LOOP112', summary: 'close() with tasks that nothing cancelled.', severity: 'hint' },
  {
    code: 'LOOP113',
    summary:
      'stop() before run_forever() / on a loop that does not run (stop() directly followed by close() is clean).',
    severity: 'warning',
  },
  {
    code: 'LOOP201',
    summary: 'get_event_loop() with no loop: warns from 3.10/3.12, raises from 3.14.',
    severity: 'warning',
  },
  { code: 'LOOP202', summary: 'get_event_loop() inside a coroutine.', severity: 'info' },
  { code: 'LOOP203', summary: 'The loop= argument removed in 3.10.', severity: 'error' },
  { code: 'LOOP204', summary: 'Event loop policies and child watchers, deprecated.', severity: 'warning' },
  { code: 'LOOP301', summary: 'run_until_complete / run_forever inside a coroutine.', severity: 'error' },
  { code: 'LOOP302', summary: 'asyncio.run inside a running loop, directly or through a helper.', severity: 'error' },
  { code: 'LOOP303', summary: 'future.result() / thread.join() that waits for the own loop.', severity: 'error' },
  { code: 'LOOP401', summary: 'A coroutine that is never awaited.', severity: 'error' },
  { code: 'LOOP402', summary: 'A task that nobody keeps.', severity: 'warning' },
  { code: 'LOOP403', summary: 'CancelledError swallowed.', severity: 'warning' },
  { code: 'LOOP404', summary: 'The result of gather / wait ignored.', severity: 'hint' },
  {
    code: 'LOOP501',
    summary: 'A blocking call in a coroutine, also through helpers in the file.',
    severity: 'warning',
  },
  { code: 'LOOP502', summary: 'call_soon / call_later / create_task / stop from another thread.', severity: 'error' },
  { code: 'LOOP503', summary: 'An asyncio primitive shared by threads or loops.', severity: 'warning' },
  { code: 'LOOP601', summary: 'An executor that is left open.', severity: 'warning' },
  { code: 'LOOP602', summary: 'A transport or a writer that is left open.', severity: 'warning' },
  { code: 'LOOP603', summary: 'A server that is left open.', severity: 'warning' },
  { code: 'LOOP604', summary: 'A client session that is left open.', severity: 'warning' },
  { code: 'LOOP605', summary: 'A subprocess that is left running.', severity: 'warning' },
  { code: 'LOOP606', summary: 'A Runner that is left open.', severity: 'warning' },
  { code: 'LOOP701', summary: 'Read of shared state, await, write of it: a race in the await gap.', severity: 'info' },
  { code: 'LOOP900', summary: 'A suppression that suppresses nothing.', severity: 'info' },
];

/** Every code that a rule has. */
export const KNOWN_CODES: ReadonlySet<string> = new Set(RULES.map((rule) => rule.code));

const PAGES = 'https://github.com/loopscope/loopscope/blob/main/docs/rules';

/** The page that explains a rule. */
export function pageOf(code: string): string {
  return `${PAGES}/${code}.md`;
}
