/**
 * LOOP201: `asyncio.get_event_loop()` where no loop runs and none is set. What it does there depends on the version and
 * on the thread, so the finding's severity does too; where the file does not show who calls the function, it is only
 * information. Inside a running loop it is LOOP202's.
 */
import type { Facts } from '../facts';
import { callsTo, importsModule, isCaught } from '../flow/calls';
import type { FunctionInfo } from '../flow/model';
import { LOOP } from '../flow/library';
import { targetAt } from '../flow/versions';
import type { Fix, Related, Severity } from '../finding';
import type { TargetVersion } from '../settings';
import type { NodeId } from '../syntax/ast';
import { NONE } from '../syntax/ast';
import { Kind } from '../syntax/kinds';
import { reference } from './support/rewrites';
import { defineRule } from './rule';
import { storyTo } from './support/story';

const GET_EVENT_LOOP: ReadonlySet<string> = new Set(['asyncio.get_event_loop']);
const SETS_LOOP: ReadonlySet<string> = new Set([
  'asyncio.set_event_loop',
  'asyncio.AbstractEventLoopPolicy.set_event_loop',
  // A policy of its own may give every thread a loop.
  'asyncio.set_event_loop_policy',
]);
const RUNS: ReadonlySet<string> = new Set(['asyncio.run', 'uvloop.run', 'winloop.run']);
const CATCH_RUNTIME_ERROR: ReadonlySet<string> = new Set(['RuntimeError', 'Exception', 'BaseException']);

/** CPython 3.12: DeprecationWarning; 3.14: RuntimeError (Doc/whatsnew, Lib/asyncio/events.py). */
const WARNS_FROM = 12;
const RAISES_FROM = 14;

export const rule = defineRule({
  code: 'LOOP201',
  name: 'no-current-loop',
  summary: 'get_event_loop() with no loop: warns from 3.10/3.12, raises from 3.14',
  severity: 'warning',
  doc: {
    what: '`asyncio.get_event_loop()` where no loop runs and none was set.',
    why: 'It once made a loop where there was none. On 3.12 and 3.13 that warns, from 3.14 it raises; in a thread other than the main one, and after `asyncio.run()`, it raises on every version.',
    bad: 'loop = asyncio.get_event_loop()\nloop.run_until_complete(main())',
    good: 'asyncio.run(main())',
    message:
      'DeprecationWarning: There is no current event loop (3.12, 3.13); RuntimeError: There is no current event loop in thread … (3.14)',
    fix: '`asyncio.run(…)` where the loop does nothing else, else `asyncio.new_event_loop()`. Not safe: the loop is another one then.',
    versions:
      'Main thread: nothing up to 3.11 (3.10.0 to 3.10.8 and 3.11.0 warn), a warning on 3.12 and 3.13, an error from 3.14. Other threads: an error always.',
    related: [],
  },

  facts: ['ast', 'names', 'values', 'places', 'settings'],

  check(file, report) {
    const { values, names, places, settings } = file;
    const calls = callsTo(values, GET_EVENT_LOOP);
    if (calls.length === 0 || importsModule(names, 'nest_asyncio')) return;
    const setting = settersOf(file);
    for (const call of calls) {
      const fn = names.functionOf(call);
      if (places.isStartedByLoop(fn)) continue;
      const target = targetAt(values, call, settings.target);
      if (!target || isCaught(values, call, CATCH_RUNTIME_ERROR)) continue;
      const found = judge(file, call, fn, target, setting);
      if (found) report({ span: file.ast.span(call), ...found, fixes: fixesOf(file, call, found.severity) });
    }
  },
});

type Wanted = Pick<Facts, 'ast' | 'names' | 'values' | 'places'>;

interface Judgement {
  readonly severity: Severity;
  readonly message: string;
  readonly related: Related[];
}

/** Which code of the file sets a loop. */
interface Setters {
  readonly inThreads: boolean;
  readonly elsewhere: boolean;
  readonly calls: readonly NodeId[];
}

function settersOf({ ast, names, values, places }: Wanted): Setters {
  const calls = callsTo(values, SETS_LOOP).filter((call) => ast.kindOf(ast.child(call, 1)) !== Kind.None);
  const isInThread = calls.map((call) => places.evidenceFor(names.functionOf(call), 'thread') !== undefined);
  return { inThreads: isInThread.includes(true), elsewhere: isInThread.includes(false), calls };
}

function judge(
  file: Wanted,
  call: NodeId,
  fn: FunctionInfo | undefined,
  target: TargetVersion,
  setting: Setters,
): Judgement | undefined {
  const { places } = file;
  if (places.evidenceFor(fn, 'thread')) {
    if (setting.inThreads || setting.elsewhere) return undefined;
    return {
      severity: 'error',
      message:
        'There is no loop in this thread: asyncio.get_event_loop() raises RuntimeError. Make one with asyncio.new_event_loop(), or use asyncio.run().',
      related: storyTo(places, fn, 'thread'),
    };
  }
  const before = runBefore(file, call);
  if (before !== NONE && !setting.calls.some((each) => each > before && each < call)) {
    return {
      severity: 'error',
      message:
        'asyncio.run() has left this thread without a loop: asyncio.get_event_loop() raises RuntimeError. Call asyncio.run() again, or asyncio.new_event_loop().',
      related: [{ span: file.ast.span(before), message: 'leaves the thread without a loop' }],
    };
  }
  if (setting.elsewhere || setting.inThreads || target.highest < WARNS_FROM) return undefined;
  const what = `asyncio.get_event_loop() ${
    target.highest >= RAISES_FROM
      ? 'raises RuntimeError from Python 3.14'
      : 'warns on Python 3.12 and 3.13, and raises from 3.14'
  }`;
  if (!fn || places.evidenceFor(fn, 'top level')) {
    return {
      severity: target.highest >= RAISES_FROM ? 'error' : 'warning',
      message: `No loop runs here and none is set: ${what}. Use asyncio.run(), or asyncio.new_event_loop().`,
      related: storyTo(places, fn, 'top level'),
    };
  }
  if (places.evidenceFor(fn, 'loop')) return undefined;
  if (isRunHere(file, call, fn)) {
    return {
      severity: 'warning',
      message: `No loop runs here: unless a caller set one, ${what}. Use asyncio.run(), or asyncio.new_event_loop().`,
      related: [],
    };
  }
  if (target.highest < RAISES_FROM) return undefined;
  return {
    severity: 'info',
    message: `Where no loop runs, ${what}. If one always does, say asyncio.get_running_loop().`,
    related: [],
  };
}

/** An `asyncio.run(…)` that surely ran before a call: an earlier statement of one of the blocks around it. */
function runBefore({ ast, names, values }: Wanted, call: NodeId): NodeId {
  for (let at = ast.statementOf(call); at !== NONE; at = ast.statementOf(ast.parent(at))) {
    const kind = ast.kindOf(at);
    if (kind === Kind.Function || kind === Kind.Class) return NONE;
    const block = ast.parent(at);
    for (let node = block + 1; node < at; node = ast.after(node)) {
      const run = ast.kindOf(node) === Kind.ExprStmt || ast.kindOf(node) === Kind.Assign ? ast.lastChild(node) : NONE;
      if (run !== NONE && ast.kindOf(run) === Kind.Call && RUNS.has(values.calleeName(run) ?? '')) return run;
    }
    if (block <= 0 || names.functionOf(at) !== names.functionOf(call)) return NONE;
  }
  return NONE;
}

/** Whether the function runs the loop that it gets: then no loop runs while it does. */
function isRunHere({ ast, names, values }: Wanted, call: NodeId, fn: FunctionInfo): boolean {
  const parent = ast.parent(call);
  if (ast.kindOf(parent) === Kind.Attribute && ast.name(parent).startsWith('run_')) return true;
  if (ast.kindOf(parent) !== Kind.Assign) return false;
  const symbol = names.symbolOf(parent + 1);
  return ['run_until_complete', 'run_forever'].some((method) =>
    (names.callsByName.get(method) ?? []).some(
      (run) =>
        names.functionOf(run) === fn &&
        values.calleeName(run) === `${LOOP}.${method}` &&
        symbol !== undefined &&
        names.symbolOf(run + 2) === symbol,
    ),
  );
}

function fixesOf(file: Wanted, call: NodeId, severity: Severity): Fix[] {
  const { ast, values } = file;
  const fixes: Fix[] = [];
  const parent = ast.parent(call);
  const run = ast.kindOf(parent) === Kind.Attribute ? ast.parent(parent) : NONE;
  const isRun = run !== NONE && ast.kindOf(run) === Kind.Call && ast.name(run + 1) === 'run_until_complete';
  const argument = isRun ? ast.child(run, 1) : NONE;
  if (argument !== NONE && values.of(argument)?.tag === 'coroutine') {
    const instead = reference(values, call, 'asyncio', 'run');
    if (instead) {
      fixes.push({
        title: 'Run it with asyncio.run()',
        safe: false,
        edits: [{ span: ast.span(run + 1), newText: instead.text }, ...instead.edits],
      });
    }
  }
  const name = severity === 'info' ? 'get_running_loop' : 'new_event_loop';
  const instead =
    ast.kindOf(parent) === Kind.Attribute && severity !== 'info' ? undefined : reference(values, call, 'asyncio', name);
  if (instead) {
    fixes.push({
      title: severity === 'info' ? 'Use get_running_loop()' : 'Make a new loop',
      safe: false,
      edits: [{ span: ast.span(call + 1), newText: instead.text }, ...instead.edits],
    });
  }
  return fixes;
}
