/**
 * Things that a function opens and has to close again, beside event loops: executors, connections, servers, sessions,
 * processes, runners. Finds where each is made, follows it with the tracker of its kind, and tells at which ends of the
 * function it is still open and nobody else is known to have it. Which calls count is the kind's own table.
 */
import { ownEntry } from '../../common/table';
import type { NodeId } from '../syntax/ast';
import { NONE } from '../syntax/ast';
import { Kind } from '../syntax/kinds';
import type { Effect } from './bits';
import { always, BORN, CLEANUP, CLOSED, ESCAPED, FIELD, GLOBAL, NO_EFFECT, WEAK } from './bits';
import { callsTo } from './calls';
import type { Exploration, Subject } from './explore';
import { selfField } from './explore';
import { LOOP } from './library';
import type { ClassInfo, FunctionInfo, SymbolInfo } from './model';
import { LOOKERS } from './protocols';
import type { Protocol } from './protocols';
import { Tracker } from './tracker';
import type { TrackerFacts } from './tracker';

/** A kind of thing that is opened. */
export interface OpeningKind {
  readonly type: string;
  /** Functions and classes whose call makes it. */
  readonly makers: readonly string[];
  /** Functions whose awaited call makes it; with the element of the tuple that it is, -1 for the whole. */
  readonly awaitedMakers: Readonly<Record<string, number>>;
  /** Methods that close it. */
  readonly closers: readonly string[];
  readonly isContextManager: boolean;
  /** Functions that may have it and leave it with its owner. */
  readonly leaveIt: readonly string[];
}

export interface Opening {
  /** The call of the maker. */
  readonly call: NodeId;
  /** What gives the thing itself: the call, or the await of it. */
  readonly birth: NodeId;
  readonly fn: FunctionInfo | undefined;
  /** The name or attribute that it is bound to, or NONE. */
  readonly target: NodeId;
  readonly exploration: Exploration;
  /** States at ends of the function at which it is open. */
  readonly openEnds: readonly number[];
  /** Those of them at which an exception leaves the function. */
  readonly openThrows: readonly number[];
  /** Whether any path closes it. */
  readonly isClosed: boolean;
  /** The field that keeps it. */
  readonly field: { readonly cls: ClassInfo; readonly name: string } | undefined;
}

const RUNS = /\.(run_until_complete|run)$/;

export class Openings {
  private readonly tracker: Tracker;

  constructor(
    private readonly facts: TrackerFacts,
    private readonly kind: OpeningKind,
  ) {
    this.tracker = new Tracker(facts, protocolOf(kind));
  }

  /** What each of these calls opens. */
  ofCalls(calls: readonly NodeId[]): Opening[] {
    return calls.flatMap((call) => this.opening(call, call, -1) ?? []);
  }

  /** What the methods of a class do to what a field of it holds. */
  ofField(method: FunctionInfo, field: string): Effect {
    return this.tracker.summary(method, { field });
  }

  /** Everything of the kind that the file opens, in order of the text. */
  all(): Opening[] {
    const { values } = this.facts;
    const { makers, awaitedMakers } = this.kind;
    const made = callsTo(values, new Set(makers)).map((call) => this.opening(call, call, -1));
    const awaited = callsTo(values, new Set(Object.keys(awaitedMakers))).map((call) => {
      const birth = this.birthOf(call);
      return birth === NONE
        ? undefined
        : this.opening(call, birth, ownEntry(awaitedMakers, values.calleeName(call) ?? '') ?? -1);
    });
    return [...made, ...awaited].filter((each) => each !== undefined).sort((a, b) => a.call - b.call);
  }

  /** What a function does with a parameter that is its own to close. */
  ofParameter(fn: FunctionInfo, symbol: SymbolInfo): { isOpen: boolean } {
    const subject: Subject = { births: new Set(), initial: { symbols: [symbol.id] } };
    const exploration = this.tracker.explore(fn, subject);
    const isClosed = exploration.events.some(({ effect }) => ((effect.may | effect.must) & (CLOSED | CLEANUP)) !== 0);
    const { open, throws } = openStates(exploration);
    return { isOpen: !isClosed && open.length > throws.length };
  }

  /** Whether any method of a class, or of its relatives in the file, closes what a field holds or gives it away. */
  isFieldCared(cls: ClassInfo, field: string, except: FunctionInfo | undefined): boolean {
    const { names, values } = this.facts;
    const { ast } = names;
    const family = names.classes.filter(
      (each) => values.linearBases(each).includes(cls) || values.linearBases(cls).includes(each),
    );
    const isInside = family.some((each) =>
      [...each.methods.values()].some((method) => {
        const { may, isPartial } = this.tracker.summary(method, { field });
        if (isPartial === true) return false;
        return (may & (CLOSED | CLEANUP)) !== 0 || (method !== except && (may & ESCAPED) !== 0);
      }),
    );
    if (isInside) return true;
    return this.kind.closers.some((closer) =>
      (names.callsByName.get(closer) ?? []).some((call) => {
        const object = call + 2;
        return ast.kindOf(object) === Kind.Attribute && ast.name(object) === field;
      }),
    );
  }

  /** The method that closes what a field holds under a condition that has nothing to do with it. */
  sometimesClosing(cls: ClassInfo, field: string): FunctionInfo | undefined {
    return [...cls.methods.values()].find((method) => this.tracker.summary(method, { field }).isPartial === true);
  }

  /** `await f()`, `loop.run_until_complete(f())`, `await asyncio.wait_for(f(), 5)`: what gives the result of f. */
  private birthOf(call: NodeId): NodeId {
    const { names, values } = this.facts;
    const { ast } = names;
    const parent = ast.parent(call);
    if (ast.kindOf(parent) === Kind.Await) return parent;
    if (ast.kindOf(parent) !== Kind.Call || ast.child(parent, 1) !== call) return NONE;
    const name = values.calleeName(parent) ?? '';
    if (RUNS.test(name)) return parent;
    const outer = ast.parent(parent);
    return name === 'asyncio.wait_for' && ast.kindOf(outer) === Kind.Await ? outer : NONE;
  }

  private opening(call: NodeId, birth: NodeId, element: number): Opening | undefined {
    const { names } = this.facts;
    const { ast } = names;
    const fn = names.functionOf(birth);
    const target = this.targetOf(birth, element);
    if (element >= 0 && target === NONE) return undefined;
    const births = new Set([birth]);
    const exploration = this.tracker.explore(fn, element >= 0 ? { births, element } : { births });
    const known = openStates(exploration);
    const throws = known.throws.filter((at) => !this.isHandedOver(exploration, at, birth, target));
    const open = known.open.filter((at) => !known.throws.includes(at) || throws.includes(at));
    let field: Opening['field'];
    for (const { op, effect } of exploration.events) {
      if ((effect.must & FIELD) === 0) continue;
      const name = selfField(names, op.node);
      const cls = name === undefined ? undefined : names.selfClassOf(op.node + 1);
      if (name !== undefined && cls) field = { cls, name };
    }
    const isClosed = exploration.events.some(({ effect }) => ((effect.may | effect.must) & (CLOSED | CLEANUP)) !== 0);
    return {
      call,
      birth,
      fn,
      target: target === NONE || ast.kindOf(target) === Kind.Tuple ? NONE : target,
      exploration,
      openEnds: open,
      openThrows: throws,
      isClosed,
      field,
    };
  }

  /** What the thing is assigned to, where that is a name or an attribute of its own. */
  private targetOf(birth: NodeId, element: number): NodeId {
    const { ast } = this.facts.names;
    const parent = ast.parent(birth);
    if (ast.kindOf(parent) !== Kind.Assign || ast.lastChild(parent) !== birth || ast.children(parent).length !== 2) {
      return NONE;
    }
    if (element < 0) return parent + 1;
    if (ast.kindOf(parent + 1) !== Kind.Tuple) return NONE;
    return ast.child(parent + 1, element);
  }

  /** Whether what raises is the entering of the thing itself, or the call that registers its clean-up. */
  private isHandedOver(exploration: Exploration, at: number, birth: NodeId, target: NodeId): boolean {
    const { names } = this.facts;
    const { ast } = names;
    const raiser = this.raiserBefore(exploration, at);
    if (raiser === NONE) return false;
    const symbol = target === NONE ? undefined : names.symbolOf(target);
    const isIt = (node: NodeId): boolean => node === birth || (symbol !== undefined && names.symbolOf(node) === symbol);
    if (ast.kindOf(raiser) === Kind.WithItem) return isIt(raiser + 1);
    return ast
      .children(raiser)
      .slice(1)
      .some(
        (each) => ast.kindOf(each) === Kind.Attribute && this.kind.closers.includes(ast.name(each)) && isIt(each + 1),
      );
  }

  /** The node whose exception leads to a state. */
  raiserBefore({ states, cfg }: Exploration, at: number): NodeId {
    for (let each = at; each >= 0; each = states[each]?.previous ?? -1) {
      const state = states[each];
      const before = state && states[state.previous];
      const op = before && cfg.ops[before.op];
      if (!state || !op) return NONE;
      if (op.exc === state.op && op.next !== state.op && op.node !== NONE && before.flight === 0) return op.node;
    }
    return NONE;
  }
}

/** States at the ends at which the thing is open, and those of them that an exception leads to. */
function openStates(exploration: Exploration): { open: number[]; throws: number[] } {
  if (exploration.isCut || exploration.cfg.isBroken) return { open: [], throws: [] };
  const isOpen = (at: number): boolean => {
    const bits = exploration.states[at]?.bits ?? 0;
    return (bits & BORN) !== 0 && (bits & (CLOSED | CLEANUP | ESCAPED | GLOBAL | WEAK)) === 0;
  };
  const throws = exploration.throws.filter(isOpen);
  return { open: [...exploration.ends.filter(isOpen), ...throws], throws };
}

function protocolOf({ type, closers, leaveIt, isContextManager }: OpeningKind): Protocol {
  const methods: Record<string, Effect> = {};
  const references: Record<string, Effect> = {};
  for (const closer of closers) {
    methods[closer] = always(CLOSED);
    references[closer] = always(CLEANUP);
  }
  for (const enter of ['__enter__', '__aenter__']) methods[enter] = always(ESCAPED);
  const functions: Record<string, Effect> = {};
  for (const name of [...leaveIt, ...LOOKERS]) functions[name] = NO_EFFECT;
  return { type, methods, references, functions, isContextManager };
}

/** Functions that are given an executor and leave it with its owner. */
export const TAKES_EXECUTOR = `${LOOP}.run_in_executor`;
