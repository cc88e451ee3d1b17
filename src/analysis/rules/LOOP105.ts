/** LOOP105: close() while the loop runs. */
import type { Facts } from '../facts';
import type { Related, Span } from '../finding';
import { CLOSED, ELSEWHERE, ESCAPED, STOPPING, WEAK } from '../flow/bits';
import { argumentsOfCall } from '../flow/invocations';
import { selfField } from '../flow/explore';
import { LOOP } from '../flow/library';
import type { FunctionInfo } from '../flow/model';
import type { NodeId } from '../syntax/ast';
import { NONE } from '../syntax/ast';
import { Kind } from '../syntax/kinds';
import { defineRule } from './rule';
import { removeClose } from './support/early-close';
import { fixes } from './support/edits';

export const rule = defineRule({
  code: 'LOOP105',
  name: 'loop-closed-while-running',
  severity: 'error',
  summary: 'close() of an event loop that is running.',
  facts: ['ast', 'names', 'values', 'lives', 'contexts', 'invocations'],
  doc: {
    what: 'Flags `close()` in a coroutine or callback on the loop that runs it (`get_running_loop()`, a module variable or parameter that the file runs this coroutine with), `loop.close` handed to the loop as a callback or signal handler, and `close()` of a loop that a thread of the file runs with `run_forever()` where nothing stops it, or where nothing between the stop and the `close()` waits for the thread.',
    why: '`BaseEventLoop.close()` raises `RuntimeError` while the loop runs: the loop stays open, and the clean-up behind the call is skipped.',
    bad: 'import asyncio\n\nasync def main():\n    loop = asyncio.get_running_loop()\n    loop.close()\n\nasyncio.run(main())\n',
    good: 'import asyncio\n\nasync def main():\n    await asyncio.sleep(0)\n\nasyncio.run(main())\n',
    message: 'RuntimeError: Cannot close a running event loop',
    fix: 'Let the code that runs the loop close it, behind `run_until_complete()` or `run_forever()`. From inside, `loop.stop()` ends `run_forever()`. The quick fix takes this `close()` out; it is not safe, because who closes the loop instead is not looked at.',
    versions: 'All.',
    related: [],
  },
  check(facts, report) {
    const { ast, names, values, contexts } = facts;
    const message =
      'This loop is running here: close() raises "Cannot close a running event loop". Close it after its run has ended.';
    for (const call of names.callsByName.get('close') ?? []) {
      if (values.calleeName(call) !== `${LOOP}.close`) continue;
      const fn = names.functionOf(call);
      if (!contexts.runsInLoop(fn) && !isRunningLoop(facts, call + 2)) continue;
      const run = runBy(facts, fn, call + 2);
      if (run) {
        report({ span: ast.span(call), message, related: run, fixes: fixes(removeClose(facts, call)), defect: call });
      }
    }
    for (const invocation of facts.invocations.all) {
      const { how, value, target, call } = invocation;
      if ((how !== 'callback' && how !== 'signal') || value?.tag !== 'method' || value.type !== LOOP) continue;
      if (value.name !== 'close' || ast.kindOf(call) !== Kind.Call) continue;
      if (ast.textOf(call + 2) !== ast.textOf(target + 1)) continue;
      report({
        span: ast.span(target),
        message:
          'The loop calls this while it runs: close() raises "Cannot close a running event loop". Call stop() here, and close it after its run.',
        defect: call,
      });
    }
    checkThreads(facts, report, message);
    checkEarly(facts, report);
  },
});

type Wanted = Pick<Facts, 'ast' | 'names' | 'values' | 'lives' | 'contexts' | 'invocations'>;

/** A loop that a thread runs forever, that nothing stops, and that is closed from outside. */
function checkThreads(
  { ast, names, lives }: Wanted,
  report: (report: {
    span: { start: number; end: number };
    message: string;
    related: Related[];
    defect: number;
  }) => void,
  message: string,
): void {
  const stops = new Set([...(names.callsByName.get('stop') ?? [])]);
  for (let node = 0; node < ast.length; node++) {
    if (ast.kindOf(node) === Kind.Attribute && ast.name(node) === 'stop') stops.add(node);
  }
  const isForever = ast.isNamed('run_forever');
  if (stops.size > 0 || !isForever || names.callsByName.has('run_until_complete')) return;
  for (const life of lives.owned) {
    const seen = new Set<NodeId>();
    for (const { op, effect, before } of life.exploration.events) {
      const isRunning = (before & ELSEWHERE) !== 0 && (before & (STOPPING | WEAK | CLOSED)) === 0;
      if ((effect.must & CLOSED) === 0 || !isRunning || seen.has(op.node)) continue;
      seen.add(op.node);
      const start = life.exploration.events.find((each) => ((each.effect.must | each.effect.may) & ELSEWHERE) !== 0);
      const related = start ? [{ span: ast.span(start.op.node), message: 'A thread runs it from here on.' }] : [];
      report({ span: ast.span(op.node), message, related, defect: op.node });
    }
  }
}

/**
 * A loop that a thread runs, closed behind the stop without a wait for the thread, or before the stop: `stop()` only asks,
 * and the thread has had no time to answer.
 */
function checkEarly(
  { ast, names, values, lives }: Wanted,
  report: (report: { span: Span; message: string; related: Related[]; defect: number }) => void,
): void {
  for (const life of lives.all) {
    const { events, states, cfg } = life.exploration;
    const told = new Set<NodeId>();
    const late = events.find(({ effect, before }) => (effect.may & STOPPING) !== 0 && (before & CLOSED) !== 0);
    for (const { op, effect, before, state } of events) {
      if ((effect.must & CLOSED) === 0 || (before & (WEAK | CLOSED | ESCAPED)) !== 0 || told.has(op.node)) continue;
      const steps = lives.eventsTo(life.exploration, state);
      const stop = steps.findLast((each) => (each.effect.may & STOPPING) !== 0) ?? late;
      const start = steps.find((each) => (each.effect.may & ELSEWHERE) !== 0);
      if (!stop || !(start ?? isFromOutside({ ast, names, lives }, stop.op.node))) continue;
      const from = stop === late ? (start?.state ?? 0) : stop.state;
      let isAwaited = false;
      for (let at = states[state]?.previous ?? -1; at >= 0 && at !== from; at = states[at]?.previous ?? -1) {
        const node = cfg.ops[states[at]?.op ?? -1]?.node ?? NONE;
        if (node === NONE || ast.kindOf(node) !== Kind.Call) continue;
        // Before it is told to stop only its end can be waited for.
        isAwaited ||= stop === late ? ast.name(node + 1) === 'join' : mayWait({ ast, names, values }, node);
      }
      if (isAwaited) continue;
      told.add(op.node);
      report({
        span: ast.span(op.node),
        message: 'A thread may still run this loop: wait for the thread before close(), or it raises.',
        related: [
          ...(start ? [{ span: ast.span(start.op.node), message: 'A thread runs it from here on.' }] : []),
          { span: ast.span(stop.op.node), message: 'It is told to stop here, which takes effect later.' },
        ],
        defect: op.node,
      });
    }
  }
}

/** Whether the stop says that another thread runs the loop: `call_soon_threadsafe(loop.stop)`, or that of a thread's field. */
function isFromOutside({ ast, names, lives }: Pick<Wanted, 'ast' | 'names' | 'lives'>, node: NodeId): boolean {
  if (ast.kindOf(node) !== Kind.Call) return false;
  if (ast.name(node + 1) === 'call_soon_threadsafe') return true;
  const field = selfField(names, node + 2);
  const cls = field === undefined ? undefined : names.selfClassOf(node + 3);
  if (cls === undefined || field === undefined) return false;
  const own = lives.owned.filter((life) => life.field?.cls === cls && life.field.name === field);
  return [lives.ofField(cls, field).may, ...own.map(({ done }) => done)].some((bits) => (bits & ELSEWHERE) !== 0);
}

/** Whether a call may wait for a thread: all but those that are known not to. */
function mayWait({ ast, values }: Pick<Wanted, 'ast' | 'names' | 'values'>, call: NodeId): boolean {
  const name = values.calleeName(call);
  if (name === undefined) return true;
  if (/\.run_(forever|until_complete)$/.test(name)) return true;
  if (name === 'threading.Thread.start' || name.startsWith(`${LOOP}.`)) return false;
  const last = ast.name(call + 1);
  return !name.startsWith('asyncio.') && !/^(print|len|repr|str|debug|info|warning)$/.test(last);
}

/** Whether an expression is the running loop by its own words. */
function isRunningLoop({ ast, names, values }: Wanted, node: NodeId): boolean {
  const isCall = (call: NodeId): boolean =>
    call !== NONE && ast.kindOf(call) === Kind.Call && values.calleeName(call) === 'asyncio.get_running_loop';
  if (isCall(node)) return true;
  const symbol = names.symbolOf(node);
  return symbol !== undefined && symbol.bindings.length > 0 && symbol.bindings.every(({ value }) => isCall(value));
}

/** Why the loop that is closed is the one that runs this function; undefined where that is not known. */
function runBy(facts: Wanted, fn: FunctionInfo | undefined, object: NodeId): Related[] | undefined {
  const { ast, names, values } = facts;
  if (isRunningLoop(facts, object)) return [];
  if (ast.kindOf(object) === Kind.Call) {
    return values.calleeName(object) === 'asyncio.get_event_loop' ? [] : undefined;
  }
  const symbol = names.symbolOf(object);
  if (!fn || !symbol) return undefined;
  const isTaken = symbol.bindings.every(
    ({ value }) =>
      value !== NONE &&
      ast.kindOf(value) === Kind.Call &&
      values.calleeName(value) === 'asyncio.get_event_loop' &&
      facts.contexts.runsInLoop(names.functionOf(value)),
  );
  if (isTaken && symbol.bindings.length > 0) return [];
  for (const invocation of facts.invocations.of(fn)) {
    const run = runnerOf(facts, invocation.call);
    if (run === NONE) continue;
    const isHanded = values.calleeName(run) === 'asyncio.run_coroutine_threadsafe';
    const runner = names.symbolOf(isHanded ? ast.child(run, 2) : run + 2);
    const isSame = runner !== undefined && runner === symbol;
    const isPassed =
      symbol.param?.fn === fn &&
      runner !== undefined &&
      names.symbolOf(facts.invocations.argument(invocation, symbol.param.index)) === runner;
    if (isSame || isPassed) return [{ span: ast.span(run), message: 'The loop runs this coroutine here.' }];
  }
  return undefined;
}

/** The `loop.run_until_complete(f())` around a call, or the call itself where it registers a callback. */
function runnerOf({ ast, values }: Wanted, call: NodeId): NodeId {
  if (ast.kindOf(call) !== Kind.Call) return NONE;
  const own = values.calleeName(call) ?? '';
  if (own.startsWith(`${LOOP}.call_`) || own === `${LOOP}.add_signal_handler`) return call;
  const parent = ast.parent(call);
  if (parent === NONE || ast.kindOf(parent) !== Kind.Call) return NONE;
  const name = values.calleeName(parent) ?? '';
  const { positional } = argumentsOfCall(values, parent);
  const isRun =
    name === `${LOOP}.run_until_complete` ||
    name === `${LOOP}.create_task` ||
    (name === 'asyncio.run_coroutine_threadsafe' && positional.length > 1);
  return isRun && positional[0] === call ? parent : NONE;
}
