/** LOOP301: `run_until_complete()` or `run_forever()` in code that a loop runs already. `asyncio.run` is LOOP302's. */
import { LOOP_FACTORIES } from '../flow/library';
import { writtenCallee } from '../flow/places';
import type { Fix } from '../finding';
import type { NodeId } from '../syntax/ast';
import { awaited, mayAwait, reference } from './support/rewrites';
import { defineRule } from './rule';
import type { Wanted } from './support/running';
import { adviceInLoop, awaitInstead, runsInLoop } from './support/running';
import { storyThrough, storyTo } from './support/story';

export const rule = defineRule({
  code: 'LOOP301',
  name: 'run-loop-in-coroutine',
  summary: 'run_until_complete / run_forever inside a coroutine',
  severity: 'error',
  doc: {
    what: '`run_until_complete()` or `run_forever()` in a coroutine, in a callback of a loop, or in a helper that one of them calls.',
    why: 'A thread runs one loop at a time. Running a second one, or the same one again, raises `RuntimeError`; a coroutine that needs a result awaits it.',
    bad: 'async def main():\n    loop = asyncio.get_running_loop()\n    result = loop.run_until_complete(child())',
    good: 'async def main():\n    result = await child()',
    message:
      'RuntimeError: This event loop is already running\nRuntimeError: Cannot run the event loop while another loop is running',
    fix: 'Await instead. Safe where the loop is the running one; where the coroutine made a loop of its own, that loop stays behind.',
    versions: 'All. Libraries such as nest_asyncio make it possible: a file that imports one is not looked at.',
    related: [],
  },
  facts: ['ast', 'names', 'values', 'places', 'graphs'],

  check(facts, report) {
    const { ast, places } = facts;
    for (const { call, fn, kind, through } of runsInLoop(facts)) {
      if (kind !== 'loop.run') continue;
      if (through) {
        const run = `${writtenCallee(facts.values, through.node)}()`;
        report({
          span: ast.span(call),
          message: `${writtenCallee(facts.values, call)}() runs a loop where one runs already: it calls ${run}. ${adviceInLoop(places.isCoroutine(fn))}`,
          related: [...storyTo(places, fn, 'loop'), ...storyThrough(places, through, `${run} raises RuntimeError`)],
        });
        continue;
      }
      const method = ast.name(call + 1);
      const isOther = isOtherLoop(facts, call);
      const where = places.isCoroutine(fn) ? 'a coroutine' : 'a callback of the loop';
      const advice = adviceInLoop(places.isCoroutine(fn), method);
      report({
        span: ast.span(call),
        message: isOther
          ? `${method}() in ${where}: another loop is running in this thread, so it raises RuntimeError. ${advice}`
          : `${method}() in ${where}: the loop is already running, so it raises RuntimeError. ${advice}`,
        related: storyTo(places, fn, 'loop'),
        fixes: method === 'run_forever' ? waitForever(facts, call) : awaitInstead(facts, call, !isOther),
      });
    }
  },
});

/** Whether the loop is surely not the running one: it was made anew. */
function isOtherLoop({ values }: Wanted, call: NodeId): boolean {
  const value = values.of(call + 2);
  return value?.tag === 'instance' && value.site >= 0 && LOOP_FACTORIES.has(values.calleeName(value.site) ?? '');
}

/** `run_forever()` in a coroutine means: stay here until cancelled. */
function waitForever({ ast, names, values, places }: Wanted, call: NodeId): Fix[] {
  if (!places.isCoroutine(names.functionOf(call)) || !mayAwait(ast, call)) return [];
  const event = reference(values, call, 'asyncio', 'Event');
  if (!event) return [];
  const newText = awaited(ast, call, `${event.text}().wait()`);
  return [{ title: 'Wait until cancelled', safe: false, edits: [{ span: ast.span(call), newText }, ...event.edits] }];
}
