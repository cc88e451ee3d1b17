/**
 * The lives of the event loops of a file: where each is made, what is done to it on every path of its function, what
 * the rest of the file does to the variable or field that keeps it, and how it ends. The facts behind LOOP101 to LOOP113,
 * hover and CodeLens. Says what is so, not what is wrong.
 */
import type { NodeId } from '../syntax/ast';
import { NONE } from '../syntax/ast';
import { Kind } from '../syntax/kinds';
import { BORN, CLEANUP, CLOSED, CURRENT, ESCAPED, FIELD, GLOBAL, RAN, STOPPING, WEAK } from './bits';
import type { Event, Exploration, State } from './explore';
import { selfField } from './explore';
import { LOOP, LOOP_FACTORIES } from './library';
import type { ClassInfo, FunctionInfo, SymbolInfo } from './model';
import type { Tracker, TrackerFacts } from './tracker';

/** How a loop comes into a function. */
export type Origin =
  /** `new_event_loop()` or another factory: whoever calls it owns the loop. */
  | 'new'
  /** A function of the file that makes one and returns it. */
  | 'factory'
  /** `get_event_loop()` in synchronous code: owned by who runs it. */
  | 'taken'
  /** A parameter, a captured variable, a field, `get_running_loop()`: somebody else's. */
  | 'borrowed';

/** One way in which a function is left while the loop is open. */
export interface OpenEnd {
  readonly state: number;
  readonly isException: boolean;
  readonly bits: number;
}

export interface Life {
  readonly origin: Origin;
  /** The call that makes it; for a borrowed one the place where it comes in, or NONE. */
  readonly creation: NodeId;
  readonly fn: FunctionInfo | undefined;
  /** The name that it is first bound to, empty where there is none. */
  readonly name: string;
  readonly exploration: Exploration;
  /** Ends of its function at which it is open and nobody else is known to close it. Weak paths are left out. */
  readonly openEnds: readonly OpenEnd[];
  /** Everything that any path or helper does to it in its own function. */
  readonly done: number;
  /** The field or variable of the module that keeps it, where one does. */
  readonly field?: { readonly cls: ClassInfo; readonly name: string };
  readonly variable?: SymbolInfo;
}

/** What the whole file does to a field or a module's variable, without regard to order. */
export interface KeptFacts {
  readonly may: number;
}

export class Lives {
  /** Loops that are made or taken in the file, in order of the text. */
  readonly owned: readonly Life[];
  private readonly borrowedLives: Life[] = [];
  private hasBorrowed = false;

  constructor(
    private readonly facts: TrackerFacts,
    readonly tracker: Tracker,
    private readonly loopFactories: ReadonlySet<string>,
    private readonly runsInLoop: (fn: FunctionInfo | undefined) => boolean,
  ) {
    this.owned = this.findOwned();
  }

  /** Loops that come from elsewhere into functions that close them. */
  get borrowed(): readonly Life[] {
    if (!this.hasBorrowed) {
      this.hasBorrowed = true;
      this.findBorrowed();
    }
    return this.borrowedLives;
  }

  get all(): readonly Life[] {
    return [...this.owned, ...this.borrowed];
  }

  /** What the file's functions do to a field, in whatever order they are called. */
  ofField(cls: ClassInfo, name: string): KeptFacts {
    const { values, names } = this.facts;
    let may = 0;
    for (const each of names.classes) {
      if (!values.linearBases(each).includes(cls) && !values.linearBases(cls).includes(each)) continue;
      for (const method of each.methods.values()) may |= this.tracker.summary(method, { field: name }).may;
    }
    if (this.isClosedFromOutside(name)) may |= CLOSED;
    return { may };
  }

  /** What the file's functions do to a variable of the module. */
  ofVariable(symbol: SymbolInfo): KeptFacts {
    let may = 0;
    for (const fn of this.facts.names.functions) may |= this.tracker.summary(fn, { symbol }).may;
    return { may };
  }

  /** `obj.loop.close()` for an object that is not `self`: then who holds the object closes its loop. */
  private isClosedFromOutside(field: string): boolean {
    const { names } = this.facts;
    const { ast } = names;
    return (names.callsByName.get('close') ?? []).some((call) => {
      const object = call + 2;
      return (
        ast.kindOf(object) === Kind.Attribute && ast.name(object) === field && selfField(names, object) === undefined
      );
    });
  }

  // ------------------------------------------------------------------ loops made here

  private findOwned(): Life[] {
    const { names } = this.facts;
    const lives: Life[] = [];
    const factories = new Set<FunctionInfo>();
    for (const call of names.calls) {
      const origin = this.originOf(call);
      if (!origin) continue;
      const life = this.lifeOf(origin, call);
      lives.push(life);
      if (origin === 'new' && life.fn && this.isFactory(life)) factories.add(life.fn);
    }
    // A factory of a factory is one too: until no more are found.
    for (const factory of factories) {
      for (const invocation of this.facts.invocations.of(factory)) {
        if (invocation.how !== 'call' || factory.isAsync || factory.isGenerator) continue;
        if (names.ast.kindOf(invocation.call) !== Kind.Call) continue;
        const life = this.lifeOf('factory', invocation.call);
        lives.push(life);
        if (life.fn && this.isFactory(life)) factories.add(life.fn);
      }
    }
    return lives.sort((a, b) => a.creation - b.creation);
  }

  private originOf(call: NodeId): Origin | undefined {
    const { values, names } = this.facts;
    const callee = values.of(call + 1);
    if (callee?.tag === 'class') return values.externalBases(callee.cls).includes(LOOP) ? 'new' : undefined;
    const name = values.calleeName(call);
    if (name === undefined) return undefined;
    if (LOOP_FACTORIES.has(name) || this.loopFactories.has(name)) return 'new';
    if (name !== 'asyncio.get_event_loop') return undefined;
    if (this.runsInLoop(names.functionOf(call)) || this.isTriedOut(call)) return undefined;
    return 'taken';
  }

  /** `try: get_event_loop() except RuntimeError`: it asks for a loop that somebody else has installed. */
  private isTriedOut(call: NodeId): boolean {
    const { ast } = this.facts.names;
    const around = ast.enclosing(call, (kind) => kind === Kind.Try || kind === Kind.Function);
    if (around === NONE || ast.kindOf(around) !== Kind.Try || !ast.contains(around + 1, call)) return false;
    return ast.childrenOfKind(around, Kind.Handler).some((handler) => /RuntimeError/.test(ast.textOf(handler + 1)));
  }

  private lifeOf(origin: Origin, creation: NodeId): Life {
    const { names } = this.facts;
    const fn = names.functionOf(creation);
    const exploration = this.tracker.explore(fn, { births: new Set([creation]) });
    return this.judged(origin, creation, fn, exploration);
  }

  private judged(origin: Origin, creation: NodeId, fn: FunctionInfo | undefined, exploration: Exploration): Life {
    const { names } = this.facts;
    const { states, events } = exploration;
    const done = events.reduce((bits, { effect }) => bits | effect.may | effect.must, 0);
    const openEnds: OpenEnd[] = [];
    const isKnown = !exploration.isCut && !exploration.cfg.isBroken;
    for (const [list, isException] of [
      [exploration.ends, false],
      [exploration.throws, true],
    ] as const) {
      for (const at of list) {
        const bits = states[at]?.bits ?? 0;
        if (isKnown && (bits & BORN) !== 0 && (bits & (CLOSED | CLEANUP | ESCAPED | WEAK)) === 0) {
          openEnds.push({ state: at, isException, bits });
        }
      }
    }
    const target = this.targetOf(creation);
    const life: Life = {
      origin,
      creation,
      fn,
      name: target === NONE ? '' : names.ast.textOf(target),
      exploration,
      openEnds,
      done,
    };
    return { ...life, ...this.keeperOf(life) };
  }

  /** The name or attribute that a creation is assigned to, or NONE. */
  targetOf(creation: NodeId): NodeId {
    const { ast } = this.facts.names;
    if (creation === NONE) return NONE;
    let value = creation;
    for (let at = ast.parent(value); at !== NONE; value = at, at = ast.parent(at)) {
      switch (ast.kindOf(at)) {
        case Kind.Assign:
        case Kind.AnnAssign:
        case Kind.NamedExpr:
          return at + 1;
        case Kind.IfExp:
        case Kind.Or:
        case Kind.And:
          continue;
        default:
          return NONE;
      }
    }
    return NONE;
  }

  /** The field or the module's variable that keeps a loop beyond its function. */
  private keeperOf(life: Life): Pick<Life, 'field' | 'variable'> {
    const { names } = this.facts;
    for (const { op, effect } of life.exploration.events) {
      if ((effect.must & FIELD) !== 0) {
        const name = selfField(names, op.node);
        const cls = name === undefined ? undefined : names.selfClassOf(op.node + 1);
        if (name !== undefined && cls) return { field: { cls, name } };
      }
      if ((effect.must & GLOBAL) !== 0) {
        const variable = names.symbolOf(op.node);
        if (variable) return { variable };
      }
    }
    if (life.fn) return {};
    const target = this.targetOf(life.creation);
    const variable = target === NONE ? undefined : names.symbolOf(target);
    return variable?.scope.kind === 'module' ? { variable } : {};
  }

  /** Whether a function gives each loop that it makes to its caller, and keeps none. */
  private isFactory(life: Life): boolean {
    const { names } = this.facts;
    if (life.fn?.isGenerator !== false || life.fn.decorators.length > 0) return false;
    if ((life.done & (FIELD | GLOBAL | CLOSED | CLEANUP)) !== 0) return false;
    const { exploration, fn } = life;
    const isReturned = (at: number): boolean => {
      for (let each = at; each >= 0; each = exploration.states[each]?.previous ?? -1) {
        const node = exploration.cfg.ops[exploration.states[each]?.op ?? -1]?.node ?? NONE;
        if (node !== NONE && names.ast.kindOf(node) === Kind.Return) {
          const state = exploration.states[each];
          const value = names.ast.firstChild(node);
          return state !== undefined && value !== NONE && this.isValueOf(value, exploration, state, life.creation);
        }
      }
      return false;
    };
    return fn.returns.length > 0 && exploration.ends.every((at) => isReturned(at));
  }

  private isValueOf(value: NodeId, exploration: Exploration, state: State, creation: NodeId): boolean {
    if (value === creation) return true;
    const symbol = this.facts.names.symbolOf(value);
    return symbol !== undefined && exploration.aliasesOf(state).symbols.has(symbol.id);
  }

  // ------------------------------------------------------------------ loops from elsewhere

  /** Explores functions that close a loop which they did not make. */
  private findBorrowed(): void {
    const { names, values } = this.facts;
    const { ast } = names;
    const seen = new Set<string>();
    for (const call of names.callsByName.get('close') ?? []) {
      if (values.calleeName(call) !== `${LOOP}.close`) continue;
      const object = call + 2;
      const fn = names.functionOf(call);
      const field = selfField(names, object);
      const symbol = field === undefined ? names.symbolOf(object) : undefined;
      if (field === undefined && !symbol) continue;
      if (symbol && !symbol.param && symbol.scope.fn === fn && !this.isRunning(symbol)) continue;
      const key = `${fn?.id ?? -1} ${field ?? `symbol ${symbol?.id ?? 0}`}`;
      if (seen.has(key)) continue;
      seen.add(key);
      const running = symbol ? this.isRunning(symbol) : undefined;
      const subject = running
        ? { births: new Set([running]) }
        : {
            births: new Set<NodeId>(),
            initial: field === undefined ? { symbols: [symbol?.id ?? 0] } : { fields: [field] },
          };
      const exploration = this.tracker.explore(fn, subject);
      const life = this.judged('borrowed', running ?? NONE, fn, exploration);
      this.borrowedLives.push({ ...life, name: ast.textOf(object) });
    }
  }

  /** The `get_running_loop()` that a variable is bound to, where it is bound to nothing else. */
  private isRunning(symbol: SymbolInfo): NodeId | undefined {
    const { names, values } = this.facts;
    const nodes = symbol.bindings.map(({ value }) => value);
    const isOne = (node: NodeId): boolean => {
      if (node === NONE || names.ast.kindOf(node) !== Kind.Call) return false;
      const name = values.calleeName(node);
      if (name === 'asyncio.get_running_loop') return true;
      return name === 'asyncio.get_event_loop' && this.runsInLoop(names.functionOf(node));
    };
    return nodes.length > 0 && nodes.every(isOne) ? nodes[0] : undefined;
  }

  // ------------------------------------------------------------------ stories

  /** The events on the way to a state, in order. */
  eventsTo(exploration: Exploration, at: number): Event[] {
    const byState = new Map<number, Event[]>();
    for (const event of exploration.events) {
      const list = byState.get(event.state);
      if (list) list.push(event);
      else byState.set(event.state, [event]);
    }
    const found: Event[] = [];
    for (
      let each = exploration.states[at]?.previous ?? -1;
      each >= 0;
      each = exploration.states[each]?.previous ?? -1
    ) {
      found.unshift(...(byState.get(each) ?? []));
    }
    return found;
  }

  /** The operation whose exception leads to a state: the last one that was left by its exception edge. */
  raiserBefore(exploration: Exploration, at: number): NodeId {
    const { states, cfg } = exploration;
    for (let each = at; each >= 0; each = states[each]?.previous ?? -1) {
      const state = states[each];
      const before = state && states[state.previous];
      const op = before && cfg.ops[before.op];
      if (!state || !op) return NONE;
      if (op.exc === state.op && op.next !== state.op && op.node !== NONE && before.flight === 0) return op.node;
    }
    return NONE;
  }

  /** Calls in other functions that do something to the field or variable that keeps a loop. */
  elsewhere(life: Life, bit: number): NodeId[] {
    const { names } = this.facts;
    const { ast } = names;
    const { field, variable } = life;
    if (!field && !variable) return [];
    const found: NodeId[] = [];
    for (const [name, effect] of Object.entries(this.tracker.protocol.methods)) {
      if (((effect.must | effect.may) & bit) === 0) continue;
      for (const call of names.callsByName.get(name) ?? []) {
        const object = call + 2;
        if (ast.kindOf(call + 1) !== Kind.Attribute || names.functionOf(call) === life.fn) continue;
        const isIt = variable ? names.symbolOf(object) === variable : selfField(names, object) === field?.name;
        if (isIt) found.push(call);
      }
    }
    return found;
  }

  /** Whether an owned loop is run in its own function. */
  isRun(life: Life): boolean {
    return (life.done & RAN) !== 0;
  }

  isStopped(life: Life): boolean {
    return (life.done & STOPPING) !== 0;
  }

  isSetCurrent(life: Life): boolean {
    return (life.done & CURRENT) !== 0;
  }
}
