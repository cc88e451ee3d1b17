/**
 * LOOP401: a coroutine that is made and never awaited: a statement of its own, a name never used, a truth test, and
 * coroutine functions given to what only calls them. Says nothing of a function that a decorator may have changed.
 */
import type { Facts } from '../facts';
import { isExpectedToFail } from '../flow/calls';
import type { Invocation } from '../flow/invocations';
import { argumentsOfCall } from '../flow/invocations';
import type { FunctionInfo } from '../flow/model';
import { writtenCallee } from '../flow/places';
import type { Value } from '../flow/value';
import type { Fix } from '../finding';
import type { NodeId } from '../syntax/ast';
import { Flag, Kind } from '../syntax/kinds';
import { COROUTINE_FUNCTIONS } from '../flow/library';
import { defineRule } from './rule';
import { linesOf, statementOf } from './support/edits';
import { awaited, isFree, mayAwait, reference } from './support/rewrites';

type Wanted = Pick<Facts, 'ast' | 'names' | 'values' | 'invocations' | 'places'>;

export const rule = defineRule({
  code: 'LOOP401',
  name: 'coroutine-never-awaited',
  summary: 'A coroutine that is never awaited.',
  severity: 'error',
  doc: {
    what: 'Flags a call of a coroutine function whose coroutine nobody takes: a statement of its own, a local name that is never used, a truth test (a coroutine is always true). Also a coroutine function given to something that only calls it: a thread, an executor, `call_soon` and `call_later`, a signal handler, `add_done_callback`.',
    why: 'Calling a coroutine function runs none of its code. The coroutine does its work when it is awaited or made a task; if neither happens, nothing happens at all, and Python only warns when it is collected.',
    bad: 'async def save():\n    ...\n\nasync def main():\n    save()\n',
    good: 'async def save():\n    ...\n\nasync def main():\n    await save()\n',
    message: "RuntimeWarning: coroutine 'save' was never awaited",
    fix: '`await`, or `asyncio.create_task()` where the function goes on to await; `asyncio.run()` at the top level. Not safe, for the code then runs for the first time; awaiting in a truth test is.',
    versions: 'All.',
    related: [
      { tool: 'pyright', rule: 'reportUnusedCoroutine' },
      { tool: 'mypy', rule: 'unused-coroutine' },
      { tool: 'mypy', rule: 'truthy-function' },
    ],
  },
  facts: ['ast', 'names', 'values', 'invocations', 'places'],

  check(facts, report) {
    const { ast, names } = facts;
    for (const call of names.calls) {
      const use = useOf(facts, call);
      if (use === undefined) continue;
      const name = coroutineName(facts, call);
      if (name === undefined || isExpectedToFail(names, call)) continue;
      const what = `${name}()`;
      const message =
        use === 'test'
          ? `${what} is a coroutine, which is always true: it is never awaited. Await it.`
          : use === 'name'
            ? `The coroutine ${what} is never awaited: ${ast.name(ast.parent(call) + 1)} is never used. Await it.`
            : `The coroutine ${what} is never awaited: none of its code runs. Await it, or make it a task.`;
      report({ span: ast.span(call), message, fixes: fixesOf(facts, call, use) });
    }
    for (const invocation of facts.invocations.all) {
      const name = givenCoroutineFunction(facts, invocation);
      if (name === undefined) continue;
      const taker = writtenCallee(facts.values, invocation.call);
      report({
        span: ast.span(invocation.target),
        message: `${taker}() only calls ${name}: the coroutine that it returns is never awaited. Give it a function that makes it a task.`,
        fixes: givenFixes(facts, invocation),
      });
    }
  },
});

/** How the value of a call is left, where that may be wrong for a coroutine. */
type Use = 'statement' | 'name' | 'test';

function useOf({ ast, names }: Wanted, call: NodeId): Use | undefined {
  const parent = ast.parent(call);
  switch (ast.kindOf(parent)) {
    case Kind.ExprStmt:
      return ast.hasFlag(parent, Flag.Tuple) ? undefined : 'statement';
    case Kind.Assign: {
      if (ast.children(parent).length !== 2 || ast.kindOf(parent + 1) !== Kind.Name) return undefined;
      const symbol = names.symbolOf(parent + 1);
      if (symbol?.scope.kind !== 'function' || symbol.reads > 0 || symbol.isCaptured) return undefined;
      return symbol.bindings.every(({ kind }) => kind === 'assign') ? 'name' : undefined;
    }
    default:
      return isTested(ast, call) ? 'test' : undefined;
  }
}

/** Whether a node is asked only whether it is true. */
function isTested(ast: Wanted['ast'], node: NodeId): boolean {
  const parent = ast.parent(node);
  switch (ast.kindOf(parent)) {
    case Kind.If:
    case Kind.Elif:
    case Kind.While:
    case Kind.Assert:
      return parent + 1 === node;
    case Kind.CompIf:
      return true;
    case Kind.IfExp:
      return ast.child(parent, 1) === node;
    case Kind.Not:
      return true;
    case Kind.And:
    case Kind.Or:
      return parent + 1 === node || isTested(ast, parent);
    default:
      return false;
  }
}

/** The name of the coroutine that a call makes, or undefined where it makes none for certain. */
function coroutineName({ ast, values, names }: Wanted, call: NodeId): string | undefined {
  const value = values.of(call);
  if (value === undefined && isAlwaysAwaited({ ast, names, values }, call)) return writtenCallee(values, call);
  if (value?.tag !== 'coroutine') return undefined;
  const { fn } = value;
  if (!fn) return ast.name(call + 1) === '' ? value.name : writtenCallee(values, call);
  // A class over this one may say otherwise.
  const isOverridden =
    fn.cls !== undefined &&
    names.classes.some((cls) => {
      const other = cls.methods.get(fn.name);
      return other !== undefined && other !== fn && !other.isAsync && values.linearBases(cls).includes(fn.cls ?? cls);
    });
  return isOverridden ? undefined : writtenCallee(values, call);
}

/** Methods of objects out of sight that only coroutine functions are called by, in code of a coroutine. */
const ALWAYS_AWAITED: ReadonlySet<string> = new Set(['aclose', 'wait_closed']);

function isAlwaysAwaited({ ast, names, values }: Pick<Wanted, 'ast' | 'names' | 'values'>, call: NodeId): boolean {
  return (
    ast.kindOf(call + 1) === Kind.Attribute &&
    ALWAYS_AWAITED.has(ast.name(call + 1)) &&
    ast.children(call).length === 1 &&
    values.of(call + 1) === undefined &&
    ast.kindOf(ast.parent(call)) === Kind.ExprStmt &&
    names.functionOf(call)?.isAsync === true
  );
}

// ------------------------------------------------------------------ functions given away

/** The name of the coroutine function that an invocation only calls, or undefined where it calls none. */
function givenCoroutineFunction(facts: Wanted, { how, value, fn, call, target }: Invocation): string | undefined {
  const { ast, values } = facts;
  if (how === 'call' || ast.kindOf(call) !== Kind.Call) return undefined;
  const taker = values.calleeName(call) ?? '';
  // These know what to do with a coroutine function.
  if (/\.(start_server|start_unix_server|push_async_callback)$/.test(taker)) return undefined;
  const name = ast.textOf(target).split('\n')[0] ?? '';
  if (fn?.isLambda) {
    const body = ast.lastChild(fn.node);
    if (ast.kindOf(body) !== Kind.Call) return undefined;
    const made = coroutineName(facts, body);
    return made === undefined ? undefined : `${made}()`;
  }
  return isCoroutineFunction(facts, value, fn) ? name : undefined;
}

function isCoroutineFunction({ places }: Wanted, value: Value | undefined, fn: FunctionInfo | undefined): boolean {
  if (fn) return fn.isAsync && !fn.isGenerator && value?.tag !== 'class' && places.isUndecorated(fn);
  if (value?.tag === 'external') return COROUTINE_FUNCTIONS.has(value.name);
  return value?.tag === 'method' && COROUTINE_FUNCTIONS.has(`${value.type}.${value.name}`);
}

// ------------------------------------------------------------------ fixes

function fixesOf(facts: Wanted, call: NodeId, use: Use): Fix[] {
  const { ast, names, values, places } = facts;
  const fn = names.functionOf(call);
  const fixes: Fix[] = [];
  if (places.isCoroutine(fn)) {
    if (mayAwait(ast, call)) {
      const newText = awaited(ast, call, ast.textOf(call));
      fixes.push({ title: 'Await it', safe: use === 'test', edits: [{ span: ast.span(call), newText }] });
    }
    const task = use === 'statement' ? asTask(facts, call) : undefined;
    if (task) fixes.push(task);
    return fixes;
  }
  const isTopLevel = fn === undefined || places.evidenceFor(fn, 'top level') !== undefined;
  if (use !== 'statement' || !isTopLevel || places.evidenceFor(fn, 'loop')) return fixes;
  const run = reference(values, call, 'asyncio', 'run');
  if (!run || values.of(call)?.tag !== 'coroutine') return fixes;
  const newText = `${run.text}(${ast.textOf(call)})`;
  return [
    { title: 'Run it with asyncio.run()', safe: false, edits: [{ span: ast.span(call), newText }, ...run.edits] },
  ];
}

/** `name_task = asyncio.create_task(name())`, where the function awaits on and so keeps the task. */
function asTask({ ast, names, values }: Wanted, call: NodeId): Fix | undefined {
  const fn = names.functionOf(call);
  const statement = statementOf(ast, call);
  const goesOn = fn?.awaits.some((node) => node > call) ?? false;
  if (!fn || !goesOn || !linesOf(ast, statement)) return undefined;
  const name = `${ast.name(call + 1)}_task`;
  const create = reference(values, call, 'asyncio', 'create_task');
  if (!create || !/^[A-Za-z_]\w*$/.test(name) || !isFree(values, call, name)) return undefined;
  return {
    title: 'Make it a task with create_task()',
    safe: false,
    edits: [{ span: ast.span(call), newText: `${name} = ${create.text}(${ast.textOf(call)})` }, ...create.edits],
  };
}

function givenFixes(facts: Wanted, invocation: Invocation): Fix[] {
  const { ast, names, values, places } = facts;
  const { call, target, how, fn } = invocation;
  if (fn?.isLambda || !fn) return [];
  const taker = values.calleeName(call) ?? '';
  const { positional, keywords } = argumentsOfCall(values, call);
  const name = ast.textOf(target);
  if (how === 'thread' && taker === 'threading.Thread' && !keywords.has('args') && !keywords.has('kwargs')) {
    const run = reference(values, call, 'asyncio', 'run');
    if (!run || positional.length > 0) return [];
    const newText = `lambda: ${run.text}(${name}())`;
    return [
      { title: 'Run it with asyncio.run()', safe: false, edits: [{ span: ast.span(target), newText }, ...run.edits] },
    ];
  }
  const parent = ast.parent(call);
  const isAwaited = ast.kindOf(parent) === Kind.Await && places.isCoroutine(names.functionOf(call));
  const first = taker.endsWith('.run_in_executor') ? 2 : taker === 'asyncio.to_thread' ? 1 : 0;
  if (!isAwaited || first === 0 || positional[first - 1] !== target) return [];
  const args = [
    ...positional.slice(first).map((each) => ast.textOf(each)),
    ...ast
      .children(call)
      .filter((each) => ast.kindOf(each) === Kind.Keyword || ast.kindOf(each) === Kind.DoubleStar)
      .map((each) => ast.textOf(each)),
  ];
  return [
    { title: 'Await it', safe: false, edits: [{ span: ast.span(call), newText: `${name}(${args.join(', ')})` }] },
  ];
}
