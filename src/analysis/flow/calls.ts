/**
 * Finds calls by what they call, and what stands around a node: handlers that would catch what it raises, conditions that
 * ask for a name first, strings of attributes as they are written. Small questions that several rules ask.
 */
import type { NodeId } from '../syntax/ast';
import { NONE } from '../syntax/ast';
import { Flag, Kind } from '../syntax/kinds';
import type { FunctionInfo } from './model';
import type { Names } from './scopes';
import type { Values } from './values';
import { externalName } from './value';

/** The last names of sets of qualified names: the sets are tables that many files are held against. */
const lastNames = new WeakMap<ReadonlySet<string>, ReadonlySet<string>>();

function lastNamesOf(qualified: ReadonlySet<string>): ReadonlySet<string> {
  let last = lastNames.get(qualified);
  if (!last) {
    last = new Set([...qualified].map((name) => name.slice(name.lastIndexOf('.') + 1)));
    lastNames.set(qualified, last);
  }
  return last;
}

/** All calls of functions outside the file with one of these canonical names, in order of the text. */
export function callsTo(values: Values, qualified: ReadonlySet<string>): NodeId[] {
  const { names } = values;
  const found: NodeId[] = [];
  const last = lastNamesOf(qualified);
  const written = new Set(last);
  for (const { symbol, binding } of names.importBindings) {
    if (last.has(binding.qualified.slice(binding.qualified.lastIndexOf('.') + 1))) written.add(symbol.name);
  }
  for (const name of written) {
    for (const call of names.callsByName.get(name) ?? []) {
      const callee = values.calleeName(call);
      if (callee !== undefined && qualified.has(callee)) found.push(call);
    }
  }
  return found.sort((a, b) => a - b);
}

/** Whether the file imports a module, under whatever name. */
export function importsModule(names: Names, module: string): boolean {
  return names.importBindings.some(
    ({ binding: { qualified } }) => qualified === module || qualified.startsWith(`${module}.`),
  );
}

/** The types that a handler names; none for a bare `except`. */
export function handlerTypes(names: Names, handler: NodeId): NodeId[] {
  const { ast } = names;
  return ast
    .children(handler)
    .filter((child) => ast.kindOf(child) !== Kind.Ident && ast.kindOf(child) !== Kind.Block)
    .flatMap((child) => (ast.kindOf(child) === Kind.Tuple ? ast.children(child) : [child]));
}

/** Whether what a node raises is caught, in the same function, by a handler of one of these types or by a bare one. */
export function isCaught(values: Values, node: NodeId, types: ReadonlySet<string>): boolean {
  const { names } = values;
  const { ast } = names;
  const names_ = (type: NodeId): boolean => types.has(externalName(values.of(type)) ?? '');
  let inner = node;
  for (let at = ast.parent(node); at !== NONE; inner = at, at = ast.parent(at)) {
    const kind = ast.kindOf(at);
    if (kind === Kind.Function || kind === Kind.Lambda || kind === Kind.Class) return false;
    if (kind === Kind.Try && inner === at + 1) {
      for (const handler of ast.childrenOfKind(at, Kind.Handler)) {
        const caught = handlerTypes(names, handler);
        if (caught.length === 0 || caught.some(names_)) return true;
      }
    }
    if (kind === Kind.With && ast.kindOf(inner) === Kind.Block) {
      for (const item of ast.childrenOfKind(at, Kind.WithItem)) {
        const manager = item + 1;
        if (ast.kindOf(manager) !== Kind.Call || values.calleeName(manager) !== 'contextlib.suppress') continue;
        if (ast.children(manager).slice(1).some(names_)) return true;
      }
    }
  }
  return false;
}

/** Context managers of tests that expect an exception or a warning: a call in them is made for it. */
const EXPECTS: ReadonlySet<string> = new Set([
  ...['raises', 'warns', 'deprecated_call', 'assertRaises', 'assertRaisesRegex', 'assertWarns', 'assertWarnsRegex'],
  'check_warnings',
]);

/** Whether a node stands in a `with` of a test that expects what it does to go wrong. */
export function isExpectedToFail({ ast }: Names, node: NodeId): boolean {
  for (let at = ast.parent(node); at !== NONE; at = ast.parent(at)) {
    const kind = ast.kindOf(at);
    if (kind === Kind.Function || kind === Kind.Lambda) return false;
    if (kind !== Kind.With) continue;
    for (const item of ast.childrenOfKind(at, Kind.WithItem)) {
      if (ast.kindOf(item + 1) === Kind.Call && EXPECTS.has(ast.name(item + 2))) return true;
    }
  }
  return false;
}

/** Conditions that must hold (or not hold) for a node to be reached: of `if`, `while` and `… if … else …`. */
export function conditionsAround(names: Names, node: NodeId): NodeId[] {
  const { ast } = names;
  const found: NodeId[] = [];
  let inner = node;
  for (let at = ast.parent(node); at !== NONE; inner = at, at = ast.parent(at)) {
    const kind = ast.kindOf(at);
    if (kind === Kind.If || kind === Kind.Elif || kind === Kind.While) {
      if (inner !== at + 1) found.push(at + 1);
      for (const clause of ast.childrenOfKind(at, Kind.Elif)) if (clause < inner) found.push(clause + 1);
    } else if (kind === Kind.IfExp) {
      const test = ast.child(at, 1);
      if (inner !== test) found.push(test);
    }
  }
  return found;
}

/** Whether any node of a subtree passes a test. */
export function someNode(names: Names, root: NodeId, test: (node: NodeId) => boolean): boolean {
  if (root === NONE) return false;
  const end = names.ast.after(root);
  for (let node = root; node < end; node++) if (test(node)) return true;
  return false;
}

/** The nodes of a function's own code (or of the module's), those of functions defined in it left out. */
export function ownNodes(names: Names, root: NodeId, visit: (node: NodeId, kind: Kind) => void): void {
  const { ast } = names;
  const end = ast.after(root);
  for (let node = root; node < end; node++) {
    const kind = ast.kindOf(node);
    if (node !== root && (kind === Kind.Function || kind === Kind.Lambda)) {
      node = ast.after(node) - 1;
      continue;
    }
    visit(node, kind);
  }
}

/** The first await within a subtree that belongs to the same function: an Await, an `async for` or an `async with`. */
export function firstAwait(names: Names, root: NodeId): NodeId {
  const { ast } = names;
  let found = NONE;
  ownNodes(names, root, (node, kind) => {
    if (found !== NONE) return;
    const isAsyncStatement =
      (kind === Kind.For || kind === Kind.With || kind === Kind.CompFor) && ast.hasFlag(node, Flag.Async);
    if (kind === Kind.Await || isAsyncStatement) found = node;
  });
  return found;
}

/** A name or a chain of attributes as one string (`self._task`), or '' for anything else. */
export function dotted(names: Names, node: NodeId): string {
  const { ast } = names;
  const parts: string[] = [];
  let at = node;
  for (; ast.kindOf(at) === Kind.Attribute; at++) parts.unshift(ast.name(at));
  if (ast.kindOf(at) !== Kind.Name) return '';
  return [ast.name(at), ...parts].join('.');
}

/** The innermost loop statement around a node, within its function, or `NONE`. */
export function loopAround(names: Names, node: NodeId): NodeId {
  const { ast } = names;
  let inner = node;
  for (let at = ast.parent(node); at !== NONE; inner = at, at = ast.parent(at)) {
    const kind = ast.kindOf(at);
    if (kind === Kind.Function || kind === Kind.Lambda || kind === Kind.Class) return NONE;
    if ((kind === Kind.For || kind === Kind.While) && ast.kindOf(inner) === Kind.Block) return at;
  }
  return NONE;
}

/** The body of a function: its block, a lambda's expression, or the whole module. */
export function bodyOf(names: Names, fn: FunctionInfo | undefined): NodeId {
  if (!fn) return 0;
  return fn.isLambda ? names.ast.lastChild(fn.node) : names.ast.childOfKind(fn.node, Kind.Block);
}
