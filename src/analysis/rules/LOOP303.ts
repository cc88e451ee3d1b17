/**
 * LOOP303: code of a loop that blocks its thread until something happens on that same loop: the result of
 * run_coroutine_threadsafe() on it, the end of a thread or of a job that waits for it. Waiting for anything else is
 * LOOP501's, which gives way where both report one call.
 */
import type { Facts } from '../facts';
import { THREAD, THREAD_FUTURE } from '../flow/library';
import type { Invocation } from '../flow/invocations';
import { argumentsOfCall } from '../flow/invocations';
import type { FunctionInfo } from '../flow/model';
import type { Reached } from '../flow/places';
import { writtenCallee } from '../flow/places';
import type { Fix, Related } from '../finding';
import type { NodeId } from '../syntax/ast';
import { NONE } from '../syntax/ast';
import { Kind } from '../syntax/kinds';
import { awaited, mayAwait, primary, reference } from './support/rewrites';
import { defineRule } from './rule';
import { storyThrough, storyTo } from './support/story';

type Wanted = Pick<Facts, 'ast' | 'names' | 'values' | 'invocations' | 'places' | 'blocking'>;

/** A function with the invocation by which it runs, outermost first: where its parameters come from. */
interface Frame {
  readonly fn: FunctionInfo | undefined;
  readonly invocation: Invocation | undefined;
}

/** What is waited for. */
interface Wait {
  /** The call that blocks. */
  readonly call: NodeId;
  readonly related: Related[];
}

const WAITS_FOR_FUTURE: ReadonlySet<string> = new Set([`${THREAD_FUTURE}.result`, `${THREAD_FUTURE}.exception`]);
const RUNNING_LOOP: ReadonlySet<string> = new Set(['asyncio.get_running_loop', 'asyncio.get_event_loop']);

export const rule = defineRule({
  code: 'LOOP303',
  name: 'wait-for-own-loop',
  summary: 'future.result() / thread.join() that waits for the own loop',
  severity: 'error',
  doc: {
    what: '`future.result()` or `thread.join()` in a coroutine or a callback, waiting for work that only the same loop can do.',
    why: 'The loop and the waiting code share one thread. While it waits the loop does nothing, so what it waits for never happens: the program hangs.',
    bad: 'async def main():\n    loop = asyncio.get_running_loop()\n    job = asyncio.run_coroutine_threadsafe(child(), loop)\n    return job.result()',
    good: 'async def main():\n    return await child()',
    message: 'Nothing: the program hangs (with a timeout: TimeoutError).',
    fix: '`await asyncio.wrap_future(job)`, or `await asyncio.to_thread(thread.join)`. Safe: as it stands the program never gets further. With a timeout, `asyncio.wait_for` around it.',
    versions: 'All.',
    related: [],
  },
  facts: ['ast', 'names', 'values', 'invocations', 'places', 'blocking'],

  check(facts, report) {
    const { ast, names, places, values } = facts;
    const passes = (fn: FunctionInfo): boolean => !places.asksWhereItRuns(fn);
    const reach = places.reach((call) => blocksOnLoop(facts, call), passes);
    for (const fn of names.functions) {
      if (!places.isStartedByLoop(fn)) continue;
      const frame: Frame = { fn, invocation: places.evidenceFor(fn, 'loop')?.invocation };
      for (const call of places.callsIn(fn)) {
        const wait = waitAt(facts, call, frame) ?? waitInThread(facts, call, frame);
        if (wait) {
          report({
            span: ast.span(call),
            message: `${writtenCallee(values, call)}() waits for the loop whose thread it blocks: ${isLimited(ast, call) ? 'only its timeout ends that' : 'the program hangs'}. Await it: asyncio.wrap_future(), asyncio.to_thread().`,
            related: [...storyTo(places, fn, 'loop'), ...wait.related],
            fixes: fixesOf(facts, call),
            defect: call,
          });
          continue;
        }
        const helper = places.helperAt(call);
        const reached = helper && reach(helper);
        if (!reached || !isOwnThrough(facts, call, reached, frame)) continue;
        report({
          span: ast.span(call),
          message: `${writtenCallee(values, call)}() waits for the loop whose thread it blocks: the program hangs. Await it: asyncio.wrap_future(), asyncio.to_thread().`,
          related: [...storyTo(places, fn, 'loop'), ...storyThrough(places, reached, 'waits for this loop')],
          defect: call,
        });
      }
    }
  },
});

/** Whether a wait is given a timeout. */
function isLimited(ast: Facts['ast'], call: NodeId): boolean {
  const limit = ast.child(call, 1);
  return limit !== NONE && ast.kindOf(ast.kindOf(limit) === Kind.Keyword ? limit + 1 : limit) !== Kind.None;
}

/** Whether a call waits for the result of a job on some loop; gives the expression that names the loop. */
function blocksOnLoop({ values, blocking }: Wanted, call: NodeId): NodeId | undefined {
  if (!WAITS_FOR_FUTURE.has(values.calleeName(call) ?? '') || !blocking.at(call)) return undefined;
  const future = values.of(call + 2);
  if (future?.tag !== 'instance' || future.site < 0) return undefined;
  if (values.calleeName(future.site) !== 'asyncio.run_coroutine_threadsafe') return undefined;
  const { positional, keywords } = argumentsOfCall(values, future.site);
  return keywords.get('loop') ?? positional[1];
}

function waitAt(facts: Wanted, call: NodeId, frame: Frame): Wait | undefined {
  const { ast, values } = facts;
  const loop = blocksOnLoop(facts, call);
  if (loop === undefined || !isRunningLoop(facts, loop, [frame])) return undefined;
  const future = values.of(call + 2);
  const site = future?.tag === 'instance' ? future.site : NONE;
  const isApart = site !== NONE && !ast.contains(call, site);
  return { call, related: isApart ? [{ span: ast.span(site), message: 'a job for this loop' }] : [] };
}

/** `thread.join()`, or `job.result()` of an executor's job, whose function waits for this loop. */
function waitInThread(facts: Wanted, call: NodeId, frame: Frame): Wait | undefined {
  const { ast, values, invocations, places, blocking } = facts;
  const name = values.calleeName(call) ?? '';
  if (name !== `${THREAD}.join` && !WAITS_FOR_FUTURE.has(name)) return undefined;
  const object = values.of(call + 2);
  if (object?.tag !== 'instance' || object.site < 0 || !blocking.at(call)) return undefined;
  for (const invocation of invocations.at(object.site)) {
    const { fn, how } = invocation;
    if (!fn || (how !== 'thread' && how !== 'executor')) continue;
    for (const inner of places.callsIn(fn)) {
      const loop = blocksOnLoop(facts, inner);
      if (loop === undefined || !isRunningLoop(facts, loop, [frame, { fn, invocation }])) continue;
      return {
        call,
        related: [
          { span: ast.span(invocation.target), message: 'what the thread runs' },
          { span: ast.span(inner), message: 'waits there for this loop' },
        ],
      };
    }
  }
  return undefined;
}

function isOwnThrough(facts: Wanted, call: NodeId, reached: Reached<NodeId>, frame: Frame): boolean {
  const frames = [frame];
  for (const each of [call, ...reached.path]) {
    const invocation = facts.invocations.at(each).find(({ how, fn }) => how === 'call' && fn !== undefined);
    if (!invocation) return false;
    frames.push({ fn: invocation.fn, invocation });
  }
  return isRunningLoop(facts, reached.what, frames);
}

/** Whether an expression in the innermost frame is the loop that runs the outermost one. */
function isRunningLoop(facts: Wanted, node: NodeId, frames: readonly Frame[], depth = 0): boolean {
  const { ast, names, values, invocations, places } = facts;
  if (node === NONE || depth > 10) return false;
  if (ast.kindOf(node) === Kind.Call) {
    if (!RUNNING_LOOP.has(values.calleeName(node) ?? '')) return false;
    const fn = names.functionOf(node);
    return places.isStartedByLoop(fn) || frames.some((frame) => frame.fn === fn && frames.indexOf(frame) === 0);
  }
  if (ast.kindOf(node) !== Kind.Name) return false;
  const symbol = names.symbolOf(node);
  if (!symbol) return false;
  const index = frames.findLastIndex(({ fn }) => fn === symbol.param?.fn);
  const frame = frames[index];
  if (symbol.param && frame) {
    if (symbol.bindings.length !== 1 || !frame.invocation) return false;
    const argument = invocations.argument(frame.invocation, symbol.param.index);
    // The argument stands in the frame before; the first frame's in whoever registered it.
    return isRunningLoop(facts, argument, frames.slice(0, Math.max(index, 1)), depth + 1);
  }
  // A local variable of one of the frames, or of a coroutine around them.
  if (symbol.scope.kind !== 'function') return false;
  return (
    symbol.bindings.length > 0 &&
    symbol.bindings.every(
      (binding) =>
        (binding.kind === 'assign' || binding.kind === 'walrus') &&
        binding.element === -1 &&
        isRunningLoop(facts, binding.value, frames, depth + 1),
    )
  );
}

function fixesOf({ ast, names, values, places }: Wanted, call: NodeId): Fix[] {
  if (!places.isCoroutine(names.functionOf(call)) || !mayAwait(ast, call)) return [];
  const method = ast.name(call + 1);
  const object = primary(ast, call + 2);
  const args = ast.children(call).slice(1);
  if (method === 'join') {
    const toThread = reference(values, call, 'asyncio', 'to_thread');
    if (!toThread) return [];
    const rest = args.map((each) => `, ${ast.textOf(each)}`).join('');
    return [
      {
        title: 'Join it in another thread',
        safe: true,
        edits: [
          { span: ast.span(call), newText: awaited(ast, call, `${toThread.text}(${object}.join${rest})`) },
          ...toThread.edits,
        ],
      },
    ];
  }
  if (method !== 'result') return [];
  const wrap = reference(values, call, 'asyncio', 'wrap_future');
  if (!wrap) return [];
  const wrapped = `${wrap.text}(${ast.textOf(call + 2)})`;
  const [limit] = args;
  if (limit === undefined) {
    return [
      {
        title: 'Await it',
        safe: true,
        edits: [{ span: ast.span(call), newText: awaited(ast, call, wrapped) }, ...wrap.edits],
      },
    ];
  }
  const waitFor = reference(values, call, 'asyncio', 'wait_for');
  if (!waitFor || (waitFor.edits.length > 0 && wrap.edits.length > 0)) return [];
  const seconds = ast.textOf(ast.kindOf(limit) === Kind.Keyword ? limit + 1 : limit);
  const newText = awaited(ast, call, `${waitFor.text}(${wrapped}, ${seconds})`);
  return [
    {
      title: 'Await it for as long',
      safe: false,
      edits: [{ span: ast.span(call), newText }, ...wrap.edits, ...waitFor.edits],
    },
  ];
}
