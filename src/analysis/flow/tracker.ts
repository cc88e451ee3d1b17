/**
 * What calls and functions of the program do to an object of one tracked type: by the type's protocol for its methods
 * and for library functions, by summaries for the file's own functions, which are explored in their turn (a function
 * that is being explored already counts as doing nothing, so that recursion comes to an end). Implements what explore.ts
 * asks. Judges nothing.
 */
import { ownEntry } from '../../common/table';
import type { NodeId } from '../syntax/ast';
import { NONE } from '../syntax/ast';
import { Kind } from '../syntax/kinds';
import type { Effect } from './bits';
import {
  always,
  BORN,
  both,
  BRANCHED,
  CLEANUP,
  CLOSED,
  deferred,
  ELSEWHERE,
  ESCAPED,
  FIELD,
  MANAGED,
  NO_EFFECT,
  RAN,
  sometimes,
  STOPPED_IDLE,
  UNKNOWN,
  WEAK,
} from './bits';
import type { Cfg, Op } from './cfg';
import { OpKind } from './cfg';
import type { Aliases, Effects, Exploration, Subject } from './explore';
import { explore, isHeldBy, selfField } from './explore';
import type { Invocation, Invocations } from './invocations';
import { argumentsOfCall } from './invocations';
import { LOOP } from './library';
import { lowerFunction, lowerModule } from './lower';
import type { ClassInfo, FunctionInfo, SymbolInfo } from './model';
import type { Protocol } from './protocols';
import { LOOKERS } from './protocols';
import type { Raising } from './raising';
import type { Names } from './scopes';
import { isToldInVain } from './stacks';
import { externalName } from './value';
import type { Values } from './values';

/** The graphs of a file's functions, made when they are asked for. */
export class Graphs {
  private readonly byFunction = new Map<FunctionInfo | undefined, Cfg>();

  constructor(
    private readonly names: Names,
    private readonly raising: Raising,
  ) {}

  /** The graph of a function, or of the module's own code. */
  of(fn: FunctionInfo | undefined): Cfg {
    let cfg = this.byFunction.get(fn);
    if (!cfg) {
      const { ast } = this.names;
      cfg = fn ? lowerFunction(ast, fn, this.raising) : lowerModule(ast, this.raising);
      this.byFunction.set(fn, cfg);
    }
    return cfg;
  }
}

/** What the tracker needs of the file. */
export interface TrackerFacts {
  readonly names: Names;
  readonly values: Values;
  readonly invocations: Invocations;
  readonly raising: Raising;
  readonly graphs: Graphs;
  /** Qualified names of functions that close what they are given. */
  readonly cleanupFunctions: ReadonlySet<string>;
}

/** Bits that say something of the path, not of the object. */
const PATH_BITS = BORN | UNKNOWN | BRANCHED | WEAK | MANAGED | STOPPED_IDLE;

/** What a function does to an object that it sees under a name: a parameter, a captured variable, a field. */
type Seen = { readonly symbol: SymbolInfo } | { readonly field: string };

/** Points of paths that are looked at for all objects of a file: real files need some thousands. */
const MAX_STATES_OF_FILE = 1_500_000;

export class Tracker implements Effects {
  private statesLeft = MAX_STATES_OF_FILE;
  private readonly summaries = new Map<FunctionInfo, Map<string, Effect>>();
  private readonly mentions = new Map<FunctionInfo, Mentions>();

  constructor(
    private readonly facts: TrackerFacts,
    readonly protocol: Protocol,
  ) {}

  /** Follows an object through a function. Where the file has used up what it may, the exploration is cut at once. */
  explore(fn: FunctionInfo | undefined, subject: Subject): Exploration {
    const exploration = explore(this.facts.names, this.facts.graphs.of(fn), subject, this.inside(fn), this.statesLeft);
    this.statesLeft -= exploration.states.length;
    return exploration;
  }

  /** The same answers, for code of a certain function: a yield means different things in different ones. */
  private inside(fn: FunctionInfo | undefined): Effects {
    return {
      ofCall: (call, aliases) => this.ofCall(call, aliases),
      ofCapture: (symbol, from) => this.ofCapture(symbol, from),
      ofEnter: (item, aliases) => this.ofEnter(item, aliases),
      ofYield: () => (fn && this.lends(fn) ? NO_EFFECT : always(ESCAPED)),
      raises: (op) => this.facts.raising.of(op, fn),
      asks: (call, aliases) => this.asks(call, aliases),
    };
  }

  ofYield(): Effect {
    return always(ESCAPED);
  }

  raises(op: Op): number {
    return this.facts.raising.of(op, undefined);
  }

  /** Whether a generator gives what it yields only for a time: a context manager, a pytest fixture. */
  private lends(fn: FunctionInfo): boolean {
    return fn.decorators.some((node) => {
      const { ast } = this.facts.names;
      const name = externalName(this.facts.values.of(ast.kindOf(node) === Kind.Call ? node + 1 : node)) ?? '';
      return /^contextlib\.(async)?contextmanager$|^pytest(_asyncio)?\.(yield_)?fixture$/.test(name);
    });
  }

  // ------------------------------------------------------------------ calls

  ofCall(call: NodeId, aliases: Aliases): Effect {
    const { names, values, invocations } = this.facts;
    const { ast } = names;
    const callee = call + 1;
    let effect = NO_EFFECT;
    const isOnObject = ast.kindOf(callee) === Kind.Attribute && isHeldBy(names, callee + 1, aliases);
    if (isOnObject) effect = ownEntry(this.protocol.methods, ast.name(callee)) ?? NO_EFFECT;
    if (isToldInVain(values, call)) return effect;
    const qualified = values.calleeName(call);
    const { positional, keywords } = argumentsOfCall(values, call);
    for (const argument of [...positional, ...keywords.values()]) {
      effect = both(effect, this.ofArgument(call, argument, qualified, aliases, isOnObject));
    }
    for (const invocation of invocations.at(call)) effect = both(effect, this.ofInvocation(invocation, aliases));
    return effect;
  }

  private ofArgument(
    call: NodeId,
    argument: NodeId,
    qualified: string | undefined,
    aliases: Aliases,
    isOnObject: boolean,
  ): Effect {
    const { names } = this.facts;
    const { ast } = names;
    if (isHeldBy(names, argument, aliases)) return this.passed(call, argument, qualified, isOnObject);
    switch (ast.kindOf(argument)) {
      case Kind.Attribute:
        if (!isHeldBy(names, argument + 1, aliases)) return NO_EFFECT;
        return ownEntry(this.protocol.references, ast.name(argument)) ?? NO_EFFECT;
      case Kind.Tuple:
      case Kind.List:
      case Kind.Dict:
      case Kind.Set:
      case Kind.Star:
      case Kind.DoubleStar:
      case Kind.Pair: {
        let effect = NO_EFFECT;
        for (const child of ast.children(argument)) {
          effect = both(effect, this.ofArgument(call, child, undefined, aliases, isOnObject));
        }
        return effect;
      }
      default:
        return NO_EFFECT;
    }
  }

  /** The object itself is an argument. */
  private passed(call: NodeId, argument: NodeId, qualified: string | undefined, isOnObject: boolean): Effect {
    const { invocations, values, cleanupFunctions, names } = this.facts;
    let effect: Effect | undefined;
    for (const invocation of invocations.at(call)) {
      const index = invocations.parameterOf(invocation, argument);
      const param = invocation.fn?.params[index];
      if (!invocation.fn || !param) continue;
      const seen = this.summary(invocation.fn, { symbol: param.symbol });
      effect = both(effect ?? NO_EFFECT, this.timed(invocation, this.kept(invocation, seen)));
    }
    if (effect) return effect;
    if (qualified !== undefined) {
      if (cleanupFunctions.has(qualified)) return always(CLOSED);
      const known = ownEntry(this.protocol.functions, qualified);
      if (known) return known;
      if (LOOKERS.has(qualified)) return NO_EFFECT;
    }
    // `loop.run_until_complete(other(loop))` and the like: a method of the object gets itself.
    if (isOnObject) return NO_EFFECT;
    const callee = call + 1;
    if (names.ast.kindOf(callee) === Kind.Attribute && names.ast.name(callee).startsWith('assert')) return NO_EFFECT;
    if (values.calleeFunction(call)?.params.length === 0) return NO_EFFECT;
    return always(ESCAPED);
  }

  /** A constructor of the file that keeps the object in a field: then its class decides. */
  private kept(invocation: Invocation, effect: Effect): Effect {
    if ((effect.may & FIELD) === 0 || invocation.value?.tag !== 'class') return effect;
    const rest = { ...effect, must: effect.must & ~FIELD, may: effect.may & ~FIELD };
    const { cls } = invocation.value;
    if (this.facts.values.externalBases(cls).includes(undefined)) return both(rest, sometimes(ESCAPED));
    return this.fieldsHolding(cls, invocation).some((field) => this.closesField(cls, field))
      ? both(rest, sometimes(CLEANUP))
      : rest;
  }

  /** The fields that a constructor puts its parameters into. */
  private fieldsHolding(cls: ClassInfo, invocation: Invocation): string[] {
    const { names } = this.facts;
    const fields: string[] = [];
    for (const [name, field] of cls.fields) {
      for (const { value } of field.bindings) {
        if (value !== NONE && names.symbolOf(value)?.param?.fn === invocation.fn) fields.push(name);
      }
    }
    return fields;
  }

  /** Whether any method of a class or of one of its relatives in the file may close what a field holds. */
  closesField(cls: ClassInfo, field: string): boolean {
    const { names, values } = this.facts;
    const family = names.classes.filter(
      (each) => values.linearBases(each).includes(cls) || values.linearBases(cls).includes(each),
    );
    return family.some((each) =>
      [...each.methods.values()].some((method) => {
        const { may } = this.summary(method, { field });
        return (may & (CLOSED | CLEANUP)) !== 0;
      }),
    );
  }

  /** A function of the file is run or registered: what it does to variables and fields that it shares. */
  private ofInvocation(invocation: Invocation, aliases: Aliases): Effect {
    const { fn } = invocation;
    if (!fn) return NO_EFFECT;
    let effect = NO_EFFECT;
    const seen = this.mentionedBy(fn);
    for (const id of aliases.symbols) {
      const symbol = this.facts.names.symbols[id - 1];
      if (symbol?.isCaptured && seen.symbols.has(id) && symbol.scope.fn !== fn) {
        effect = both(effect, this.summary(fn, { symbol }));
      }
    }
    if (aliases.fields.size > 0 && this.isOnSelf(invocation)) {
      for (const field of aliases.fields)
        if (seen.fields.has(field)) effect = both(effect, this.summary(fn, { field }));
    }
    return this.timed(invocation, effect);
  }

  /** `self.method()`, `super().method()` within the methods of the object whose fields are followed. */
  private isOnSelf(invocation: Invocation): boolean {
    const { names } = this.facts;
    if (invocation.value?.tag !== 'bound') return false;
    const { receiver } = invocation.value;
    return receiver !== NONE && names.ast.kindOf(receiver) === Kind.Name && names.selfClassOf(receiver) !== undefined;
  }

  /** An effect as it is at the call: at once, or at some other time. */
  private timed(invocation: Invocation, effect: Effect): Effect {
    if (effect === NO_EFFECT) return effect;
    const { fn, how, call } = invocation;
    const { ast } = this.facts.names;
    if (how === 'call') {
      const isRun = fn?.isGenerator !== true && (fn?.isAsync !== true || this.isAwaited(call));
      if (!isRun) return deferred(effect);
      // A loop cannot be closed by a coroutine that it runs: that raises, and the loop stays open.
      const isLoop = this.protocol.type === LOOP && fn?.isAsync === true;
      return isLoop ? { must: effect.must & ~CLOSED, may: effect.may & ~CLOSED, uses: '' } : effect;
    }
    const later = deferred(effect);
    const isThread = how === 'thread' || how === 'executor';
    return isThread && (later.may & RAN) !== 0 && ast.length > 0 ? both(later, sometimes(ELSEWHERE)) : later;
  }

  /** `await f()`, `loop.run_until_complete(f())`, `asyncio.run(f())`. */
  private isAwaited(call: NodeId): boolean {
    const { names, values } = this.facts;
    const { ast } = names;
    const parent = ast.parent(call);
    if (parent === NONE) return false;
    if (ast.kindOf(parent) === Kind.Await) return true;
    if (ast.kindOf(parent) !== Kind.Call) return false;
    const name = values.calleeName(parent) ?? '';
    return /\.(run_until_complete|run)$/.test(name);
  }

  // ------------------------------------------------------------------ captured variables

  ofCapture(symbol: SymbolInfo, from: FunctionInfo | undefined): Effect {
    let effect = NO_EFFECT;
    for (const fn of symbol.users) {
      if (fn === from) continue;
      if (symbol.scope.kind === 'module' || this.isPassedAround(fn)) {
        effect = both(effect, deferred(this.summary(fn, { symbol })));
      }
    }
    return effect;
  }

  /** Whether a function is used otherwise than by calling it where it is in view. */
  isPassedAround(fn: FunctionInfo): boolean {
    const { symbol } = fn;
    if (!symbol || fn.cls || fn.decorators.length > 0) return true;
    const { names } = this.facts;
    const calls = names.callsByName.get(fn.name) ?? [];
    const direct = calls.filter((call) => names.symbolOf(call + 1) === symbol).length;
    return symbol.reads > direct;
  }

  // ------------------------------------------------------------------ with

  ofEnter(item: NodeId, aliases: Aliases): Effect {
    const { names, values } = this.facts;
    const { ast } = names;
    const manager = item + 1;
    if (isHeldBy(names, manager, aliases)) return this.protocol.isContextManager ? always(MANAGED) : NO_EFFECT;
    if (ast.kindOf(manager) !== Kind.Call) return NO_EFFECT;
    const name = values.calleeName(manager);
    if (name !== 'contextlib.closing' && name !== 'contextlib.aclosing') return NO_EFFECT;
    const argument = ast.child(manager, 1);
    return argument !== NONE && isHeldBy(names, argument, aliases) ? always(MANAGED) : NO_EFFECT;
  }

  asks(call: NodeId, aliases: Aliases): 'closed' | 'running' | undefined {
    const { names } = this.facts;
    const { ast } = names;
    if (ast.kindOf(call + 1) !== Kind.Attribute || !isHeldBy(names, call + 2, aliases)) return undefined;
    switch (ast.name(call + 1)) {
      case 'is_closed':
        return 'closed';
      case 'is_running':
        return 'running';
      default:
        return undefined;
    }
  }

  // ------------------------------------------------------------------ summaries

  /** What running a function does to an object that it sees under a name. */
  summary(fn: FunctionInfo, seen: Seen): Effect {
    const mentioned = this.mentionedBy(fn);
    const key = 'symbol' in seen ? `symbol ${seen.symbol.id}` : `field ${seen.field}`;
    const isSeen = 'symbol' in seen ? mentioned.symbols.has(seen.symbol.id) : mentioned.fields.has(seen.field);
    if (!isSeen) return NO_EFFECT;
    let known = this.summaries.get(fn);
    if (!known) this.summaries.set(fn, (known = new Map<string, Effect>()));
    const before = known.get(key);
    if (before) return before;
    known.set(key, NO_EFFECT);
    const initial = 'symbol' in seen ? { symbols: [seen.symbol.id] } : { fields: [seen.field] };
    const exploration = this.explore(fn, { births: new Set(), initial });
    const effect = summarized(exploration, (test) => isForeign(this.facts.names, test, seen));
    known.set(key, effect);
    return effect;
  }

  private mentionedBy(fn: FunctionInfo): Mentions {
    let mentions = this.mentions.get(fn);
    if (!mentions) {
      mentions = { symbols: new Set(), fields: new Set() };
      this.mentions.set(fn, mentions);
      this.collectMentions(fn, mentions);
    }
    return mentions;
  }

  private collectMentions(fn: FunctionInfo, mentions: Mentions): void {
    const { names, invocations } = this.facts;
    const { ast } = names;
    const end = ast.after(fn.node);
    for (let node = fn.node + 1; node < end; node++) {
      const kind = ast.kindOf(node);
      if (kind === Kind.Name) {
        const symbol = names.symbolOf(node);
        if (!symbol) continue;
        mentions.symbols.add(symbol.id);
      } else if (kind === Kind.Attribute) {
        const field = selfField(names, node);
        if (field !== undefined) mentions.fields.add(field);
      } else if (kind === Kind.Call) {
        for (const { fn: inner } of invocations.at(node)) {
          if (!inner || inner === fn) continue;
          const theirs = this.mentionedBy(inner);
          for (const id of theirs.symbols) mentions.symbols.add(id);
          for (const field of theirs.fields) mentions.fields.add(field);
        }
      }
    }
  }
}

interface Mentions {
  /** Symbols named in the function's own text, and what the functions it runs name. */
  readonly symbols: Set<number>;
  readonly fields: Set<string>;
}

/** What an exploration comes to, from entry to the ends. @param isForeign whether a condition is about other things */
function summarized(exploration: Exploration, isForeign: (test: NodeId) => boolean): Effect {
  const { ends, throws, states, cfg, isCut } = exploration;
  if (isCut || cfg.isBroken || cfg.fn?.isGenerator === true) {
    return sometimes(exploration.events.reduce((may, { effect }) => may | effect.may, ESCAPED) & ~PATH_BITS);
  }
  const bitsOf = (list: readonly number[]): number[] => list.map((at) => states[at]?.bits ?? 0);
  const normal = bitsOf(ends);
  const all = [...normal, ...bitsOf(throws)];
  const certain = normal.length > 0 ? normal : bitsOf(throws);
  // That it is closed already is known from `is_closed()`; only what the function does counts.
  const closes = exploration.events.some(({ effect }) => ((effect.must | effect.may) & CLOSED) !== 0);
  const known = closes ? PATH_BITS : PATH_BITS | CLOSED;
  const must = certain.reduce((a, b) => a & b, certain[0] ?? 0) & ~known;
  const may = all.reduce((a, b) => a | b, 0) & ~known;
  const raised = bitsOf(throws);
  const onRaise = raised.reduce((a, b) => a & b, raised[0] ?? 0) & ~PATH_BITS;
  if (must === 0 && may === 0) return NO_EFFECT;
  const isPartial = (may & ~must & CLOSED) !== 0 && ends.some((at) => isLeftOpen(exploration, at, isForeign));
  return { must, may, uses: '', onRaise, isPartial };
}

/** Whether a function is left here with the object open, and no condition on the way has to do with the object. */
export function isLeftOpen({ states, cfg }: Exploration, end: number, isForeign: (test: NodeId) => boolean): boolean {
  if (((states[end]?.bits ?? 0) & (CLOSED | CLEANUP | ESCAPED | WEAK)) !== 0) return false;
  let tests = 0;
  for (let at = end; at >= 0; at = states[at]?.previous ?? -1) {
    const op = cfg.ops[states[at]?.op ?? -1];
    if (op?.kind !== OpKind.Test) continue;
    if (!isForeign(op.node)) return false;
    tests++;
  }
  return tests > 0;
}

/** Whether a condition names nothing but the object itself, builtins, imports and constants of the module. */
function isForeign(names: Names, test: NodeId, seen: Seen): boolean {
  const { ast } = names;
  const end = ast.after(test);
  for (let node = test; node < end; node++) {
    const kind = ast.kindOf(node);
    if (kind === Kind.Attribute && 'field' in seen && selfField(names, node) === seen.field) node++;
    if (kind !== Kind.Name) continue;
    const symbol = names.symbolOf(node);
    if (!symbol || ('symbol' in seen && symbol === seen.symbol)) continue;
    if (symbol.scope.kind !== 'module' || symbol.bindings.length > 1) return false;
  }
  return true;
}
