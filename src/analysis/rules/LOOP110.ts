/** LOOP110: close() without shutdown_asyncgens(). */
import { GENERATORS_SHUT } from '../flow/bits';
import { defineRule } from './rule';
import { closesWithout, shutBefore } from './support/closing';
import { fixes } from './support/edits';
import { theLoop } from './support/loops';
import { closeByRunner } from './support/runner';

export const rule = defineRule({
  code: 'LOOP110',
  name: 'close-without-shutdown-asyncgens',
  severity: 'info',
  summary: 'close() of a loop that ran, without shutdown_asyncgens() before it.',
  facts: ['ast', 'names', 'values', 'lives', 'raising', 'settings', 'contexts'],
  doc: {
    what: 'Flags `close()` of a loop that has run where no path runs `loop.shutdown_asyncgens()` before it.',
    why: 'Asynchronous generators that were left in the middle never run their `finally` blocks: the loop that could run them is gone. `asyncio.run()` does this step.',
    bad: 'import asyncio\n\nloop = asyncio.new_event_loop()\ntry:\n    loop.run_until_complete(asyncio.sleep(0))\nfinally:\n    loop.close()\n',
    good: 'import asyncio\n\nasyncio.run(asyncio.sleep(0))\n',
    message: '',
    fix: 'Use `asyncio.run()` or `asyncio.Runner`, or run `loop.shutdown_asyncgens()` before `close()`. The quick fixes insert that call, which is safe, or use a Runner, which is not: it also cancels what is left running.',
    versions: 'All. `asyncio.run()` has always done it.',
    related: [],
  },
  check(facts, report) {
    for (const { call, life } of closesWithout(facts, GENERATORS_SHUT)) {
      report({
        span: facts.ast.span(call),
        message: `close() of ${theLoop(life)} without shutdown_asyncgens(): open async generators are not finished. Run that first, or use asyncio.Runner.`,
        fixes: fixes(
          shutBefore(facts, call, 'shutdown_asyncgens', 'Shut down asynchronous generators first'),
          closeByRunner(facts, life, call),
        ),
      });
    }
  },
});
