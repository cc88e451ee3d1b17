/**
 * The kinds of nodes in our own syntax tree, and the flags that some carry. Independent of tree-sitter's names:
 * only build.ts knows both. The comment behind a kind lists its children in order (`?` optional, `*` any number).
 */

export enum Kind {
  /** Something the grammar does not know or that is nested too deeply; its children are whatever could be read. */
  Opaque = 0,
  /** A part of the text that is no valid Python; its children are whatever could be read. */
  Error,
  Module, // statement*

  // Parts of statements
  Block, // statement*
  /** A name that is not an expression: a definition's name, an alias. Its atom is the name. */
  Ident,
  Decorator, // expression
  Params, // Param*
  Param, // Annotation? default?   atom: name
  Annotation, // expression*
  Bases, // (expression | Keyword | Star | DoubleStar)*
  TypeParams, // expression*
  Elif, // test Block
  Else, // Block
  Finally, // Block
  Handler, // type* Ident? Block
  WithItem, // expression target?
  Case, // Pattern CompIf? Block
  Pattern, // (Pattern | Capture | expression)*
  Capture, // atom: the name that a pattern binds
  ImportAlias, // Ident?   atom: dotted name

  // Statements
  ExprStmt, // expression (a tuple without brackets is its elements, flag Tuple)
  Assign, // target+ value
  AnnAssign, // target Annotation value?
  AugAssign, // target value
  Return, // expression?
  Raise, // (exception cause?)?
  Delete, // expression*
  Pass,
  Break,
  Continue,
  Global, // Ident*
  Nonlocal, // Ident*
  Assert, // expression*
  Import, // ImportAlias*
  ImportFrom, // ImportAlias*   atom: module with its leading dots
  TypeAlias, // Annotation*
  If, // test Block Elif* Else?
  While, // test Block Else?
  For, // target iterable Block Else?
  Try, // Block Handler* Else? Finally?
  With, // WithItem* Block
  Match, // subject Block(Case*)
  Decorated, // Decorator* (Function | Class)
  Function, // Ident TypeParams? Params Annotation? Block   atom: name
  Class, // Ident TypeParams? Bases? Block   atom: name

  // Expressions
  Name, // atom: name
  Attribute, // object   atom: name
  Call, // function (expression | Keyword | Star | DoubleStar)*
  Keyword, // value   atom: name
  Star, // expression
  DoubleStar, // expression
  Await, // expression
  Yield, // expression*
  YieldFrom, // expression
  Lambda, // Params? body
  IfExp, // body test orelse
  And, // left right
  Or, // left right
  Not, // operand
  Unary, // operand
  BinOp, // left right
  Compare, // operand+   flags: the operator if there is one only
  Subscript, // value index*
  Slice, // expression*
  Tuple, // expression*
  List, // expression*
  Set, // expression*
  Dict, // (Pair | DoubleStar)*
  Pair, // key value
  ListComp, // element (CompFor | CompIf)+
  SetComp, // element (CompFor | CompIf)+
  DictComp, // Pair (CompFor | CompIf)+
  GenExp, // element (CompFor | CompIf)+
  CompFor, // target iterable+
  CompIf, // condition
  NamedExpr, // Name value
  AsPattern, // expression target
  Str, // (Interp | Str)*
  Interp, // expression*
  Number,
  True,
  False,
  None,
  Ellipsis,
}

/** Every kind at its own index. */
export const KINDS: readonly Kind[] = Object.values(Kind).filter((value): value is Kind => typeof value === 'number');

/** Flags of a node. Their meaning depends on the kind. */
export enum Flag {
  /** Function, For, With, CompFor: `async`. */
  Async = 1,
  /** Param: `*args`. Handler: `except*`. ImportFrom: `import *`. */
  Star = 2,
  /** Param: `**kwargs`. */
  DoubleStar = 4,
  /** Param: stands before `/`. */
  PositionalOnly = 8,
  /** Param: stands after `*`. */
  KeywordOnly = 16,
  /** ExprStmt, Return, Yield, Subscript…: several expressions without brackets, or a trailing comma: a tuple. */
  Tuple = 32,
  /** Str: holds bytes. */
  Bytes = 64,
  /** Raise: has `from`. */
  From = 128,
}

/** What a Compare compares with, in its flags. */
export enum Op {
  Other = 0,
  Is = 1,
  IsNot = 2,
  Eq = 3,
  NotEq = 4,
  In = 5,
  NotIn = 6,
  /** More than one operator. */
  Chain = 7,
}

/** Every operator at its own index. */
export const OPS: readonly Op[] = Object.values(Op).filter((value): value is Op => typeof value === 'number');

/** Whether a node of this kind is a statement. */
export function isStatement(kind: Kind): boolean {
  return kind >= Kind.ExprStmt && kind <= Kind.Class;
}

/** Whether a node of this kind is an expression without a star of its own. */
export function isExpression(kind: Kind): boolean {
  return kind >= Kind.Name && kind !== Kind.Star && kind !== Kind.DoubleStar && kind !== Kind.Keyword;
}
