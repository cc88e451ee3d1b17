/**
 * Where each function of the file runs: in a loop (coroutines, callbacks, and what they call), in another thread, on the
 * main thread outside a loop. Worked out from who runs whom (invocations.ts), to a fixpoint. A function that nobody in
 * the file runs can run anywhere.
 */
import type { NodeId } from '../syntax/ast';
import type { How, Invocation, Invocations } from './invocations';
import type { FunctionInfo } from './model';
import type { Names } from './scopes';

export type Context = 'loop' | 'thread' | 'main' | 'anywhere';

const CONTEXT_OF: Readonly<Record<Exclude<How, 'call'>, Context>> = {
  thread: 'thread',
  executor: 'thread',
  process: 'main',
  callback: 'loop',
  signal: 'loop',
  exit: 'main',
};

const LOOP_ALONE: ReadonlySet<Context> = new Set<Context>(['loop']);
const MAIN_ALONE: ReadonlySet<Context> = new Set<Context>(['main']);
const ANYWHERE: ReadonlySet<Context> = new Set<Context>(['anywhere']);

export class Contexts {
  private readonly known = new Map<FunctionInfo, ReadonlySet<Context>>();

  /** @param moduleInLoop whether the module's own code runs in a loop, as a notebook's does */
  constructor(
    private readonly names: Names,
    private readonly invocations: Invocations,
    private readonly moduleInLoop: boolean,
  ) {
    this.settle();
  }

  of(fn: FunctionInfo | undefined): ReadonlySet<Context> {
    if (!fn) return this.moduleInLoop ? LOOP_ALONE : MAIN_ALONE;
    return this.known.get(fn) ?? ANYWHERE;
  }

  /** Whether a loop is running whenever this code runs. */
  runsInLoop(fn: FunctionInfo | undefined): boolean {
    const contexts = this.of(fn);
    return contexts.size === 1 && contexts.has('loop');
  }

  /** Whether this code runs in a thread that is not the one which started it, and nowhere else. */
  runsInThread(fn: FunctionInfo | undefined): boolean {
    const contexts = this.of(fn);
    return contexts.size === 1 && contexts.has('thread');
  }

  /** The registrations that make a function, or a function that calls it, run in a thread; nearest first. */
  threadStarts(fn: FunctionInfo): Invocation[] {
    return this.reach(fn, (invocation) => invocation.how === 'thread' || invocation.how === 'executor');
  }

  /** Invocations of a function and of its callers, breadth first, that meet a condition. */
  private reach(fn: FunctionInfo, test: (invocation: Invocation) => boolean): Invocation[] {
    const found: Invocation[] = [];
    const seen = new Set<FunctionInfo>([fn]);
    const queue = [fn];
    for (const each of queue) {
      for (const invocation of this.invocations.of(each)) {
        if (test(invocation)) found.push(invocation);
        const caller = invocation.how === 'call' ? this.names.functionOf(invocation.call) : undefined;
        if (caller && !caller.isAsync && !seen.has(caller)) {
          seen.add(caller);
          queue.push(caller);
        }
      }
    }
    return found;
  }

  private settle(): void {
    const { functions } = this.names;
    const sets = new Map<FunctionInfo, Set<Context>>();
    for (const fn of functions) {
      if (fn.isAsync) {
        this.known.set(fn, LOOP_ALONE);
        continue;
      }
      // Most functions are run by nobody in the file.
      if (this.invocations.of(fn).length === 0) continue;
      const set = new Set<Context>();
      sets.set(fn, set);
      for (const { how } of this.invocations.of(fn)) if (how !== 'call') set.add(CONTEXT_OF[how]);
    }
    let changed = true;
    while (changed) {
      changed = false;
      for (const [fn, set] of sets) {
        for (const invocation of this.invocations.of(fn)) {
          if (invocation.how !== 'call') continue;
          for (const context of this.callerContexts(invocation.call, sets)) {
            if (!set.has(context)) {
              set.add(context);
              changed = true;
            }
          }
        }
      }
    }
    for (const [fn, set] of sets) {
      if (set.size === 0) set.add('anywhere');
      this.known.set(fn, set);
    }
  }

  private callerContexts(call: NodeId, sets: ReadonlyMap<FunctionInfo, ReadonlySet<Context>>): Iterable<Context> {
    const caller = this.names.functionOf(call);
    if (!caller) return this.moduleInLoop ? LOOP_ALONE : MAIN_ALONE;
    const known = sets.get(caller) ?? this.known.get(caller);
    return known && known.size > 0 ? known : ANYWHERE;
  }
}
