/**
 * What each node type of tree-sitter-python becomes in our tree: one table by type name, resolved once per language to
 * an array by type id. Says nothing of how the tree is walked. A type that is not listed becomes `Opaque`, so that a
 * newer grammar's constructs are passed over instead of being misread.
 * Source of the names: tree-sitter-python 0.25, grammar.js and src/node-types.json.
 */
import type { Language } from 'web-tree-sitter';
import { Kind, Op } from './kinds';

/** What the builder does with a node. */
export enum Act {
  /** Leave it out with all that is in it. */
  Skip,
  /** Leave it out, its children belong to the parent. */
  Through,
  /** Emit the kind and go into it. */
  Emit,
  /** Emit the kind; nothing in it matters. */
  Leaf,
  Comment,
  Error,
  Identifier,
  DottedName,
  ExpressionStatement,
  Assignment,
  AsPattern,
  AsTarget,
  ListSplat,
  DictSplat,
  DefaultParam,
  ParamSeparator,
  String,
  AsyncToken,
  StarToken,
  CommaToken,
  DotToken,
  EqualsToken,
  AsToken,
  FromToken,
  OrToken,
  OperatorToken,
  RelativeImport,
  FutureImport,
  TypeAlias,
  Parenthesized,
  Type,
}

/** A resolved entry: act, and the kind where the act emits one (or the operator of a comparison token). */
export interface ActTable {
  readonly act: Uint8Array;
  readonly kind: Uint8Array;
  /** The ids of the few types that the builder must tell apart although they become the same kind. */
  readonly classPattern: number;
  readonly positionalSeparator: number;
}

/** tree-sitter's id of an ERROR node: the largest symbol (tree_sitter/api.h, ts_builtin_sym_error). */
export const ERROR_TYPE = 65535;

/** An act, and the kind that it emits or the operator that it is. */
type Entry = readonly [Act, (Kind | Op)?];

/** Every act at its own index. */
export const ACTS: readonly Act[] = Object.values(Act).filter((value): value is Act => typeof value === 'number');

const emit = (kind: Kind): Entry => [Act.Emit, kind];
const leaf = (kind: Kind): Entry => [Act.Leaf, kind];
const THROUGH: Entry = [Act.Through];

const NAMED: Readonly<Record<string, Entry>> = {
  module: emit(Kind.Module),
  comment: [Act.Comment],
  line_continuation: [Act.Skip],

  import_statement: emit(Kind.Import),
  import_from_statement: emit(Kind.ImportFrom),
  future_import_statement: [Act.FutureImport, Kind.ImportFrom],
  aliased_import: emit(Kind.ImportAlias),
  relative_import: [Act.RelativeImport],
  import_prefix: [Act.Skip],
  wildcard_import: [Act.StarToken],
  dotted_name: [Act.DottedName],
  print_statement: emit(Kind.ExprStmt),
  exec_statement: emit(Kind.ExprStmt),
  chevron: THROUGH,
  assert_statement: emit(Kind.Assert),
  expression_statement: [Act.ExpressionStatement],
  named_expression: emit(Kind.NamedExpr),
  return_statement: emit(Kind.Return),
  delete_statement: emit(Kind.Delete),
  raise_statement: emit(Kind.Raise),
  pass_statement: leaf(Kind.Pass),
  break_statement: leaf(Kind.Break),
  continue_statement: leaf(Kind.Continue),
  global_statement: emit(Kind.Global),
  nonlocal_statement: emit(Kind.Nonlocal),
  type_alias_statement: [Act.TypeAlias, Kind.TypeAlias],

  if_statement: emit(Kind.If),
  elif_clause: emit(Kind.Elif),
  else_clause: emit(Kind.Else),
  match_statement: emit(Kind.Match),
  case_clause: emit(Kind.Case),
  for_statement: emit(Kind.For),
  while_statement: emit(Kind.While),
  try_statement: emit(Kind.Try),
  except_clause: emit(Kind.Handler),
  except_group_clause: emit(Kind.Handler),
  finally_clause: emit(Kind.Finally),
  with_statement: emit(Kind.With),
  with_clause: THROUGH,
  with_item: emit(Kind.WithItem),
  function_definition: emit(Kind.Function),
  class_definition: emit(Kind.Class),
  decorated_definition: emit(Kind.Decorated),
  decorator: emit(Kind.Decorator),
  block: emit(Kind.Block),

  parameters: emit(Kind.Params),
  lambda_parameters: emit(Kind.Params),
  typed_parameter: [Act.DefaultParam],
  default_parameter: [Act.DefaultParam],
  typed_default_parameter: [Act.DefaultParam],
  keyword_separator: [Act.ParamSeparator],
  positional_separator: [Act.ParamSeparator],
  type_parameter: emit(Kind.TypeParams),
  type: [Act.Type],
  splat_type: emit(Kind.Star),
  generic_type: emit(Kind.Subscript),
  union_type: emit(Kind.BinOp),
  constrained_type: THROUGH,
  member_type: emit(Kind.Attribute),

  case_pattern: emit(Kind.Pattern),
  class_pattern: emit(Kind.Pattern),
  splat_pattern: emit(Kind.Pattern),
  union_pattern: emit(Kind.Pattern),
  dict_pattern: emit(Kind.Pattern),
  keyword_pattern: emit(Kind.Keyword),
  complex_pattern: leaf(Kind.Number),

  identifier: [Act.Identifier],
  attribute: emit(Kind.Attribute),
  call: emit(Kind.Call),
  argument_list: THROUGH,
  keyword_argument: emit(Kind.Keyword),
  list_splat: emit(Kind.Star),
  list_splat_pattern: [Act.ListSplat],
  dictionary_splat: emit(Kind.DoubleStar),
  dictionary_splat_pattern: [Act.DictSplat],
  await: emit(Kind.Await),
  yield: emit(Kind.Yield),
  lambda: emit(Kind.Lambda),
  conditional_expression: emit(Kind.IfExp),
  boolean_operator: emit(Kind.And),
  not_operator: emit(Kind.Not),
  unary_operator: emit(Kind.Unary),
  binary_operator: emit(Kind.BinOp),
  comparison_operator: emit(Kind.Compare),
  subscript: emit(Kind.Subscript),
  slice: emit(Kind.Slice),
  tuple: emit(Kind.Tuple),
  tuple_pattern: emit(Kind.Tuple),
  expression_list: emit(Kind.Tuple),
  pattern_list: emit(Kind.Tuple),
  list: emit(Kind.List),
  list_pattern: emit(Kind.List),
  set: emit(Kind.Set),
  dictionary: emit(Kind.Dict),
  pair: emit(Kind.Pair),
  list_comprehension: emit(Kind.ListComp),
  set_comprehension: emit(Kind.SetComp),
  dictionary_comprehension: emit(Kind.DictComp),
  generator_expression: emit(Kind.GenExp),
  for_in_clause: emit(Kind.CompFor),
  if_clause: emit(Kind.CompIf),
  parenthesized_expression: [Act.Parenthesized],
  parenthesized_list_splat: THROUGH,
  as_pattern: [Act.AsPattern],
  as_pattern_target: [Act.AsTarget],
  assignment: [Act.Assignment, Kind.Assign],
  augmented_assignment: [Act.Assignment, Kind.AugAssign],
  string: [Act.String],
  concatenated_string: emit(Kind.Str),
  string_start: [Act.Skip],
  string_content: [Act.Skip],
  string_end: [Act.Skip],
  escape_sequence: [Act.Skip],
  interpolation: emit(Kind.Interp),
  format_expression: emit(Kind.Interp),
  format_specifier: THROUGH,
  type_conversion: [Act.Skip],
  integer: leaf(Kind.Number),
  float: leaf(Kind.Number),
  true: leaf(Kind.True),
  false: leaf(Kind.False),
  none: leaf(Kind.None),
  ellipsis: leaf(Kind.Ellipsis),
};

/** Tokens that decide something; every other token is left out. */
const TOKENS: Readonly<Record<string, Entry>> = {
  async: [Act.AsyncToken],
  '*': [Act.StarToken],
  '**': [Act.Skip],
  ',': [Act.CommaToken],
  '.': [Act.DotToken],
  '=': [Act.EqualsToken],
  as: [Act.AsToken],
  from: [Act.FromToken],
  or: [Act.OrToken],
  '<': [Act.OperatorToken, Op.Other],
  '<=': [Act.OperatorToken, Op.Other],
  '>': [Act.OperatorToken, Op.Other],
  '>=': [Act.OperatorToken, Op.Other],
  '<>': [Act.OperatorToken, Op.Other],
  is: [Act.OperatorToken, Op.Is],
  'is not': [Act.OperatorToken, Op.IsNot],
  '==': [Act.OperatorToken, Op.Eq],
  '!=': [Act.OperatorToken, Op.NotEq],
  in: [Act.OperatorToken, Op.In],
  'not in': [Act.OperatorToken, Op.NotIn],
};

/** Resolves the table for a loaded grammar. */
export function actTable(language: Language): ActTable {
  const count = language.nodeTypeCount;
  const act = new Uint8Array(65536);
  const kind = new Uint8Array(65536);
  for (let id = 0; id < count; id++) {
    const name = language.nodeTypeForId(id) ?? '';
    const isNamed = language.nodeTypeIsNamed(id);
    const entry = isNamed ? (NAMED[name] ?? [Act.Emit, Kind.Opaque]) : (TOKENS[name] ?? [Act.Skip]);
    act[id] = entry[0];
    kind[id] = entry[1] ?? 0;
  }
  act[ERROR_TYPE] = Act.Error;
  return {
    act,
    kind,
    classPattern: language.idForNodeType('class_pattern', true) ?? -1,
    positionalSeparator: language.idForNodeType('positional_separator', true) ?? -1,
  };
}
