/**
 * LOOP501: a call that blocks the thread of a running loop: in a coroutine, in a callback, or in a helper of the file that
 * they call. What blocks is flow/blocking.ts's table; waiting for the own loop is LOOP303's.
 */
import type { Facts } from '../facts';
import type { Blocking } from '../flow/blocking';
import type { FunctionInfo } from '../flow/model';
import { writtenCallee } from '../flow/places';
import { targetAt } from '../flow/versions';
import type { Fix } from '../finding';
import type { NodeId } from '../syntax/ast';
import { NONE } from '../syntax/ast';
import { Kind } from '../syntax/kinds';
import { awaited, mayAwait, primary, reference } from './support/rewrites';
import { defineRule } from './rule';
import { storyThrough, storyTo } from './support/story';

type Wanted = Pick<Facts, 'ast' | 'names' | 'values' | 'places' | 'blocking' | 'graphs' | 'settings'>;

export const rule = defineRule({
  code: 'LOOP501',
  name: 'blocking-call',
  summary: 'a blocking call in a coroutine, also through helpers in the file',
  severity: 'warning',
  doc: {
    what: 'A call that blocks its thread, in a coroutine, in a callback of a loop, or in a helper of the file that one of them calls.',
    why: 'While it waits nothing else happens on the loop: no task runs, no timer fires, no byte is read. `open()` and file reads are only information: they rarely take long.',
    bad: 'async def poll():\n    time.sleep(1)\n    return requests.get(url)',
    good: 'async def poll():\n    await asyncio.sleep(1)\n    return await asyncio.to_thread(requests.get, url)',
    message: 'With `PYTHONASYNCIODEBUG=1`: Executing <Task …> took 1.002 seconds',
    fix: '`await asyncio.sleep(…)` for `time.sleep` (safe); `await asyncio.to_thread(…)` or `await asyncio.wrap_future(…)` for others (not safe: the function then runs in another thread).',
    versions:
      'All; `asyncio.to_thread` needs 3.9. `blocking-calls` in `[tool.loopscope]` names functions of your own, `package.*` all of a package.',
    related: [
      { tool: 'ruff', rule: 'ASYNC210' },
      { tool: 'ruff', rule: 'ASYNC220' },
      { tool: 'ruff', rule: 'ASYNC221' },
      { tool: 'ruff', rule: 'ASYNC222' },
      { tool: 'ruff', rule: 'ASYNC230' },
      { tool: 'ruff', rule: 'ASYNC250' },
      { tool: 'ruff', rule: 'ASYNC251' },
    ],
  },
  facts: ['ast', 'names', 'values', 'places', 'blocking', 'graphs', 'settings'],

  check(facts, report) {
    const { ast, names, places, values, blocking } = facts;
    const passes = (fn: FunctionInfo): boolean => !places.asksWhereItRuns(fn);
    const isFile = (found: Blocking | undefined): boolean => found?.kind === 'file';
    const reach = places.reach((call) => {
      const found = blocking.at(call);
      return isFile(found) ? undefined : found;
    }, passes);
    const reachFile = places.reach((call) => {
      const found = blocking.at(call);
      return isFile(found) ? found : undefined;
    }, passes);
    for (const fn of names.functions) {
      if (!places.isStartedByLoop(fn)) continue;
      for (const call of places.callsIn(fn)) {
        const direct = blocking.at(call);
        const helper = direct ? undefined : places.helperAt(call);
        const reached = helper && (reach(helper) ?? reachFile(helper));
        const found = direct ?? reached?.what;
        if (!found || !isReachable(facts, fn, call)) continue;
        const what = `${writtenCallee(values, call)}()`;
        const advice = adviceOn(found, places.isCoroutine(fn));
        report({
          span: ast.span(call),
          message: reached
            ? `${what} blocks the event loop: it calls ${writtenCallee(values, reached.node)}(). ${advice}`
            : `${what} blocks the event loop: no other task runs meanwhile${inCallback(places.isCoroutine(fn))}. ${advice}`,
          ...(isFile(found) ? { severity: 'info' as const } : {}),
          related: [
            ...storyTo(places, fn, 'loop'),
            ...(reached ? storyThrough(places, reached, `${writtenCallee(values, reached.node)}() blocks`) : []),
          ],
          fixes: fixesOf(facts, call, found, reached === undefined),
          defect: call,
        });
      }
    }
  },
});

/** What to do instead. */
function adviceOn({ kind }: Blocking, isCoroutine: boolean): string {
  if (!isCoroutine) return kind === 'sleep' ? 'Use loop.call_later().' : 'Give it to loop.run_in_executor().';
  return kind === 'sleep' ? 'Await asyncio.sleep().' : 'Await asyncio.to_thread() with it.';
}

function inCallback(isCoroutine: boolean): string {
  return isCoroutine ? '' : ' (this is a callback of the loop)';
}

function isReachable({ graphs }: Wanted, fn: FunctionInfo, call: NodeId): boolean {
  const graph = graphs.of(fn);
  return graph.isBroken || graph.opOf.has(call);
}

function fixesOf(facts: Wanted, call: NodeId, found: Blocking, isDirect: boolean): Fix[] {
  const { ast, names, values, places } = facts;
  if (!places.isCoroutine(names.functionOf(call)) || !mayAwait(ast, call)) return [];
  const args = ast.children(call).slice(1);
  if (isDirect && found.name === 'time.sleep') {
    const sleep = reference(values, call, 'asyncio', 'sleep');
    const [seconds] = args;
    if (!sleep || seconds === undefined || args.length !== 1) return [];
    const newText = awaited(ast, call, `${sleep.text}(${ast.textOf(seconds)})`);
    return [{ title: 'Use asyncio.sleep()', safe: true, edits: [{ span: ast.span(call), newText }, ...sleep.edits] }];
  }
  if (isDirect && found.name.endsWith('.Future.result') && args.length === 0) {
    const wrap = reference(values, call, 'asyncio', 'wrap_future');
    if (!wrap) return [];
    const newText = awaited(ast, call, `${wrap.text}(${ast.textOf(call + 2)})`);
    return [{ title: 'Await it', safe: false, edits: [{ span: ast.span(call), newText }, ...wrap.edits] }];
  }
  return inThread(facts, call, args, found);
}

/** `await asyncio.to_thread(f, …)`. */
function inThread(facts: Wanted, call: NodeId, args: readonly NodeId[], found: Blocking): Fix[] {
  const { ast, values, settings } = facts;
  const target = targetAt(values, call, settings.target);
  // What a `with` enters has to be there at once, and a lock belongs to the thread that takes it.
  const isManager = ast.kindOf(ast.parent(call)) === Kind.WithItem;
  const isOwned = found.name.startsWith('threading.') && found.name.endsWith('.acquire');
  if (!target || target.lowest < 9 || isManager || isOwned || /(^|\.)open$/.test(found.name)) return [];
  const toThread = reference(values, call, 'asyncio', 'to_thread');
  if (!toThread) return [];
  const open = (ast.end[call + 1] ?? 0) + ast.text.slice(ast.end[call + 1], ast.end[call]).indexOf('(') + 1;
  const inner = ast.text.slice(open, (ast.end[call] ?? 0) - 1);
  const given = args.length === 0 || args[0] === NONE ? '' : `, ${inner.trimStart()}`;
  const isGenerator = args.length === 1 && ast.kindOf(args[0] ?? NONE) === Kind.GenExp && !inner.startsWith('(');
  if (isGenerator) return [];
  const newText = awaited(ast, call, `${toThread.text}(${primary(ast, call + 1)}${given})`);
  return [{ title: 'Run it in a thread', safe: false, edits: [{ span: ast.span(call), newText }, ...toThread.edits] }];
}
