/**
 * What an expression can be, without regard to the order of execution: a thing of another module by its qualified
 * name, a function or class of the file, an instance of a known type, a coroutine. Follows names, fields, calls of the
 * file's own functions and annotations. Where two bindings of a name disagree, or one is not known, the answer is
 * "not known". Follows no paths: explore.ts does that for single objects.
 */
import type { NodeId } from '../syntax/ast';
import { NONE } from '../syntax/ast';
import { Kind } from '../syntax/kinds';
import {
  AWAIT_GIVES,
  CALL_GIVES,
  canonical,
  COROUTINE_FUNCTIONS,
  ENTER_GIVES,
  joined,
  LOOP,
  LOOP_ARGUMENTS,
  LOOP_ONLY_METHODS,
} from './library';
import type { Binding, ClassInfo, FieldBinding, FunctionInfo, SymbolInfo } from './model';
import type { Names } from './scopes';
import type { Value } from './value';
import { anyLoop, externalName, given, sameKind } from './value';

/** What the calls of a function give for its parameters. */
export interface Arguments {
  argumentsOf(fn: FunctionInfo, index: number): readonly NodeId[];
}

/** What has been worked out of a node: not begun, under way, or the answer. */
type Memo = Value | 'unknown' | 'pending' | undefined;

const MAX_DEPTH = 60;

export class Values {
  private readonly memo: Memo[];
  private readonly symbolMemo: Memo[];
  private readonly fieldMemo = new Map<object, Memo>();
  private arguments: Arguments | undefined;
  private loopUses: Map<SymbolInfo | undefined, { call: NodeId; qualified: string }[]> | undefined;
  private depth = 0;

  constructor(
    readonly names: Names,
    private readonly loopFactories: ReadonlySet<string>,
  ) {
    this.memo = blank(names.ast.length);
    // Their ids begin with 1.
    this.symbolMemo = blank(names.symbols.length + 1);
  }

  /** From now on the arguments of known calls tell what parameters are. */
  useArguments(known: Arguments): void {
    this.arguments = known;
    this.memo.fill(undefined);
    this.symbolMemo.fill(undefined);
    this.fieldMemo.clear();
  }

  /** What an expression can be, or undefined. */
  of(node: NodeId): Value | undefined {
    if (node < 0) return undefined;
    const known = this.memo[node];
    if (known !== undefined) return typeof known === 'string' ? undefined : known;
    if (this.depth >= MAX_DEPTH) return undefined;
    this.memo[node] = 'pending';
    this.depth++;
    const value = this.work(node);
    this.depth--;
    this.memo[node] = value ?? 'unknown';
    return value;
  }

  /** The qualified name of what a call calls, where that is outside the file: `asyncio.AbstractEventLoop.close`. */
  calleeName(call: NodeId): string | undefined {
    return externalName(this.of(call + 1));
  }

  /** The function of the file that a call runs: a function, a method, a class's `__init__`. */
  calleeFunction(call: NodeId): FunctionInfo | undefined {
    return this.functionIn(this.of(call + 1));
  }

  /** The function that calling a value runs. */
  functionIn(value: Value | undefined): FunctionInfo | undefined {
    switch (value?.tag) {
      case 'function':
      case 'bound':
        return value.fn;
      case 'class':
        return this.methodOf(value.cls, '__init__');
      case 'partial':
        return this.functionIn(value.target);
      default:
        return undefined;
    }
  }

  /** The type of an instance outside the file, or undefined. */
  typeOf(node: NodeId): string | undefined {
    const value = this.of(node);
    return value?.tag === 'instance' ? value.type : undefined;
  }

  isLoop(node: NodeId): boolean {
    return this.typeOf(node) === LOOP;
  }

  /** A method of a class or of its bases in the file. */
  methodOf(cls: ClassInfo, name: string): FunctionInfo | undefined {
    const own = cls.methods.get(name);
    if (own || cls.bases.length === 0) return own;
    for (const each of this.linearBases(cls)) {
      const method = each.methods.get(name);
      if (method) return method;
    }
    return undefined;
  }

  /** The class and its bases in the file, nearest first. */
  linearBases(cls: ClassInfo): ClassInfo[] {
    const order = [cls];
    for (let i = 0; i < order.length && order.length < 50; i++) {
      for (const base of order[i]?.bases ?? []) {
        const value = this.of(base);
        if (value?.tag === 'class' && !order.includes(value.cls)) order.push(value.cls);
      }
    }
    return order;
  }

  /** Canonical names of the bases outside the file; undefined in place of one that is not known. */
  externalBases(cls: ClassInfo): (string | undefined)[] {
    return this.linearBases(cls).flatMap((each) =>
      each.bases.flatMap((base) => {
        const inner = this.names.ast.kindOf(base) === Kind.Subscript ? base + 1 : base;
        const value = this.of(inner);
        if (value?.tag === 'class') return [];
        return [value?.tag === 'external' ? value.name : undefined];
      }),
    );
  }

  // ------------------------------------------------------------------ expressions

  private work(node: NodeId): Value | undefined {
    const { ast } = this.names;
    switch (ast.kindOf(node)) {
      case Kind.Name:
        return this.name(node);
      case Kind.Attribute:
        return this.attribute(node);
      case Kind.Call:
        return this.call(node);
      case Kind.Await:
        return this.awaited(this.of(node + 1), node);
      case Kind.NamedExpr:
        return this.of(ast.child(node, 1));
      case Kind.IfExp:
        return this.either(this.of(node + 1), this.of(ast.child(node, 2)));
      case Kind.Or:
        return this.either(this.of(node + 1), this.of(ast.child(node, 1)));
      case Kind.And:
        return this.of(ast.child(node, 1));
      case Kind.Lambda: {
        const fn = this.names.functionAt.get(node);
        return fn && { tag: 'function', fn };
      }
      case Kind.Tuple:
        return { tag: 'tuple', items: ast.children(node).map((child) => this.of(child)) };
      case Kind.True:
        return { tag: 'bool', value: true };
      case Kind.False:
        return { tag: 'bool', value: false };
      case Kind.None:
        return { tag: 'none' };
      default:
        return undefined;
    }
  }

  /** `a or b`, `a if c else b`: what both can be; where one is not known, the other tells what is meant. */
  private either(a: Value | undefined, b: Value | undefined): Value | undefined {
    if (!a || a.tag === 'none') return b;
    if (!b || b.tag === 'none') return a;
    return sameKind(a, b) ? a : undefined;
  }

  private name(node: NodeId): Value | undefined {
    const { names } = this;
    const symbol = names.symbolOf(node);
    if (symbol) return this.ofSymbol(symbol);
    const name = names.ast.name(node);
    for (const module of names.wildcards) {
      const qualified = canonical(`${module}.${name}`);
      if (CALL_GIVES[qualified] ?? (COROUTINE_FUNCTIONS.has(qualified) || WILDCARD_NAMES.has(qualified))) {
        return { tag: 'external', name: qualified };
      }
    }
    return { tag: 'external', name: canonical(name) };
  }

  /** What a symbol is wherever it is bound. */
  ofSymbol(symbol: SymbolInfo): Value | undefined {
    const known = this.symbolMemo[symbol.id];
    if (known !== undefined) return typeof known === 'string' ? undefined : known;
    this.symbolMemo[symbol.id] = 'pending';
    const value = this.workSymbol(symbol);
    this.symbolMemo[symbol.id] = value ?? 'unknown';
    return value;
  }

  private workSymbol(symbol: SymbolInfo): Value | undefined {
    const owner = symbol.param
      ? this.names.selfClassOf(symbol.param.fn.params[symbol.param.index]?.node ?? NONE)
      : undefined;
    if (owner && symbol.bindings.length === 1) return this.self(owner, symbol);
    let found: Value | undefined;
    for (const binding of symbol.bindings) {
      if (binding.kind === 'delete') continue;
      const value = this.ofBinding(binding, symbol);
      if (value?.tag === 'none') continue;
      // A parameter that nothing tells of does not speak against what is bound to its name later.
      if (!value && binding.kind === 'param' && symbol.bindings.length > 1) continue;
      if (!value || (found && !sameKind(found, value))) return undefined;
      found ??= value;
    }
    return found;
  }

  private self(cls: ClassInfo, symbol: SymbolInfo): Value {
    const isClassMethod = symbol.param?.fn.decorators.some((node) => this.names.ast.name(node) === 'classmethod');
    if (isClassMethod) return { tag: 'class', cls };
    return { tag: 'instance', type: this.baseType(cls), cls, site: NONE };
  }

  /** The nearest base outside the file, or the empty name. */
  private baseType(cls: ClassInfo): string {
    return this.externalBases(cls).find((name) => name !== undefined) ?? '';
  }

  private ofBinding(binding: Binding | FieldBinding, symbol: SymbolInfo | undefined): Value | undefined {
    const fromValue = this.ofBoundValue(binding, symbol);
    if (fromValue && fromValue.tag !== 'none') return fromValue;
    if (binding.annotation !== NONE) return this.ofAnnotation(binding.annotation) ?? fromValue;
    return fromValue;
  }

  private ofBoundValue(binding: Binding | FieldBinding, symbol: SymbolInfo | undefined): Value | undefined {
    const { names } = this;
    switch (binding.kind) {
      case 'import':
        return 'qualified' in binding ? { tag: 'external', name: canonical(binding.qualified) } : undefined;
      case 'function': {
        const fn = names.functionAt.get(binding.value);
        return fn && { tag: 'function', fn };
      }
      case 'class': {
        const cls = names.classAt.get(binding.value);
        return cls && { tag: 'class', cls };
      }
      case 'assign':
      case 'walrus':
        return this.element(this.of(binding.value), binding.element);
      case 'with':
        return this.element(this.entered(binding.value), binding.element);
      case 'annotation':
        return binding.annotation === NONE ? undefined : this.ofAnnotation(binding.annotation);
      case 'param':
        return symbol?.param ? this.ofParam(symbol, symbol.param.fn, symbol.param.index) : undefined;
      default:
        return undefined;
    }
  }

  private element(value: Value | undefined, element: number): Value | undefined {
    if (element === -1) return value;
    return value?.tag === 'tuple' && element >= 0 ? value.items[element] : undefined;
  }

  /** What `with X as y` binds to y. */
  private entered(node: NodeId): Value | undefined {
    const value = this.of(node);
    if (value?.tag !== 'instance') return undefined;
    const given = ENTER_GIVES[value.type];
    if (given !== undefined) return { tag: 'instance', type: given, cls: undefined, site: node };
    if (value.cls && this.methodOf(value.cls, '__aenter__')) return this.entersSelf(value, '__aenter__');
    if (value.cls && this.methodOf(value.cls, '__enter__')) return this.entersSelf(value, '__enter__');
    return value;
  }

  private entersSelf(value: Value & { tag: 'instance' }, name: string): Value | undefined {
    const enter = value.cls && this.methodOf(value.cls, name);
    const first = enter?.params[0]?.symbol;
    if (!enter || !first || enter.returns.length === 0) return undefined;
    return enter.returns.every((node) => this.names.symbolOf(node) === first) ? value : undefined;
  }

  // ------------------------------------------------------------------ attributes

  private attribute(node: NodeId): Value | undefined {
    const { ast } = this.names;
    const name = ast.name(node);
    const object = this.of(node + 1);
    switch (object?.tag) {
      case 'external':
        return { tag: 'external', name: canonical(joined(object.name, name)) };
      case 'class':
        return this.classAttribute(object.cls, name);
      case 'instance':
        return this.instanceAttribute(object, name, node + 1);
      case undefined:
        // A method that only loops have says that its object is one.
        return LOOP_ONLY_METHODS.has(name) ? { tag: 'method', type: LOOP, name, receiver: node + 1 } : undefined;
      default:
        return undefined;
    }
  }

  private classAttribute(cls: ClassInfo, name: string): Value | undefined {
    const method = this.methodOf(cls, name);
    if (method) return { tag: 'function', fn: method };
    return this.ofField(cls, name);
  }

  private instanceAttribute(object: Value & { tag: 'instance' }, name: string, receiver: NodeId): Value | undefined {
    if (object.cls) {
      const method = this.methodOf(object.cls, name);
      if (method) {
        if (method.decorators.some((node) => PROPERTY.has(this.names.ast.name(node)))) return this.returned(method);
        return { tag: 'bound', fn: method, receiver };
      }
      const field = this.ofField(object.cls, name);
      if (field) return field;
      if (this.linearBases(object.cls).some((cls) => cls.fields.has(name))) return undefined;
    }
    return object.type === '' ? undefined : { tag: 'method', type: object.type, name, receiver };
  }

  /** What a field of a class is, wherever it is assigned. */
  ofField(cls: ClassInfo, name: string): Value | undefined {
    for (const each of this.linearBases(cls)) {
      const field = each.fields.get(name);
      if (!field) continue;
      const known = this.fieldMemo.get(field);
      if (known !== undefined) return typeof known === 'string' ? undefined : known;
      this.fieldMemo.set(field, 'pending');
      const value = this.workField(field.bindings);
      this.fieldMemo.set(field, value ?? 'unknown');
      return value;
    }
    return undefined;
  }

  private workField(bindings: readonly FieldBinding[]): Value | undefined {
    let found: Value | undefined;
    for (const binding of bindings) {
      if (binding.kind === 'delete') continue;
      const value = this.ofBinding(binding, undefined);
      if (value?.tag === 'none') continue;
      // `self.x = x`: a parameter that nothing tells of.
      if (!value && this.names.symbolOf(binding.value)?.param && bindings.length > 1) continue;
      if (!value || (found && !sameKind(found, value))) return undefined;
      found ??= value;
    }
    return found;
  }

  // ------------------------------------------------------------------ calls

  private call(node: NodeId): Value | undefined {
    const callee = this.of(node + 1);
    switch (callee?.tag) {
      case 'external':
        return this.externalCall(callee.name, node);
      case 'method':
        return this.externalCall(`${callee.type}.${callee.name}`, node);
      case 'class':
        return { tag: 'instance', type: this.baseType(callee.cls), cls: callee.cls, site: node };
      case 'function':
      case 'bound':
        return this.internalCall(callee.fn, node);
      case 'partial':
        return callee.target.tag === 'external' ? this.externalCall(callee.target.name, node) : undefined;
      default:
        return undefined;
    }
  }

  private externalCall(name: string, node: NodeId): Value | undefined {
    if (this.loopFactories.has(name)) return { tag: 'instance', type: LOOP, cls: undefined, site: node };
    const gives = CALL_GIVES[name];
    if (gives !== undefined) return given(gives, node);
    if (AWAIT_GIVES[name] !== undefined || COROUTINE_FUNCTIONS.has(name)) {
      return { tag: 'coroutine', fn: undefined, name, site: node };
    }
    if (name === 'functools.partial') {
      const target = this.of(this.names.ast.child(node, 1));
      return target && { tag: 'partial', target, site: node };
    }
    if (name === 'super') return undefined;
    const last = name.slice(name.lastIndexOf('.') + 1);
    return /^_*[A-Z]/.test(last) ? { tag: 'instance', type: name, cls: undefined, site: node } : undefined;
  }

  private internalCall(fn: FunctionInfo, node: NodeId): Value | undefined {
    if (fn.decorators.some((decorator) => !this.isTransparent(decorator))) return undefined;
    if (fn.isGenerator) return undefined;
    if (fn.isAsync) return { tag: 'coroutine', fn, name: fn.name, site: node };
    return this.returned(fn, node);
  }

  /** Whether a decorator leaves what a call gives as it is. */
  private isTransparent(decorator: NodeId): boolean {
    const value = this.of(this.names.ast.kindOf(decorator) === Kind.Call ? decorator + 1 : decorator);
    return value?.tag === 'external' && TRANSPARENT_DECORATORS.has(value.name);
  }

  /** What a function returns, where all its returns agree. */
  returned(fn: FunctionInfo, site: NodeId = NONE): Value | undefined {
    let found: Value | undefined;
    for (const node of fn.returns) {
      const value = this.of(node);
      if (value?.tag === 'none') continue;
      if (!value || (found && !sameKind(found, value))) return undefined;
      found ??= value;
    }
    return found?.tag === 'instance' && site !== NONE ? { ...found, site } : found;
  }

  private awaited(value: Value | undefined, node: NodeId): Value | undefined {
    if (value?.tag === 'coroutine') {
      if (value.fn) return this.returned(value.fn, node);
      const gives = AWAIT_GIVES[value.name];
      return gives === undefined ? undefined : given(gives, node);
    }
    // Objects that are awaited as well as entered, such as websockets.connect(), are of no known type.
    return undefined;
  }

  // ------------------------------------------------------------------ parameters and annotations

  private ofParam(symbol: SymbolInfo, fn: FunctionInfo, index: number): Value | undefined {
    const param = fn.params[index];
    if (!param || param.kind === 'star' || param.kind === 'doubleStar') return undefined;
    if (param.annotation !== NONE) return this.ofAnnotation(param.annotation);
    let found: Value | undefined;
    for (const argument of this.arguments?.argumentsOf(fn, index) ?? []) {
      const value = this.of(argument);
      if (value?.tag === 'none') continue;
      if (!value || (found && !sameKind(found, value))) return this.isUsedAsLoop(symbol) ? anyLoop() : undefined;
      found ??= value;
    }
    return found ?? (this.isUsedAsLoop(symbol) ? anyLoop() : undefined);
  }

  /** Whether the file treats a name as a loop: passes it where only a loop can be, or calls what only a loop has. */
  private isUsedAsLoop(symbol: SymbolInfo): boolean {
    const uses = (this.loopUses ??= this.findLoopUses());
    const places = uses.get(symbol);
    return (
      places !== undefined &&
      places.some(({ call, qualified }) => qualified === '' || externalName(this.of(call + 1)) === qualified)
    );
  }

  /** By symbol the calls that treat it as a loop, and the name that a callee must have for that; empty: any. */
  private findLoopUses(): Map<SymbolInfo | undefined, { call: NodeId; qualified: string }[]> {
    const { names } = this;
    const { ast } = names;
    const uses = new Map<SymbolInfo | undefined, { call: NodeId; qualified: string }[]>();
    const add = (node: NodeId, call: NodeId, qualified: string): void => {
      const symbol = names.symbolOf(node);
      const list = uses.get(symbol);
      if (list) list.push({ call, qualified });
      else uses.set(symbol, [{ call, qualified }]);
    };
    for (const method of LOOP_ONLY_METHODS) {
      for (const call of names.callsByName.get(method) ?? []) {
        if (ast.kindOf(call + 1) === Kind.Attribute) add(call + 2, call, '');
      }
    }
    for (const [qualified, place] of Object.entries(LOOP_ARGUMENTS)) {
      for (const call of names.callsByName.get(qualified.slice(qualified.lastIndexOf('.') + 1)) ?? []) {
        const argument = ast.child(call, place + 1);
        if (argument !== NONE) add(argument, call, qualified);
      }
    }
    return uses;
  }

  /** What an annotation says that a value is. */
  ofAnnotation(annotation: NodeId): Value | undefined {
    const { ast } = this.names;
    return this.ofType(ast.kindOf(annotation) === Kind.Annotation ? annotation + 1 : annotation);
  }

  private ofType(node: NodeId): Value | undefined {
    const { ast } = this.names;
    switch (ast.kindOf(node)) {
      case Kind.Name:
      case Kind.Attribute:
        return this.instanceOf(this.of(node), node);
      case Kind.Str:
        return this.ofTypeText(node);
      case Kind.BinOp: {
        const [left = NONE, right = NONE] = ast.children(node);
        if (ast.kindOf(right) === Kind.None) return this.ofType(left);
        return ast.kindOf(left) === Kind.None ? this.ofType(right) : undefined;
      }
      case Kind.Subscript: {
        const base = externalName(this.of(node + 1)) ?? '';
        if (/(^|\.)(Optional|Annotated|Final|ClassVar|Required|NotRequired)$/.test(base))
          return this.ofType(ast.child(node, 1));
        if (/(^|\.)Union$/.test(base)) {
          const members = ast
            .children(node)
            .slice(1)
            .filter((child) => ast.kindOf(child) !== Kind.None);
          return members.length === 1 ? this.ofType(members[0] ?? NONE) : undefined;
        }
        // `Task[int]` is a Task.
        return this.instanceOf(this.of(node + 1), node);
      }
      default:
        return undefined;
    }
  }

  private instanceOf(value: Value | undefined, site: NodeId): Value | undefined {
    if (value?.tag === 'class') return { tag: 'instance', type: this.baseType(value.cls), cls: value.cls, site };
    if (value?.tag !== 'external' || !value.name.includes('.')) return undefined;
    return { tag: 'instance', type: value.name, cls: undefined, site };
  }

  /** `'asyncio.AbstractEventLoop'`, `'Loop | None'` in quotes. */
  private ofTypeText(node: NodeId): Value | undefined {
    const { names } = this;
    const match = /^['"](?:Optional\[)?([A-Za-z_][\w.]*)(?:\[.*\])?\]?(?:\s*\|\s*None)?['"]$/.exec(
      names.ast.textOf(node),
    );
    const [first = '', ...rest] = match?.[1]?.split('.') ?? [];
    const symbol = names.module.symbols.get(names.ast.atomOf(first));
    const value = symbol && this.ofSymbol(symbol);
    if (rest.length === 0) return this.instanceOf(value, node);
    if (value?.tag !== 'external') return undefined;
    return this.instanceOf({ tag: 'external', name: canonical([value.name, ...rest].join('.')) }, node);
  }
}

/** Names that `from asyncio import *` may bring and that no other table has. */
const WILDCARD_NAMES: ReadonlySet<string> = new Set(
  'run Runner Lock Event Condition Semaphore Queue TaskGroup timeout run_coroutine_threadsafe set_event_loop set_event_loop_policy as_completed'
    .split(' ')
    .map((name) => `asyncio.${name}`)
    .concat(LOOP),
);

const PROPERTY: ReadonlySet<string> = new Set(['property', 'cached_property']);

/** Decorators after which a call of the function still gives what the function returns. */
const TRANSPARENT_DECORATORS: ReadonlySet<string> = new Set([
  ...['staticmethod', 'classmethod', 'typing.override', 'typing.final', 'typing.no_type_check', 'abc.abstractmethod'],
  ...['typing_extensions.override', 'functools.wraps', 'functools.cache', 'functools.lru_cache', 'typing.overload'],
]);

/** An array of this length that is dense, so that filling it in any order is fast. */
function blank(length: number): Memo[] {
  return new Array<Memo>(length).fill(undefined);
}
