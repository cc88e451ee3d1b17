/** LOOP102: close() that some path skips, an exceptional one included. */
import { CLOSED, CURRENT, FIELD, GLOBAL, RAN } from '../flow/bits';
import type { Facts } from '../facts';
import type { Life, OpenEnd } from '../flow/lives';
import { NONE } from '../syntax/ast';
import { Kind } from '../syntax/kinds';
import { defineRule } from './rule';
import { fixes } from './support/edits';
import { heldOpen, loopFields } from './support/holders';
import { calleeText, closesOf, leavingOf, moveIntoFinally, theLoop } from './support/loops';

export const rule = defineRule({
  code: 'LOOP102',
  name: 'loop-close-skipped',
  severity: 'warning',
  summary: 'close() of an event loop that an exception, a return or a branch skips.',
  facts: ['ast', 'names', 'values', 'lives', 'raising', 'settings', 'invocations', 'graphs', 'places'],
  doc: {
    what: 'Flags the creation of an event loop that one path closes and another does not: an exception of `run_until_complete()`, of an `await` or of a call of your own code, `KeyboardInterrupt` out of `run_forever()`, an early `return`, a branch without `close()`. Calls that do not fail in practice (`create_task`, `call_soon`, `set_debug`, the standard library) do not count. `if own: loop.close()` under the condition of the creation is clean, as is a pytest fixture that closes after its `yield`.',
    why: 'The path on which something failed is the one that is run again and again, by a supervisor or a test suite, and each time it leaves a selector and two sockets open.',
    bad: 'import asyncio\n\nasync def main():\n    raise ValueError\n\nloop = asyncio.new_event_loop()\nloop.run_until_complete(main())\nloop.close()\n',
    good: 'import asyncio\n\nasync def main():\n    raise ValueError\n\nloop = asyncio.new_event_loop()\ntry:\n    loop.run_until_complete(main())\nfinally:\n    loop.close()\n',
    message: 'ResourceWarning: unclosed event loop <_UnixSelectorEventLoop running=False closed=False debug=False>',
    fix: 'Close in a `finally` block, or let `asyncio.run()` do it. The quick fix moves the `close()` into a `finally` around the code between; it is safe.',
    versions: 'All.',
    related: [{ tool: 'CodeQL', rule: 'py/file-not-closed (the same for files)' }],
  },
  check(facts, report) {
    for (const life of facts.lives.owned) {
      const end = skippedEnd(facts, life);
      if (!end) continue;
      const leaving = leavingOf(facts, life, end);
      report({
        span: facts.ast.span(life.creation),
        message: `close() of ${theLoop(life)} is skipped ${how(facts, life, end)}: put it into a finally block.`,
        related: [
          { span: facts.ast.span(life.creation), message: 'The loop is made here.' },
          leaving,
          ...closesOf(life).map((node) => ({
            span: facts.ast.span(node),
            message: 'This close() is not reached then.',
          })),
        ],
        fixes: fixes(moveIntoFinally(facts, life)),
        defect: life.creation,
      });
    }
    for (const { call, cls, advice, isClosed } of heldOpen(facts, loopFields(facts))) {
      if (!isClosed) continue;
      report({
        span: facts.ast.span(call),
        message: `The event loop that this ${cls.name} keeps stays open on one of the ways out: ${advice}.`,
        related: [{ span: facts.ast.span(cls.node + 1), message: 'This class makes the loop.' }],
        defect: call,
      });
    }
  },
});

/** An end at which a loop that is closed elsewhere in its function is open. */
function skippedEnd({ lives }: Pick<Facts, 'lives'>, life: Life): OpenEnd | undefined {
  if ((life.done & CLOSED) === 0) return undefined;
  if (life.origin === 'taken' && !lives.isRun(life)) return undefined;
  const { openEnds } = life;
  return openEnds.find(({ bits }) => {
    // Who keeps it, or has it as its thread's loop, may close it yet.
    if ((bits & (FIELD | GLOBAL)) !== 0) return !isClosedElsewhere(lives, life);
    if ((bits & CURRENT) !== 0 && (life.done & RAN) === 0) return false;
    return life.variable === undefined || !isClosedElsewhere(lives, life);
  });
}

/** Whether a function other than the loop's own closes what keeps it. */
function isClosedElsewhere(lives: Facts['lives'], life: Life): boolean {
  const { field, variable, fn } = life;
  if (field) {
    return [...field.cls.methods.values()].some(
      (method) => method !== fn && (lives.tracker.summary(method, { field: field.name }).may & CLOSED) !== 0,
    );
  }
  return variable ? (lives.ofVariable(variable).may & CLOSED) !== 0 && !fn : false;
}

/** `when run_until_complete() raises`, `on the return in line 12`, `on one of the paths`. */
function how(facts: Pick<Facts, 'ast' | 'lives'>, life: Life, end: OpenEnd): string {
  const { ast, lives } = facts;
  if (!end.isException) return 'on one of the ways out';
  const raiser = lives.raiserBefore(life.exploration, end.state);
  if (raiser === NONE) return 'when an exception is raised';
  switch (ast.kindOf(raiser)) {
    case Kind.Call:
      return `when ${calleeText(facts, raiser)} raises`;
    case Kind.Await:
      return 'when this await raises';
    case Kind.Raise:
      return 'by this raise';
    default:
      return 'when an exception is raised';
  }
}
