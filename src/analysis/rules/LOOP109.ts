/** LOOP109: a loop that is stopped and never closed. Where LOOP101, 102 or 103 tell of the same loop they come first. */
import { CLOSED, STOPPING } from '../flow/bits';
import { defineRule } from './rule';
import { fixes } from './support/edits';
import { capitalized, closeInFinally, theLoop } from './support/loops';

export const rule = defineRule({
  code: 'LOOP109',
  name: 'loop-stopped-not-closed',
  severity: 'warning',
  summary: 'stop() of an event loop without close() after it.',
  facts: ['ast', 'names', 'values', 'lives', 'raising'],
  doc: {
    what: 'Flags the creation of a loop that the file stops (`loop.stop()`, also as a callback or through `call_soon_threadsafe`) and never closes. Where the loop is also one that nothing closes at all, only LOOP101, LOOP102 or LOOP103 is reported.',
    why: '`stop()` ends `run_forever()` and nothing more: the loop can run again, and keeps its selector, its sockets and its executor until `close()`.',
    bad: 'import asyncio\n\nloop = asyncio.new_event_loop()\nloop.call_later(0.1, loop.stop)\nloop.run_forever()\n',
    good: 'import asyncio\n\nloop = asyncio.new_event_loop()\nloop.call_later(0.1, loop.stop)\ntry:\n    loop.run_forever()\nfinally:\n    loop.close()\n',
    message: 'ResourceWarning: unclosed event loop <_UnixSelectorEventLoop running=False closed=False debug=False>',
    fix: 'Close the loop when `run_forever()` has returned. The quick fix wraps the code in `try … finally` and closes there; it is safe.',
    versions: 'All.',
    related: [],
  },
  check(facts, report) {
    const { ast, lives } = facts;
    for (const life of lives.owned) {
      const kept = life.field
        ? lives.ofField(life.field.cls, life.field.name).may
        : life.variable
          ? lives.ofVariable(life.variable).may
          : 0;
      const done = life.done | kept;
      if ((done & STOPPING) === 0 || (done & CLOSED) !== 0 || life.openEnds.length === 0) continue;
      if (life.origin === 'taken' && !lives.isRun(life)) continue;
      const stop = life.exploration.events.find(({ effect }) => ((effect.must | effect.may) & STOPPING) !== 0);
      const nodes = [...(stop ? [stop.op.node] : []), ...lives.elsewhere(life, STOPPING)];
      report({
        span: ast.span(life.creation),
        message: `${capitalized(theLoop(life))} is stopped but never closed: close it behind its run.`,
        related: nodes.slice(0, 1).map((node) => ({ span: ast.span(node), message: 'It is stopped here.' })),
        fixes: fixes(closeInFinally(facts, life)),
        defect: life.creation,
      });
    }
  },
});
