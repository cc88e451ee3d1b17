/**
 * Names of a file: which scope each stands in, what is bound to each, which symbol each use means (global, nonlocal,
 * class and comprehension scopes as CPython's symtable.c has them), and the functions and classes that there are.
 * Works out no values: values.ts does.
 */
import type { Ast, NodeId } from '../syntax/ast';
import { NONE } from '../syntax/ast';
import { Flag, Kind } from '../syntax/kinds';
import type {
  Binding,
  BindingKind,
  ClassInfo,
  FieldBinding,
  FunctionInfo,
  ParamInfo,
  Scope,
  ScopeKind,
  SymbolInfo,
} from './model';

/** An element of a value that is not known. */
const UNKNOWN_ELEMENT = -2;
const WHOLE = -1;
/** Of every symbol that no other function reads: never added to. */
const NO_USERS = new Set<FunctionInfo>();

export class Names {
  readonly functions: FunctionInfo[] = [];
  readonly classes: ClassInfo[] = [];
  readonly symbols: SymbolInfo[] = [];
  readonly module: Scope;
  /** What is imported, in the order of the symbols. */
  readonly importBindings: { readonly symbol: SymbolInfo; readonly binding: Binding }[] = [];
  /** Modules from which everything is imported. */
  readonly wildcards: string[] = [];
  /** Every call, in order of the text. */
  readonly calls: NodeId[] = [];
  /** Calls by the last name of what is called (`close` for `a.b.close()`). */
  readonly callsByName = new Map<string, NodeId[]>();
  /** By node of a Function or Lambda. */
  readonly functionAt = new Map<NodeId, FunctionInfo>();
  readonly classAt = new Map<NodeId, ClassInfo>();
  /** Await, async for and async with at module level: the text is a notebook's, or not whole. */
  readonly moduleAwaits: NodeId[] = [];
  /** Symbol by node, for names, parameters, aliases, definitions. 0: none. */
  private readonly symbolIds: Int32Array;
  /** By node the function whose own code it is, as its id and one; 0: code of the module or of a class. */
  private readonly owners: Int32Array;
  /** By the id of the symbol that is a method's first parameter. */
  private readonly selfOf = new Map<number, ClassInfo>();
  /** All nodes that bind attributes: filled in the first pass, given to classes in the second. */
  private readonly attributeBindings: { target: NodeId; binding: FieldBinding }[] = [];
  private readonly globals = new Map<Scope, Map<number, Scope>>();
  private readonly nameNodes: number[] = [];
  private readonly nameScopes: Scope[] = [];
  private readonly scopeStack: Scope[] = [];
  private readonly endStack: number[] = [];
  /** Scopes that begin at a node further on, and a mark for each such node: most nodes begin none. */
  private readonly enterAt = new Map<NodeId, Scope>();
  private readonly entersAt: Uint8Array;
  /** The scope that the first pass is in. */
  private scope: Scope;

  constructor(readonly ast: Ast) {
    this.symbolIds = new Int32Array(ast.length);
    this.entersAt = new Uint8Array(ast.length);
    this.owners = new Int32Array(ast.length);
    this.module = newScope('module', 0, undefined, undefined);
    this.scope = this.module;
    this.declare();
    this.resolve();
    this.giveFields();
    this.importBindings.sort((a, b) => a.symbol.id - b.symbol.id);
  }

  symbolOf(node: NodeId): SymbolInfo | undefined {
    const id = this.symbolIds[node] ?? 0;
    return id === 0 ? undefined : this.symbols[id - 1];
  }

  /** The class that this name is an instance of, as the first parameter of one of its methods. */
  selfClassOf(node: NodeId): ClassInfo | undefined {
    const id = this.symbolIds[node] ?? 0;
    return id === 0 ? undefined : this.selfOf.get(id);
  }

  /** The innermost function whose own code a node is, or undefined at module or class level. */
  functionOf(node: NodeId): FunctionInfo | undefined {
    const owner = this.owners[node] ?? 0;
    return owner === 0 ? undefined : this.functions[owner - 1];
  }

  /** Whether any function names a symbol, its defaults and annotations included. */
  isNamedInFunctions({ id }: SymbolInfo): boolean {
    const { ast, functions, symbolIds } = this;
    let at = 0;
    for (const { node } of functions) {
      const end = ast.after(node);
      // Those within another one were looked through with it.
      for (at = Math.max(at, node); at < end; at++)
        if (symbolIds[at] === id && ast.kindOf(at) === Kind.Name) return true;
    }
    return false;
  }

  /** The class in whose body or methods a node stands. */
  classOf(node: NodeId): ClassInfo | undefined {
    const at = this.ast.enclosing(node, (kind) => kind === Kind.Class);
    return at === NONE ? undefined : this.classAt.get(at);
  }

  // ------------------------------------------------------------------ first pass

  private declare(): void {
    const { ast, entersAt, endStack, owners } = this;
    const { length, up, kind: kinds } = ast;
    for (let node = 0; node < length; node++) {
      while (node >= (endStack[endStack.length - 1] ?? length)) {
        endStack.pop();
        this.scope = this.scopeStack.pop() ?? this.module;
      }
      if (entersAt[node] === 1) {
        const entered = this.enterAt.get(node);
        if (entered) this.enterScope(entered, node);
      }
      const kind = ast.kindOf(node);
      const parent = node - (up[node] ?? 0);
      const around = kinds[parent];
      // A body is the function's own code, its decorators and defaults are not.
      const isBody = around === Kind.Function ? kind === Kind.Block : around === Kind.Lambda && kind !== Kind.Params;
      owners[node] = isBody ? (this.functionAt.get(parent)?.id ?? -1) + 1 : (owners[parent] ?? 0);
      this.visit(node, kind);
    }
  }

  /** The scope holds until the end of a node. */
  private enterScope(scope: Scope, node: NodeId): void {
    this.scopeStack.push(this.scope);
    this.endStack.push(this.ast.after(node));
    this.scope = scope;
  }

  private enterLater(scope: Scope, node: NodeId): void {
    this.enterAt.set(node, scope);
    this.entersAt[node] = 1;
  }

  private visit(node: NodeId, kind: Kind): void {
    const { ast, scope } = this;
    switch (kind) {
      case Kind.Name:
        this.nameNodes.push(node);
        this.nameScopes.push(scope);
        return;
      case Kind.Call:
        this.call(node);
        return;
      case Kind.Function:
        this.defineFunction(node);
        return;
      case Kind.Lambda:
        this.defineLambda(node);
        return;
      case Kind.Class:
        this.defineClass(node);
        return;
      case Kind.ListComp:
      case Kind.SetComp:
      case Kind.DictComp:
      case Kind.GenExp:
        this.comprehension(node);
        return;
      case Kind.Assign: {
        const value = ast.lastChild(node);
        for (let target = node + 1; target < value; target = ast.after(target))
          this.bindTarget(target, 'assign', value);
        return;
      }
      case Kind.AnnAssign: {
        const annotation = ast.childOfKind(node, Kind.Annotation);
        const value = annotation === NONE ? NONE : ast.nextSibling(annotation);
        this.bindTarget(node + 1, value === NONE ? 'annotation' : 'assign', value, WHOLE, annotation);
        return;
      }
      case Kind.AugAssign:
        this.bindTarget(node + 1, 'augmented', NONE);
        return;
      case Kind.For:
      case Kind.CompFor: {
        const iterable = ast.child(node, 1);
        this.bindTarget(node + 1, 'for', iterable);
        if (ast.hasFlag(node, Flag.Async)) this.noteAwait(node);
        return;
      }
      case Kind.With:
        if (ast.hasFlag(node, Flag.Async)) this.noteAwait(node);
        return;
      case Kind.WithItem: {
        const target = ast.child(node, 1);
        if (target !== NONE) this.bindTarget(target, 'with', node + 1);
        return;
      }
      case Kind.AsPattern: {
        const target = ast.child(node, 1);
        if (target !== NONE) this.bindTarget(target, 'with', node + 1);
        return;
      }
      case Kind.Handler: {
        const name = ast.childOfKind(node, Kind.Ident);
        if (name !== NONE) this.bind(scope, name, 'except');
        return;
      }
      case Kind.NamedExpr:
        this.bindTarget(node + 1, 'walrus', ast.child(node, 1));
        return;
      case Kind.Capture:
        this.bind(scope, node, 'capture');
        return;
      case Kind.Delete:
        for (const target of ast.children(node)) this.bindTarget(target, 'delete', NONE);
        return;
      case Kind.Import:
      case Kind.ImportFrom:
        this.imports(node, kind);
        return;
      case Kind.Global:
      case Kind.Nonlocal:
        this.declareOuter(node, kind);
        return;
      case Kind.Return:
        if (scope.fn && ast.firstChild(node) !== NONE) scope.fn.returns.push(node + 1);
        return;
      case Kind.Yield:
      case Kind.YieldFrom:
        if (scope.fn) scope.fn.isGenerator = true;
        return;
      case Kind.Await:
        this.noteAwait(node);
        return;
      default:
    }
  }

  private noteAwait(node: NodeId): void {
    const { fn } = this.scope;
    if (fn) fn.awaits.push(node);
    else this.moduleAwaits.push(node);
  }

  private call(node: NodeId): void {
    const { ast } = this;
    this.calls.push(node);
    const callee = node + 1;
    const kind = ast.kindOf(callee);
    if (kind !== Kind.Name && kind !== Kind.Attribute) return;
    const name = ast.name(callee);
    const list = this.callsByName.get(name);
    if (list) list.push(node);
    else this.callsByName.set(name, [node]);
  }

  // ------------------------------------------------------------------ definitions

  private defineFunction(node: NodeId): void {
    const { ast, scope } = this;
    const name = ast.childOfKind(node, Kind.Ident);
    const symbol = name === NONE ? undefined : this.bind(scope, name, 'function', node);
    const block = ast.childOfKind(node, Kind.Block);
    const fn = this.newFunction(node, symbol, ast.hasFlag(node, Flag.Async));
    if (block !== NONE) this.enterLater(fn.scope, block);
    const params = ast.childOfKind(node, Kind.Params);
    if (params !== NONE) this.parameters(params, fn);
    const { cls } = fn;
    if (!cls) return;
    cls.methods.set(fn.name, fn);
    const first = fn.params[0];
    if (first && !this.isDecoratedBy(fn, 'staticmethod')) this.selfOf.set(first.symbol.id, cls);
  }

  private defineLambda(node: NodeId): void {
    const { ast } = this;
    const fn = this.newFunction(node, undefined, false);
    const params = ast.childOfKind(node, Kind.Params);
    const body = ast.lastChild(node);
    if (body !== NONE && body !== params) {
      this.enterLater(fn.scope, body);
      fn.returns.push(body);
    }
    if (params !== NONE) this.parameters(params, fn);
  }

  private newFunction(node: NodeId, symbol: SymbolInfo | undefined, isAsync: boolean): FunctionInfo {
    const { ast, scope } = this;
    const parent = ast.parent(node);
    const decorators =
      parent !== NONE && ast.kindOf(parent) === Kind.Decorated
        ? ast.childrenOfKind(parent, Kind.Decorator).map((decorator) => decorator + 1)
        : [];
    const inner: { -readonly [K in keyof Scope]: Scope[K] } = newScope('function', node, scope, undefined);
    const fn: FunctionInfo = {
      id: this.functions.length,
      node,
      name: ast.name(node),
      isAsync,
      isLambda: symbol === undefined,
      isGenerator: false,
      scope: inner,
      symbol,
      parent: scope.fn,
      cls: scope.kind === 'class' ? this.classAt.get(scope.node) : undefined,
      params: [],
      decorators,
      returns: [],
      awaits: [],
    };
    inner.fn = fn;
    this.functions.push(fn);
    this.functionAt.set(node, fn);
    return fn;
  }

  private isDecoratedBy(fn: FunctionInfo, name: string): boolean {
    return fn.decorators.some((node) => this.ast.kindOf(node) === Kind.Name && this.ast.name(node) === name);
  }

  private parameters(params: NodeId, fn: FunctionInfo): void {
    const { ast } = this;
    const end = ast.after(params);
    for (let node = params + 1; node < end; node = ast.after(node)) {
      if (ast.kindOf(node) !== Kind.Param) continue;
      const annotation = ast.childOfKind(node, Kind.Annotation);
      const last = ast.lastChild(node);
      const defaultValue = last === annotation ? NONE : last;
      const symbol = this.bind(fn.scope, node, 'param', defaultValue, annotation);
      symbol.param ??= { fn, index: fn.params.length };
      fn.params.push({ node, symbol, annotation, defaultValue, kind: paramKind(ast, node) });
    }
  }

  private defineClass(node: NodeId): void {
    const { ast, scope } = this;
    const name = ast.childOfKind(node, Kind.Ident);
    if (name === NONE) return;
    const symbol = this.bind(scope, name, 'class', node);
    const inner = newScope('class', node, scope, undefined);
    const cls: ClassInfo = {
      id: this.classes.length,
      node,
      name: ast.name(node),
      symbol,
      scope: inner,
      bases: this.basesOf(node),
      methods: new Map(),
      fields: new Map(),
    };
    this.classes.push(cls);
    this.classAt.set(node, cls);
    const block = ast.childOfKind(node, Kind.Block);
    if (block !== NONE) this.enterLater(inner, block);
  }

  private basesOf(node: NodeId): NodeId[] {
    const { ast } = this;
    return ast.children(node).filter((child) => {
      const kind = ast.kindOf(child);
      return kind !== Kind.Ident && kind !== Kind.TypeParams && kind !== Kind.Block && kind !== Kind.Keyword;
    });
  }

  /** Its own scope, but for the first iterable, which belongs to the scope around. */
  private comprehension(node: NodeId): void {
    const { ast, scope } = this;
    const inner = newScope('comprehension', node, scope, scope.fn);
    this.enterScope(inner, node);
    const first = ast.childOfKind(node, Kind.CompFor);
    const iterable = first === NONE ? NONE : ast.child(first, 1);
    if (iterable !== NONE) this.enterLater(scope, iterable);
  }

  private imports(node: NodeId, kind: Kind): void {
    const { ast } = this;
    const from = kind === Kind.ImportFrom ? ast.name(node) : undefined;
    if (from !== undefined && ast.hasFlag(node, Flag.Star)) this.wildcards.push(from);
    for (const alias of ast.children(node)) {
      if (ast.kindOf(alias) !== Kind.ImportAlias) continue;
      const name = ast.name(alias);
      const as = ast.childOfKind(alias, Kind.Ident);
      if (from !== undefined) {
        const qualified = from.endsWith('.') ? from + name : `${from}.${name}`;
        this.bindImport(as === NONE ? alias : as, qualified);
      } else if (as !== NONE) {
        this.bindImport(as, name);
      } else {
        const top = name.split('.')[0] ?? name;
        this.bindImport(alias, top, top);
      }
    }
  }

  private bindImport(target: NodeId, qualified: string, name?: string): void {
    const symbol = this.bind(this.scope, target, 'import', NONE, NONE, WHOLE, qualified, name);
    const binding = symbol.bindings.at(-1);
    if (binding) this.importBindings.push({ symbol, binding });
  }

  private declareOuter(node: NodeId, kind: Kind): void {
    const { ast, scope } = this;
    let table = this.globals.get(scope);
    if (!table) this.globals.set(scope, (table = new Map<number, Scope>()));
    for (const ident of ast.children(node)) {
      const atom = ast.atom[ident] ?? 0;
      if (kind === Kind.Global) table.set(atom, this.module);
      else {
        let at = scope.parent;
        while (at && (at.kind !== 'function' || !at.symbols.has(atom))) at = at.parent;
        if (at) table.set(atom, at);
      }
    }
  }

  // ------------------------------------------------------------------ binding

  private bindTarget(
    target: NodeId,
    kind: BindingKind,
    value: NodeId,
    element: number = WHOLE,
    annotation: NodeId = NONE,
  ): void {
    const { ast } = this;
    switch (ast.kindOf(target)) {
      case Kind.Name:
        this.bind(this.bindingScope(kind), target, kind, value, annotation, element);
        return;
      case Kind.Attribute:
        if (kind !== 'delete') {
          this.attributeBindings.push({ target, binding: { target, value, element, annotation, kind } });
        }
        return;
      case Kind.Star:
        this.bindTarget(target + 1, kind, NONE, UNKNOWN_ELEMENT);
        return;
      case Kind.Tuple:
      case Kind.List: {
        const targets = ast.children(target);
        const hasStar = targets.some((each) => ast.kindOf(each) === Kind.Star);
        const values = element === WHOLE && !hasStar ? this.elementsOf(value, targets.length) : undefined;
        const isKnown = element === WHOLE && !hasStar;
        targets.forEach((each, index) => {
          if (values) this.bindTarget(each, kind, values[index] ?? NONE);
          else this.bindTarget(each, kind, value, isKnown ? index : UNKNOWN_ELEMENT);
        });
        return;
      }
      default:
    }
  }

  /** The expressions of a tuple or list of this length, or undefined. */
  private elementsOf(value: NodeId, length: number): NodeId[] | undefined {
    const { ast } = this;
    if (value === NONE) return undefined;
    const kind = ast.kindOf(value);
    if (kind !== Kind.Tuple && kind !== Kind.List) return undefined;
    const elements = ast.children(value);
    if (elements.length !== length || elements.some((each) => ast.kindOf(each) === Kind.Star)) return undefined;
    return elements;
  }

  /** A walrus binds in the scope around its comprehension. */
  private bindingScope(kind: BindingKind): Scope {
    let { scope } = this;
    while (kind === 'walrus' && scope.kind === 'comprehension' && scope.parent) scope = scope.parent;
    return scope;
  }

  private bind(
    scope: Scope,
    target: NodeId,
    kind: BindingKind,
    value: NodeId = NONE,
    annotation: NodeId = NONE,
    element: number = WHOLE,
    qualified = '',
    name?: string,
  ): SymbolInfo {
    const { ast } = this;
    const atom = name === undefined ? (ast.atom[target] ?? 0) : ast.atomOf(name);
    const outer = this.declaredOuter(scope, atom) ?? scope;
    const bound: Binding = { kind, target, value, element, qualified, annotation };
    let symbol = outer.symbols.get(atom);
    if (symbol) symbol.bindings.push(bound);
    else {
      symbol = {
        id: this.symbols.length + 1,
        name: name ?? ast.name(target),
        scope: outer,
        bindings: [bound],
        reads: 0,
        isCaptured: false,
        users: NO_USERS,
        param: undefined,
      };
      this.symbols.push(symbol);
      outer.symbols.set(atom, symbol);
    }
    if (outer !== scope) symbol.isCaptured = true;
    this.symbolIds[target] = symbol.id;
    return symbol;
  }

  /** The scope that `global` or `nonlocal` says a name of a scope belongs to. Most files have neither. */
  private declaredOuter(scope: Scope, atom: number): Scope | undefined {
    return this.globals.size === 0 ? undefined : this.globals.get(scope)?.get(atom);
  }

  // ------------------------------------------------------------------ second pass

  private resolve(): void {
    const { ast, nameNodes, nameScopes, symbolIds } = this;
    for (let i = 0; i < nameNodes.length; i++) {
      const node = nameNodes[i] ?? 0;
      const scope = nameScopes[i] ?? this.module;
      if (symbolIds[node] !== 0) continue;
      const symbol = this.lookup(scope, ast.atom[node] ?? 0);
      if (!symbol) continue;
      symbolIds[node] = symbol.id;
      symbol.reads++;
      if (symbol.scope === scope || symbol.scope.fn === scope.fn) continue;
      symbol.isCaptured = true;
      if (!scope.fn) continue;
      if (symbol.users === NO_USERS) symbol.users = new Set();
      symbol.users.add(scope.fn);
    }
  }

  private lookup(from: Scope, atom: number): SymbolInfo | undefined {
    const declared = this.declaredOuter(from, atom);
    if (declared) return declared.symbols.get(atom);
    const own = from.symbols.get(atom);
    if (own) return own;
    for (let scope = from.parent; scope; scope = scope.parent) {
      // A class's names are seen in its body alone.
      if (scope.kind === 'class') continue;
      const outer = this.declaredOuter(scope, atom);
      if (outer) return outer.symbols.get(atom);
      const symbol = scope.symbols.get(atom);
      if (symbol) return symbol;
    }
    return undefined;
  }

  private giveFields(): void {
    const { ast } = this;
    for (const { target, binding } of this.attributeBindings) {
      const cls = ast.kindOf(target + 1) === Kind.Name ? this.selfClassOf(target + 1) : undefined;
      if (cls) addField(cls, ast.name(target), binding);
    }
    for (const cls of this.classes) {
      for (const symbol of cls.scope.symbols.values()) {
        for (const binding of symbol.bindings) {
          if (binding.kind !== 'function' && binding.kind !== 'class') addField(cls, symbol.name, binding);
        }
      }
    }
  }
}

function addField(cls: ClassInfo, name: string, binding: FieldBinding): void {
  const field = cls.fields.get(name);
  if (field) field.bindings.push(binding);
  else cls.fields.set(name, { name, bindings: [binding] });
}

function newScope(kind: ScopeKind, node: NodeId, parent: Scope | undefined, fn: FunctionInfo | undefined): Scope {
  return { kind, node, parent, fn, symbols: new Map() };
}

function paramKind(ast: Ast, node: NodeId): ParamInfo['kind'] {
  if (ast.hasFlag(node, Flag.DoubleStar)) return 'doubleStar';
  if (ast.hasFlag(node, Flag.Star)) return 'star';
  if (ast.hasFlag(node, Flag.KeywordOnly)) return 'keywordOnly';
  return ast.hasFlag(node, Flag.PositionalOnly) ? 'positionalOnly' : 'plain';
}
