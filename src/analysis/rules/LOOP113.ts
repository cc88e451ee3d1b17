/** LOOP113: stop() of a loop that does not run. */
import type { Facts } from '../facts';
import { ELSEWHERE, ESCAPED, STOPPED_IDLE, UNKNOWN, WEAK } from '../flow/bits';
import type { Life } from '../flow/lives';
import type { NodeId } from '../syntax/ast';
import { NONE } from '../syntax/ast';
import { defineRule } from './rule';
import { fix, fixes, removal, statementOf } from './support/edits';
import { theLoop } from './support/loops';

export const rule = defineRule({
  code: 'LOOP113',
  name: 'stop-before-run',
  severity: 'warning',
  summary: 'stop() before run_forever(), or on a loop that does not run.',
  facts: ['ast', 'lives', 'contexts'],
  doc: {
    what: 'Flags `stop()` where the loop does not run: it is followed by `run_forever()` or `run_until_complete()`, or by nothing. `stop()` directly followed by `close()` is clean.',
    why: '`stop()` only sets a flag that the next run reads: `run_forever()` then returns after one tick, and `run_until_complete()` raises "Event loop stopped before Future completed."',
    bad: 'import asyncio\n\nloop = asyncio.new_event_loop()\ntry:\n    loop.stop()\n    loop.run_forever()\nfinally:\n    loop.close()\n',
    good: 'import asyncio\n\nloop = asyncio.new_event_loop()\ntry:\n    loop.call_later(0.1, loop.stop)\n    loop.run_forever()\nfinally:\n    loop.close()\n',
    message: 'RuntimeError: Event loop stopped before Future completed.',
    fix: 'Stop the loop from a callback, a signal handler or, from another thread, with `call_soon_threadsafe(loop.stop)`. To run one tick on purpose, `run_until_complete(asyncio.sleep(0))` says so. The quick fix takes a `stop()` out; it is not marked safe.',
    versions: 'All.',
    related: [],
  },
  check(facts, report) {
    const { ast, lives, contexts } = facts;
    for (const life of lives.owned) {
      if (contexts.runsInLoop(life.fn)) continue;
      for (const [node, run] of idleStops(facts, life)) {
        const what = run === NONE ? 'does nothing' : `makes the next ${ast.name(run + 1)}() end after one tick`;
        report({
          span: ast.span(node),
          message: `stop() while ${theLoop(life)} does not run ${what}: call it from what the loop runs, or leave it out.`,
          related: run === NONE ? [] : [{ span: ast.span(run), message: 'This ends after one tick.' }],
          fixes: fixes(fix('Remove this stop()', false, [removal(ast, statementOf(ast, node))])),
        });
      }
    }
  },
});

/** The stop() calls that come while the loop is idle, with the run that follows, or NONE where the function ends. */
function idleStops({ ast, lives }: Pick<Facts, 'ast' | 'lives'>, life: Life): Map<NodeId, NodeId> {
  const found = new Map<NodeId, NodeId>();
  const { exploration } = life;
  const unsure = ELSEWHERE | ESCAPED | UNKNOWN | WEAK;
  const add = (at: number, bits: number, run: NodeId): void => {
    if ((bits & STOPPED_IDLE) === 0 || (bits & unsure) !== 0) return;
    const stop = lives.eventsTo(exploration, at).findLast(({ effect }) => (effect.must & STOPPED_IDLE) !== 0);
    if (stop && (!found.has(stop.op.node) || run !== NONE)) found.set(stop.op.node, run);
  };
  for (const { state, op, effect, before } of exploration.events) {
    if (effect.uses === 'run_forever' || effect.uses === 'run_until_complete') add(state, before, op.node);
  }
  for (const at of exploration.ends) add(at, exploration.states[at]?.bits ?? 0, NONE);
  return new Map([...found].sort(([a], [b]) => (ast.start[a] ?? 0) - (ast.start[b] ?? 0)));
}
