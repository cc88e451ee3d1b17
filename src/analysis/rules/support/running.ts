/**
 * What LOOP301 and LOOP302 share: which calls run a loop, directly and through helpers of the file, and the code in which
 * that fails because a loop runs already. Builds no findings.
 */
import type { Facts } from '../../facts';
import { importsModule, isCaught, isExpectedToFail } from '../../flow/calls';
import { LOOP, RUNNER } from '../../flow/library';
import type { FunctionInfo } from '../../flow/model';
import type { Reached } from '../../flow/places';
import type { Fix } from '../../finding';
import type { NodeId } from '../../syntax/ast';
import { NONE } from '../../syntax/ast';
import { Kind } from '../../syntax/kinds';
import { awaited, mayAwait, primary } from './rewrites';

export type Wanted = Pick<Facts, 'ast' | 'names' | 'values' | 'places' | 'graphs'>;

/** Functions that make a loop, run it and close it; they refuse to where one runs. */
const OWN_LOOP: ReadonlySet<string> = new Set([
  ...['asyncio.run', 'uvloop.run', 'winloop.run', 'anyio.run', `${RUNNER}.run`],
]);

const RUNTIME_ERROR: ReadonlySet<string> = new Set(['RuntimeError']);

/** Which of the two rules a call belongs to. */
export type RunKind = 'asyncio.run' | 'loop.run';

/** Whether a call runs a loop, and how. */
export function runsLoop({ ast, values }: Wanted, call: NodeId): RunKind | undefined {
  const callee = call + 1;
  const kind = ast.kindOf(callee);
  if (kind !== Kind.Name && kind !== Kind.Attribute) return undefined;
  const name = values.calleeName(call);
  if (name === undefined) return undefined;
  if (OWN_LOOP.has(name)) return 'asyncio.run';
  if (name === `${LOOP}.run_until_complete`) return 'loop.run';
  // Others have a run_forever() too: only that of a known loop counts.
  return name === `${LOOP}.run_forever` && values.isLoop(callee + 1) ? 'loop.run' : undefined;
}

/** What to do instead of running a loop in code that one runs. */
export function adviceInLoop(isCoroutine: boolean, method = ''): string {
  if (method === 'run_forever') return isCoroutine ? 'Wait for an asyncio.Event instead.' : 'Return instead.';
  return isCoroutine ? 'Await the coroutine instead.' : 'Make the coroutine a task instead.';
}

/** A call in code that a loop runs, and what it comes to. */
export interface RunInLoop {
  readonly call: NodeId;
  readonly fn: FunctionInfo | undefined;
  readonly kind: RunKind;
  /** Undefined where the call runs the loop itself. */
  readonly through: Reached<RunKind> | undefined;
}

const known = new WeakMap<Facts['places'], readonly RunInLoop[]>();

/** All calls, in code that a running loop starts, that run a loop themselves or through helpers. Worked out once for a text. */
export function runsInLoop(facts: Wanted): readonly RunInLoop[] {
  const before = known.get(facts.places);
  if (before) return before;
  const found = findRuns(facts);
  known.set(facts.places, found);
  return found;
}

function findRuns(facts: Wanted): RunInLoop[] {
  const { names, places } = facts;
  if (importsModule(names, 'nest_asyncio') || importsModule(names, 'nest_asyncio2')) return [];
  const passes = (fn: FunctionInfo): boolean => !places.asksWhereItRuns(fn);
  const ofRun = places.reach((call) => (runsLoop(facts, call) === 'asyncio.run' ? 'asyncio.run' : undefined), passes);
  const ofLoop = places.reach((call) => (runsLoop(facts, call) === 'loop.run' ? 'loop.run' : undefined), passes);
  const found: RunInLoop[] = [];
  for (const fn of [undefined, ...names.functions]) {
    if (!places.isStartedByLoop(fn)) continue;
    const calls = places.callsIn(fn);
    // `if not loop.is_running(): …` knows what it does.
    if (calls.some((call) => places.isIsRunning(call))) continue;
    for (const call of calls) {
      const kind = runsLoop(facts, call);
      const helper = kind ? undefined : places.helperAt(call);
      const through: Reached<RunKind> | undefined = helper && (ofRun(helper) ?? ofLoop(helper));
      if ((kind ?? through) === undefined || isExpected(facts, call) || !isReachable(facts, fn, call)) continue;
      found.push({ call, fn, kind: kind ?? through?.what ?? 'loop.run', through });
    }
  }
  return found;
}

/** Whether the code is ready for the RuntimeError: a test that wants it, or a handler. */
function isExpected({ names, values }: Wanted, call: NodeId): boolean {
  return isExpectedToFail(names, call) || isCaught(values, call, RUNTIME_ERROR);
}

function isReachable({ graphs }: Wanted, fn: FunctionInfo | undefined, call: NodeId): boolean {
  const graph = graphs.of(fn);
  return graph.isBroken || graph.opOf.has(call);
}

/** `await X` instead of a call that runs X, where the code is a coroutine's. */
export function awaitInstead({ ast, names, places }: Wanted, call: NodeId, isSafe: boolean): Fix[] {
  const argument = ast.child(call, 1);
  if (argument === NONE || ast.kindOf(argument) === Kind.Star || ast.kindOf(argument) === Kind.Keyword) return [];
  if (!places.isCoroutine(names.functionOf(call)) || !mayAwait(ast, call)) return [];
  const newText = awaited(ast, call, primary(ast, argument));
  return [{ title: 'Await it', safe: isSafe, edits: [{ span: ast.span(call), newText }] }];
}
