/**
 * LOOP403: code of a coroutine that catches CancelledError and goes on as if nothing had happened. Exempt is who has a
 * right to: who cancelled the awaited task, who asks `cancelling()` or calls `uncancel()`, who hands the exception on, and
 * the coroutine that asyncio.run was given. What a handler does on only some of its paths is not held against it.
 */
import type { Facts } from '../facts';
import { bodyOf, dotted, firstAwait, handlerTypes, importsModule, loopAround, ownNodes } from '../flow/calls';
import type { FunctionInfo } from '../flow/model';
import { externalName } from '../flow/value';
import type { Fix, Span } from '../finding';
import type { NodeId } from '../syntax/ast';
import { NONE } from '../syntax/ast';
import { Flag, Kind } from '../syntax/kinds';
import { defineRule } from './rule';
import { indentOf, indentUnit, lineEndOf, linesOf, linesOfRange } from './support/edits';
import { dedented, reference, withoutArgument } from './support/rewrites';

type Wanted = Pick<Facts, 'ast' | 'names' | 'values' | 'invocations'>;

const CATCHES_CANCEL: ReadonlySet<string> = new Set(['asyncio.CancelledError', 'BaseException']);
/** Names of functions that only write down what they are given. */
const WRITES: ReadonlySet<string> = new Set(
  (
    'debug info warning warn error exception critical log print write format str repr type isinstance issubclass getattr ' +
    'format_exception print_exception print_exc'
  ).split(' '),
);
const RUNNERS = /^(asyncio|uvloop|winloop)\.(run|Runner\.run|AbstractEventLoop\.run_until_complete)$/;

export const rule = defineRule({
  code: 'LOOP403',
  name: 'cancellation-swallowed',
  summary: 'CancelledError swallowed.',
  severity: 'warning',
  doc: {
    what: 'Flags, in coroutines, a handler that catches `CancelledError` (by its name, as `BaseException`, or bare) around an await and does not raise; `contextlib.suppress` of it; `return`, `break` or `continue` in a `finally`.\n\nNot flagged: cancelling a task and awaiting its end, `uncancel()` and `cancelling()`, handlers that raise on some path or hand the exception on, and the coroutine that `asyncio.run()` was given.',
    why: 'Cancelling is a request that the task must let through. A task that catches it and goes on can not be cancelled: `asyncio.timeout()`, `TaskGroup`, `asyncio.run()` at the end of the program wait for it in vain.',
    bad: "import asyncio\n\nasync def work(job):\n    try:\n        await job()\n    except:\n        print('failed')\n",
    good: "import asyncio\n\nasync def work(job):\n    try:\n        await job()\n    except Exception:\n        print('failed')\n",
    message: 'Nothing: the task goes on as if it had not been cancelled.',
    fix: 'Raise it again: the quick fix adds `raise`, puts an `except asyncio.CancelledError: raise` before a broad handler, takes the exception out of `suppress()`, or moves the `return` behind the `finally`. Not safe: callers then see the cancellation.',
    versions:
      'From 3.8 CancelledError is a BaseException, so `except Exception` lets it through. From 3.14 `return` in `finally` gives a SyntaxWarning.',
    related: [
      { tool: 'flake8-async', rule: 'ASYNC103' },
      { tool: 'flake8-async', rule: 'ASYNC104' },
      { tool: 'ruff', rule: 'E722 (bare except)' },
      { tool: 'ruff', rule: 'B012 (return in finally)' },
    ],
  },
  facts: ['ast', 'names', 'values', 'invocations'],

  check(facts, report) {
    const { ast, names } = facts;
    // Trio's cancellation is another exception.
    if (importsModule(names, 'trio') && !importsModule(names, 'asyncio')) return;
    for (const fn of names.functions) {
      if (!fn.isAsync) continue;
      ownNodes(names, bodyOf(names, fn), (node, kind) => {
        if (kind === Kind.Try) {
          const handler = swallowingHandler(facts, fn, node);
          if (handler !== NONE) {
            const awaitNode = firstAwait(names, node + 1);
            report({
              span: headOf(facts, handler),
              message:
                'This swallows CancelledError: who cancels this code does not see it cancelled. Raise it again after cleaning up.',
              related: [{ span: spanOfAwait(facts, awaitNode), message: 'A cancellation is raised here.' }],
              fixes: handlerFixes(facts, handler),
            });
          }
          for (const way of waysOutOfFinally(facts, node)) {
            report({
              span: ast.span(way),
              message: `This ${wordOf(ast.kindOf(way))} in a finally block swallows CancelledError, and every other exception. Put it behind the block.`,
              fixes: finallyFixes(facts, node, way),
            });
          }
        } else if (kind === Kind.With && !ast.hasFlag(node, Flag.Async)) {
          const manager = swallowingSuppress(facts, fn, node);
          if (manager !== NONE) {
            report({
              span: ast.span(manager),
              message:
                'This suppresses CancelledError: who cancels this code does not see it cancelled. Suppress what is expected alone.',
              fixes: suppressFixes(facts, node, manager),
            });
          }
        }
      });
    }
  },
});

function wordOf(kind: Kind): string {
  return kind === Kind.Return ? 'return' : kind === Kind.Break ? 'break' : 'continue';
}

/** `except …` without its colon. */
function headOf({ ast, names }: Wanted, handler: NodeId): Span {
  const start = ast.start[handler] ?? 0;
  const block = ast.childOfKind(handler, Kind.Block);
  const last = [...ast.children(handler)].findLast((each) => each !== block);
  if (handlerTypes(names, handler).length === 0 || last === undefined) return { start, end: start + 'except'.length };
  return { start, end: ast.end[last] ?? start };
}

function spanOfAwait({ ast }: Wanted, node: NodeId): Span {
  const { start, end } = ast.span(node);
  const newline = ast.text.indexOf('\n', start);
  return { start, end: newline >= 0 && newline < end ? newline : end };
}

// ------------------------------------------------------------------ handlers

/** The handler of a `try` that catches CancelledError and swallows it, or NONE. */
function swallowingHandler(facts: Wanted, fn: FunctionInfo, statement: NodeId): NodeId {
  const { ast, names, values } = facts;
  const body = statement + 1;
  if (firstAwait(names, body) === NONE) return NONE;
  // The first handler that catches it is the one that gets it.
  const handler = ast.childrenOfKind(statement, Kind.Handler).find((each) => {
    const types = handlerTypes(names, each);
    return types.length === 0 || types.some((type) => CATCHES_CANCEL.has(externalName(values.of(type)) ?? ''));
  });
  if (handler === undefined || doesAnswer(facts, handler)) return NONE;
  const isNamed = handlerTypes(names, handler).some((type) => isCancelled(facts, type));
  const isRight = isDrain(facts, fn, body, handler) || (isNamed && isEndOfProgram(facts, fn, statement));
  return isRight ? NONE : handler;
}

function isCancelled({ values }: Wanted, type: NodeId): boolean {
  return externalName(values.of(type)) === 'asyncio.CancelledError';
}

/** Whether a handler raises, asks about the cancellation, or hands the exception on. */
function doesAnswer({ ast, names }: Wanted, handler: NodeId): boolean {
  const block = ast.childOfKind(handler, Kind.Block);
  const ident = ast.childOfKind(handler, Kind.Ident);
  const symbol = ident === NONE ? undefined : names.symbolOf(ident);
  let answers = false;
  ownNodes(names, block, (node, kind) => {
    if (kind === Kind.Raise) answers = true;
    if (kind === Kind.Call) {
      const name = ast.name(node + 1);
      if (/^(uncancel|cancelling|set_exception|exit|_exit|reraise)$/.test(name)) answers = true;
      // `sys.exc_info()` is handed to somebody as well.
      if (name === 'exc_info') answers = true;
    }
    if (symbol && kind === Kind.Name && names.symbolOf(node) === symbol && isHandedOn(ast, node, block)) answers = true;
  });
  return answers;
}

/** Whether the use of the caught exception gives it to somebody who does more than write it down. */
function isHandedOn(ast: Wanted['ast'], node: NodeId, block: NodeId): boolean {
  let inner = node;
  for (let at = ast.parent(node); at !== NONE && at !== block; inner = at, at = ast.parent(at)) {
    switch (ast.kindOf(at)) {
      case Kind.Interp:
      case Kind.Str:
      case Kind.Attribute:
      case Kind.Subscript:
      case Kind.Compare:
        return false;
      case Kind.Call:
        return inner !== at + 1 && !WRITES.has(ast.name(at + 1));
      case Kind.Keyword:
        if (ast.name(at) === 'exc_info') return false;
        break;
      case Kind.Return:
      case Kind.Yield:
      case Kind.Assign:
      case Kind.AnnAssign:
        return true;
      default:
    }
  }
  return false;
}

/** `async with asyncio.timeout(…)` awaits nothing of its own. */
function isTimeout(ast: Wanted['ast'], node: NodeId): boolean {
  const items = ast.childrenOfKind(node, Kind.WithItem);
  return (
    items.length > 0 && items.every((item) => ast.kindOf(item + 1) === Kind.Call && /^timeout/.test(ast.name(item + 2)))
  );
}

/** Functions around what is drained: `await asyncio.wait_for(task, 5)`. */
const AROUND: ReadonlySet<string> = new Set(['wait_for', 'shield', 'gather', 'wait', 'wrap_future', 'ensure_future']);

/**
 * Cancel and drain: everything that the body awaits is an object that exists already, and something is cancelled before
 * in this function, or that very object anywhere in the file.
 */
function isDrain({ ast, names }: Wanted, fn: FunctionInfo, body: NodeId, end: NodeId): boolean {
  const drained: NodeId[] = [];
  const others: NodeId[] = [];
  ownNodes(names, body, (node, kind) => {
    const isAsync = (kind === Kind.For || kind === Kind.With || kind === Kind.CompFor) && ast.hasFlag(node, Flag.Async);
    if (isAsync && !isTimeout(ast, node)) others.push(node);
    if (kind !== Kind.Await) return;
    const objects = objectsOf(ast, node + 1);
    if (objects.length === 0) others.push(node);
    drained.push(...objects);
  });
  if (others.length > 0 || drained.length === 0) return false;
  for (const [name, calls] of names.callsByName) {
    if (!/cancel/i.test(name) || name === 'cancelled' || name === 'cancelling') continue;
    for (const call of calls) {
      if (call < end && names.functionOf(call) === fn) return true;
      const object = ast.kindOf(call + 1) === Kind.Attribute ? dotted(names, call + 2) : '';
      if (object.includes('.') && drained.some((each) => dotted(names, each) === object)) return true;
    }
  }
  return false;
}

/** The objects that an awaited expression waits for, where they are there already and not made by a call. */
function objectsOf(ast: Wanted['ast'], node: NodeId): NodeId[] {
  switch (ast.kindOf(node)) {
    case Kind.Name:
    case Kind.Attribute:
    case Kind.Subscript:
      return [node];
    case Kind.Call: {
      if (!AROUND.has(ast.name(node + 1))) return [];
      const [first] = ast.children(node).slice(1);
      if (first === undefined) return [];
      return objectsOf(ast, ast.kindOf(first) === Kind.Star ? first + 1 : first);
    }
    default:
      return [];
  }
}

/** Whether only asyncio.run can cancel this code: the coroutine that it was given, outside any loop. */
function isEndOfProgram({ ast, names, values, invocations }: Wanted, fn: FunctionInfo, statement: NodeId): boolean {
  if (loopAround(names, statement) !== NONE) return false;
  return invocations.of(fn).some(({ how, call }) => {
    const parent = ast.parent(call);
    return how === 'call' && ast.kindOf(parent) === Kind.Call && RUNNERS.test(values.calleeName(parent) ?? '');
  });
}

// ------------------------------------------------------------------ suppress and finally

/** The `suppress(…)` of a `with` that swallows CancelledError of its body, or NONE. */
function swallowingSuppress(facts: Wanted, fn: FunctionInfo, statement: NodeId): NodeId {
  const { ast, names, values } = facts;
  const body = ast.childOfKind(statement, Kind.Block);
  for (const item of ast.childrenOfKind(statement, Kind.WithItem)) {
    const manager = item + 1;
    if (ast.kindOf(manager) !== Kind.Call || values.calleeName(manager) !== 'contextlib.suppress') continue;
    const catches = ast
      .children(manager)
      .slice(1)
      .some((type) => CATCHES_CANCEL.has(externalName(values.of(type)) ?? ''));
    if (!catches || firstAwait(names, body) === NONE) continue;
    if (isDrain(facts, fn, body, ast.after(body)) || isEndOfProgram(facts, fn, statement)) continue;
    return manager;
  }
  return NONE;
}

/** `return`, and `break` or `continue` of a loop further out, in the `finally` of a `try` that awaits. */
function waysOutOfFinally({ ast, names }: Wanted, statement: NodeId): NodeId[] {
  const last = ast.childOfKind(statement, Kind.Finally);
  if (last === NONE) return [];
  let awaits = false;
  for (const part of ast.children(statement)) if (part !== last && firstAwait(names, part) !== NONE) awaits = true;
  if (!awaits) return [];
  const ways: NodeId[] = [];
  ownNodes(names, last, (node, kind) => {
    if (kind === Kind.Return) ways.push(node);
    if ((kind === Kind.Break || kind === Kind.Continue) && !ast.contains(last, loopAround(names, node)))
      ways.push(node);
  });
  return ways;
}

// ------------------------------------------------------------------ fixes

function handlerFixes(facts: Wanted, handler: NodeId): Fix[] {
  const { ast, names, values } = facts;
  const types = handlerTypes(names, handler);
  const isOnlyCancel = types.length === 1 && externalName(values.of(types[0] ?? NONE)) === 'asyncio.CancelledError';
  const block = ast.childOfKind(handler, Kind.Block);
  const last = ast.lastChild(block);
  const eol = lineEndOf(ast);
  if (last === NONE || !linesOf(ast, last)) return [];
  if (isOnlyCancel) {
    const indent = indentOf(ast, last);
    const kind = ast.kindOf(last);
    const leaves = kind === Kind.Pass || kind === Kind.Return || kind === Kind.Break || kind === Kind.Continue;
    const edit = leaves
      ? { span: ast.span(last), newText: 'raise' }
      : { span: { start: ast.end[last] ?? 0, end: ast.end[last] ?? 0 }, newText: `${eol}${indent}raise` };
    return [{ title: 'Raise it again', safe: false, edits: [edit] }];
  }
  const cancelled = reference(values, handler, 'asyncio', 'CancelledError');
  const lines = ast.start[handler] ?? 0;
  if (!cancelled || ast.hasFlag(handler, Flag.Star)) return [];
  const indent = indentOf(ast, handler);
  const newText = `except ${cancelled.text}:${eol}${indent}${indentUnit(ast)}raise${eol}${indent}`;
  return [
    {
      title: 'Let CancelledError through',
      safe: false,
      edits: [{ span: { start: lines, end: lines }, newText }, ...cancelled.edits],
    },
  ];
}

function suppressFixes({ ast, values }: Wanted, statement: NodeId, manager: NodeId): Fix[] {
  const types = ast.children(manager).slice(1);
  const swallowing = types.filter((type) => CATCHES_CANCEL.has(externalName(values.of(type)) ?? ''));
  const [only] = swallowing;
  if (only === undefined || swallowing.length > 1) return [];
  const title = 'Let CancelledError through';
  if (types.length > 1) return [{ title, safe: false, edits: [withoutArgument(ast, manager, only)] }];
  const body = ast.childOfKind(statement, Kind.Block);
  const [first] = ast.children(body);
  const last = ast.lastChild(body);
  if (first === undefined || ast.childrenOfKind(statement, Kind.WithItem).length > 1) return [];
  const lines = linesOfRange(ast, first, last);
  const indent = indentOf(ast, statement);
  const edits = dedented(ast, first, last, indentOf(ast, first).slice(indent.length), indent.length);
  const start = (ast.start[statement] ?? 0) - indent.length;
  const headerEnd = ast.text.indexOf('\n', ast.end[manager] ?? 0) + 1;
  if (!lines || !edits || headerEnd <= start || headerEnd > lines.start) return [];
  return [{ title, safe: false, edits: [{ span: { start, end: headerEnd }, newText: '' }, ...edits] }];
}

/** A `return` at the end of a `finally` moves behind the whole statement. */
function finallyFixes({ ast }: Wanted, statement: NodeId, way: NodeId): Fix[] {
  const last = ast.childOfKind(statement, Kind.Finally);
  const block = ast.childOfKind(last, Kind.Block);
  if (ast.kindOf(way) !== Kind.Return || ast.parent(way) !== block || ast.lastChild(block) !== way) return [];
  if (ast.children(block).length < 2) return [];
  const lines = linesOf(ast, way);
  if (!lines) return [];
  const from = lines.start;
  const newText = indentOf(ast, statement);
  return [
    {
      title: 'Move the return behind the finally block',
      safe: false,
      edits: [{ span: { start: from, end: ast.start[way] ?? from }, newText }],
    },
  ];
}
