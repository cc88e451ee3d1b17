/**
 * LOOP404: the result of `asyncio.wait()` or of `gather(…, return_exceptions=True)` thrown away, though it alone tells of
 * the errors. Not where the tasks themselves are asked, before or after, or were cancelled.
 */
import type { Facts } from '../facts';
import { bodyOf, callsTo, dotted, ownNodes } from '../flow/calls';
import { argumentsOfCall } from '../flow/invocations';
import { writtenCallee } from '../flow/places';
import type { NodeId } from '../syntax/ast';
import { Kind } from '../syntax/kinds';
import { defineRule } from './rule';

type Wanted = Pick<Facts, 'ast' | 'names' | 'values'>;

const LOOKED_AT: ReadonlySet<string> = new Set(['asyncio.wait', 'asyncio.gather']);

export const rule = defineRule({
  code: 'LOOP404',
  name: 'result-ignored',
  summary: 'The result of gather or wait ignored.',
  severity: 'hint',
  doc: {
    what: 'Flags `await asyncio.wait(…)` and `await asyncio.gather(…, return_exceptions=True)` as statements of their own, where nobody asks the tasks for their results either.',
    why: 'Both return exceptions instead of raising them. If nobody looks, errors are lost: of `gather` for good, of `wait` until the tasks are collected, somewhere else and later.',
    bad: 'await asyncio.gather(*jobs, return_exceptions=True)\n',
    good: 'for result in await asyncio.gather(*jobs, return_exceptions=True):\n    if isinstance(result, BaseException):\n        log(result)\n',
    message: 'Task exception was never retrieved (asyncio.wait); nothing (gather).',
    fix: 'Look at the result, or let `gather` raise; from 3.11 a `TaskGroup`.',
    versions: 'All.',
    related: [],
  },
  facts: ['ast', 'names', 'values'],

  check(facts, report) {
    const { ast, values } = facts;
    for (const call of callsTo(values, LOOKED_AT)) {
      const parent = ast.parent(call);
      if (ast.kindOf(parent) !== Kind.Await || ast.kindOf(ast.parent(parent)) !== Kind.ExprStmt) continue;
      const { positional, keywords } = argumentsOfCall(values, call);
      const isGather = values.calleeName(call) === 'asyncio.gather';
      const returns = keywords.get('return_exceptions');
      if (isGather && (returns === undefined || ast.kindOf(returns) !== Kind.True)) continue;
      if (isLookedAt(facts, call, isGather ? positional : positional.slice(0, 1))) continue;
      report({
        span: ast.span(call),
        message: `${writtenCallee(values, call)}() returns the errors of its tasks, and nobody looks at them. Ask each for its exception.`,
      });
    }
  },
});

/** Whether the function has to do with the tasks at another place, or cancels something before. */
function isLookedAt({ ast, names }: Wanted, call: NodeId, args: readonly NodeId[]): boolean {
  const fn = names.functionOf(call);
  const isCancelled = [...names.callsByName].some(
    ([name, calls]) =>
      /cancel/i.test(name) &&
      calls.some((each) => each < call && names.functionOf(each) === fn && name !== 'cancelled'),
  );
  const hasCallback = (names.callsByName.get('add_done_callback') ?? []).some((each) => names.functionOf(each) === fn);
  if (isCancelled || hasCallback) return true;
  const given = new Set<string>();
  for (const argument of args) {
    for (let node = argument; node < ast.after(argument); node++) {
      if (ast.kindOf(node) !== Kind.Name && ast.kindOf(node) !== Kind.Attribute) continue;
      // What is called makes the tasks; it is not one.
      const isCallee = ast.kindOf(ast.parent(node)) === Kind.Call && ast.parent(node) + 1 === node;
      const name = dotted(names, node);
      if (name !== '' && !isCallee && ast.kindOf(ast.parent(node)) !== Kind.Attribute) given.add(name);
    }
  }
  let isUsed = false;
  ownNodes(names, bodyOf(names, fn), (node, kind) => {
    if (isUsed || ast.contains(call, node) || (kind !== Kind.Name && kind !== Kind.Attribute)) return;
    if (!given.has(dotted(names, node))) return;
    isUsed = node > call;
  });
  return isUsed;
}
