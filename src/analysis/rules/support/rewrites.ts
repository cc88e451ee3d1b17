/**
 * Text edits that the rules' fixes are made of: await an expression, take an argument away, indent or dedent lines, wrap
 * the rest of a block, name a function of a module with the import that it needs. Keeps the syntax whole; where it can't,
 * it gives undefined and the rule offers no fix. Decides nothing about what is to be fixed.
 */
import type { Values } from '../../flow/values';
import type { Span, TextEdit } from '../../finding';
import type { Ast, NodeId } from '../../syntax/ast';
import { NONE } from '../../syntax/ast';
import { Kind } from '../../syntax/kinds';
import { lineAround } from '../../syntax/lines';
import { lineEndOf } from './edits';

/** `await text` as it must be written in place of a node: in brackets where an attribute, call or index follows. */
export function awaited(ast: Ast, node: NodeId, text: string): string {
  const parent = ast.parent(node);
  const kind = parent === NONE ? Kind.Module : ast.kindOf(parent);
  const isPrimary = kind === Kind.Attribute || kind === Kind.Call || kind === Kind.Subscript;
  const isOperand = kind === Kind.BinOp && /\*\*\s*$/.test(ast.text.slice(ast.start[parent], ast.start[node]));
  return (isPrimary && parent + 1 === node) || isOperand ? `(await ${text})` : `await ${text}`;
}

/** An expression's text as it may stand behind `await` or before a dot: in brackets unless it is a primary. */
export function primary(ast: Ast, node: NodeId): string {
  const text = ast.textOf(node);
  switch (ast.kindOf(node)) {
    case Kind.Name:
    case Kind.Attribute:
    case Kind.Call:
    case Kind.Subscript:
    case Kind.Str:
    case Kind.Tuple:
    case Kind.List:
      return text;
    default:
      return `(${text})`;
  }
}

/** Whether `await` may stand in place of a node: not in a lambda or a generator expression of its own. */
export function mayAwait(ast: Ast, node: NodeId): boolean {
  for (let at = ast.parent(node); at !== NONE; at = ast.parent(at)) {
    const kind = ast.kindOf(at);
    if (kind === Kind.Lambda || kind === Kind.GenExp) return false;
    if (kind === Kind.Function || kind === Kind.Class) return kind === Kind.Function;
  }
  return true;
}

/** Takes an argument of a call away, with one comma, and with its line where nothing else is on it. */
export function withoutArgument(ast: Ast, call: NodeId, argument: NodeId): TextEdit {
  const { text } = ast;
  const args = ast.children(call).slice(1);
  const index = args.indexOf(argument);
  let start = ast.start[argument] ?? 0;
  let end = ast.end[argument] ?? 0;
  const next = args[index + 1];
  const previous = args[index - 1];
  if (next !== undefined) {
    end = ast.start[next] ?? end;
    return { span: { start, end }, newText: '' };
  }
  // The last one: a comma behind it goes with it, else the one before it does.
  const comma = /^\s*,/.exec(text.slice(end))?.[0];
  if (comma !== undefined) end += comma.length;
  const line = lineAround(text, start);
  const isAlone =
    text.slice(line.start, start).trim() === '' && text.slice(end, lineAround(text, end).end).trim() === '';
  if (isAlone && (comma !== undefined || previous === undefined)) {
    const lineEnd = text.indexOf('\n', end);
    return { span: { start: line.start, end: lineEnd < 0 ? text.length : lineEnd + 1 }, newText: '' };
  }
  if (comma !== undefined && previous === undefined) return { span: { start, end }, newText: '' };
  if (previous !== undefined && comma === undefined) start = ast.end[previous] ?? start;
  else while (start > 0 && /[ \t]/.test(text[start - 1] ?? '')) start--;
  return { span: { start, end }, newText: '' };
}

/** Whether an offset stands in a string that began on an earlier line: its line can't be indented. */
function stringLines(ast: Ast, from: NodeId, to: NodeId): Span[] {
  const spans: Span[] = [];
  for (let node = from; node < to; node++) {
    if (ast.kindOf(node) === Kind.Str) spans.push(ast.span(node));
  }
  return spans;
}

/** The starts of the lines that hold statements `first` to `last` of a block, the lines of strings left out. */
function lineStarts(ast: Ast, first: NodeId, last: NodeId): number[] {
  const { text } = ast;
  const strings = stringLines(ast, first, ast.after(last));
  const end = ast.end[last] ?? 0;
  const starts: number[] = [];
  for (let at = lineAround(text, ast.start[first] ?? 0).start; at < end;) {
    const line = lineAround(text, at);
    const isInString = strings.some(({ start, end: stop }) => start < at && at < stop);
    if (!isInString && text.slice(line.start, line.end).trim() !== '') starts.push(at);
    const next = text.indexOf('\n', at);
    if (next < 0) break;
    at = next + 1;
  }
  return starts;
}

/** Takes `by` of the indentation, `at` characters in, of statements `first` to `last`; undefined where a line has it not. */
export function dedented(ast: Ast, first: NodeId, last: NodeId, by: string, at: number): TextEdit[] | undefined {
  const starts = lineStarts(ast, first, last).map((start) => start + at);
  if (by === '' || !starts.every((start) => ast.text.startsWith(by, start))) return undefined;
  return starts.map((start) => ({ span: { start, end: start + by.length }, newText: '' }));
}

/** How to write a function of a module at a place, and the import that has to be added for it. */
export interface Reference {
  readonly text: string;
  readonly edits: readonly TextEdit[];
}

/**
 * How to name `module.name` at a node: through an import that is there, by adding the name to a `from module import`, or
 * with a new import. Undefined where the name means something else at that place.
 */
export function reference(values: Values, node: NodeId, module: string, name: string): Reference | undefined {
  const { names } = values;
  const { ast } = names;
  for (const symbol of names.module.symbols.values()) {
    const [binding, ...others] = symbol.bindings;
    if (binding?.kind !== 'import' || others.length > 0 || !isVisible(values, node, symbol.name)) continue;
    if (binding.qualified === module && isTopLevel(ast, binding.target))
      return { text: `${symbol.name}.${name}`, edits: [] };
    if (binding.qualified === `${module}.${name}` && isTopLevel(ast, binding.target))
      return { text: symbol.name, edits: [] };
  }
  const from = ast.children(0).find((child) => ast.kindOf(child) === Kind.ImportFrom && ast.name(child) === module);
  if (from !== undefined && ast.lastChild(from) !== NONE && isFree(values, node, name)) {
    return { text: name, edits: [insert(ast.end[ast.lastChild(from)] ?? 0, `, ${name}`)] };
  }
  if (!isFree(values, node, module)) return undefined;
  return { text: `${module}.${name}`, edits: [importEdit(ast, module)] };
}

/** Whether nothing between a node and the module binds a name. */
function isVisible(values: Values, node: NodeId, name: string): boolean {
  const { names } = values;
  const atom = names.ast.atomOf(name);
  for (let fn = names.functionOf(node); fn; fn = fn.parent) if (fn.scope.symbols.has(atom)) return false;
  return true;
}

/** Whether nothing binds a name where a node can see it. */
export function isFree(values: Values, node: NodeId, name: string): boolean {
  const { names } = values;
  return isVisible(values, node, name) && !names.module.symbols.has(names.ast.atomOf(name));
}

function isTopLevel(ast: Ast, node: NodeId): boolean {
  const statement = ast.statementOf(node);
  return statement !== NONE && ast.parent(statement) === 0;
}

/** `import module` behind the imports at the head of the text, its docstring and `from __future__` lines. */
function insert(at: number, newText: string): TextEdit {
  return { span: { start: at, end: at }, newText };
}

function importEdit(ast: Ast, module: string): TextEdit {
  const eol = lineEndOf(ast);
  let last = NONE;
  for (const child of ast.children(0)) {
    const kind = ast.kindOf(child);
    const isDocstring = kind === Kind.ExprStmt && ast.kindOf(child + 1) === Kind.Str && last === NONE;
    if (kind !== Kind.Import && kind !== Kind.ImportFrom && !isDocstring) break;
    last = child;
  }
  if (last === NONE) {
    // Before the first statement, behind a `#!` line and a coding line.
    const first = ast.firstChild(0);
    const at = first === NONE ? ast.text.length : lineAround(ast.text, ast.start[first] ?? 0).start;
    return insert(at, `import ${module}${eol}`);
  }
  return insert(lineAround(ast.text, ast.end[last] ?? 0).end, `${eol}import ${module}`);
}
