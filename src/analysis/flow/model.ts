/**
 * What a file declares: scopes, symbols with all that is bound to them, functions, classes. Plain records that
 * scopes.ts fills; nothing here works anything out.
 */
import type { NodeId } from '../syntax/ast';

export type ScopeKind = 'module' | 'function' | 'class' | 'comprehension';

export interface Scope {
  readonly kind: ScopeKind;
  readonly node: NodeId;
  readonly parent: Scope | undefined;
  /** The function whose code this is (that of a comprehension is its enclosing one's); undefined at module level. */
  readonly fn: FunctionInfo | undefined;
  /** By index of the name in the tree's names. */
  readonly symbols: Map<number, SymbolInfo>;
}

export type BindingKind =
  | 'assign'
  | 'augmented'
  | 'annotation'
  | 'walrus'
  | 'for'
  | 'with'
  | 'except'
  | 'capture'
  | 'import'
  | 'param'
  | 'function'
  | 'class'
  | 'delete';

export interface Binding {
  readonly kind: BindingKind;
  /** The node that holds the name. */
  readonly target: NodeId;
  /** What it is bound to: an expression, an iterable (`for`), a context manager (`with`), or none. */
  readonly value: NodeId;
  /** Which element of the value it is, where that is unpacked; -1: all of it; -2: not known. */
  readonly element: number;
  /** `import`: the qualified name. */
  readonly qualified: string;
  /** The annotation, or none. */
  readonly annotation: NodeId;
}

export interface SymbolInfo {
  /** From 1, in order of declaration. */
  readonly id: number;
  readonly name: string;
  readonly scope: Scope;
  readonly bindings: Binding[];
  /** The function that it names a parameter of, with the parameter's place. */
  param: { readonly fn: FunctionInfo; readonly index: number } | undefined;
  /** How often it is read. */
  reads: number;
  /** Whether a function within its scope reads it or binds it. */
  isCaptured: boolean;
  /** The functions, other than its own, whose own code reads it. */
  users: Set<FunctionInfo>;
}

export interface ParamInfo {
  readonly node: NodeId;
  readonly symbol: SymbolInfo;
  readonly annotation: NodeId;
  readonly defaultValue: NodeId;
  readonly kind: 'plain' | 'star' | 'doubleStar' | 'keywordOnly' | 'positionalOnly';
}

export interface FunctionInfo {
  /** From 0, in order of the text. */
  readonly id: number;
  /** A Function or a Lambda. */
  readonly node: NodeId;
  readonly name: string;
  readonly isAsync: boolean;
  readonly isLambda: boolean;
  isGenerator: boolean;
  readonly scope: Scope;
  /** The symbol that the definition binds; none for a lambda. */
  readonly symbol: SymbolInfo | undefined;
  /** The function whose code it stands in. */
  readonly parent: FunctionInfo | undefined;
  /** The class whose body it stands in, directly. */
  readonly cls: ClassInfo | undefined;
  readonly params: ParamInfo[];
  readonly decorators: readonly NodeId[];
  /** Expressions that it returns. */
  readonly returns: NodeId[];
  readonly awaits: NodeId[];
}

export interface FieldBinding {
  /** The attribute that is assigned to, or the name in the class's body. */
  readonly target: NodeId;
  readonly value: NodeId;
  readonly element: number;
  readonly annotation: NodeId;
  readonly kind: BindingKind;
}

export interface FieldInfo {
  readonly name: string;
  readonly bindings: FieldBinding[];
}

export interface ClassInfo {
  readonly id: number;
  readonly node: NodeId;
  readonly name: string;
  readonly symbol: SymbolInfo;
  readonly scope: Scope;
  /** Base expressions; keywords such as `metaclass=` are left out. */
  readonly bases: readonly NodeId[];
  readonly methods: Map<string, FunctionInfo>;
  /** `self.x` in any method, and names of the body. */
  readonly fields: Map<string, FieldInfo>;
}
