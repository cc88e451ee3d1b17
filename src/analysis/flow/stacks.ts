/**
 * Exit stacks that nothing closes: what such a stack is told to call at its end is never called. Only stacks in view: made
 * by an assignment to a name or a field, and used for nothing but telling them what to call. Knows no tracked type.
 */
import type { NodeId } from '../syntax/ast';
import { NONE } from '../syntax/ast';
import { Kind } from '../syntax/kinds';
import { selfField } from './explore';
import type { Binding, FieldBinding } from './model';
import type { Values } from './values';

const STACKS: ReadonlySet<string> = new Set(['contextlib.ExitStack', 'contextlib.AsyncExitStack']);

const TELL: ReadonlySet<string> = new Set([
  ...['callback', 'push', 'enter_context', 'push_async_callback', 'push_async_exit', 'enter_async_context'],
]);

/** Whether a call tells an exit stack what to do at its end, and that end never comes. */
export function isToldInVain(values: Values, call: NodeId): boolean {
  const { names } = values;
  const { ast } = names;
  const callee = call + 1;
  if (ast.kindOf(callee) !== Kind.Attribute || !TELL.has(ast.name(callee))) return false;
  const stack = callee + 1;
  const field = selfField(names, stack);
  if (field !== undefined) {
    const bindings = names.selfClassOf(stack + 1)?.fields.get(field)?.bindings ?? [];
    return isStack(values, bindings) && usesAreTelling(values, (node) => ast.name(node) === field, Kind.Attribute);
  }
  const symbol = ast.kindOf(stack) === Kind.Name ? names.symbolOf(stack) : undefined;
  if (!symbol || symbol.scope.kind === 'class') return false;
  return (
    isStack(values, symbol.bindings) && usesAreTelling(values, (node) => names.symbolOf(node) === symbol, Kind.Name)
  );
}

/** Whether something is only ever assigned a new stack. */
function isStack(values: Values, bindings: readonly (Binding | FieldBinding)[]): boolean {
  return (
    bindings.length > 0 &&
    bindings.every(
      ({ kind, value }) =>
        kind === 'assign' &&
        value !== NONE &&
        values.names.ast.kindOf(value) === Kind.Call &&
        STACKS.has(values.calleeName(value) ?? ''),
    )
  );
}

/** Whether each use of it, but for the assignments, tells it what to call. */
function usesAreTelling({ names: { ast } }: Values, isIt: (node: NodeId) => boolean, kind: Kind): boolean {
  for (let node = 0; node < ast.length; node++) {
    if (ast.kindOf(node) !== kind || !isIt(node)) continue;
    const parent = ast.parent(node);
    const isAssigned = ast.kindOf(parent) === Kind.Assign && ast.lastChild(parent) !== node;
    const isTold = ast.kindOf(parent) === Kind.Attribute && TELL.has(ast.name(parent));
    if (!isAssigned && !isTold) return false;
  }
  return true;
}
