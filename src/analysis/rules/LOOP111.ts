/** LOOP111: close() without shutdown_default_executor(). */
import { EXECUTOR_SHUT } from '../flow/bits';
import { defineRule } from './rule';
import { closesWithout, shutBefore } from './support/closing';
import { fixes } from './support/edits';
import { theLoop } from './support/loops';
import { closeByRunner } from './support/runner';

export const rule = defineRule({
  code: 'LOOP111',
  name: 'close-without-shutdown-executor',
  severity: 'info',
  summary: 'close() of a loop that ran, without shutdown_default_executor() before it.',
  facts: ['ast', 'names', 'values', 'lives', 'raising', 'settings', 'contexts'],
  doc: {
    what: 'Flags `close()` of a loop that has run where no path runs `loop.shutdown_default_executor()` before it.',
    why: '`close()` does not wait for the threads of the default executor, which `run_in_executor(None, …)`, `asyncio.to_thread()` and name look-ups use: their work is cut off from the program that wants its result. `asyncio.run()` does this step from 3.9.',
    bad: 'import asyncio\n\nloop = asyncio.new_event_loop()\ntry:\n    loop.run_until_complete(asyncio.to_thread(print))\nfinally:\n    loop.close()\n',
    good: 'import asyncio\n\nasyncio.run(asyncio.to_thread(print))\n',
    message: '',
    fix: 'Use `asyncio.run()` or `asyncio.Runner`, or run `loop.shutdown_default_executor()` before `close()`. The quick fixes insert that call, which is safe, or use a Runner, which is not: it also cancels what is left running.',
    versions: 'From 3.9, which brought the method; where the program has to run on 3.8 nothing is reported.',
    related: [],
  },
  check(facts, report) {
    for (const { call, life } of closesWithout(facts, EXECUTOR_SHUT)) {
      report({
        span: facts.ast.span(call),
        message: `close() of ${theLoop(life)} without shutdown_default_executor(): its threads are not waited for. Run that first, or use asyncio.Runner.`,
        fixes: fixes(
          shutBefore(facts, call, 'shutdown_default_executor', 'Shut down the default executor first'),
          closeByRunner(facts, life, call),
        ),
      });
    }
  },
});
