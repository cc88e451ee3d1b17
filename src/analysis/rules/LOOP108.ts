/** LOOP108: closing a loop that belongs to somebody else. */
import type { Facts } from '../facts';
import type { FunctionInfo } from '../flow/model';
import { LOOP } from '../flow/library';
import { NONE } from '../syntax/ast';
import { defineRule } from './rule';

export const rule = defineRule({
  code: 'LOOP108',
  name: 'foreign-loop-closed',
  severity: 'warning',
  summary: 'close() of a loop that was made by somebody else.',
  facts: ['ast', 'names', 'values', 'invocations'],
  doc: {
    what: 'Flags `close()` on a loop that came in as a parameter, in a function that also does other things with it. A function whose name says that it closes, stops, shuts down or tears down, and one that a caller in the file gives its own loop to, takes the loop over and is not flagged. The classic script that takes its loop with `get_event_loop()`, runs it and closes it, owns it. A running loop is LOOP105.',
    why: 'Whoever made the loop goes on using it, and gets "Event loop is closed".',
    bad: 'import asyncio\n\ndef fetch(loop: asyncio.AbstractEventLoop):\n    result = loop.run_until_complete(asyncio.sleep(0, 1))\n    loop.close()\n    return result\n',
    good: 'import asyncio\n\ndef fetch(loop: asyncio.AbstractEventLoop):\n    return loop.run_until_complete(asyncio.sleep(0, 1))\n',
    message: 'RuntimeError: Event loop is closed',
    fix: 'Leave closing to the function that made the loop.',
    versions: 'All.',
    related: [],
  },
  check(facts, report) {
    const { ast, names, values } = facts;
    for (const call of names.callsByName.get('close') ?? []) {
      if (values.calleeName(call) !== `${LOOP}.close`) continue;
      const symbol = names.symbolOf(call + 2);
      const fn = names.functionOf(call);
      if (!symbol?.param || symbol.bindings.length !== 1 || symbol.param.fn !== fn || fn.isAsync) continue;
      if (TAKES_OVER.test(fn.name) || isHandedOver(facts, fn, symbol.param.index)) continue;
      report({
        span: ast.span(call),
        message: `This closes the event loop "${symbol.name}" of the caller, who may go on using it: leave that to who made it.`,
        related: [{ span: ast.span(symbol.bindings[0]?.target ?? call), message: 'The loop comes in here.' }],
        defect: call,
      });
    }
  },
});

const TAKES_OVER =
  /close|clos(e|ing)|stop|shut|tear|clean|dispose|destroy|finish|finali|exit|terminat|release|end_|del/i;

/** Whether a caller in the file gives a loop to it: then it is a helper of that caller, which knows. */
function isHandedOver({ invocations }: Pick<Facts, 'invocations'>, fn: FunctionInfo, index: number): boolean {
  return invocations.of(fn).some((invocation) => invocations.argument(invocation, index) !== NONE);
}
