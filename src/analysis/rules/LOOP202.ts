/** LOOP202: `asyncio.get_event_loop()` where a loop runs: in a coroutine, or in a callback of the loop. */
import { callsTo } from '../flow/calls';
import { reference } from './support/rewrites';
import { defineRule } from './rule';
import { storyTo } from './support/story';

const GET_EVENT_LOOP: ReadonlySet<string> = new Set(['asyncio.get_event_loop']);

export const rule = defineRule({
  code: 'LOOP202',
  name: 'get-event-loop-in-coroutine',
  summary: 'get_event_loop() inside a coroutine',
  severity: 'info',
  doc: {
    what: '`asyncio.get_event_loop()` in a coroutine or in a callback of a loop.',
    why: '`asyncio.get_running_loop()` says what is meant. It never makes a loop, needs no policy, and raises at once where no loop runs, instead of handing out one that nobody runs.',
    bad: 'async def main():\n    loop = asyncio.get_event_loop()',
    good: 'async def main():\n    loop = asyncio.get_running_loop()',
    message: 'Nothing: inside a coroutine both give the same loop.',
    fix: 'Replace it with `get_running_loop()`. Safe.',
    versions: 'All.',
    related: [],
  },

  facts: ['ast', 'names', 'values', 'places'],

  check({ ast, names, values, places }, report) {
    for (const call of callsTo(values, GET_EVENT_LOOP)) {
      const fn = names.functionOf(call);
      if (!places.isStartedByLoop(fn)) continue;
      const callee = call + 1;
      const instead = reference(values, call, 'asyncio', 'get_running_loop');
      report({
        span: ast.span(call),
        message: 'A loop runs here: asyncio.get_running_loop() says what is meant.',
        related: storyTo(places, fn, 'loop'),
        fixes: instead
          ? [
              {
                title: 'Use get_running_loop()',
                safe: true,
                edits: [{ span: ast.span(callee), newText: instead.text }, ...instead.edits],
              },
            ]
          : [],
      });
    }
  },
});
