/**
 * LOOP203: `loop=` given to a function or class of asyncio that takes it no longer. Knows by name what took it once; what
 * still takes it (Task, Future, ensure_future, …) is simply not in the table.
 */
import type { Values } from '../flow/values';
import { isExpectedToFail } from '../flow/calls';
import { targetAt } from '../flow/versions';
import type { Ast, NodeId } from '../syntax/ast';
import { NONE } from '../syntax/ast';
import { Kind } from '../syntax/kinds';
import { withoutArgument } from './support/rewrites';
import { defineRule } from './rule';

/** CPython 3.10, Doc/whatsnew/3.10.rst: the parameter is gone from asyncio's high-level API. */
const REMOVED_IN = 10;

/** Canonical names: LifoQueue and PriorityQueue are asyncio.Queue, BoundedSemaphore is asyncio.Semaphore. */
const WITHOUT_LOOP: ReadonlySet<string> = new Set(
  (
    'sleep wait wait_for gather shield as_completed open_connection open_unix_connection start_server start_unix_server ' +
    'create_subprocess_exec create_subprocess_shell Lock Event Condition Semaphore Queue'
  )
    .split(' ')
    .map((name) => `asyncio.${name}`),
);

export const rule = defineRule({
  code: 'LOOP203',
  name: 'removed-loop-argument',
  summary: 'the loop= argument removed in 3.10',
  severity: 'error',
  doc: {
    what: '`loop=` given to a function or class of asyncio that does not take it since Python 3.10.',
    why: 'asyncio finds the running loop by itself. The parameter was deprecated in 3.8 and removed in 3.10; a call that gives it raises `TypeError`.',
    bad: 'lock = asyncio.Lock(loop=loop)\nawait asyncio.sleep(1, loop=loop)',
    good: 'lock = asyncio.Lock()\nawait asyncio.sleep(1)',
    message: "TypeError: sleep() got an unexpected keyword argument 'loop'",
    fix: 'Drop the argument. Safe where the program needs no Python before 3.10; before that the argument still means something.',
    versions:
      'From 3.10. Task, Future, ensure_future, wrap_future, run_coroutine_threadsafe, current_task, all_tasks, StreamReader and StreamReaderProtocol still take a loop.',
    related: [
      { tool: 'mypy', rule: 'call-arg' },
      { tool: 'pyright', rule: 'reportCallIssue' },
    ],
  },

  facts: ['ast', 'names', 'values', 'settings'],

  check({ ast, names, values, settings }, report) {
    const loop = ast.atomOf('loop');
    if (loop < 0) return;
    for (const call of names.calls) {
      const end = ast.after(call);
      let argument = call + 1;
      while (argument < end && !(ast.atom[argument] === loop && ast.kindOf(argument) === Kind.Keyword)) {
        argument = ast.after(argument);
      }
      if (argument >= end) continue;
      const callee = calleeWithoutLoop(values, call);
      if (callee === undefined || isExpectedToFail(names, call)) continue;
      const target = targetAt(values, call, settings.target);
      if (!target || target.highest < REMOVED_IN) continue;
      report({
        span: ast.span(argument),
        message: `${callee} takes no loop since Python 3.10: this raises TypeError. Leave the argument out.`,
        fixes: [
          {
            title: 'Drop the loop argument',
            safe: target.lowest >= REMOVED_IN && isPlain(ast, argument + 1),
            edits: [withoutArgument(ast, call, argument)],
          },
        ],
      });
    }
  },
});

/** How the thing that takes no loop is called in the text, or undefined where this call is of nothing like that. */
function calleeWithoutLoop(values: Values, call: NodeId): string | undefined {
  const { names } = values;
  const { ast } = names;
  const value = values.of(call + 1);
  switch (value?.tag) {
    case 'external':
      return WITHOUT_LOOP.has(value.name) ? `${ast.textOf(call + 1)}()` : undefined;
    case 'class': {
      if (values.methodOf(value.cls, '__init__')) return undefined;
      return values.externalBases(value.cls).some((base) => base !== undefined && WITHOUT_LOOP.has(base))
        ? `${value.cls.name}()`
        : undefined;
    }
    default: {
      // `super().__init__(loop=loop)` in a class over one of them.
      const callee = call + 1;
      if (ast.kindOf(callee) !== Kind.Attribute || ast.name(callee) !== '__init__') return undefined;
      if (ast.kindOf(callee + 1) !== Kind.Call || values.calleeName(callee + 1) !== 'super') return undefined;
      const cls = names.classOf(call);
      const base = cls && values.externalBases(cls)[0];
      return base !== undefined && WITHOUT_LOOP.has(base) ? `${base}()` : undefined;
    }
  }
}

/** Whether leaving an expression out loses nothing: a name, an attribute, None, a call without arguments. */
function isPlain(ast: Ast, node: NodeId): boolean {
  switch (ast.kindOf(node)) {
    case Kind.Name:
    case Kind.None:
      return true;
    case Kind.Attribute:
      return isPlain(ast, node + 1);
    case Kind.Call:
      return ast.child(node, 1) === NONE;
    default:
      return false;
  }
}
