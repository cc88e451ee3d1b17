/** LOOP112: close() with tasks that nothing has cancelled. */
import type { Facts } from '../facts';
import { TASKS_SEEN } from '../flow/bits';
import { LOOP } from '../flow/library';
import type { NodeId } from '../syntax/ast';
import { defineRule } from './rule';
import { closesWithout } from './support/closing';
import { fixes } from './support/edits';
import { theLoop } from './support/loops';
import { closeByRunner } from './support/runner';

export const rule = defineRule({
  code: 'LOOP112',
  name: 'close-with-tasks',
  severity: 'hint',
  summary: 'close() of a loop in a file that makes tasks and cancels none.',
  facts: ['ast', 'names', 'values', 'lives', 'raising', 'settings', 'contexts'],
  doc: {
    what: 'Flags `close()` of a loop that has run, in a file that makes tasks (`create_task`, `ensure_future`) and neither lists them (`all_tasks()`) nor cancels any.',
    why: 'Tasks that are still pending when their loop is closed are destroyed without running their `finally` blocks. `asyncio.run()` cancels them and waits for them.',
    bad: 'import asyncio\n\nloop = asyncio.new_event_loop()\ntask = loop.create_task(asyncio.sleep(3600))\ntry:\n    loop.run_until_complete(asyncio.sleep(0))\nfinally:\n    loop.close()\n',
    good: 'import asyncio\n\nasync def main():\n    task = asyncio.create_task(asyncio.sleep(3600))\n    await asyncio.sleep(0)\n\nasyncio.run(main())\n',
    message: 'Task was destroyed but it is pending!',
    fix: 'Use `asyncio.run()` or `asyncio.Runner`, or cancel what `asyncio.all_tasks(loop)` gives and run the loop until it is done. The quick fix uses a Runner where the code allows it.',
    versions: 'All.',
    related: [],
  },
  check(facts, report) {
    const [first] = tasksOf(facts);
    if (first === undefined || facts.names.callsByName.has('cancel') || facts.names.callsByName.has('all_tasks'))
      return;
    for (const { call, life } of closesWithout(facts, TASKS_SEEN)) {
      report({
        span: facts.ast.span(call),
        message: `close() of ${theLoop(life)} with tasks that nothing has cancelled: cancel and await them first, or use asyncio.Runner.`,
        related: [{ span: facts.ast.span(first), message: 'A task is made here.' }],
        fixes: fixes(closeByRunner(facts, life, call)),
      });
    }
  },
});

/** Calls that make tasks, but for those of a task group, which waits for its own. */
function tasksOf({ names, values }: Pick<Facts, 'names' | 'values'>): NodeId[] {
  const makers = new Set(['asyncio.create_task', 'asyncio.ensure_future', `${LOOP}.create_task`]);
  return ['create_task', 'ensure_future']
    .flatMap((name) => names.callsByName.get(name) ?? [])
    .filter((call) => makers.has(values.calleeName(call) ?? ''))
    .sort((a, b) => a - b);
}
