/**
 * Follows one object through one function, path by path: which names hold it, what has been done to it, which way the
 * function is left. Paths are told apart by the object's bits, by its names and by the answers of conditions that come
 * again (predicates.ts), so that what is opened under a condition may be closed under it. What calls do to the object is
 * asked of `Effects`. Judges nothing.
 */
import type { NodeId } from '../syntax/ast';
import { NONE } from '../syntax/ast';
import { Kind, Op as CompareOp } from '../syntax/kinds';
import type { Effect } from './bits';
import {
  always,
  applied,
  BORN,
  both,
  BRANCHED,
  CLOSED,
  ESCAPED,
  FIELD,
  GLOBAL,
  MANAGED,
  NO_EFFECT,
  RAN,
  STOPPED_IDLE,
  UNKNOWN,
  WEAK,
} from './bits';
import type { Cfg, Op, OpId } from './cfg';
import { ANY_EXCEPTION, NO_OP, OpKind } from './cfg';
import type { FunctionInfo, SymbolInfo } from './model';
import { Predicates } from './predicates';
import type { Names } from './scopes';

/** The names that hold an object: ids of symbols, and fields of `self` by name. */
export interface Aliases {
  readonly symbols: ReadonlySet<number>;
  readonly fields: ReadonlySet<string>;
  /** Calls and awaits that give the object where they stand. */
  readonly births: ReadonlySet<NodeId>;
}

/** What the walk asks of the rest of the analysis. */
export interface Effects {
  /** What a call does to the object that `aliases` hold. */
  ofCall(call: NodeId, aliases: Aliases): Effect;
  /** What it means that a variable which other functions see now holds the object. */
  ofCapture(symbol: SymbolInfo, fn: FunctionInfo | undefined): Effect;
  /** What a `with` item does on entry; with MANAGED its end closes the object. */
  ofEnter(item: NodeId, aliases: Aliases): Effect;
  /** What returning or yielding an expression that holds the object means. */
  ofYield(node: NodeId): Effect;
  /** Classes of exceptions that an operation is likely to raise. */
  raises(op: Op): number;
  /** Whether a call with the object as receiver answers what is asked: `is_closed`, `is_running`. */
  asks(call: NodeId, aliases: Aliases): 'closed' | 'running' | undefined;
}

export interface Subject {
  /** Calls and awaits that give the object. */
  readonly births: ReadonlySet<NodeId>;
  /** Which element of what the births give is the object; -1: all of it. */
  readonly element?: number;
  /** The object is there from the start, under these names. */
  readonly initial?: { readonly symbols?: readonly number[]; readonly fields?: readonly string[] };
  /** Bits that it has then, beside BORN. */
  readonly initialBits?: number;
}

/** A point of a path. */
export interface State {
  readonly op: OpId;
  /** Before the operation. */
  readonly bits: number;
  readonly aliases: number;
  readonly predicates: number;
  /** The classes of the exception under way, 0 for none. */
  readonly flight: number;
  /** The state before, or -1. */
  readonly previous: number;
}

/** Something done to the object on a path. */
export interface Event {
  readonly state: number;
  readonly op: Op;
  readonly effect: Effect;
  readonly before: number;
  readonly after: number;
}

export interface Exploration {
  readonly cfg: Cfg;
  readonly states: readonly State[];
  /** States at the normal end and at the end by an exception. */
  readonly ends: readonly number[];
  readonly throws: readonly number[];
  readonly events: readonly Event[];
  /** States in which the object is made again while the one before is still there. */
  readonly rebirths: readonly number[];
  /** Whether the walk was given up because there was too much to follow. */
  readonly isCut: boolean;
  aliasesOf(state: State): Aliases;
}

/** Points of paths that are looked at for one object. */
const MAX_STATES = 6000;
const NO_ALIASES: Aliases = { symbols: new Set(), fields: new Set(), births: new Set() };

/** `limit`: points of paths that may be looked at; beyond it the exploration is cut. */
export function explore(names: Names, cfg: Cfg, subject: Subject, effects: Effects, limit = Infinity): Exploration {
  return new Explorer(names, cfg, subject, effects).run(Math.min(limit, MAX_STATES));
}

class Explorer {
  private readonly states: State[] = [];
  /** By operation the last state at it, -1 for none. */
  private readonly lastAt: Int32Array;
  /** By state the one before it at the same operation. */
  private readonly earlier: number[] = [];
  private readonly aliasSets: Aliases[] = [];
  private readonly aliasIds = new Map<string, number>();
  private readonly events: Event[] = [];
  private readonly ends: number[] = [];
  private readonly throws: number[] = [];
  private readonly rebirths: number[] = [];
  private readonly predicates: Predicates;
  private readonly callEffects = new Map<number, Effect>();
  private readonly noNames: Aliases;
  private readonly element: number;
  private isCut = false;

  constructor(
    private readonly names: Names,
    private readonly cfg: Cfg,
    private readonly subject: Subject,
    private readonly effects: Effects,
  ) {
    this.predicates = new Predicates(names, cfg);
    this.element = subject.element ?? -1;
    this.lastAt = new Int32Array(cfg.ops.length).fill(-1);
    this.noNames = { ...NO_ALIASES, births: this.element === -1 ? subject.births : new Set() };
  }

  run(limit: number): Exploration {
    const { cfg, subject, states, ends, throws, events, rebirths, aliasSets } = this;
    const { symbols = [], fields = [] } = subject.initial ?? {};
    const initial = { ...this.noNames, symbols: new Set(symbols), fields: new Set(fields) };
    const bits = subject.initial ? BORN | UNKNOWN | (subject.initialBits ?? 0) : 0;
    this.visit(cfg.entry, bits, this.internAliases(initial), 0, 0, -1);
    for (let at = 0; at < states.length; at++) {
      if (states.length > limit) {
        this.isCut = true;
        break;
      }
      this.step(at);
    }
    // Whoever keeps an exploration keeps nothing else of the walk.
    const aliasesOf = (state: State): Aliases => aliasSets[state.aliases] ?? NO_ALIASES;
    return { cfg, states, ends, throws, events, rebirths, isCut: this.isCut, aliasesOf };
  }

  // ------------------------------------------------------------------ one step

  private step(at: number): void {
    const state = this.states[at];
    const op = state && this.cfg.ops[state.op];
    if (!state || !op) return;
    const aliases = this.aliasSets[state.aliases] ?? NO_ALIASES;
    switch (op.kind) {
      case OpKind.End:
        this.ends.push(at);
        return;
      case OpKind.Throw:
        this.throws.push(at);
        return;
      case OpKind.Call:
        this.effectful(at, state, op, () => this.call(op.node, state.aliases));
        return;
      case OpKind.Await:
        this.effectful(at, state, op, undefined);
        return;
      case OpKind.Enter:
        this.effectful(at, state, op, () => this.effects.ofEnter(op.node, aliases));
        return;
      case OpKind.Exit:
        this.exit(at, state, op);
        return;
      case OpKind.Yield:
        this.effectful(at, state, op, () => this.given(op.node, aliases, true));
        return;
      case OpKind.Return:
        this.effectful(at, state, op, () => this.given(op.node, aliases, false));
        return;
      case OpKind.Raise:
        this.raise(at, state, op, state.bits);
        return;
      case OpKind.Dispatch:
        this.dispatch(at, state, op);
        return;
      case OpKind.Bind:
        this.bind(at, state, op, aliases);
        return;
      case OpKind.Unbind:
        this.go(at, state, op.next, state.bits, this.without(state.aliases, op.node));
        return;
      case OpKind.Test:
        this.test(at, state, op, aliases);
        return;
      case OpKind.Iterate:
        this.raise(at, state, op, state.bits);
        this.go(at, state, op.next, state.bits);
        this.go(at, state, op.alt, state.bits);
        return;
      case OpKind.Define:
      case OpKind.Catch:
      case OpKind.Join:
        this.go(at, { ...state, flight: op.kind === OpKind.Catch ? 0 : state.flight }, op.next, state.bits);
    }
  }

  /** An operation that may do something to the object, may make it, and may raise. */
  private effectful(at: number, state: State, op: Op, ask: (() => Effect) | undefined): void {
    const isBorn = (state.bits & BORN) !== 0;
    if (this.subject.births.has(op.node)) {
      if (isBorn && (state.bits & UNKNOWN) === 0) this.rebirths.push(at);
      this.raise(at, state, op, state.bits);
      this.go(at, state, op.next, BORN, this.internAliases(this.noNames));
      return;
    }
    const effect = isBorn && ask ? ask() : NO_EFFECT;
    if (effect === NO_EFFECT) {
      this.raise(at, state, op, state.bits);
      this.go(at, state, op.next, state.bits);
      return;
    }
    let before = state.bits;
    // Whatever runs or closes it ends the wait after an idle stop().
    if (((effect.may | effect.must) & (RAN | CLOSED)) !== 0) before &= ~STOPPED_IDLE;
    let after = applied(before, effect);
    if ((effect.must & CLOSED) !== 0) after &= ~BRANCHED;
    this.events.push({ state: at, op, effect, before: state.bits, after });
    // An exception leaves before the effect, but what was given away before the call is given away.
    // A close() of the object itself that raises has done what it can.
    const onRaise = effect.onRaise ?? effect.must & CLOSED;
    this.raise(at, state, op, state.bits | onRaise | (effect.may & (ESCAPED | FIELD | GLOBAL)));
    this.go(at, state, op.next, after);
  }

  private call(node: NodeId, aliasId: number): Effect {
    const key = node * 4096 + aliasId;
    let effect = this.callEffects.get(key);
    if (!effect) {
      effect = this.effects.ofCall(node, this.aliasSets[aliasId] ?? NO_ALIASES);
      this.callEffects.set(key, effect);
    }
    return effect;
  }

  /** The end of a `with` that closes the object, where it is the one that does. */
  private exit(at: number, state: State, op: Op): void {
    let { bits } = state;
    if ((bits & MANAGED) !== 0 && this.managerOf(at) === op.node) {
      const after = (bits | CLOSED) & ~(MANAGED | STOPPED_IDLE);
      this.events.push({ state: at, op, effect: { must: CLOSED, may: CLOSED, uses: '' }, before: bits, after });
      bits = after;
    }
    this.raise(at, state, op, bits);
    this.go(at, state, op.next, bits);
  }

  /** The `with` item by which the object was last entered on the way to a state. */
  private managerOf(at: number): NodeId {
    const marks = new Map(
      this.events.filter(({ op }) => op.kind === OpKind.Enter).map((event) => [event.state, event]),
    );
    for (let each = at; each >= 0; each = this.states[each]?.previous ?? -1) {
      const event = marks.get(each);
      if (event && ((event.effect.must | event.effect.may) & MANAGED) !== 0) return event.op.node;
    }
    return NONE;
  }

  private given(node: NodeId, aliases: Aliases, isYield: boolean): Effect {
    const { ast } = this.names;
    const end = ast.after(node);
    for (let child = node + 1; child < end; child = ast.after(child)) {
      if (this.holds(child, aliases)) {
        return isYield ? this.effects.ofYield(node) : { must: ESCAPED, may: ESCAPED, uses: '' };
      }
    }
    return NO_EFFECT;
  }

  private raise(at: number, state: State, op: Op, bits: number): void {
    if (op.exc === NO_OP) return;
    const mask = this.effects.raises(op);
    if (mask !== 0) this.visit(op.exc, bits, state.aliases, state.predicates, mask, at);
    // Anything can raise; a handler is reached by that too, but nothing is said of where it leads.
    else if (this.cfg.ops[op.exc]?.kind !== OpKind.Throw) {
      this.visit(op.exc, bits | WEAK, state.aliases, state.predicates, ANY_EXCEPTION, at);
    }
  }

  private dispatch(at: number, state: State, op: Op): void {
    let left = state.flight;
    for (const handler of op.handlers) {
      if ((left & handler.some) === 0) continue;
      this.visit(handler.op, state.bits, state.aliases, state.predicates, left & handler.some, at);
      left &= ~handler.all;
    }
    if (left !== 0 && op.exc !== NO_OP) {
      this.visit(op.exc, state.bits, state.aliases, state.predicates, left, at);
    }
  }

  // ------------------------------------------------------------------ names

  private bind(at: number, state: State, op: Op, aliases: Aliases): void {
    const isBorn = (state.bits & BORN) !== 0;
    const isWhole = op.value !== NONE && op.element === -1;
    const isElement = this.element >= 0 && op.element === this.element && this.subject.births.has(op.value);
    let { bits } = state;
    let next = this.without(state.aliases, op.node);
    if (isBorn && (isElement || (isWhole && this.denotes(op.value, aliases)))) {
      next = this.with(next, op.node);
      const effect = this.boundTo(op.node);
      if (effect !== NO_EFFECT) {
        bits = applied(bits, effect);
        this.events.push({ state: at, op, effect, before: state.bits, after: bits });
      }
    } else if (isBorn && isWhole && this.holds(op.value, aliases)) {
      bits |= ESCAPED;
    }
    this.goBound(at, state, op, bits, next);
  }

  /** What it means that a target now holds the object. */
  private boundTo(target: NodeId): Effect {
    const { names, cfg } = this;
    const kind = names.ast.kindOf(target);
    if (kind === Kind.Attribute) return always(selfField(names, target) === undefined ? ESCAPED : FIELD);
    const symbol = kind === Kind.Name ? names.symbolOf(target) : undefined;
    if (!symbol) return always(ESCAPED);
    const held = symbol.scope.kind === 'module' && cfg.fn ? always(GLOBAL) : NO_EFFECT;
    return symbol.isCaptured ? both(held, this.effects.ofCapture(symbol, cfg.fn)) : held;
  }

  /** After a binding: conditions about the name no longer hold, and may be known anew. */
  private goBound(at: number, state: State, op: Op, bits: number, aliases: number): void {
    const { predicates } = this;
    const reference = predicates.reference(op.node);
    let known = state.predicates;
    if (reference === undefined || predicates.keys.length === 0) {
      this.visit(op.next, bits, aliases, known, state.flight, at);
      return;
    }
    for (const index of predicates.dependingOn(reference)) known = forget(known, index);
    const truth = predicates.indexOf({ key: `true ${reference}`, isNegated: false });
    const absent = predicates.indexOf({ key: `${reference} is None`, isNegated: false });
    if (op.value === NONE || op.element !== -1) {
      this.visit(op.next, bits, aliases, known, state.flight, at);
      return;
    }
    const { ast } = this.names;
    const kind = ast.kindOf(op.value);
    if (kind === Kind.True || kind === Kind.False || kind === Kind.None) {
      if (truth >= 0) known = learn(known, truth, kind === Kind.True);
      if (absent >= 0) known = learn(known, absent, kind === Kind.None);
    }
    const stated = predicates.stated(op.value);
    const source = predicates.indexOf(stated);
    if (truth < 0 || !stated || source < 0) {
      this.visit(op.next, bits, aliases, known, state.flight, at);
      return;
    }
    for (const answer of [true, false]) {
      const before = answerOf(known, source);
      if (before !== undefined && before !== answer) continue;
      const both = learn(learn(known, source, answer), truth, answer !== stated.isNegated);
      this.visit(op.next, bits, aliases, both, state.flight, at);
    }
  }

  /** Whether an expression is the object. */
  private denotes(node: NodeId, aliases: Aliases): boolean {
    return isHeldBy(this.names, node, aliases);
  }

  /** Whether an expression is the object or a display that holds it. */
  private holds(node: NodeId, aliases: Aliases): boolean {
    const { ast } = this.names;
    if (node === NONE) return false;
    if (this.denotes(node, aliases) || this.subject.births.has(node)) return true;
    switch (ast.kindOf(node)) {
      case Kind.Tuple:
      case Kind.List:
      case Kind.Set:
      case Kind.Dict:
      case Kind.Pair:
      case Kind.Star:
      case Kind.IfExp:
      case Kind.And:
      case Kind.Or:
      case Kind.ListComp:
      case Kind.SetComp:
      case Kind.DictComp:
      case Kind.NamedExpr:
        return ast.children(node).some((child) => this.holds(child, aliases));
      default:
        return false;
    }
  }

  private with(id: number, target: NodeId): number {
    const { symbols, fields, births } = this.aliasSets[id] ?? NO_ALIASES;
    const field = selfField(this.names, target);
    if (field !== undefined) return this.internAliases({ symbols, births, fields: new Set([...fields, field]) });
    const symbol = this.names.symbolOf(target);
    if (!symbol) return id;
    return this.internAliases({ symbols: new Set([...symbols, symbol.id]), fields, births });
  }

  private without(id: number, target: NodeId): number {
    const { symbols, fields, births } = this.aliasSets[id] ?? NO_ALIASES;
    const field = selfField(this.names, target);
    if (field !== undefined && fields.has(field)) {
      return this.internAliases({ symbols, births, fields: new Set([...fields].filter((each) => each !== field)) });
    }
    const symbol = this.names.symbolOf(target);
    if (!symbol || !symbols.has(symbol.id)) return id;
    return this.internAliases({ symbols: new Set([...symbols].filter((each) => each !== symbol.id)), fields, births });
  }

  private internAliases(aliases: Aliases): number {
    const key = `${[...aliases.symbols].sort((a, b) => a - b).join()}|${[...aliases.fields].sort().join()}`;
    let id = this.aliasIds.get(key);
    if (id === undefined) {
      id = this.aliasSets.length;
      this.aliasSets.push(aliases);
      this.aliasIds.set(key, id);
    }
    return id;
  }

  // ------------------------------------------------------------------ conditions

  private test(at: number, state: State, op: Op, aliases: Aliases): void {
    const answer = this.answered(state, op.node, aliases);
    const index = this.predicates.indexOf(this.predicates.stated(op.node));
    const stated = this.predicates.stated(op.node);
    for (const way of [true, false]) {
      if (answer !== undefined && answer !== way) continue;
      let { bits, predicates } = state;
      if (index >= 0 && stated) {
        const holds = way !== stated.isNegated;
        const before = answerOf(predicates, index);
        if (before !== undefined && before !== holds) continue;
        predicates = learn(predicates, index, holds);
      }
      if ((bits & CLOSED) !== 0 && answer === undefined) bits |= BRANCHED;
      bits = this.refined(bits, op.node, aliases, way);
      this.visit(way ? op.next : op.alt, bits, state.aliases, predicates, state.flight, at);
    }
  }

  /** What a condition about the object itself comes out as on this path. */
  private answered(state: State, node: NodeId, aliases: Aliases): boolean | undefined {
    if ((state.bits & BORN) === 0) return undefined;
    const { ast } = this.names;
    if (this.denotes(node, aliases)) return true;
    if (ast.kindOf(node) === Kind.Compare) {
      const op = ast.operatorOf(node);
      const [left = NONE, right = NONE] = ast.children(node);
      if ((op !== CompareOp.Is && op !== CompareOp.IsNot) || ast.kindOf(right) !== Kind.None) return undefined;
      if (!this.denotes(left, aliases)) return undefined;
      return op === CompareOp.IsNot;
    }
    if (ast.kindOf(node) !== Kind.Call) return undefined;
    switch (this.effects.asks(node, aliases)) {
      case 'closed':
        if ((state.bits & CLOSED) !== 0) return true;
        return (state.bits & (UNKNOWN | ESCAPED | CLEANUP_BITS)) !== 0 ? undefined : false;
      default:
        return undefined;
    }
  }

  /** The bits after a condition about the object has come out one way. */
  private refined(bits: number, node: NodeId, aliases: Aliases, way: boolean): number {
    if ((bits & BORN) === 0 || this.names.ast.kindOf(node) !== Kind.Call) return bits;
    const asked = this.effects.asks(node, aliases);
    if (asked === 'closed') return way ? bits | CLOSED : bits & ~(CLOSED | CLEANUP_BITS);
    return bits;
  }

  // ------------------------------------------------------------------ states

  private go(at: number, state: State, to: OpId, bits: number, aliases = state.aliases): void {
    this.visit(to, bits, aliases, state.predicates, state.flight, at);
  }

  private visit(op: OpId, bits: number, aliases: number, predicates: number, flight: number, previous: number): void {
    if (op === NO_OP) return;
    const kind = this.cfg.ops[op]?.kind;
    // Only a `finally` on the way of an exception must remember it.
    const carried = kind === OpKind.End ? 0 : flight;
    const { states, earlier, lastAt } = this;
    // There are few at one operation.
    for (let at = lastAt[op] ?? -1; at >= 0; at = earlier[at] ?? -1) {
      const known = states[at];
      const isSame = known?.bits === bits && known.aliases === aliases && known.predicates === predicates;
      if (isSame && known.flight === carried) return;
    }
    earlier.push(lastAt[op] ?? -1);
    lastAt[op] = states.length;
    states.push({ op, bits, aliases, predicates, flight: carried, previous });
  }
}

/** Bits that say that somebody else may have closed the object. */
const CLEANUP_BITS = (1 << 6) | (1 << 20);

/** The field that `self.x` names in a method, or undefined. */
export function selfField(names: Names, node: NodeId): string | undefined {
  const { ast } = names;
  if (node === NONE || ast.kindOf(node) !== Kind.Attribute || ast.kindOf(node + 1) !== Kind.Name) return undefined;
  return names.selfClassOf(node + 1) ? ast.name(node) : undefined;
}

/** Whether an expression is, or can be, the object. */
export function isHeldBy(names: Names, node: NodeId, aliases: Aliases): boolean {
  const { ast } = names;
  if (node === NONE) return false;
  if (aliases.births.has(node)) return true;
  switch (ast.kindOf(node)) {
    case Kind.Name: {
      const symbol = names.symbolOf(node);
      return symbol !== undefined && aliases.symbols.has(symbol.id);
    }
    case Kind.Attribute: {
      const field = selfField(names, node);
      return field !== undefined && aliases.fields.has(field);
    }
    case Kind.NamedExpr:
      return isHeldBy(names, node + 1, aliases) || isHeldBy(names, ast.child(node, 1), aliases);
    case Kind.IfExp:
      return isHeldBy(names, node + 1, aliases) || isHeldBy(names, ast.child(node, 2), aliases);
    case Kind.Or:
    case Kind.And:
      return isHeldBy(names, node + 1, aliases) || isHeldBy(names, ast.child(node, 1), aliases);
    default:
      return false;
  }
}

// Answers of remembered conditions, two bits each: 0 not known, 1 holds, 2 does not.

function answerOf(known: number, index: number): boolean | undefined {
  const answer = (known >> (index * 2)) & 3;
  return answer === 0 ? undefined : answer === 1;
}

function learn(known: number, index: number, holds: boolean): number {
  return forget(known, index) | ((holds ? 1 : 2) << (index * 2));
}

function forget(known: number, index: number): number {
  return known & ~(3 << (index * 2));
}
