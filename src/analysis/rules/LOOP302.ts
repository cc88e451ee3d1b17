/** LOOP302: `asyncio.run()` and its like in code that a loop runs already, directly or through helpers of the file. */
import { writtenCallee } from '../flow/places';
import { defineRule } from './rule';
import { adviceInLoop, awaitInstead, runsInLoop } from './support/running';
import { storyThrough, storyTo } from './support/story';

export const rule = defineRule({
  code: 'LOOP302',
  name: 'asyncio-run-in-loop',
  summary: 'asyncio.run inside a running loop, directly or through a helper',
  severity: 'error',
  doc: {
    what: '`asyncio.run()`, `Runner.run()`, `uvloop.run()` or `anyio.run()` in a coroutine, in a callback of a loop, or in a helper that one of them calls.',
    why: '`asyncio.run()` makes a loop, runs it and closes it. Where a loop runs already it raises `RuntimeError`, and the coroutine that it was given is never awaited.',
    bad: 'def load():\n    return asyncio.run(fetch())\n\nasync def main():\n    load()',
    good: 'async def load():\n    return await fetch()\n\nasync def main():\n    await load()',
    message: 'RuntimeError: asyncio.run() cannot be called from a running event loop',
    fix: 'Await the coroutine. Safe. A synchronous helper has to become a coroutine function, or be run with `asyncio.to_thread()`.',
    versions: 'All. In a notebook every cell runs in a loop: `await main()` there.',
    related: [],
  },
  facts: ['ast', 'names', 'values', 'places', 'graphs'],

  check(facts, report) {
    const { ast, places, values } = facts;
    for (const { call, fn, kind, through } of runsInLoop(facts)) {
      if (kind !== 'asyncio.run') continue;
      if (through) {
        const run = `${writtenCallee(values, through.node)}()`;
        report({
          span: ast.span(call),
          message: `${writtenCallee(values, call)}() calls ${run}, which raises RuntimeError: a loop runs here already. ${adviceInLoop(places.isCoroutine(fn))}`,
          related: [...storyTo(places, fn, 'loop'), ...storyThrough(places, through, `${run} raises RuntimeError`)],
        });
        continue;
      }
      const where = places.isCoroutine(fn) ? 'a coroutine' : 'a callback of the loop';
      report({
        span: ast.span(call),
        message: `${writtenCallee(values, call)}() in ${where} raises RuntimeError: a loop runs here already. ${adviceInLoop(places.isCoroutine(fn))}`,
        related: storyTo(places, fn, 'loop'),
        fixes: awaitInstead(facts, call, ast.children(call).length === 2),
      });
    }
  },
});
