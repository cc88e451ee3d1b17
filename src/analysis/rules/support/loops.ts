/** What the rules on the lives of loops share: words, stories, and the fixes that close a loop. */
import type { Facts } from '../../facts';
import type { Fix, Related, Span, TextEdit } from '../../finding';
import type { Life, OpenEnd } from '../../flow/lives';
import { CLEANUP, CLOSED, CURRENT, ESCAPED, FIELD, GLOBAL, RAN, STOPPING } from '../../flow/bits';
import { OpKind } from '../../flow/cfg';
import type { Exploration } from '../../flow/explore';
import type { FunctionInfo, SymbolInfo } from '../../flow/model';
import type { NodeId } from '../../syntax/ast';
import { NONE } from '../../syntax/ast';
import { Kind } from '../../syntax/kinds';
import {
  fix,
  indented,
  indentOf,
  indentUnit,
  lineEndOf,
  linesOf,
  linesOfRange,
  removal,
  siblingsOf,
  someNode,
  statementOf,
} from './edits';

type LoopFacts = Pick<Facts, 'ast' | 'names' | 'values' | 'lives' | 'raising'>;

/** `the event loop "loop"`, or `this event loop`. */
export function theLoop(life: Life): string {
  return life.name === '' || life.name.includes('\n') ? 'this event loop' : `the event loop "${life.name}"`;
}

export function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** `asyncio.new_event_loop()` for messages. */
export function calleeText({ ast }: Pick<Facts, 'ast'>, call: NodeId): string {
  const callee = ast.textOf(call + 1);
  return /[\n(]/.test(callee) ? `${ast.name(call + 1)}()` : `${callee}()`;
}

/** What happens to the loop on the way to an end, and how the function is left there. */
export function storyOf(facts: LoopFacts, life: Life, end: OpenEnd): Related[] {
  const { ast, lives } = facts;
  const related: Related[] = [{ span: ast.span(life.creation), message: 'The loop is made here.' }];
  for (const { op, effect } of lives.eventsTo(life.exploration, end.state)) {
    const span = ast.span(op.node);
    const bits = effect.must | effect.may;
    if ((bits & CURRENT) !== 0) related.push({ span, message: 'It becomes the current loop of its thread.' });
    else if ((bits & STOPPING) !== 0) related.push({ span, message: 'It is told to stop here.' });
    else if ((bits & RAN) !== 0) related.push({ span, message: 'It runs here.' });
    else if ((bits & FIELD) !== 0) related.push({ span, message: 'It is kept here.' });
  }
  related.push(leavingOf(facts, life, end));
  return related;
}

/** Where and how the function is left. */
export function leavingOf({ ast, lives }: LoopFacts, life: Life, end: OpenEnd): Related {
  const { exploration } = life;
  if (end.isException) {
    const raiser = lives.raiserBefore(exploration, end.state);
    const span = ast.span(raiser === NONE ? life.creation : raiser);
    const isRaise = raiser !== NONE && ast.kindOf(raiser) === Kind.Raise;
    return { span, message: isRaise ? 'This leaves without closing it.' : 'If this raises, it stays open.' };
  }
  for (let at = end.state; at >= 0; at = exploration.states[at]?.previous ?? -1) {
    const op = exploration.cfg.ops[exploration.states[at]?.op ?? -1];
    if (op?.kind === OpKind.Return) return { span: ast.span(op.node), message: 'This returns without closing it.' };
  }
  const last = endOf(ast, life);
  return { span: last, message: `The ${life.fn ? 'function' : 'module'} ends here, and it is still open.` };
}

/** The last statement of the loop's function. */
function endOf(ast: Facts['ast'], life: Life): Span {
  const block = life.fn ? ast.lastChild(life.fn.node) : 0;
  const last = block === NONE ? NONE : ast.lastChild(block);
  return ast.span(last === NONE ? life.creation : last);
}

/** The calls of a life's own function that close the loop for certain, in order of the text. */
export function closesOf(life: Life): NodeId[] {
  const nodes = life.exploration.events.filter(({ effect }) => (effect.must & CLOSED) !== 0).map(({ op }) => op.node);
  return [...new Set(nodes)].sort((a, b) => a - b);
}

/**
 * Whether one of the ways out of a function leaves a thing open for somebody else, who was given it or its `close`: a
 * `finally` would close it for them, too.
 */
export function changesOwner({ ends, states }: Exploration): boolean {
  return ends.some((at) => {
    const bits = states[at]?.bits ?? 0;
    return (bits & CLOSED) === 0 && (bits & (ESCAPED | CLEANUP | FIELD | GLOBAL)) !== 0;
  });
}

// ------------------------------------------------------------------ fixes

/** The statements that must be protected so that a close in their `finally` is always reached. */
interface Region {
  readonly creation: NodeId;
  readonly first: NodeId;
  readonly last: NodeId;
  readonly lines: Span;
  readonly name: string;
}

/** Where a loop is made that can be closed in the same block. */
interface Site {
  readonly creation: NodeId;
  readonly name: string;
  /** The statements of the block behind the creation. */
  readonly behind: readonly NodeId[];
  /** Whether a node is one of the names by which the loop is used. */
  readonly isNamed: (node: NodeId) => boolean;
}

/** Undefined where the loop has no name, or where somebody else has it later or uses it: a `close()` would come too early. */
function siteOf(facts: LoopFacts, life: Life): Site | undefined {
  const { ast, lives } = facts;
  const target = lives.targetOf(life.creation);
  const creation = statementOf(ast, life.creation);
  if (target === NONE || creation === NONE || ast.kindOf(target) !== Kind.Name) return undefined;
  if (changesOwner(life.exploration)) return undefined;
  const isNamed = namesOf(facts, life);
  if (isUsedBehind(ast, creation, isNamed) || isKept(facts, life, isNamed)) return undefined;
  const siblings = siblingsOf(ast, creation);
  return { creation, name: ast.textOf(target), behind: siblings.slice(siblings.indexOf(creation) + 1), isNamed };
}

/** From the first statement behind the creation that can raise to the last one that names the loop. */
function regionOf(facts: LoopFacts, site: Site, until: NodeId = NONE): Region | undefined {
  const { ast } = facts;
  const { creation, name, behind, isNamed } = site;
  let to = behind.findLastIndex((each) => someNode(ast, each, isNamed));
  if (until !== NONE) to = behind.indexOf(until) - 1;
  let from = 0;
  while (from <= to && isQuiet(facts, behind[from] ?? NONE)) from++;
  const first = behind[from];
  const last = behind[to];
  if (from > to || first === undefined || last === undefined) return undefined;
  const lines = linesOfRange(ast, first, last);
  return lines && { creation, first, last, lines, name };
}

/**
 * Whether a node is one of the names by which the loop is used: those that hold it at some time, functions and classes
 * whose code names these in their turn, what is assigned a method of it, such a lambda or an object of such a class.
 */
function namesOf({ ast, names }: LoopFacts, life: Life): (node: NodeId) => boolean {
  const { exploration } = life;
  const ids = new Set(exploration.states.flatMap((state) => [...exploration.aliasesOf(state).symbols]));
  const isIt = (node: NodeId): boolean => ids.has(names.symbolOf(node)?.id ?? 0);
  const classes = new Set<number>();
  const add = (symbol: SymbolInfo | undefined): void => {
    if (symbol) ids.add(symbol.id);
  };
  const [from, to] = life.fn ? [life.fn.node, ast.after(life.fn.node)] : [0, ast.length];
  const addTarget = (value: NodeId): void => {
    const parent = ast.parent(value);
    if (ast.kindOf(parent) === Kind.Assign && ast.lastChild(parent) === value) add(names.symbolOf(parent + 1));
  };
  for (const id of ids) {
    for (const user of names.symbols[id - 1]?.users ?? []) {
      for (let fn: FunctionInfo | undefined = user; fn && fn !== life.fn; fn = fn.parent) {
        add(fn.symbol);
        if (fn.isLambda) addTarget(fn.node);
        if (!fn.cls) continue;
        add(fn.cls.symbol);
        classes.add(fn.cls.symbol.id);
      }
    }
    for (let node = from; node < to; node++) {
      const kind = ast.kindOf(node);
      if ((kind !== Kind.Attribute && kind !== Kind.Call) || names.symbolOf(node + 1)?.id !== id) continue;
      if (kind === Kind.Attribute || classes.has(id)) addTarget(node);
    }
  }
  return isIt;
}

/**
 * Whether the loop is named behind the block that it is made in, as of an `if`, or before it in a `for` or `while` around
 * it: closed in there, it would be used closed.
 */
function isUsedBehind(ast: Facts['ast'], creation: NodeId, isNamed: (node: NodeId) => boolean): boolean {
  const block = ast.parent(creation);
  const isAround = (kind: Kind): boolean => kind === Kind.Function || kind === Kind.Module;
  const around = ast.enclosing(creation, isAround);
  const end = around === NONE ? ast.length : ast.after(around);
  for (let node = ast.after(block); node < end; node++) if (isNamed(node)) return true;
  const isAgain = (kind: Kind): boolean => kind === Kind.For || kind === Kind.While;
  for (let again = creation; (again = ast.enclosing(ast.parent(again), isAgain)) > around;) {
    for (let node = again; node < creation; node++) if (isNamed(node)) return true;
  }
  return false;
}

/** Whether what uses the loop is there for somebody after the function: returned, yielded, put away, or decorated. */
function isKept({ ast, names }: LoopFacts, { fn }: Life, isNamed: (node: NodeId) => boolean): boolean {
  if (!fn) return false;
  const isCalled = (node: NodeId): boolean => {
    let value = node;
    while (ast.kindOf(ast.parent(value)) === Kind.Attribute && value === ast.parent(value) + 1)
      value = ast.parent(value);
    const call = ast.parent(value);
    return ast.kindOf(call) === Kind.Call && value === call + 1;
  };
  const isLater = (value: NodeId): boolean =>
    someNode(ast, value, (node) => {
      if (ast.kindOf(node) === Kind.Lambda) return someNode(ast, node, isNamed);
      return isNamed(node) && !isCalled(node);
    });
  if (fn.returns.some(isLater)) return true;
  const isPutAway = (target: NodeId): boolean => {
    if (ast.kindOf(target) !== Kind.Name) return true;
    return names.symbolOf(target)?.scope.fn !== fn;
  };
  const isStored = someNode(ast, fn.node, (node) => {
    const kind = ast.kindOf(node);
    if (kind === Kind.Yield) return isLater(node);
    return kind === Kind.Assign && isPutAway(node + 1) && isLater(ast.lastChild(node));
  });
  if (isStored) return true;
  return names.functions.some(
    (each) => each.parent === fn && each.decorators.length > 0 && someNode(ast, each.node, isNamed),
  );
}

/** Definitions and calls that cannot raise need no protection. */
function isQuiet({ ast, raising }: LoopFacts, statement: NodeId): boolean {
  switch (ast.kindOf(statement)) {
    case Kind.Function:
    case Kind.Class:
    case Kind.Decorated:
    case Kind.Import:
    case Kind.ImportFrom:
    case Kind.Pass:
      return true;
    case Kind.ExprStmt:
    case Kind.Assign:
      return !someNode(ast, statement, (node) => {
        const kind = ast.kindOf(node);
        const isCall = kind === Kind.Call && (raising.call(node) !== 0 || /^run_/.test(ast.name(node + 1)));
        return kind === Kind.Await || kind === Kind.Yield || isCall;
      });
    default:
      return false;
  }
}

/** Wraps what follows the creation in `try … finally: loop.close()`. */
export function closeInFinally(facts: LoopFacts, life: Life): Fix | undefined {
  const { ast } = facts;
  const site = siteOf(facts, life);
  if (!site) return undefined;
  const region = regionOf(facts, site);
  if (!region) return closeAtOnce(ast, site);
  return fix('Close the loop in a finally block', true, [wrapped(ast, region, [`${region.name}.close()`])]);
}

/** A loop that nothing is done with is closed right behind its creation. */
function closeAtOnce(ast: Facts['ast'], { creation, name, behind, isNamed }: Site): Fix | undefined {
  const lastUse = behind.findLast((each) => someNode(ast, each, isNamed)) ?? creation;
  const lines = linesOf(ast, lastUse);
  if (!lines) return undefined;
  const end = lineEndOf(ast);
  const before = ast.text[lines.end - 1] === '\n' ? '' : end;
  const newText = `${before}${indentOf(ast, creation)}${name}.close()${end}`;
  return fix('Close the loop', true, [{ span: { start: lines.end, end: lines.end }, newText }]);
}

function wrapped(ast: Facts['ast'], region: Region, last: readonly string[], extra: readonly Span[] = []): TextEdit {
  const end = lineEndOf(ast);
  const indent = indentOf(ast, region.creation);
  const unit = indentUnit(ast);
  let body = indented(ast, region.lines, unit);
  if (!body.endsWith('\n')) body += end;
  const closing = last.map((line) => `${indent}${unit}${line}${end}`).join('');
  const newText = `${indent}try:${end}${body}${indent}finally:${end}${closing}`;
  const stop = extra.at(-1)?.end ?? region.lines.end;
  return { span: { start: region.lines.start, end: stop }, newText };
}

/** Moves a `close()` that stands behind the code that can raise into a `finally` around that code. */
export function moveIntoFinally(facts: LoopFacts, life: Life): Fix | undefined {
  const { ast } = facts;
  const creation = statementOf(ast, life.creation);
  const closes = closesOf(life).map((node) => statementOf(ast, node));
  const [close = NONE] = closes;
  if (creation === NONE || close === NONE || new Set(closes).size !== 1 || changesOwner(life.exploration))
    return undefined;
  if (ast.kindOf(close) !== Kind.ExprStmt) return undefined;
  const title = 'Move close() into a finally block';
  if (ast.parent(close) === ast.parent(creation)) {
    const site = siteOf(facts, life);
    const region = site && regionOf(facts, site, close);
    const lines = linesOf(ast, close);
    if (!region || !lines || lines.start !== region.lines.end) {
      if (!region || !lines) return undefined;
      return fix(title, true, [wrapped(ast, region, [ast.textOf(close)]), removal(ast, close)]);
    }
    return fix(title, true, [wrapped(ast, region, [ast.textOf(close)], [lines])]);
  }
  return moveWithinTry(facts, close, creation, title);
}

/** `try: …; loop.close() except …`: the close goes to a `finally` of that `try`. */
function moveWithinTry({ ast }: LoopFacts, close: NodeId, creation: NodeId, title: string): Fix | undefined {
  const holder = ast.enclosing(close, (kind) => kind === Kind.Try);
  if (holder === NONE || ast.parent(holder) !== ast.parent(creation)) return undefined;
  const finallyClause = ast.childOfKind(holder, Kind.Finally);
  if (finallyClause !== NONE && ast.contains(finallyClause, close)) return undefined;
  const end = lineEndOf(ast);
  const indent = indentOf(ast, holder);
  const unit = indentUnit(ast);
  const lines = linesOf(ast, holder);
  if (!lines) return undefined;
  const line = `${indent}${unit}${ast.textOf(close)}${end}`;
  const before = ast.text[lines.end - 1] === '\n' ? '' : end;
  const newText = `${before}${finallyClause === NONE ? `${indent}finally:${end}` : ''}${line}`;
  return fix(title, true, [removal(ast, close), { span: { start: lines.end, end: lines.end }, newText }]);
}

/** The name that the module `asyncio` has here, where the creation is written with it. */
export function moduleOf({ ast, values }: LoopFacts, creation: NodeId): string | undefined {
  const callee = creation + 1;
  if (ast.kindOf(callee) !== Kind.Attribute || ast.kindOf(callee + 1) !== Kind.Name) return undefined;
  const value = values.of(callee + 1);
  return value?.tag === 'external' && value.name === 'asyncio' ? ast.textOf(callee + 1) : undefined;
}

/** Where the loop only runs one coroutine: `asyncio.run(main())` in place of all of it. */
export function useRun(facts: LoopFacts, life: Life): Fix | undefined {
  const { ast, names, values, lives } = facts;
  const module = moduleOf(facts, life.creation);
  const target = lives.targetOf(life.creation);
  const symbol = target === NONE ? undefined : names.symbolOf(target);
  const creation = statementOf(ast, life.creation);
  if (module === undefined || !symbol || symbol.isCaptured || symbol.bindings.length !== 1) return undefined;
  let run = NONE;
  const edits: (TextEdit | undefined)[] = [removal(ast, creation)];
  for (const { op } of life.exploration.events) {
    if (op.kind === OpKind.Bind) continue;
    const call = op.node;
    const name = ast.kindOf(call) === Kind.Call ? values.calleeName(call) : undefined;
    if (name === 'asyncio.AbstractEventLoop.run_until_complete' && (run === NONE || run === call)) run = call;
    else if (name === 'asyncio.set_event_loop') edits.push(removal(ast, statementOf(ast, call)));
    else return undefined;
  }
  const argument = run === NONE ? NONE : ast.child(run, 1);
  if (argument === NONE || values.of(argument)?.tag !== 'coroutine') return undefined;
  // Every use of the loop is one of those that go.
  if (symbol.reads !== 1 + (edits.length - 1)) return undefined;
  edits.push({ span: ast.span(run + 1), newText: `${module}.run` });
  return fix('Use asyncio.run()', false, edits);
}

/** `with asyncio.Runner() as runner:` around the code that uses the loop; its end closes everything. */
export function useRunner(facts: LoopFacts & Pick<Facts, 'settings'>, life: Life): Fix | undefined {
  const { ast, settings } = facts;
  const module = moduleOf(facts, life.creation);
  if (settings.target.lowest < 11 || module === undefined || life.origin !== 'new') return undefined;
  const site = siteOf(facts, life);
  const region = site && regionOf(facts, site);
  if (!region) return undefined;
  const lines = linesOfRange(ast, region.creation, region.last);
  if (!lines || ast.text.slice(...bounds(ast, region.creation)).includes('runner')) return undefined;
  const unit = indentUnit(ast);
  const indent = indentOf(ast, region.creation);
  const creationText = indented(ast, lines, unit);
  const made = ast.textOf(life.creation);
  const newText =
    `${indent}with ${module}.Runner() as runner:${lineEndOf(ast)}` + creationText.replace(made, 'runner.get_loop()');
  return fix('Use asyncio.Runner', false, [{ span: lines, newText }]);
}

function bounds(ast: Facts['ast'], node: NodeId): [number, number] {
  return [ast.start[node] ?? 0, ast.end[node] ?? 0];
}
