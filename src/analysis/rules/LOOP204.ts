/**
 * LOOP204: event loop policies and child watchers. Reports each use once: a policy that is made only to be set belongs to
 * the call that sets it. Says nothing where the program asks first whether the thing is there, or silences the warning.
 */
import { table } from '../../common/table';
import type { Facts } from '../facts';
import { callsTo, conditionsAround, isCaught, someNode } from '../flow/calls';
import { POLICY } from '../flow/library';
import { targetAt } from '../flow/versions';
import type { Fix, TextEdit } from '../finding';
import type { TargetVersion } from '../settings';
import type { NodeId } from '../syntax/ast';
import { NONE } from '../syntax/ast';
import { Kind } from '../syntax/kinds';
import { lineAround } from '../syntax/lines';
import { indentOf, indentUnit, lineEndOf, linesOf } from './support/edits';
import { reference } from './support/rewrites';
import { defineRule } from './rule';

type Wanted = Pick<Facts, 'ast' | 'names' | 'values'>;

interface Deprecation {
  readonly warns: number;
  readonly removed: number;
  readonly instead: string;
}

/** CPython 3.14 Lib/asyncio/events.py: policies warn, and go in 3.16. */
const A_POLICY: Deprecation = {
  warns: 14,
  removed: 16,
  instead: 'give asyncio.run() or asyncio.Runner() a loop_factory',
};
/** CPython 3.12 Lib/asyncio/unix_events.py: child watchers warn; 3.14 has them no more. */
const A_WATCHER: Deprecation = { warns: 12, removed: 14, instead: 'leave it out, asyncio needs none' };
/** uvloop 0.22, uvloop/__init__.py: install() warns from 3.12. */
const AN_INSTALL: Deprecation = {
  warns: 12,
  removed: 16,
  instead: 'use uvloop.run(), or loop_factory=uvloop.new_event_loop',
};

const DEPRECATED = table<Deprecation>({
  'asyncio.set_event_loop_policy': A_POLICY,
  'asyncio.get_event_loop_policy': A_POLICY,
  [POLICY]: A_POLICY,
  'uvloop.install': AN_INSTALL,
  ...Object.fromEntries(
    ['get_child_watcher', 'set_child_watcher', 'AbstractChildWatcher', 'SafeChildWatcher', 'FastChildWatcher']
      .concat('MultiLoopChildWatcher', 'ThreadedChildWatcher', 'PidfdChildWatcher')
      .map((name) => [`asyncio.${name}`, A_WATCHER]),
  ),
});
const NAMES: ReadonlySet<string> = new Set([
  ...Object.keys(DEPRECATED),
  ...['AbstractEventLoopPolicy', 'DefaultEventLoopPolicy', 'WindowsSelectorEventLoopPolicy'].map((n) => `asyncio.${n}`),
  ...['asyncio.WindowsProactorEventLoopPolicy', 'uvloop.EventLoopPolicy'],
]);
const GONE: ReadonlySet<string> = new Set(['AttributeError', 'ImportError', 'NotImplementedError']);

/** Loops by the last name of the policy that makes them. */
const FACTORIES = table<readonly [module: string, name: string]>({
  WindowsSelectorEventLoopPolicy: ['asyncio', 'SelectorEventLoop'],
  WindowsProactorEventLoopPolicy: ['asyncio', 'ProactorEventLoop'],
  EventLoopPolicy: ['uvloop', 'new_event_loop'],
});

export const rule = defineRule({
  code: 'LOOP204',
  name: 'event-loop-policy',
  summary: 'event loop policies and child watchers, deprecated',
  severity: 'warning',
  doc: {
    what: 'Setting, asking for or making an event loop policy or a child watcher.',
    why: 'Policies are deprecated since 3.14 and go in 3.16. Child watchers are deprecated since 3.12 and gone in 3.14. Which loop a program runs on is chosen where it is run: `loop_factory`.',
    bad: 'asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())\nasyncio.run(main())',
    good: 'asyncio.run(main(), loop_factory=uvloop.new_event_loop)',
    message: "DeprecationWarning: 'asyncio.set_event_loop_policy' is deprecated and slated for removal in Python 3.16",
    fix: 'Where the file has one `asyncio.run()`, give it the loop factory. Needs 3.12, or 3.11 with `asyncio.Runner`. Not safe: loops made elsewhere are no longer of that kind.',
    versions: 'Policies warn from 3.14, child watchers from 3.12, `uvloop.install()` from 3.12.',
    related: [{ tool: 'pyright', rule: 'reportDeprecated' }],
  },

  facts: ['ast', 'names', 'values', 'settings'],

  check(file, report) {
    const { ast, names, values, settings } = file;
    const calls = callsTo(values, NAMES);
    const uses = calls.map((call) => call + 1).filter((callee) => !isArgumentOf(file, callee - 1, calls));
    for (const cls of names.classes) for (const base of cls.bases) if (isPolicyName(file, base)) uses.push(base);
    for (const use of uses.sort((a, b) => a - b)) {
      const value = values.of(use);
      const deprecation = value?.tag === 'external' ? DEPRECATED[value.name] : undefined;
      const target = targetAt(values, use, settings.target);
      if (!deprecation || !target || target.highest < deprecation.warns || isMinded(file, use)) continue;
      report({
        span: ast.span(use),
        message: messageOf(ast.textOf(use), deprecation, target),
        tags: ['deprecated'],
        fixes: fixesOf(file, use, target),
      });
    }
  },
});

function messageOf(name: string, { warns, removed, instead }: Deprecation, { highest }: TargetVersion): string {
  const when =
    highest >= removed
      ? `is gone since Python 3.${removed}`
      : `is deprecated since Python 3.${warns} and goes in 3.${removed}`;
  return `${name} ${when}: ${instead}.`;
}

function isPolicyName({ names, values }: Wanted, base: NodeId): boolean {
  // A name that was assigned is reported where that was.
  if (names.symbolOf(base)?.bindings.some(({ kind }) => kind !== 'import') === true) return false;
  const value = values.of(base);
  return value?.tag === 'external' && DEPRECATED[value.name] !== undefined;
}

/** Whether a call is an argument of another one of these: then that one is reported. */
function isArgumentOf({ ast }: Wanted, call: NodeId, calls: readonly NodeId[]): boolean {
  return calls.some((outer) => outer !== call && ast.contains(outer, call) && !ast.contains(outer + 1, call));
}

/** Whether the program minds already: asks with hasattr, catches that it is gone, silences the warning. */
function isMinded({ ast, names, values }: Wanted, use: NodeId): boolean {
  if (isCaught(values, use, GONE)) return true;
  const asks = conditionsAround(names, use).some((condition) =>
    someNode(names, condition, (node) => ast.kindOf(node) === Kind.Call && values.calleeName(node) === 'hasattr'),
  );
  if (asks) return true;
  for (let at = ast.parent(use); at !== NONE; at = ast.parent(at)) {
    if (ast.kindOf(at) !== Kind.With) continue;
    for (const item of ast.childrenOfKind(at, Kind.WithItem)) {
      const manager = item + 1;
      if (ast.kindOf(manager) === Kind.Call && values.calleeName(manager) === 'warnings.catch_warnings') return true;
    }
  }
  return false;
}

// ------------------------------------------------------------------ the fix

/** The factory that a policy stands for, as an expression, or undefined; '' where it is the default one. */
function factoryOf({ ast, values }: Wanted, use: NodeId): { text: string; edits: readonly TextEdit[] } | undefined {
  const value = values.of(use);
  if (value?.tag !== 'external') return undefined;
  let last = ast.name(use);
  if (value.name === 'uvloop.install') last = 'EventLoopPolicy';
  else if (value.name === 'asyncio.set_event_loop_policy') {
    const policy = ast.child(use - 1, 1);
    if (policy === NONE || ast.kindOf(policy) !== Kind.Call) return undefined;
    const made = values.of(policy + 1);
    if (made?.tag !== 'external' || made.name !== POLICY) return undefined;
    last = ast.name(policy + 1);
    if (last === 'DefaultEventLoopPolicy') return { text: '', edits: [] };
  } else return undefined;
  const factory = FACTORIES[last];
  return factory && reference(values, use, factory[0], factory[1]);
}

function fixesOf(file: Wanted, use: NodeId, target: TargetVersion): Fix[] {
  const { ast, values } = file;
  const call = use - 1;
  const statement = ast.parent(call);
  const runs = callsTo(values, new Set(['asyncio.run']));
  const [run, ...others] = runs;
  const factory = factoryOf(file, use);
  if (!factory || run === undefined || others.length > 0 || ast.kindOf(statement) !== Kind.ExprStmt) return [];
  const condition = guardOf(file, statement);
  if (condition === undefined || !linesOf(ast, condition.statement)) return [];
  const removal = withoutStatement(file, condition.statement);
  if (!removal) return [];
  if (factory.text === '') {
    return [{ title: 'Drop the policy', safe: false, edits: [removal] }];
  }
  const { test } = condition;
  const text = test === '' ? factory.text : `${factory.text} if ${test} else None`;
  const given =
    target.lowest >= 12 ? factoryArgument(file, run, text) : target.lowest >= 11 ? runnerInstead(file, run, text) : [];
  if (given.length === 0) return [];
  return [
    { title: 'Give asyncio.run() a loop_factory instead', safe: false, edits: [removal, ...given, ...factory.edits] },
  ];
}

/** The statement that sets the policy, or the `if` that holds nothing else, with its condition. */
function guardOf({ ast }: Wanted, statement: NodeId): { statement: NodeId; test: string } | undefined {
  const block = ast.parent(statement);
  if (block === NONE || ast.kindOf(block) !== Kind.Block) return { statement, test: '' };
  const owner = ast.parent(block);
  if (ast.kindOf(owner) !== Kind.If) return { statement, test: '' };
  const test = ast.textOf(owner + 1);
  // `if __name__ == '__main__':` is no condition on the platform.
  if (test.includes('__name__')) return { statement, test: '' };
  const isWhole = ast.children(owner).length === 2 && ast.children(block).length === 1;
  return isWhole && !test.includes('\n') ? { statement: owner, test } : undefined;
}

/** Takes a statement away with its lines and what it leaves empty; undefined where its block would be empty. */
function withoutStatement({ ast }: Wanted, statement: NodeId): TextEdit | undefined {
  const { text } = ast;
  const block = ast.parent(statement);
  if (ast.kindOf(block) === Kind.Block && ast.children(block).length < 2) return undefined;
  const { start } = lineAround(text, ast.start[statement] ?? 0);
  const next = text.indexOf('\n', ast.end[statement] ?? 0);
  return { span: { start, end: next < 0 ? text.length : next + 1 }, newText: '' };
}

function factoryArgument({ ast }: Wanted, run: NodeId, factory: string): TextEdit[] {
  const args = ast.children(run).slice(1);
  const last = args.at(-1);
  if (last === undefined || args.some((each) => ast.name(each) === 'loop_factory')) return [];
  return [{ span: { start: ast.end[last] ?? 0, end: ast.end[last] ?? 0 }, newText: `, loop_factory=${factory}` }];
}

/** Before 3.12: `with asyncio.Runner(loop_factory=…) as runner: runner.run(…)`, for a statement of its own. */
function runnerInstead(file: Wanted, run: NodeId, factory: string): TextEdit[] {
  const { ast, values } = file;
  const statement = ast.parent(run);
  const args = ast.children(run).slice(1);
  const [main] = args;
  if (ast.kindOf(statement) !== Kind.ExprStmt || args.length !== 1 || main === undefined || !linesOf(ast, statement))
    return [];
  const runner = reference(values, run, 'asyncio', 'Runner');
  if (!runner) return [];
  const head = `with ${runner.text}(loop_factory=${factory}) as runner:`;
  const body = `${lineEndOf(ast)}${indentOf(ast, statement)}${indentUnit(ast)}runner.run(${ast.textOf(main)})`;
  return [{ span: ast.span(statement), newText: head + body }, ...runner.edits];
}
