/**
 * LOOP402: a task that nobody keeps. The loop refers to its tasks weakly; a task lives as long as something else holds it:
 * a container, an attribute, a name of a function that still runs. Task groups keep theirs and are no matter here.
 */
import type { Facts } from '../facts';
import { callsTo, ownNodes, bodyOf } from '../flow/calls';
import type { Cfg, OpId } from '../flow/cfg';
import { NO_OP, OpKind } from '../flow/cfg';
import { FUTURE, LOOP, TASK } from '../flow/library';
import type { FunctionInfo, SymbolInfo } from '../flow/model';
import { writtenCallee } from '../flow/places';
import { targetAt } from '../flow/versions';
import type { Fix } from '../finding';
import type { NodeId } from '../syntax/ast';
import { NONE } from '../syntax/ast';
import { Flag, Kind } from '../syntax/kinds';
import { lineAround } from '../syntax/lines';
import { defineRule } from './rule';
import { indented, indentOf, indentUnit, lineEndOf, linesOf, linesOfRange, siblingsOf } from './support/edits';
import { isFree, reference } from './support/rewrites';

type Wanted = Pick<Facts, 'ast' | 'names' | 'values' | 'invocations' | 'places' | 'graphs' | 'settings'>;

const MAKES_TASK: ReadonlySet<string> = new Set([
  ...['asyncio.create_task', 'asyncio.ensure_future', 'asyncio.gather', `${LOOP}.create_task`],
]);
/** Methods that leave the task as unheld as it was. */
const KEEPS_NOT: ReadonlySet<string> = new Set(['add_done_callback', 'set_name', 'get_name']);

export const rule = defineRule({
  code: 'LOOP402',
  name: 'task-not-kept',
  summary: 'A task that nobody keeps.',
  severity: 'warning',
  doc: {
    what: 'Flags `create_task()`, `ensure_future()` or a bare `gather()` whose result nobody holds: a statement of its own, a callback or lambda whose result the loop drops, a local name that is never used in a function that does not await (or run the loop) any more.',
    why: 'The event loop keeps only weak references to its tasks. A task that nothing else refers to can be collected while it waits, and then silently never goes on. Nobody sees its exception either.',
    bad: 'async def main():\n    asyncio.create_task(beat())\n    await serve()\n',
    good: 'async def main():\n    async with asyncio.TaskGroup() as group:\n        group.create_task(beat())\n        await serve()\n',
    message: 'Task was destroyed but it is pending!',
    fix: 'Keep a reference in a set until the task is done (safe), or let a task group keep it (3.11, not safe: the block then waits for the task).',
    versions: 'All.',
    related: [
      { tool: 'ruff', rule: 'RUF006' },
      { tool: 'flake8-async', rule: 'ASYNC300' },
    ],
  },
  facts: ['ast', 'names', 'values', 'invocations', 'places', 'graphs', 'settings'],

  check(facts, report) {
    const { ast, values } = facts;
    for (const call of callsTo(values, MAKES_TASK)) {
      const isGather = values.calleeName(call) === 'asyncio.gather';
      if (isFutureAlready(facts, call)) continue;
      const drop = dropOf(facts, call);
      if (drop === undefined || (isGather && drop !== 'statement')) continue;
      const what = `${writtenCallee(values, call)}()`;
      report({
        span: ast.span(call),
        message:
          drop === 'name'
            ? `Nobody keeps the task of ${what} once this function returns: it may be collected before it is done. Hold a reference until then.`
            : drop === 'overwritten'
              ? `Each turn of the loop lets go of the task of the turn before: it may be collected before it is done. Hold all of them, in a set.`
              : `Nobody keeps the task of ${what}: it may be collected before it is done. Hold a reference until then.`,
        fixes: drop === 'statement' ? fixesOf(facts, call) : [],
        defect: call,
      });
    }
    // `loop.call_later(5, asyncio.create_task, work())`
    for (const { how, value, target } of facts.invocations.all) {
      if (how !== 'callback' && how !== 'signal') continue;
      const name =
        value?.tag === 'external' ? value.name : value?.tag === 'method' ? `${value.type}.${value.name}` : '';
      if (!MAKES_TASK.has(name) || name === 'asyncio.gather') continue;
      report({
        span: ast.span(target),
        message:
          'Nobody keeps the task that this callback makes: it may be collected before it is done. Hold a reference until then.',
      });
    }
  },
});

/** `ensure_future(x)` of a future gives x itself. */
function isFutureAlready({ ast, values }: Wanted, call: NodeId): boolean {
  if (values.calleeName(call) !== 'asyncio.ensure_future') return false;
  const argument = ast.child(call, 1);
  const type = argument === NONE ? undefined : values.typeOf(argument);
  return type === FUTURE || type === TASK;
}

type Drop = 'statement' | 'callback' | 'name' | 'overwritten';

/** How the task is let go, or undefined where somebody may keep it. */
function dropOf(facts: Wanted, call: NodeId): Drop | undefined {
  const { ast, names, invocations } = facts;
  const parent = ast.parent(call);
  switch (ast.kindOf(parent)) {
    case Kind.ExprStmt:
      return ast.hasFlag(parent, Flag.Tuple) ? undefined : 'statement';
    case Kind.Attribute: {
      // asyncio.create_task(…).add_done_callback(…)
      const outer = ast.parent(parent);
      const isStatement = ast.kindOf(outer) === Kind.Call && ast.kindOf(ast.parent(outer)) === Kind.ExprStmt;
      return isStatement && KEEPS_NOT.has(ast.name(parent)) ? 'callback' : undefined;
    }
    case Kind.Lambda: {
      const fn = names.functionAt.get(parent);
      const isDropped = fn && invocations.of(fn).some(({ how }) => how === 'callback' || how === 'signal');
      return isDropped ? 'callback' : undefined;
    }
    case Kind.ListComp:
      return ast.kindOf(ast.parent(parent)) === Kind.ExprStmt ? 'callback' : undefined;
    case Kind.Assign:
      return ast.children(parent).length === 2 ? dropOfName(facts, call, parent) : undefined;
    default:
      return undefined;
  }
}

function dropOfName(facts: Wanted, call: NodeId, assignment: NodeId): Drop | undefined {
  const { ast, names, graphs } = facts;
  const symbol = ast.kindOf(assignment + 1) === Kind.Name ? names.symbolOf(assignment + 1) : undefined;
  const fn = names.functionOf(call);
  if (!symbol || !fn || symbol.isCaptured || symbol.scope !== fn.scope || fn.isLambda) return undefined;
  if (symbol.bindings.some(({ kind }) => kind !== 'assign' && kind !== 'annotation')) return undefined;
  if (symbol.reads > 0 && !isNeverHeld(facts, fn, symbol)) return undefined;
  const graph = graphs.of(fn);
  const from = graph.opOf.get(call);
  if (graph.isBroken || from === undefined) return undefined;
  return whatFollows(facts, graph, from, assignment + 1);
}

/** Whether every use of a name is one that keeps nothing: `task.add_done_callback(…)`. */
function isNeverHeld({ ast, names }: Wanted, fn: FunctionInfo, symbol: SymbolInfo): boolean {
  let held = false;
  ownNodes(names, bodyOf(names, fn), (node, kind) => {
    if (kind !== Kind.Name || names.symbolOf(node) !== symbol) return;
    if (symbol.bindings.some(({ target }) => target === node)) return;
    const parent = ast.parent(node);
    const isCall = ast.kindOf(parent) === Kind.Attribute && ast.kindOf(ast.parent(parent)) === Kind.Call;
    if (!isCall || !KEEPS_NOT.has(ast.name(parent))) held = true;
  });
  return !held;
}

/**
 * What becomes of the name behind the creation: undefined where the function waits while the name holds the task,
 * 'overwritten' where it comes back to the same binding, 'name' where the function ends first.
 */
function whatFollows(facts: Wanted, graph: Cfg, from: OpId, target: NodeId): Drop | undefined {
  const seen = new Set<OpId>();
  const open: OpId[] = [graph.ops[from]?.next ?? NO_OP];
  let isBound = false;
  let waits = false;
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    const op = graph.ops[id];
    if (!op || seen.has(id)) continue;
    seen.add(id);
    if (op.kind === OpKind.Bind && op.node === target) {
      if (isBound) return 'overwritten';
      isBound = true;
    }
    if (id === from) return 'overwritten';
    if (op.kind === OpKind.Await || op.kind === OpKind.Yield) waits = true;
    if (op.kind === OpKind.Call && isRun(facts, op.node)) waits = true;
    for (const next of [op.next, op.alt]) if (next !== NO_OP) open.push(next);
  }
  return waits ? undefined : 'name';
}

function isRun({ values }: Wanted, call: NodeId): boolean {
  return /\.(run_until_complete|run_forever|run)$/.test(values.calleeName(call) ?? '');
}

// ------------------------------------------------------------------ fixes

function fixesOf(facts: Wanted, call: NodeId): Fix[] {
  return [inSet(facts, call), inGroup(facts, call)].filter((fix) => fix !== undefined);
}

/** A set of the module holds the task until it is done. */
function inSet({ ast, names, values }: Wanted, call: NodeId): Fix | undefined {
  const statement = ast.parent(call);
  const set = setName({ ast, names, values }, call);
  const name = ['task', 'background_task', 'new_task'].find((each) => isFree(values, call, each));
  if (!set || name === undefined || !linesOf(ast, statement)) return undefined;
  const eol = lineEndOf(ast);
  const indent = indentOf(ast, statement);
  const start = ast.start[statement] ?? 0;
  const tail = `${eol}${indent}${set.name}.add(${name})${eol}${indent}${name}.add_done_callback(${set.name}.discard)`;
  return {
    title: 'Keep it in a set until it is done',
    safe: true,
    edits: [
      ...set.edits,
      { span: { start, end: start }, newText: `${name} = ` },
      { span: { start: ast.end[call] ?? 0, end: ast.end[call] ?? 0 }, newText: tail },
    ],
  };
}

/** The set of the module for such tasks: one that is there, or a new one behind the imports. */
function setName(
  { ast, names, values }: Pick<Wanted, 'ast' | 'names' | 'values'>,
  call: NodeId,
): { name: string; edits: Fix['edits'] } | undefined {
  for (const name of ['background_tasks', '_background_tasks', '_tasks']) {
    const symbol = names.module.symbols.get(ast.atomOf(name));
    const [binding] = symbol?.bindings ?? [];
    if (symbol?.bindings.length === 1 && binding && ast.textOf(binding.value) === 'set()') return { name, edits: [] };
  }
  const name = ['background_tasks', '_background_tasks'].find((each) => isFree(values, call, each));
  if (name === undefined) return undefined;
  let last = NONE;
  for (const child of ast.children(0)) {
    const kind = ast.kindOf(child);
    const isDocstring = last === NONE && kind === Kind.ExprStmt && ast.kindOf(child + 1) === Kind.Str;
    if (kind !== Kind.Import && kind !== Kind.ImportFrom && !isDocstring) break;
    last = child;
  }
  const eol = lineEndOf(ast);
  const at = last === NONE ? 0 : lineAround(ast.text, ast.end[last] ?? 0).end;
  const newText = last === NONE ? `${name} = set()${eol}${eol}` : `${eol}${eol}${name} = set()`;
  return { name, edits: [{ span: { start: at, end: at }, newText }] };
}

/** `async with asyncio.TaskGroup() as group:` around the rest of the function. */
function inGroup(facts: Wanted, call: NodeId): Fix | undefined {
  const { ast, names, values, settings } = facts;
  const statement = ast.parent(call);
  const fn = names.functionOf(call);
  const target = targetAt(values, call, settings.target);
  if (!fn?.isAsync || fn.isGenerator || !target || target.lowest < 11) return undefined;
  if (values.calleeName(call) === 'asyncio.gather' || ast.parent(ast.parent(statement)) !== fn.node) return undefined;
  const siblings = siblingsOf(ast, statement);
  const rest = siblings.slice(siblings.indexOf(statement) + 1);
  const own = linesOf(ast, statement);
  const [first] = rest;
  const last = rest.at(-1);
  if (!own || first === undefined || last === undefined || !isFree(values, call, 'group')) return undefined;
  const lines = linesOfRange(ast, first, last);
  const group = reference(values, call, 'asyncio', 'TaskGroup');
  if (!lines || !group || lines.start < own.end) return undefined;
  const eol = lineEndOf(ast);
  const unit = indentUnit(ast);
  const indent = indentOf(ast, statement);
  const args = ast.text.slice(ast.end[call + 1], ast.end[call]);
  const head = `${indent}async with ${group.text}() as group:${eol}${indent}${unit}group.create_task${args}${eol}`;
  const between = ast.text.slice(own.end, lines.start);
  const newText = head + between + indented(ast, lines, unit);
  return {
    title: 'Let a TaskGroup keep it',
    safe: false,
    edits: [{ span: { start: own.start, end: lines.end }, newText }, ...group.edits],
  };
}
