/**
 * Where each function of the file runs: in a running loop's thread (coroutines, callbacks and what they call), in a thread
 * of its own or of a pool, at the top level before any loop runs. Only what the file itself shows: a function that nobody
 * in the file runs is nowhere. Also what a call reaches through helpers of the file. Judges nothing.
 */
import type { NodeId } from '../syntax/ast';
import { NONE } from '../syntax/ast';
import { Kind } from '../syntax/kinds';
import type { Invocation, Invocations } from './invocations';
import type { FunctionInfo } from './model';
import type { Values } from './values';

/** A place where code runs. */
export type Place = 'loop' | 'thread' | 'top level';

/** How a function comes to run somewhere: by whom it is invoked, and in which function of that place. */
export interface Evidence {
  /** Undefined for a coroutine function, and for a method that a loop calls by its name. */
  readonly invocation: Invocation | undefined;
  /** The function in which the invocation stands, where that is a direct call; undefined at the top level. */
  readonly caller: FunctionInfo | undefined;
}

/** What a call reaches, and through which calls. */
export interface Reached<T> {
  readonly node: NodeId;
  readonly what: T;
  /** The calls that lead there, outermost first; empty where the node itself stands in the function asked for. */
  readonly path: readonly NodeId[];
}

/** Methods that the loop calls on a protocol (asyncio/protocols.py). */
const PROTOCOL_METHODS: ReadonlySet<string> = new Set([
  ...['connection_made', 'connection_lost', 'pause_writing', 'resume_writing', 'data_received', 'eof_received'],
  ...['get_buffer', 'buffer_updated', 'datagram_received', 'error_received'],
  ...['pipe_data_received', 'pipe_connection_lost', 'process_exited'],
]);

const PROTOCOLS: ReadonlySet<string> = new Set(
  ['BaseProtocol', 'Protocol', 'DatagramProtocol', 'BufferedProtocol', 'SubprocessProtocol'].map(
    (name) => `asyncio.${name}`,
  ),
);

/** Calls by which a function asks where it runs. */
const ASKS: ReadonlySet<string> = new Set([
  ...['asyncio.get_running_loop', 'asyncio._get_running_loop', 'asyncio.current_task', 'sniffio.current_async_library'],
  ...['threading.current_thread', 'threading.main_thread', 'threading.get_ident', 'threading.get_native_id'],
]);

const HARMLESS_DECORATORS: ReadonlySet<string> = new Set([
  ...['staticmethod', 'classmethod', 'typing.override', 'typing.final', 'typing.overload', 'typing.no_type_check'],
  ...['typing_extensions.override', 'abc.abstractmethod', 'functools.wraps', 'functools.cache', 'functools.lru_cache'],
]);

export class Places {
  private readonly callsByFunction = new Map<FunctionInfo | undefined, NodeId[]>();
  private readonly evidence: Record<Place, Map<FunctionInfo, Evidence>>;
  private readonly asking = new Map<FunctionInfo, boolean>();

  /** @param isNotebook whether the top level runs in a loop */
  constructor(
    readonly values: Values,
    readonly invocations: Invocations,
    private readonly isNotebook: boolean,
  ) {
    for (const call of values.names.calls) {
      const fn = values.names.functionOf(call);
      const list = this.callsByFunction.get(fn);
      if (list) list.push(call);
      else this.callsByFunction.set(fn, [call]);
    }
    this.evidence = { loop: this.loopFunctions(), thread: this.threadFunctions(), 'top level': this.topLevel() };
  }

  /** The calls of a function's own code, or of the module's, in order. */
  callsIn(fn: FunctionInfo | undefined): readonly NodeId[] {
    return this.callsByFunction.get(fn) ?? [];
  }

  /** How a function comes to run in a place, or undefined where the file does not show that it does. */
  evidenceFor(fn: FunctionInfo | undefined, place: Place): Evidence | undefined {
    return fn && this.evidence[place].get(fn);
  }

  /** Whether this is code of a coroutine, or of a notebook's top level. */
  isCoroutine(fn: FunctionInfo | undefined): boolean {
    return fn ? fn.isAsync : this.isNotebook;
  }

  /** Whether a loop itself starts this code: coroutines, callbacks, a protocol's methods. */
  isStartedByLoop(fn: FunctionInfo | undefined): boolean {
    if (this.isCoroutine(fn)) return true;
    const evidence = this.evidenceFor(fn, 'loop');
    return evidence !== undefined && evidence.invocation?.how !== 'call';
  }

  /** The invocations that lead from the outside to a function, outermost first; none where the function itself is it. */
  storyOf(fn: FunctionInfo, place: Place): Invocation[] {
    const story: Invocation[] = [];
    let at: FunctionInfo | undefined = fn;
    while (at && story.length < 20) {
      const evidence: Evidence | undefined = this.evidenceFor(at, place);
      if (evidence?.invocation) story.unshift(evidence.invocation);
      at = evidence?.caller;
    }
    return story;
  }

  /** The function of the file whose code a call runs at once: none for coroutines, generators and decorated functions. */
  helperAt(call: NodeId): FunctionInfo | undefined {
    const fn = this.values.calleeFunction(call);
    return fn && !fn.isAsync && !fn.isGenerator && this.isUndecorated(fn) ? fn : undefined;
  }

  /** Whether calling a function runs its own code: no decorator stands between that might do otherwise. */
  isUndecorated(fn: FunctionInfo): boolean {
    return fn.decorators.every((decorator) => {
      const { names } = this.values;
      const value = this.values.of(names.ast.kindOf(decorator) === Kind.Call ? decorator + 1 : decorator);
      return value?.tag === 'external' && HARMLESS_DECORATORS.has(value.name);
    });
  }

  /** Whether a function, or one that it calls, asks whether a loop runs or in which thread it is. */
  asksWhereItRuns(fn: FunctionInfo): boolean {
    const known = this.asking.get(fn);
    if (known !== undefined) return known;
    this.asking.set(fn, false);
    const asks = this.callsIn(fn).some((call) => {
      const name = this.values.calleeName(call);
      if (name !== undefined && (ASKS.has(name) || name.endsWith('.is_running'))) return true;
      if (this.isIsRunning(call)) return true;
      const helper = this.values.calleeFunction(call);
      return helper !== undefined && helper !== fn && !helper.isAsync && this.asksWhereItRuns(helper);
    });
    this.asking.set(fn, asks);
    return asks;
  }

  /** `x.is_running()`, whatever x is. */
  isIsRunning(call: NodeId): boolean {
    const { ast } = this.values.names;
    return ast.kindOf(call + 1) === Kind.Attribute && ast.name(call + 1) === 'is_running';
  }

  /**
   * What a function reaches when it is called, in its own code or through helpers of the file.
   * @param direct what a call does by itself
   * @param passes whether the code of a helper is looked into
   */
  reach<T>(
    direct: (call: NodeId) => T | undefined,
    passes: (fn: FunctionInfo) => boolean,
  ): (fn: FunctionInfo) => Reached<T> | undefined {
    const memo = new Map<FunctionInfo, Reached<T> | undefined>();
    const visit = (fn: FunctionInfo, depth: number): Reached<T> | undefined => {
      if (memo.has(fn) || depth > 40) return memo.get(fn);
      memo.set(fn, undefined);
      if (!passes(fn)) return undefined;
      let found: Reached<T> | undefined;
      for (const call of this.callsIn(fn)) {
        const what = direct(call);
        if (what !== undefined) found = { node: call, what, path: [] };
        else {
          const helper = this.helperAt(call);
          const inner = helper && visit(helper, depth + 1);
          if (inner) found ??= { ...inner, path: [call, ...inner.path] };
        }
        if (found?.path.length === 0) break;
      }
      memo.set(fn, found);
      return found;
    };
    return (fn) => visit(fn, 0);
  }

  // ------------------------------------------------------------------ evidence

  private loopFunctions(): Map<FunctionInfo, Evidence> {
    const found = new Map<FunctionInfo, Evidence>();
    const { names } = this.values;
    for (const fn of names.functions) {
      if (fn.isAsync || this.isProtocolMethod(fn)) found.set(fn, { invocation: undefined, caller: undefined });
    }
    for (const invocation of this.invocations.all) {
      const { fn, how, call } = invocation;
      if (!fn || fn.isAsync || found.has(fn)) continue;
      const isSignal = how === 'signal' && this.values.calleeName(call)?.endsWith('.add_signal_handler') === true;
      if (how === 'callback' || isSignal) found.set(fn, { invocation, caller: undefined });
    }
    return this.spread(found, this.isNotebook);
  }

  private isProtocolMethod(fn: FunctionInfo): boolean {
    if (!fn.cls || !PROTOCOL_METHODS.has(fn.name)) return false;
    return this.values.externalBases(fn.cls).some((base) => base !== undefined && PROTOCOLS.has(base));
  }

  private threadFunctions(): Map<FunctionInfo, Evidence> {
    const found = new Map<FunctionInfo, Evidence>();
    const { ast } = this.values.names;
    for (const invocation of this.invocations.all) {
      const { fn, how, call } = invocation;
      if (!fn || fn.isAsync || found.has(fn)) continue;
      // The callbacks of a concurrent.futures.Future run in whichever thread ends it, a loop's included.
      const isDoneCallback = ast.kindOf(call) === Kind.Call && ast.name(call + 1) === 'add_done_callback';
      if ((how === 'thread' || how === 'executor') && !isDoneCallback) found.set(fn, { invocation, caller: undefined });
    }
    return this.spread(found, false);
  }

  private topLevel(): Map<FunctionInfo, Evidence> {
    return this.spread(new Map(), !this.isNotebook);
  }

  /** Follows direct calls of functions of the file; `fromTop`: those at the top level too. */
  private spread(found: Map<FunctionInfo, Evidence>, fromTop: boolean): Map<FunctionInfo, Evidence> {
    const open: (FunctionInfo | undefined)[] = [...found.keys()];
    if (fromTop) open.push(undefined);
    for (let i = 0; i < open.length; i++) {
      const caller = open[i];
      if (caller && !caller.isAsync && caller.isGenerator) continue;
      for (const call of this.callsIn(caller)) {
        const here = this.invocations.at(call);
        // Most calls run nothing of the file's.
        if (here.length === 0) continue;
        const fn = this.helperAt(call);
        if (!fn || found.has(fn)) continue;
        const invocation = here.find((each) => each.how === 'call' && each.fn === fn);
        if (!invocation) continue;
        found.set(fn, { invocation, caller });
        open.push(fn);
      }
    }
    return found;
  }
}

/** The name of what a call calls, as written, without arguments: `self.pool.submit`. */
export function writtenCallee(values: Values, call: NodeId): string {
  const { ast } = values.names;
  if (call === NONE) return '';
  const text = ast.textOf(call + 1).replace(/\s+/g, ' ');
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
