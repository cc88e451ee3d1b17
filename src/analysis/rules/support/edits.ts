/**
 * Text edits that fixes are made of: wrapping statements in a new block, taking statements out, replacing expressions,
 * with the file's own indentation and line ends. Knows syntax, no rule. Where a statement shares its lines with others,
 * the answer is that it cannot be edited.
 */
import type { Fix, Span, TextEdit } from '../../finding';
import type { Ast, NodeId } from '../../syntax/ast';
import { NONE } from '../../syntax/ast';
import { isStatement, Kind } from '../../syntax/kinds';
import { indentAt } from '../../syntax/lines';

export function lineEndOf(ast: Ast): string {
  const at = ast.text.indexOf('\n');
  return at > 0 && ast.text[at - 1] === '\r' ? '\r\n' : '\n';
}

/** What one more level of indentation is in this file. */
export function indentUnit(ast: Ast): string {
  for (let node = 0; node < ast.length; node++) {
    if (ast.kindOf(node) !== Kind.Block || ast.firstChild(node) === NONE) continue;
    const header = indentAt(ast.text, ast.start[ast.parent(node)] ?? 0);
    const inner = indentAt(ast.text, ast.start[node] ?? 0);
    if (inner.length > header.length && inner.startsWith(header)) return inner.slice(header.length);
  }
  return '    ';
}

export function indentOf(ast: Ast, node: NodeId): string {
  return indentAt(ast.text, ast.start[node] ?? 0);
}

/** The statement itself, or the decorated definition that it is a part of. */
export function wholeStatement(ast: Ast, node: NodeId): NodeId {
  const parent = ast.parent(node);
  return parent !== NONE && ast.kindOf(parent) === Kind.Decorated ? parent : node;
}

/** The innermost statement that holds a node and stands in a block or the module, not the function it is in. */
export function statementOf(ast: Ast, node: NodeId): NodeId {
  const statement = ast.enclosing(node, (kind) => isStatement(kind));
  return statement === NONE ? NONE : wholeStatement(ast, statement);
}

/** The statements of the block that a statement stands in, that statement included. */
export function siblingsOf(ast: Ast, statement: NodeId): NodeId[] {
  const parent = ast.parent(statement);
  return parent === NONE ? [] : ast.children(parent);
}

/** The whole lines that a statement takes, its line end included, or undefined where it shares them. */
export function linesOf(ast: Ast, statement: NodeId): Span | undefined {
  return linesOfRange(ast, statement, statement);
}

/** The whole lines from one statement to another of the same block, or undefined where others share them. */
export function linesOfRange(ast: Ast, first: NodeId, last: NodeId): Span | undefined {
  const { text } = ast;
  const from = ast.start[first] ?? 0;
  const to = ast.end[last] ?? 0;
  const start = from === 0 ? 0 : text.lastIndexOf('\n', from - 1) + 1;
  let end = text.indexOf('\n', to);
  end = end < 0 ? text.length : end + 1;
  if (text.slice(start, from).trim() !== '') return undefined;
  return /^[ \t\r\n\f]*(#.*)?\r?\n?$/.test(text.slice(to, end)) ? { start, end } : undefined;
}

/** The text of a range of lines with every line moved in, but for those that stand in a string. */
export function indented(ast: Ast, lines: Span, by: string): string {
  const { text } = ast;
  let result = '';
  for (let at = lines.start; at < lines.end;) {
    let next = text.indexOf('\n', at) + 1;
    if (next === 0 || next > lines.end) next = lines.end;
    const line = text.slice(at, next);
    result += line.trim() === '' || standsInString(ast, at) ? line : movedIn(line, by);
    at = next;
  }
  return result;
}

/** Python counts the indentation of a line from behind the last form feed before it. */
function movedIn(line: string, by: string): string {
  const [lead = ''] = /^(?:[ \t]*\f)*/.exec(line) ?? [];
  return lead + by + line.slice(lead.length);
}

function standsInString(ast: Ast, offset: number): boolean {
  for (let at = ast.nodeAt(offset); at !== NONE; at = ast.parent(at)) {
    if (ast.kindOf(at) === Kind.Str) return (ast.start[at] ?? 0) < offset && offset < (ast.end[at] ?? 0);
  }
  return false;
}

/** Takes a statement out, with its lines; `pass` takes its place where the block would be empty. */
export function removal(ast: Ast, statement: NodeId): TextEdit | undefined {
  const lines = linesOf(ast, statement);
  if (!lines) return undefined;
  const parent = ast.parent(statement);
  const isAlone = parent !== NONE && ast.kindOf(parent) === Kind.Block && ast.children(parent).length === 1;
  if (isAlone) return { span: ast.span(statement), newText: 'pass' };
  return { span: lines, newText: '' };
}

export function replacement(ast: Ast, node: NodeId, newText: string): TextEdit {
  return { span: ast.span(node), newText };
}

/** A fix, or undefined where one of its edits could not be made. */
export function fix(title: string, safe: boolean, edits: readonly (TextEdit | undefined)[]): Fix | undefined {
  const made = edits.filter((edit) => edit !== undefined);
  return made.length === edits.length ? { title, safe, edits: made } : undefined;
}

/** Those fixes that could be made. */
export function fixes(...all: readonly (Fix | undefined)[]): Fix[] {
  return all.filter((each) => each !== undefined);
}

/** Whether the subtree of a node names a symbol, by a test on names. */
export function someNode(ast: Ast, node: NodeId, test: (node: NodeId) => boolean): boolean {
  const end = ast.after(node);
  for (let at = node; at < end; at++) if (test(at)) return true;
  return false;
}
