/**
 * LOOP502: the loop is called from another thread by something else than call_soon_threadsafe() and
 * run_coroutine_threadsafe(). Two ways to see it: code that runs in a thread of its own calls a loop that is not its own,
 * or a loop that the file runs in a thread is called by the code that has started that thread.
 */
import { LOOP, THREAD } from '../flow/library';
import type { FunctionInfo } from '../flow/model';
import { writtenCallee } from '../flow/places';
import type { Fix, Related } from '../finding';
import type { NodeId } from '../syntax/ast';
import { NONE } from '../syntax/ast';
import { Kind } from '../syntax/kinds';
import { defineRule } from './rule';
import { primary, reference } from './support/rewrites';
import { storyTo } from './support/story';
import type { ThreadFacts } from './support/threads';
import { identityOf, loopsOfThreads, threadFunctions } from './support/threads';

const NOT_SAFE: ReadonlySet<string> = new Set(
  'call_soon call_later call_at create_task stop add_reader add_writer remove_reader remove_writer'.split(' '),
);

/** What is safe, and wakes the loop. */
const SAFE = 'loop.call_soon_threadsafe() or asyncio.run_coroutine_threadsafe()';

export const rule = defineRule({
  code: 'LOOP502',
  name: 'loop-called-from-thread',
  summary: 'call_soon / call_later / create_task / stop from another thread.',
  severity: 'error',
  doc: {
    what: 'Flags `call_soon()`, `call_later()`, `call_at()`, `create_task()`, `ensure_future()` and `stop()` on a loop that runs in another thread: in the target of a thread, in what an executor or `to_thread()` runs, and, where the file runs a loop in a thread, in the code that started it. Not where the thread runs that loop itself.',
    why: 'These functions change the queues of the loop without a lock, and do not wake it: a loop that sleeps in its selector does what was asked of it much later, or never.',
    bad: 'import asyncio\nimport threading\n\ndef worker(loop, done):\n    loop.call_soon(done.set)\n\nasync def main():\n    done = asyncio.Event()\n    loop = asyncio.get_running_loop()\n    threading.Thread(target=worker, args=(loop, done)).start()\n    await done.wait()\n\nasyncio.run(main())\n',
    good: 'import asyncio\nimport threading\n\ndef worker(loop, done):\n    loop.call_soon_threadsafe(done.set)\n\nasync def main():\n    done = asyncio.Event()\n    loop = asyncio.get_running_loop()\n    threading.Thread(target=worker, args=(loop, done)).start()\n    await done.wait()\n\nasyncio.run(main())\n',
    message:
      "RuntimeError: Non-thread-safe operation invoked on an event loop other than the current one (with asyncio's debug mode)",
    fix: '`call_soon_threadsafe()` or `run_coroutine_threadsafe()`. Safe where the result is not used.',
    versions: 'All.',
    related: [],
  },
  facts: ['ast', 'names', 'values', 'invocations', 'places'],

  check(facts, report) {
    const { ast, places } = facts;
    const own = loopsOfThreads(facts);
    for (const fn of threadFunctions(facts)) {
      for (const call of places.callsIn(fn)) {
        const what = unsafeIn(facts, fn, call, own);
        if (what === undefined) continue;
        report({
          span: ast.span(call),
          message: what,
          related: storyTo(places, fn, 'thread'),
          fixes: fixesOf(facts, call),
          defect: call,
        });
      }
    }
    for (const { call, related } of callsFromOutside(facts)) {
      report({
        span: ast.span(call),
        message: `${writtenCallee(facts.values, call)}() from another thread than the loop's: it is not safe, and the loop is not woken. Use ${SAFE}.`,
        related,
        fixes: fixesOf(facts, call),
        defect: call,
      });
    }
  },
});

/** What is wrong with a call in the code of a thread, or undefined. */
function unsafeIn(facts: ThreadFacts, fn: FunctionInfo, call: NodeId, own: ReadonlySet<string>): string | undefined {
  const { ast, values } = facts;
  const name = values.calleeName(call) ?? '';
  const what = `${writtenCallee(values, call)}()`;
  if (name === 'asyncio.create_task' || name === 'asyncio.ensure_future') {
    const given = ast.childrenOfKind(call, Kind.Keyword).find((each) => ast.name(each) === 'loop');
    if (given !== undefined) {
      return isForeignLoop(facts, fn, given + 1, own)
        ? `${what} from another thread than the loop's: it is not safe, and the loop is not woken. Use ${SAFE}.`
        : undefined;
    }
    const argument = ast.child(call, 1);
    if (name === 'asyncio.ensure_future' && (argument === NONE || values.of(argument)?.tag !== 'coroutine'))
      return undefined;
    return setsLoop(facts, fn)
      ? undefined
      : `${what} in another thread: there is no running event loop, so it raises RuntimeError. Use asyncio.run_coroutine_threadsafe().`;
  }
  const method = ast.name(call + 1);
  if (!NOT_SAFE.has(method) || name !== `${LOOP}.${method}` || ast.kindOf(call + 1) !== Kind.Attribute)
    return undefined;
  if (!isForeignLoop(facts, fn, call + 2, own)) return undefined;
  return `${what} from another thread than the loop's: it is not safe, and the loop is not woken. Use ${SAFE}.`;
}

/** Whether a loop comes from outside the thread, and no thread of the file runs it. */
function isForeignLoop(facts: ThreadFacts, fn: FunctionInfo, node: NodeId, own: ReadonlySet<string>): boolean {
  const { ast, names, values } = facts;
  if (!values.isLoop(node)) return false;
  const identity = identityOf(facts, node);
  if (identity === '' || own.has(identity)) return false;
  if (ast.kindOf(node) !== Kind.Name) return identity.startsWith('field');
  const symbol = names.symbolOf(node);
  if (!symbol) return false;
  // A local variable that is bound here to what get_event_loop() gives is this thread's.
  const isLocal = symbol.scope === fn.scope && symbol.param === undefined;
  return !isLocal;
}

/** Whether the code of threads sets or runs loops: then a task may find one. */
function setsLoop({ names, values, places }: ThreadFacts, fn: FunctionInfo): boolean {
  return [fn, ...names.functions.filter((each) => places.evidenceFor(each, 'thread'))].some((each) =>
    places.callsIn(each).some((call) => values.calleeName(call) === 'asyncio.set_event_loop'),
  );
}

// ------------------------------------------------------------------ the loop runs in the thread

interface OutsideCall {
  readonly call: NodeId;
  readonly related: Related[];
}

/** A thread of the file whose target runs a loop. */
interface LoopThread {
  readonly loop: string;
  /** The call that makes the thread. */
  readonly site: NodeId;
  /** What it is called in the file. */
  readonly thread: string;
  readonly target: NodeId;
}

function loopThreads(facts: ThreadFacts): LoopThread[] {
  const { ast, values, invocations, places } = facts;
  const found: LoopThread[] = [];
  for (const { how, value, call, fn, target } of invocations.all) {
    if (how !== 'thread' || ast.kindOf(call) !== Kind.Call) continue;
    const parent = ast.parent(call);
    const bound = ast.kindOf(parent) === Kind.Assign ? parent + 1 : NONE;
    if (bound === NONE) continue;
    const thread = identityOf(facts, bound);
    if (value?.tag === 'method' && value.type === LOOP && value.name.startsWith('run_')) {
      found.push({ loop: identityOf(facts, value.receiver), site: call, thread, target });
    } else if (fn) {
      for (const inner of places.callsIn(fn)) {
        if (!/\.(run_forever|run_until_complete)$/.test(values.calleeName(inner) ?? '')) continue;
        found.push({ loop: identityOf(facts, inner + 2), site: call, thread, target });
      }
    }
  }
  return found.filter(({ loop, thread }) => loop !== '' && thread !== '');
}

/** Calls of a loop that runs in a thread, by code that has started that thread and has not joined it yet. */
function callsFromOutside(facts: ThreadFacts): OutsideCall[] {
  const { ast, names, values, places } = facts;
  const found: OutsideCall[] = [];
  for (const { loop, thread, target, site } of loopThreads(facts)) {
    const related = [{ span: ast.span(target), message: 'runs the loop in this thread' }];
    const starts = (names.callsByName.get('start') ?? []).filter((call) => isOn(facts, call, thread));
    const joins = (names.callsByName.get('join') ?? []).filter((call) => isOn(facts, call, thread));
    for (const method of NOT_SAFE) {
      for (const call of names.callsByName.get(method) ?? []) {
        if (ast.kindOf(call + 1) !== Kind.Attribute || identityOf(facts, call + 2) !== loop) continue;
        if (values.calleeName(call) !== `${LOOP}.${method}`) continue;
        const fn = names.functionOf(call);
        if (fn?.isAsync || fn?.isLambda || places.evidenceFor(fn, 'loop') || places.evidenceFor(fn, 'thread')) continue;
        const isLocal = names.functionOf(site) === fn;
        const own = (calls: readonly NodeId[]): NodeId[] => calls.filter((each) => names.functionOf(each) === fn);
        const isStarted = isLocal && own(starts).some((each) => each < call);
        const isJoined = own(joins).some((each) => each < call);
        // Another method of the object: it is surely outside where it joins the thread afterwards.
        const isOutside = !isLocal && loop.startsWith('field') && own(joins).some((each) => each > call);
        if ((isStarted || isOutside) && !isJoined) found.push({ call, related });
      }
    }
  }
  return found;
}

function isOn(facts: ThreadFacts, call: NodeId, thread: string): boolean {
  const { ast, values } = facts;
  if (ast.kindOf(call + 1) !== Kind.Attribute || identityOf(facts, call + 2) !== thread) return false;
  const type = values.typeOf(call + 2);
  return type === undefined || type === THREAD;
}

// ------------------------------------------------------------------ fixes

function fixesOf(facts: ThreadFacts, call: NodeId): Fix[] {
  const { ast, values } = facts;
  const isStatement = ast.kindOf(ast.parent(call)) === Kind.ExprStmt;
  const method = ast.name(call + 1);
  const name = values.calleeName(call) ?? '';
  const args = ast.children(call).slice(1);
  const fix = (title: string, newText: string, edits: Fix['edits'] = []): Fix[] => [
    { title, safe: isStatement, edits: [{ span: ast.span(call), newText }, ...edits] },
  ];
  const isTask = method === 'create_task' || name === 'asyncio.ensure_future';
  if (isTask) {
    const [coroutine, ...others] = args;
    const given = others.find((each) => ast.kindOf(each) === Kind.Keyword && ast.name(each) === 'loop');
    const loop = name.startsWith('asyncio.AbstractEventLoop') ? call + 2 : given === undefined ? NONE : given + 1;
    const isPlain = others.length === (given === undefined ? 0 : 1);
    if (loop === NONE || coroutine === undefined || !isPlain) return [];
    const run = reference(values, call, 'asyncio', 'run_coroutine_threadsafe');
    if (!run) return [];
    const newText = `${run.text}(${ast.textOf(coroutine)}, ${ast.textOf(loop)})`;
    return fix('Use run_coroutine_threadsafe()', newText, run.edits);
  }
  const loop = primary(ast, call + 2);
  const rest = args.map((each) => ast.textOf(each)).join(', ');
  if (method === 'call_soon') return fix('Use call_soon_threadsafe()', `${loop}.call_soon_threadsafe(${rest})`);
  if (!isStatement || args.some((each) => ast.kindOf(each) === Kind.Keyword || ast.kindOf(each) === Kind.DoubleStar))
    return [];
  const given = rest === '' ? '' : `, ${rest}`;
  return fix('Use call_soon_threadsafe()', `${loop}.call_soon_threadsafe(${loop}.${method}${given})`);
}
