/**
 * The lives of the event loops of a file: where each is made, what is done to it on every path of its function, what
 * the rest of the file does to the variable or field that keeps it, and how it ends. The facts behind LOOP101 to LOOP113,
 * hover and CodeLens. Says what is so, not what is wrong.
 */
import type { NodeId } from '../syntax/ast';
import { NONE } from '../syntax/ast';
import { Kind } from '../syntax/kinds';
import type { Effect } from './bits';
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
  /** The function that closes it only under a condition that has nothing to do with it, where no other closes it. */
  readonly sometimes: FunctionInfo | undefined;
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
    const family = names.classes.filter(
      (each) => values.linearBases(each).includes(cls) || values.linearBases(cls).includes(each),
    );
    const methods = family.flatMap((each) => [...each.methods.values()]);
    const kept = this.kept(methods, (method) => this.tracker.summary(method, { field: name }));
    return this.isClosedFromOutside(name) ? { may: kept.may | CLOSED, sometimes: undefined } : kept;
  }

  /** What the file's functions do to a variable of the module. */
  ofVariable(symbol: SymbolInfo): KeptFacts {
    const { names } = this.facts;
    if (!names.isNamedInFunctions(symbol)) return { may: 0, sometimes: undefined };
    return this.kept(names.functions, (fn) => this.tracker.summary(fn, { symbol }));
  }

  private kept(functions: readonly FunctionInfo[], effectOf: (fn: FunctionInfo) => Effect): KeptFacts {
    let may = 0;
    let sometimes: FunctionInfo | undefined;
    for (const fn of functions) {
      const effect = effectOf(fn);
      const isPartial = effect.isPartial === true;
      if (isPartial) sometimes ??= fn;
      may |= isPartial ? effect.may & ~CLOSED : effect.may;
    }
    return { may, sometimes: (may & (CLOSED | CLEANUP)) === 0 ? sometimes : undefined };
  }

  /** `obj.loop.close()` for an object that is not `self`: then who holds the object closes its loop. */
  isClosedFromOutside(field: string): boolean {
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
    /** With the element of the tuple that each returns, -1 where it returns the loop itself. */
    const factories = new Map<FunctionInfo, number>();
    const note = (life: Life): void => {
      const element = this.factoryElement(life);
      if (life.fn && element !== undefined && !factories.has(life.fn)) factories.set(life.fn, element);
    };
    for (const call of names.calls) {
      const origin = this.originOf(call);
      if (!origin) continue;
      const life = this.lifeOf(origin, call);
      lives.push(life);
      if (origin === 'new') note(life);
    }
    // A factory of a factory is one too: until no more are found.
    for (const [factory, element] of factories) {
      for (const invocation of this.facts.invocations.of(factory)) {
        if (invocation.how !== 'call' || factory.isAsync || factory.isGenerator) continue;
        if (names.ast.kindOf(invocation.call) !== Kind.Call) continue;
        const life = this.lifeOf('factory', invocation.call, element);
        lives.push(life);
        note(life);
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

  private lifeOf(origin: Origin, creation: NodeId, element = -1): Life {
    const { names } = this.facts;
    const fn = names.functionOf(creation);
    const births = new Set([creation]);
    const exploration = this.tracker.explore(fn, element >= 0 ? { births, element } : { births });
    return this.judged(origin, creation, fn, exploration, element);
  }

  private judged(
    origin: Origin,
    creation: NodeId,
    fn: FunctionInfo | undefined,
    exploration: Exploration,
    element = -1,
  ): Life {
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
    const target = this.elementOf(this.targetOf(creation), element);
    const life: Life = {
      origin,
      creation,
      fn,
      name: target === NONE ? '' : names.ast.textOf(target),
      exploration,
      openEnds,
      done,
    };
    return { ...life, ...this.keeperOf(life, target) };
  }

  /** Of what a creation is assigned to, the part that gets the loop. */
  private elementOf(target: NodeId, element: number): NodeId {
    const { ast } = this.facts.names;
    if (element < 0 || target === NONE) return target;
    return ast.kindOf(target) === Kind.Tuple ? ast.child(target, element) : NONE;
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
  private keeperOf(life: Life, target: NodeId): Pick<Life, 'field' | 'variable'> {
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
    const variable = target === NONE ? undefined : names.symbolOf(target);
    return variable?.scope.kind === 'module' ? { variable } : {};
  }

  /**
   * Whether a function gives each loop that it makes to its caller, and keeps none: -1 where it returns the loop, the
   * place of the loop where it returns a tuple, undefined where it does not.
   */
  private factoryElement(life: Life): number | undefined {
    const { names } = this.facts;
    if (life.fn?.isGenerator !== false || life.fn.decorators.length > 0) return undefined;
    if ((life.done & (FIELD | GLOBAL | CLOSED | CLEANUP)) !== 0) return undefined;
    const { exploration, fn } = life;
    const elementAt = (at: number): number | undefined => {
      for (let each = at; each >= 0; each = exploration.states[each]?.previous ?? -1) {
        const node = exploration.cfg.ops[exploration.states[each]?.op ?? -1]?.node ?? NONE;
        if (node !== NONE && names.ast.kindOf(node) === Kind.Return) {
          const state = exploration.states[each];
          const value = names.ast.firstChild(node);
          if (!state || value === NONE) return undefined;
          if (this.isValueOf(value, exploration, state, life.creation)) return -1;
          if (names.ast.kindOf(value) !== Kind.Tuple) return undefined;
          const items = names.ast.children(value);
          const place = items.findIndex((item) => this.isValueOf(item, exploration, state, life.creation));
          return place < 0 ? undefined : place;
        }
      }
      return undefined;
    };
    // What another way out returns may be a loop of the caller's, too, if nobody knows what it is.
    const ends = exploration.ends.filter((at) => !this.returnsNews(exploration, at));
    const [first, ...others] = ends.map((at) => elementAt(at));
    return fn.returns.length > 0 && others.every((each) => each === first) ? first : undefined;
  }

  /** Whether a way out on which the loop was not made returns what an unknown function gives, or another new loop. */
  private returnsNews({ states, cfg }: Exploration, end: number): boolean {
    if (((states[end]?.bits ?? 0) & BORN) !== 0) return false;
    const { values } = this.facts;
    const { ast } = this.facts.names;
    for (let at = end; at >= 0; at = states[at]?.previous ?? -1) {
      const node = cfg.ops[states[at]?.op ?? -1]?.node ?? NONE;
      if (node === NONE || ast.kindOf(node) !== Kind.Return) continue;
      const value = ast.firstChild(node);
      if (value === NONE || ast.kindOf(value) !== Kind.Call) return false;
      return values.of(value) === undefined || LOOP_FACTORIES.has(values.calleeName(value) ?? '');
    }
    return false;
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
