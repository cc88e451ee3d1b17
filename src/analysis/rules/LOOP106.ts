/** LOOP106: use of an event loop after close(). */
import type { Facts } from '../facts';
import { BRANCHED, CLOSED, WEAK } from '../flow/bits';
import type { Event } from '../flow/explore';
import type { Life } from '../flow/lives';
import type { NodeId } from '../syntax/ast';
import { NONE } from '../syntax/ast';
import { defineRule } from './rule';
import { closeAfterLastUse } from './support/early-close';
import { fixes } from './support/edits';
import { theLoop } from './support/loops';

export const rule = defineRule({
  code: 'LOOP106',
  name: 'loop-used-after-close',
  severity: 'error',
  summary: 'Use of an event loop that has been closed.',
  facts: ['ast', 'names', 'lives'],
  doc: {
    what: 'Flags a method that needs an open loop (`run_until_complete`, `run_forever`, `call_soon` and its relatives, `create_task`, `run_in_executor`, `add_reader` …, and `asyncio.run_coroutine_threadsafe`) where the loop has been closed before: on every path, or on a path that no later condition guards. Closing through a helper of the file counts; a test of `is_closed()` is understood. Closing twice is fine and is not flagged.',
    why: 'The call raises `RuntimeError`; a coroutine given to it is never awaited.',
    bad: 'import asyncio\n\nloop = asyncio.new_event_loop()\nloop.close()\nloop.call_soon(print)\n',
    good: 'import asyncio\n\nloop = asyncio.new_event_loop()\nloop.call_soon(print)\nloop.close()\n',
    message: 'RuntimeError: Event loop is closed',
    fix: 'Close the loop last, or make a new one. The quick fix puts what follows the `close()` into a `try` whose `finally` closes the loop, where both stand in one block. It is not safe: which of the two was meant is not known.',
    versions: 'All.',
    related: [],
  },
  check(facts, report) {
    const { ast, lives } = facts;
    const told = new Set<NodeId>();
    for (const life of lives.all) {
      for (const [node, events] of usesOf(life)) {
        const bad = badUse(facts, life, events);
        if (!bad || told.has(node)) continue;
        told.add(node);
        const close = lives
          .eventsTo(life.exploration, bad.state)
          .findLast(({ effect }) => (effect.must & CLOSED) !== 0);
        report({
          span: ast.span(node),
          message: `${bad.effect.uses}() on ${theLoop(life)}, which is closed: it raises "Event loop is closed". Close it after its last use, or make a new one.`,
          related: [
            ...(life.creation === NONE
              ? []
              : [{ span: ast.span(life.creation), message: 'The loop comes from here.' }]),
            ...(close ? [{ span: ast.span(close.op.node), message: 'It is closed here.' }] : []),
          ],
          fixes: fixes(close && closeAfterLastUse(facts, close.op.node)),
          defect: node,
        });
      }
    }
  },
});

/** The uses of a loop, by the call. */
function usesOf(life: Life): Map<NodeId, Event[]> {
  const byNode = new Map<NodeId, Event[]>();
  for (const event of life.exploration.events) {
    if (event.effect.uses === '') continue;
    const list = byNode.get(event.op.node);
    if (list) list.push(event);
    else byNode.set(event.op.node, [event]);
  }
  return byNode;
}

/** A use at which the loop is closed for certain, or on a path that nothing guards. */
function badUse({ lives }: Pick<Facts, 'lives'>, life: Life, events: readonly Event[]): Event | undefined {
  const strong = events.filter(({ before }) => (before & WEAK) === 0);
  const closed = strong.filter(({ before }) => (before & CLOSED) !== 0);
  const isFirst = (event: Event): boolean =>
    !lives
      .eventsTo(life.exploration, event.state)
      .some(({ effect, before }) => effect.uses !== '' && (before & CLOSED) !== 0);
  const { states } = life.exploration;
  const isClosedUnless = (list: readonly Event[]): boolean => list.every(({ before }) => (before & CLOSED) !== 0);
  // Also where only an exception leads there with an open loop: without one it always fails.
  const unraised = strong.filter(({ state }) => (states[state]?.flight ?? 0) === 0);
  const isCertain = isClosedUnless(strong) || (unraised.length > 0 && isClosedUnless(unraised));
  return closed.find((event) => (isCertain || (event.before & BRANCHED) === 0) && isFirst(event));
}
