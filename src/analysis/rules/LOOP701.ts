/**
 * LOOP701: shared state is read, an await follows, and what is written back was worked out from the old value. Shared are
 * fields of `self` and variables of the module. Three shapes are told: one statement, a local copy, and something made
 * because it was not there. Whatever an `async with` protects, or a lock that was acquired before, is left alone.
 */
import type { Facts } from '../facts';
import { bodyOf, firstAwait, ownNodes, someNode } from '../flow/calls';
import { selfField } from '../flow/explore';
import type { FunctionInfo } from '../flow/model';
import type { Fix, Related } from '../finding';
import type { NodeId } from '../syntax/ast';
import { NONE } from '../syntax/ast';
import { Flag, Kind, Op } from '../syntax/kinds';
import { defineRule } from './rule';
import { indented, indentOf, indentUnit, lineEndOf, linesOf, linesOfRange, statementOf } from './support/edits';
import { isFree } from './support/rewrites';

type Wanted = Pick<Facts, 'ast' | 'names' | 'values' | 'invocations'>;

/** A read, the first await behind it, and the write of what was worked out from it. */
interface Race {
  readonly read: NodeId;
  readonly wait: NodeId;
  readonly write: NodeId;
}

export const rule = defineRule({
  code: 'LOOP701',
  name: 'race-across-await',
  summary: 'Read of shared state, await, write of it: a race in the await gap.',
  severity: 'info',
  doc: {
    what: 'Flags, in coroutines, an attribute of `self` or a variable of the module that is read, and written after an await with what was worked out from the old value: `self.n = self.n + await f()`, a local copy, or `if self.x is None: self.x = await make()`. Not under an `async with` or an acquired lock.',
    why: 'At an await other tasks run. Two that read the same old value write back two results, and one is lost; two that find nothing both make something, and one of them leaks.',
    bad: 'import asyncio\n\nclass Account:\n    def __init__(self):\n        self.balance = 100\n\n    async def withdraw(self, amount):\n        balance = self.balance\n        await asyncio.sleep(0.1)\n        self.balance = balance - amount\n',
    good: 'import asyncio\n\nclass Account:\n    def __init__(self):\n        self.balance = 100\n        self.lock = asyncio.Lock()\n\n    async def withdraw(self, amount):\n        async with self.lock:\n            balance = self.balance\n            await asyncio.sleep(0.1)\n            self.balance = balance - amount\n',
    message: 'Nothing: a number is wrong now and then.',
    fix: 'Hold an `asyncio.Lock` over all three, await before reading, or look again after the await. The quick fixes use a lock that the class has, or await first.',
    versions: 'All.',
    related: [{ tool: 'pylint', rule: 'none; threading tools call it check-then-act' }],
  },
  facts: ['ast', 'names', 'values', 'invocations'],

  check(facts, report) {
    const { ast, names } = facts;
    for (const fn of names.functions) {
      if (!fn.isAsync || fn.awaits.length === 0 || fn.name === '__aenter__' || isMain(facts, fn)) continue;
      const seen = new Set<NodeId>();
      for (const race of racesIn(facts, fn)) {
        if (seen.has(race.write) || isProtected(facts, fn, race)) continue;
        seen.add(race.write);
        const name = ast.textOf(race.write);
        report({
          span: ast.span(race.write),
          message: `${name} was read before an await and is written after it: another task may have changed it between. Hold an asyncio.Lock over both, or look again after the await.`,
          related: storyOf(facts, race),
          fixes: [awaitFirst(facts, race), withLock(facts, fn, race)].filter((fix) => fix !== undefined),
        });
      }
    }
  },
});

function storyOf({ ast }: Wanted, { read, wait, write }: Race): Related[] {
  const related: Related[] = [];
  if (read !== write) related.push({ span: ast.span(read), message: 'It is read here.' });
  related.push({ span: headOf(ast, wait), message: 'Other tasks run at this await.' });
  return related;
}

function headOf(ast: Wanted['ast'], node: NodeId): { start: number; end: number } {
  const { start, end } = ast.span(node);
  const newline = ast.text.indexOf('\n', start);
  return { start, end: newline >= 0 && newline < end ? newline : end };
}

/** The coroutine that asyncio.run is given runs once. */
function isMain({ ast, values, invocations }: Wanted, fn: FunctionInfo): boolean {
  return invocations.of(fn).some(({ how, call }) => {
    const parent = ast.parent(call);
    return how === 'call' && ast.kindOf(parent) === Kind.Call && /\.run$/.test(values.calleeName(parent) ?? '');
  });
}

// ------------------------------------------------------------------ shared state

/** What a node names, where other tasks see it too: `self.x` by name, a variable of the module; '' for others. */
function sharedName({ ast, names }: Wanted, node: NodeId): string {
  if (ast.kindOf(node) === Kind.Attribute) {
    const field = selfField(names, node);
    return field === undefined ? '' : `.${field}`;
  }
  if (ast.kindOf(node) !== Kind.Name) return '';
  const symbol = names.symbolOf(node);
  return symbol?.scope.kind === 'module' ? symbol.name : '';
}

/** The first node of a subtree that names shared state, its own code only; calls on it and parts of it do not count. */
function readOf(facts: Wanted, root: NodeId, name: string): NodeId {
  const { ast, names } = facts;
  let found = NONE;
  ownNodes(names, root, (node) => {
    if (found === NONE && sharedName(facts, node) === name && isWhole(ast, node)) found = node;
  });
  return found;
}

/** Whether a node is the value itself and not the object of an attribute, a call or an index. */
function isWhole(ast: Wanted['ast'], node: NodeId): boolean {
  const parent = ast.parent(node);
  const kind = ast.kindOf(parent);
  return !((kind === Kind.Attribute || kind === Kind.Call || kind === Kind.Subscript) && parent + 1 === node);
}

// ------------------------------------------------------------------ the three shapes

function racesIn(facts: Wanted, fn: FunctionInfo): Race[] {
  const { ast, names } = facts;
  const races: Race[] = [];
  ownNodes(names, bodyOf(names, fn), (node, kind) => {
    if (kind === Kind.AugAssign || kind === Kind.Assign) {
      const race = inOneStatement(facts, node, kind) ?? throughCopy(facts, fn, node, kind);
      if (race) races.push(race);
    } else if (kind === Kind.If) {
      const race = madeTwice(facts, node);
      if (race && ast.hasFlag(fn.node, Flag.Async)) races.push(race);
    }
  });
  return races;
}

/** `x += await f()`, `x = x + await f()`. */
function inOneStatement(facts: Wanted, node: NodeId, kind: Kind): Race | undefined {
  const { ast, names } = facts;
  const write = node + 1;
  const name = sharedName(facts, write);
  const value = ast.lastChild(node);
  const wait = name === '' ? NONE : firstAwait(names, value);
  if (wait === NONE || ast.kindOf(wait) !== Kind.Await) return undefined;
  if (kind === Kind.AugAssign) return { read: write, wait, write };
  if (ast.children(node).length !== 2) return undefined;
  const read = readOf(facts, value, name);
  // `x = await f(x)`: who is given the old value is meant to make the new one.
  return read !== NONE && read < wait && isOperand(ast, read, value) ? { read, wait, write } : undefined;
}

function isOperand(ast: Wanted['ast'], node: NodeId, root: NodeId): boolean {
  for (let at = ast.parent(node); at >= root; at = ast.parent(at)) if (ast.kindOf(at) !== Kind.BinOp) return false;
  return true;
}

/** `copy = x`, await, `x = … copy …`, with no write of x between. */
function throughCopy(facts: Wanted, fn: FunctionInfo, node: NodeId, kind: Kind): Race | undefined {
  const { ast, names } = facts;
  const write = node + 1;
  const name = sharedName(facts, write);
  if (name === '' || kind !== Kind.Assign || ast.children(node).length !== 2) return undefined;
  const value = ast.lastChild(node);
  if (ast.kindOf(value) !== Kind.BinOp || firstAwait(names, value) !== NONE) return undefined;
  for (let at = value; at < ast.after(value); at++) {
    const symbol = ast.kindOf(at) === Kind.Name ? names.symbolOf(at) : undefined;
    if (symbol?.scope !== fn.scope) continue;
    const copy = symbol.bindings.findLast(({ target }) => target < node);
    if (copy?.kind !== 'assign' || copy.element !== -1 || sharedName(facts, copy.value) !== name) continue;
    const wait = fn.awaits.find((each) => each > copy.value && each < node);
    if (wait === undefined || isWrittenBetween(facts, fn, name, copy.value, node)) continue;
    return { read: copy.value, wait, write };
  }
  return undefined;
}

function isWrittenBetween(facts: Wanted, fn: FunctionInfo, name: string, from: NodeId, to: NodeId): boolean {
  const { ast, names } = facts;
  let found = false;
  ownNodes(names, bodyOf(names, fn), (node, kind) => {
    if (node <= from || node >= to || (kind !== Kind.Assign && kind !== Kind.AugAssign)) return;
    if (
      sharedName(facts, node + 1) === name ||
      ast
        .children(node)
        .some((each) => each + 1 < to && sharedName(facts, each) === name && each !== ast.lastChild(node))
    ) {
      found = true;
    }
  });
  return found;
}

/** `if x is None:` … await … `x = …`, x not looked at or set in between. */
function madeTwice(facts: Wanted, node: NodeId): Race | undefined {
  const { ast } = facts;
  const [test = NONE, body = NONE] = ast.children(node);
  const read = absenceOf(facts, test);
  const name = read === NONE ? '' : sharedName(facts, read);
  if (name === '') return undefined;
  let wait = NONE;
  for (let statement = body + 1; statement < ast.after(body); statement = ast.after(statement)) {
    const isWrite = ast.kindOf(statement) === Kind.Assign && sharedName(facts, statement + 1) === name;
    if (isWrite && ast.children(statement).length === 2) {
      const value = ast.lastChild(statement);
      const inValue = ast.kindOf(value) === Kind.Await ? value : NONE;
      const before = wait === NONE ? inValue : wait;
      if (before === NONE || isConstant(ast, value)) return undefined;
      return { read, wait: before, write: statement + 1 };
    }
    // Whatever else has to do with it in between may settle the matter.
    if (someNode(facts.names, statement, (each) => sharedName(facts, each) === name)) return undefined;
    if (leaves(ast, statement)) return undefined;
    if (wait === NONE) wait = firstAwait(facts.names, statement);
  }
  return undefined;
}

function leaves(ast: Wanted['ast'], statement: NodeId): boolean {
  const kind = ast.kindOf(statement);
  return kind === Kind.Return || kind === Kind.Raise || kind === Kind.Break || kind === Kind.Continue;
}

/** x of `x is None` and `not x`, or NONE. */
function absenceOf({ ast }: Wanted, test: NodeId): NodeId {
  if (ast.kindOf(test) === Kind.Not) return test + 1;
  if (ast.kindOf(test) !== Kind.Compare || ast.operatorOf(test) !== Op.Is) return NONE;
  return ast.kindOf(ast.child(test, 1)) === Kind.None ? test + 1 : NONE;
}

function isConstant(ast: Wanted['ast'], node: NodeId): boolean {
  switch (ast.kindOf(node)) {
    case Kind.None:
    case Kind.True:
    case Kind.False:
    case Kind.Number:
    case Kind.Str:
      return true;
    default:
      return false;
  }
}

// ------------------------------------------------------------------ locks

/** Whether an `async with` holds the read and the write, or a lock was acquired before. */
function isProtected({ ast, names }: Wanted, fn: FunctionInfo, { read, write }: Race): boolean {
  for (let at = ast.parent(write); at !== NONE && at !== fn.node; at = ast.parent(at)) {
    if (ast.kindOf(at) === Kind.With && ast.contains(at, read)) return true;
  }
  return (names.callsByName.get('acquire') ?? []).some((call) => call < write && names.functionOf(call) === fn);
}

// ------------------------------------------------------------------ fixes

/** `value = await f()` and then `x += value`. */
function awaitFirst({ ast, names, values }: Wanted, { wait, write }: Race): Fix | undefined {
  const statement = statementOf(ast, write);
  const isShort = ast.kindOf(statement) === Kind.AugAssign || ast.kindOf(ast.lastChild(statement)) === Kind.BinOp;
  if (!isShort || !ast.contains(statement, wait) || !linesOf(ast, statement)) return undefined;
  const name = ['value', 'awaited', 'result'].find((each) => isFree(values, write, each));
  if (name === undefined || names.ast !== ast) return undefined;
  const start = ast.start[statement] ?? 0;
  const newText = `${name} = ${ast.textOf(wait)}${lineEndOf(ast)}${indentOf(ast, statement)}`;
  return {
    title: 'Await before reading it',
    safe: false,
    edits: [
      { span: { start, end: start }, newText },
      { span: ast.span(wait), newText: name },
    ],
  };
}

/** `async with self.lock:` around the whole, where the class has just one lock. */
function withLock({ ast, names, values }: Wanted, fn: FunctionInfo, { read, write }: Race): Fix | undefined {
  const cls = fn.cls;
  const self = fn.params[0]?.symbol.name;
  if (!cls || self === undefined) return undefined;
  const locks = [...cls.fields.keys()].filter((name) => {
    const value = values.ofField(cls, name);
    return value?.tag === 'instance' && value.type === 'asyncio.Lock';
  });
  const [lock, ...others] = locks;
  if (lock === undefined || others.length > 0) return undefined;
  const from = statementOf(ast, read);
  let first = from;
  let last = statementOf(ast, write);
  // The write may stand inside the statement that reads.
  while (last !== NONE && ast.parent(last) !== ast.parent(first) && ast.contains(ast.parent(first), last)) {
    last = ast.parent(last);
  }
  if (last === NONE || ast.parent(last) !== ast.parent(first)) return undefined;
  if (last < first) first = last;
  const lines = linesOfRange(ast, first, last);
  if (!lines || names.functionOf(first) !== fn) return undefined;
  const indent = indentOf(ast, first);
  const head = `${indent}async with ${self}.${lock}:${lineEndOf(ast)}`;
  return {
    title: `Hold ${self}.${lock} meanwhile`,
    safe: false,
    edits: [{ span: lines, newText: head + indented(ast, lines, indentUnit(ast)) }],
  };
}
