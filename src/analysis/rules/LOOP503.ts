/**
 * LOOP503: an asyncio primitive used by the code of another thread, or one of the module that several loops wait on in
 * turn. Where the loop itself is called wrongly it is LOOP502's.
 */
import { table } from '../../common/table';
import type { Facts } from '../facts';
import { callsTo, loopAround } from '../flow/calls';
import { FUTURE, TASK } from '../flow/library';
import type { FunctionInfo, SymbolInfo } from '../flow/model';
import { writtenCallee } from '../flow/places';
import { targetAt } from '../flow/versions';
import type { NodeId } from '../syntax/ast';
import { NONE } from '../syntax/ast';
import { Kind } from '../syntax/kinds';
import { defineRule } from './rule';
import { storyTo } from './support/story';
import type { ThreadFacts } from './support/threads';
import { identityOf, isMadeInThread, runsOwnLoop, threadFunctions } from './support/threads';

type Wanted = ThreadFacts & Pick<Facts, 'settings'>;

/** Methods that change what tasks wait for, or wait themselves; those that only look are safe enough. */
const METHODS = table<ReadonlySet<string>>({
  'asyncio.Queue': new Set(['put', 'put_nowait', 'get', 'get_nowait', 'task_done', 'join', 'shutdown']),
  'asyncio.Event': new Set(['set', 'clear', 'wait']),
  'asyncio.Lock': new Set(['acquire', 'release']),
  'asyncio.Semaphore': new Set(['acquire', 'release']),
  'asyncio.Condition': new Set(['acquire', 'release', 'notify', 'notify_all', 'wait', 'wait_for']),
  [FUTURE]: new Set(['set_result', 'set_exception', 'cancel', 'add_done_callback']),
  [TASK]: new Set(['cancel', 'add_done_callback']),
});
/** Primitives that hold on to the loop that waits on them first. */
const BOUND: ReadonlySet<string> = new Set(Object.keys(METHODS).filter((type) => type !== FUTURE && type !== TASK));
const RUNS: ReadonlySet<string> = new Set(['asyncio.run', 'uvloop.run', 'winloop.run']);
/** CPython 3.10: primitives find their loop when they first wait; before, when they are made. */
const BINDS_LATE_FROM = 10;

export const rule = defineRule({
  code: 'LOOP503',
  name: 'shared-primitive',
  summary: 'An asyncio primitive shared by threads or loops.',
  severity: 'warning',
  doc: {
    what: 'Flags queues, events, locks, conditions, semaphores, futures and tasks of asyncio that the code of another thread changes or waits for; and such a primitive of the module that the coroutines of several `asyncio.run()` wait on.',
    why: 'They are not safe for threads: they take no lock, and do not wake a loop that sleeps. And a primitive belongs to the one loop that first waited on it; another loop that does raises.',
    bad: 'import asyncio\nimport threading\n\ndef worker(queue):\n    queue.put_nowait(1)\n\nasync def main():\n    queue = asyncio.Queue()\n    threading.Thread(target=worker, args=(queue,)).start()\n    print(await queue.get())\n\nasyncio.run(main())\n',
    good: 'import asyncio\nimport threading\n\ndef worker(loop, queue):\n    loop.call_soon_threadsafe(queue.put_nowait, 1)\n\nasync def main():\n    queue = asyncio.Queue()\n    threading.Thread(target=worker, args=(asyncio.get_running_loop(), queue)).start()\n    print(await queue.get())\n\nasyncio.run(main())\n',
    message: 'RuntimeError: <asyncio.locks.Lock object …> is bound to a different event loop',
    fix: '`loop.call_soon_threadsafe(queue.put_nowait, item)` or `asyncio.run_coroutine_threadsafe(queue.put(item), loop)`; `queue.Queue` and `threading.Event` between threads; a primitive made in the coroutine for each loop.',
    versions:
      'Before 3.10 a primitive belongs to the loop that is current when it is made: one of the module is then never that of `asyncio.run()`.',
    related: [],
  },
  facts: ['ast', 'names', 'values', 'invocations', 'places', 'settings'],

  check(facts, report) {
    const { ast, places, values } = facts;
    for (const fn of threadFunctions(facts)) {
      if (runsOwnLoop(facts, fn)) continue;
      for (const call of places.callsIn(fn)) {
        if (!isUnsafe(facts, fn, call)) continue;
        report({
          span: ast.span(call),
          message: `${writtenCallee(values, call)}() in another thread: asyncio's primitives are not safe for threads. Go by loop.call_soon_threadsafe(), or use what threading and queue have.`,
          related: storyTo(places, fn, 'thread'),
          defect: call,
        });
      }
    }
    for (const shared of sharedByLoops(facts)) {
      report({
        span: ast.span(shared.creation),
        message: shared.isEarly
          ? `Before Python 3.10 ${shared.name} belongs to the loop that is current here, not to that of asyncio.run(). Make it in a coroutine.`
          : `${shared.name} is waited on by several loops, but belongs to the first of them. Make one for each, in its coroutine.`,
        related: shared.runs.map((run) => ({ span: ast.span(run), message: 'runs a loop of its own that uses it' })),
      });
    }
  },
});

function isUnsafe(facts: Wanted, fn: FunctionInfo, call: NodeId): boolean {
  const { ast, names, values } = facts;
  if (ast.kindOf(call + 1) !== Kind.Attribute) return false;
  const method = ast.name(call + 1);
  const object = call + 2;
  const type = values.typeOf(object);
  if (type === undefined || METHODS[type]?.has(method) !== true) return false;
  // `run_coroutine_threadsafe(queue.put(1), loop)`: the coroutine runs in the loop.
  const parent = ast.parent(call);
  if (ast.kindOf(parent) === Kind.Call && parent + 1 !== call) return false;
  if (identityOf(facts, object) === '' || isMadeInThread(facts, object)) return false;
  const symbol = ast.kindOf(object) === Kind.Name ? names.symbolOf(object) : undefined;
  // A local variable of the thread's own code.
  return symbol === undefined || symbol.scope !== fn.scope || symbol.param !== undefined;
}

// ------------------------------------------------------------------ several loops

interface Shared {
  readonly creation: NodeId;
  readonly name: string;
  readonly runs: readonly NodeId[];
  readonly isEarly: boolean;
}

/** Primitives of the module that more loops use than they can belong to. */
function sharedByLoops(facts: Wanted): Shared[] {
  const { ast, names, values, settings } = facts;
  const symbols = [...names.module.symbols.values()].filter((symbol) => isPrimitive(facts, symbol));
  if (symbols.length === 0) return [];
  const runs = callsTo(values, RUNS).filter((run) => !names.functionOf(run)?.isAsync);
  const uses = new Map(runs.map((run) => [run, functionsRunBy(facts, run)]));
  const found: Shared[] = [];
  for (const symbol of symbols) {
    const creation = symbol.bindings[0]?.value ?? NONE;
    const target = targetAt(values, creation, settings.target);
    if (!target) continue;
    const users = runs.filter((run) => [...(uses.get(run) ?? [])].some((fn) => reads(facts, fn, symbol)));
    const [first] = users;
    if (first === undefined) continue;
    const isEarly = target.lowest < BINDS_LATE_FROM;
    const isSeveral = users.length > 1 || loopAround(names, first) !== NONE;
    if (!isEarly && !isSeveral) continue;
    found.push({ creation, name: ast.textOf(symbol.bindings[0]?.target ?? NONE), runs: users, isEarly: !isSeveral });
  }
  return found;
}

function isPrimitive({ ast, values }: Wanted, symbol: SymbolInfo): boolean {
  const [binding, ...others] = symbol.bindings;
  if (!binding || others.length > 0 || binding.kind !== 'assign' || ast.kindOf(binding.value) !== Kind.Call)
    return false;
  return BOUND.has(values.typeOf(binding.value) ?? '');
}

/** The coroutine functions that `asyncio.run(main())` runs, and all that they call. */
function functionsRunBy({ ast, names, values, places }: Wanted, run: NodeId): Set<FunctionInfo> {
  const found = new Set<FunctionInfo>();
  const open: FunctionInfo[] = [];
  const add = (call: NodeId): void => {
    const fn = ast.kindOf(call) === Kind.Call ? values.calleeFunction(call) : undefined;
    if (!fn || found.has(fn)) return;
    found.add(fn);
    open.push(fn);
  };
  const argument = ast.child(run, 1);
  if (argument !== NONE) add(argument);
  for (let fn = open.pop(); fn; fn = open.pop()) {
    for (const call of places.callsIn(fn)) add(call);
    for (const inner of names.functions) {
      if (inner.parent !== fn || found.has(inner)) continue;
      found.add(inner);
      open.push(inner);
    }
  }
  return found;
}

function reads({ ast, names }: Wanted, fn: FunctionInfo, symbol: SymbolInfo): boolean {
  for (let node = fn.node; node < ast.after(fn.node); node++) {
    if (ast.kindOf(node) === Kind.Name && names.symbolOf(node) === symbol) return true;
  }
  return false;
}
