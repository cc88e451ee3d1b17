/**
 * Who runs each function of the file, and how: called, as a thread's target, in an executor, by a loop as a callback,
 * as a signal handler, at exit. With the arguments it gets. Knows nothing of what the functions do.
 */
import { table } from '../../common/table';
import type { NodeId } from '../syntax/ast';
import { NONE } from '../syntax/ast';
import { Kind } from '../syntax/kinds';
import { EXECUTOR, FUTURE, LOOP, TASK, THREAD, THREAD_FUTURE } from './library';
import type { FunctionInfo } from './model';
import type { Value } from './value';
import { externalName } from './value';
import type { Values } from './values';

export type How =
  /** By its caller, at once (for a coroutine function: when it is awaited). */
  | 'call'
  /** As the target of a thread of its own. */
  | 'thread'
  /** In a thread of a pool. */
  | 'executor'
  /** In another process. */
  | 'process'
  /** By a loop, from its ready queue or its timers, in the loop's thread. */
  | 'callback'
  /** By a loop or by Python when a signal comes. */
  | 'signal'
  /** When something ends: the program, a `with` block, an object. */
  | 'exit';

export interface Invocation {
  readonly how: How;
  /** The function that is run; undefined where only `value` is known (`loop.stop`). */
  readonly fn: FunctionInfo | undefined;
  readonly value: Value | undefined;
  /** The expression that names what is run. */
  readonly target: NodeId;
  /** The call by which it is run or registered. */
  readonly call: NodeId;
  readonly args: readonly NodeId[];
  readonly keywords: ReadonlyMap<string, NodeId>;
}

interface Registration {
  readonly how: How;
  /** Place of the function among the positional arguments. */
  readonly place: number;
  readonly keyword?: string;
  /** How the function's own arguments are given: behind it, as a tuple, or not at all. */
  readonly args: 'rest' | 'tuple' | 'none';
}

const REGISTRATIONS = table<Registration>({
  [THREAD]: { how: 'thread', place: 1, keyword: 'target', args: 'tuple' },
  'multiprocessing.Process': { how: 'process', place: 1, keyword: 'target', args: 'tuple' },
  '_thread.start_new_thread': { how: 'thread', place: 0, args: 'tuple' },
  'asyncio.to_thread': { how: 'executor', place: 0, keyword: 'func', args: 'rest' },
  [`${LOOP}.run_in_executor`]: { how: 'executor', place: 1, keyword: 'func', args: 'rest' },
  'concurrent.futures.ThreadPoolExecutor.submit': { how: 'executor', place: 0, args: 'rest' },
  'concurrent.futures.ProcessPoolExecutor.submit': { how: 'process', place: 0, args: 'rest' },
  [`${EXECUTOR}.submit`]: { how: 'executor', place: 0, args: 'rest' },
  'concurrent.futures.ThreadPoolExecutor.map': { how: 'executor', place: 0, args: 'none' },
  'concurrent.futures.ProcessPoolExecutor.map': { how: 'process', place: 0, args: 'none' },
  [`${LOOP}.call_soon`]: { how: 'callback', place: 0, keyword: 'callback', args: 'rest' },
  [`${LOOP}.call_soon_threadsafe`]: { how: 'callback', place: 0, keyword: 'callback', args: 'rest' },
  [`${LOOP}.call_later`]: { how: 'callback', place: 1, keyword: 'callback', args: 'rest' },
  [`${LOOP}.call_at`]: { how: 'callback', place: 1, keyword: 'callback', args: 'rest' },
  [`${LOOP}.add_reader`]: { how: 'callback', place: 1, args: 'rest' },
  [`${LOOP}.add_writer`]: { how: 'callback', place: 1, args: 'rest' },
  [`${LOOP}.add_signal_handler`]: { how: 'signal', place: 1, args: 'rest' },
  'signal.signal': { how: 'signal', place: 1, args: 'none' },
  [`${TASK}.add_done_callback`]: { how: 'callback', place: 0, args: 'none' },
  [`${FUTURE}.add_done_callback`]: { how: 'callback', place: 0, args: 'none' },
  [`${THREAD_FUTURE}.add_done_callback`]: { how: 'executor', place: 0, args: 'none' },
  'atexit.register': { how: 'exit', place: 0, args: 'rest' },
  'weakref.finalize': { how: 'exit', place: 1, args: 'rest' },
  'contextlib.ExitStack.callback': { how: 'exit', place: 0, args: 'rest' },
  'contextlib.AsyncExitStack.callback': { how: 'exit', place: 0, args: 'rest' },
  'contextlib.AsyncExitStack.push_async_callback': { how: 'exit', place: 0, args: 'rest' },
  'asyncio.start_server': { how: 'callback', place: 0, args: 'none' },
  'asyncio.start_unix_server': { how: 'callback', place: 0, args: 'none' },
  'contextvars.Context.run': { how: 'call', place: 0, args: 'rest' },
});

/** The last names of the registrations: only calls with one of these are looked at. */
const LAST_NAMES: ReadonlySet<string> = new Set(
  [...Object.keys(REGISTRATIONS), 'threading.Timer'].map((name) => name.slice(name.lastIndexOf('.') + 1)),
);

export class Invocations {
  readonly all: Invocation[] = [];
  private readonly byFunction = new Map<FunctionInfo, Invocation[]>();
  private readonly byCall = new Map<NodeId, Invocation[]>();

  constructor(private readonly values: Values) {
    this.registrations();
    this.directCalls();
    this.threadClasses();
  }

  of(fn: FunctionInfo): readonly Invocation[] {
    return this.byFunction.get(fn) ?? NOTHING;
  }

  /** What a call runs or registers. */
  at(call: NodeId): readonly Invocation[] {
    return this.byCall.get(call) ?? NOTHING;
  }

  /** All expressions that are given for a parameter. */
  argumentsOf(fn: FunctionInfo, index: number): NodeId[] {
    return this.of(fn).flatMap((invocation) => {
      const node = this.argument(invocation, index);
      return node === NONE ? [] : [node];
    });
  }

  /** The expression that an invocation gives for a parameter, or `NONE`. */
  argument(invocation: Invocation, index: number): NodeId {
    const { fn } = invocation;
    const param = fn?.params[index];
    if (!fn || !param) return NONE;
    const byName = invocation.keywords.get(param.symbol.name);
    if (byName !== undefined) return byName;
    if (param.kind === 'keywordOnly') return NONE;
    const place = index - this.boundParameters(invocation);
    const { ast } = this.values.names;
    for (let i = 0; i <= place && i < invocation.args.length; i++) {
      const node = invocation.args[i] ?? NONE;
      if (ast.kindOf(node) === Kind.Star) return NONE;
      if (i === place) return node;
    }
    return NONE;
  }

  /** Which parameter an argument of a call is given for, or -1. */
  parameterOf(invocation: Invocation, argument: NodeId): number {
    return invocation.fn?.params.findIndex((_, index) => this.argument(invocation, index) === argument) ?? -1;
  }

  /** 1 where the first parameter is given by the object on which a method is called. */
  private boundParameters({ value, fn }: Invocation): number {
    if (value?.tag === 'bound') return 1;
    return value?.tag === 'class' && fn?.cls ? 1 : 0;
  }

  // ------------------------------------------------------------------ collecting

  private add(invocation: Invocation): void {
    this.all.push(invocation);
    const { fn, call } = invocation;
    if (fn) {
      const list = this.byFunction.get(fn);
      if (list) list.push(invocation);
      else this.byFunction.set(fn, [invocation]);
    }
    const here = this.byCall.get(call);
    if (here) here.push(invocation);
    else this.byCall.set(call, [invocation]);
  }

  private registrations(): void {
    const { names } = this.values;
    for (const last of LAST_NAMES) {
      for (const call of names.callsByName.get(last) ?? []) {
        const name = externalName(this.values.of(call + 1));
        const registration = name === undefined ? undefined : REGISTRATIONS[name];
        if (registration) this.register(call, registration);
      }
    }
    // A class of the file that is a thread is given its target by its constructor too.
    for (const cls of names.classes) {
      if (!this.values.externalBases(cls).includes(THREAD)) continue;
      for (const call of names.callsByName.get(cls.name) ?? []) {
        const registration = REGISTRATIONS[THREAD];
        if (registration && this.values.of(call + 1)?.tag === 'class') this.register(call, registration);
      }
    }
  }

  private register(call: NodeId, registration: Registration): void {
    const { ast } = this.values.names;
    const { positional, keywords } = argumentsOfCall(this.values, call);
    const { how, place, keyword } = registration;
    const target = (keyword === undefined ? undefined : keywords.get(keyword)) ?? positional[place] ?? NONE;
    if (target === NONE) return;
    let args: readonly NodeId[] = [];
    let own: ReadonlyMap<string, NodeId> = new Map();
    if (registration.args === 'rest') args = positional.slice(place + 1);
    else if (registration.args === 'tuple') {
      const tuple = keywords.get('args') ?? positional[place + 1] ?? NONE;
      if (tuple !== NONE && (ast.kindOf(tuple) === Kind.Tuple || ast.kindOf(tuple) === Kind.List)) {
        args = ast.children(tuple);
      }
      own = dictOf(this.values, keywords.get('kwargs') ?? NONE);
    }
    this.addTarget(how, target, call, args, own);
  }

  private addTarget(
    how: How,
    target: NodeId,
    call: NodeId,
    args: readonly NodeId[],
    keywords: ReadonlyMap<string, NodeId>,
  ): void {
    let value = this.values.of(target);
    if (value?.tag === 'partial') {
      const partial = argumentsOfCall(this.values, value.site);
      args = [...partial.positional.slice(1), ...args];
      keywords = new Map([...partial.keywords, ...keywords]);
      value = value.target;
    }
    const fn = this.values.functionIn(value);
    this.add({ how, fn, value, target, call, args, keywords });
  }

  private directCalls(): void {
    const { names } = this.values;
    const last = new Set(names.functions.filter((fn) => !fn.isLambda).map((fn) => fn.name));
    for (const cls of names.classes) last.add(cls.name);
    last.add('cls').add('super');
    for (const name of last) {
      for (const call of names.callsByName.get(name) ?? []) {
        const value = this.values.of(call + 1);
        const fn = this.values.functionIn(value);
        if (!fn) continue;
        const { positional, keywords } = argumentsOfCall(this.values, call);
        this.add({ how: 'call', fn, value, target: call + 1, call, args: positional, keywords });
      }
    }
  }

  /** `run` of a class that is a thread runs in that thread. */
  private threadClasses(): void {
    for (const cls of this.values.names.classes) {
      const run = cls.methods.get('run');
      if (!run) continue;
      const bases = this.values.externalBases(cls);
      const how: How | undefined = bases.includes(THREAD)
        ? 'thread'
        : bases.includes('multiprocessing.Process')
          ? 'process'
          : undefined;
      if (!how) continue;
      const value: Value = { tag: 'bound', fn: run, receiver: NONE };
      this.add({ how, fn: run, value, target: run.node, call: cls.node, args: [], keywords: new Map() });
    }
  }
}

const NOTHING: readonly Invocation[] = [];
const NO_KEYWORDS: ReadonlyMap<string, NodeId> = new Map();

/** The arguments of a call: positional ones in order, keywords by name. `*` and `**` are left as their nodes. */
export function argumentsOfCall(
  values: Values,
  call: NodeId,
): { positional: NodeId[]; keywords: ReadonlyMap<string, NodeId> } {
  const { ast } = values.names;
  const positional: NodeId[] = [];
  let keywords: Map<string, NodeId> | undefined;
  const end = ast.after(call);
  for (let node = ast.after(call + 1); node < end; node = ast.after(node)) {
    const kind = ast.kindOf(node);
    if (kind === Kind.Keyword) (keywords ??= new Map<string, NodeId>()).set(ast.name(node), node + 1);
    else if (kind !== Kind.DoubleStar) positional.push(node);
  }
  return { positional, keywords: keywords ?? NO_KEYWORDS };
}

/** The values of a dictionary display with plain string keys. */
function dictOf(values: Values, node: NodeId): Map<string, NodeId> {
  const { ast } = values.names;
  const entries = new Map<string, NodeId>();
  if (node === NONE || ast.kindOf(node) !== Kind.Dict) return entries;
  for (const pair of ast.childrenOfKind(node, Kind.Pair)) {
    const key = /^['"](\w+)['"]$/.exec(ast.textOf(pair + 1))?.[1];
    if (key !== undefined) entries.set(key, ast.child(pair, 1));
  }
  return entries;
}
