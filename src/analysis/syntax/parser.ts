/**
 * The only place that holds tree-sitter: loads the grammar, parses a text into our tree, and keeps a text parsed while
 * it is edited. Where a line cannot be read (an expression that is being typed) and the parser loses what stands
 * behind it, the line is blanked and the rest parsed again. Judges nothing.
 */
import type { Tree, TreeCursor } from 'web-tree-sitter';
import { Edit, Language, Parser } from 'web-tree-sitter';
import type { Span } from '../finding';
import type { Ast, NodeId } from './ast';
import { NONE } from './ast';
import type { Wasm } from './binding';
import { Cursor, loadWasm, parseText } from './binding';
import type { BuildOptions, NameTable, Reuse } from './build';
import { buildAst } from './build';
import type { ActTable } from './grammar';
import { actTable, ERROR_TYPE } from './grammar';
import { isStatement, Kind } from './kinds';
import { lineAround, positionAt } from './lines';

/** One replaced range, in offsets of the text before it. */
export interface Change {
  readonly span: Span;
  readonly newText: string;
}

/** How many lines of a broken text are blanked at most. */
const MAX_REPAIRS = 4;

/**
 * `lazy import x` (3.15, PEP 810), which the grammar does not know: read as an import. The word moves behind the
 * keyword as white space, so that the statement keeps its indentation and all names keep their offsets.
 */
const LAZY_IMPORT = /^([ \t]*)lazy([ \t]+)(import|from)\b/gm;

export class SyntaxParser {
  private constructor(
    private readonly parser: Parser,
    private readonly table: ActTable,
    private readonly wasm: Wasm,
  ) {}

  /** Compiles the parser's runtime and the Python grammar, both given as bytes. */
  static async create(treeSitter: Uint8Array, python: Uint8Array): Promise<SyntaxParser> {
    const wasm = await loadWasm(treeSitter);
    const language = await Language.load(python);
    const parser = new Parser();
    parser.setLanguage(language);
    return new SyntaxParser(parser, actTable(language), wasm);
  }

  /** Parses a text that will not be edited. */
  parse(text: string): Ast {
    const tree = this.run(text, null);
    const ast = this.build(text, tree, newNames(), undefined);
    tree.delete();
    return ast;
  }

  /** Parses a text that will be edited. The caller disposes it. */
  open(text: string): ParsedText {
    return new ParsedText(this, text);
  }

  /** Parses a text, using what an older, already edited tree shares with it. The caller deletes the tree. */
  run(text: string, oldTree: Tree | null): Tree {
    const tree = parseText(this.parser, text, oldTree);
    if (!tree) throw new Error('the parser gave no tree');
    return tree;
  }

  /** Our tree of a parsed text; `tree` stays the caller's. */
  build(text: string, tree: Tree, names: NameTable, reuse: Reuse | undefined): Ast {
    const isBroken = tree.rootNode.hasError;
    const { table } = this;
    if (!isBroken) return this.walked(tree, { text, table, names, isBroken, blanked: [], reuse });
    const { tree: repaired, blanked } = this.repaired(text, tree);
    const left = repaired.rootNode.hasError;
    const ast = this.walked(repaired, { text, table, names, isBroken: left, blanked, reuse });
    if (repaired !== tree) repaired.delete();
    return ast;
  }

  private walked(tree: Tree, options: BuildOptions): Ast {
    const cursor = new Cursor(this.wasm, tree);
    try {
      return buildAst(cursor, options);
    } finally {
      cursor.free();
    }
  }

  /** Blanks the line of the first error while that leaves less of the text in errors. */
  private repaired(text: string, tree: Tree): { tree: Tree; blanked: Span[] } {
    const blanked: Span[] = [];
    let current = text.includes('lazy') ? text.replace(LAZY_IMPORT, '$1$3$2    ') : text;
    let best = current === text ? tree : this.run(current, null);
    let errors = errorsOf(best);
    for (let round = 0; round < MAX_REPAIRS && errors.size > 0; round++) {
      const line = lineAround(current, errors.first);
      if (current.slice(line.start, line.end).trim() === '') break;
      const edit = { span: line, newText: ' '.repeat(line.end - line.start) };
      const edited = best.copy();
      edited.edit(treeEdit(current, edit));
      const attempt = applied(current, edit);
      const next = this.run(attempt, edited);
      edited.delete();
      const left = errorsOf(next);
      if (left.size >= errors.size) {
        next.delete();
        break;
      }
      if (best !== tree) best.delete();
      best = next;
      current = attempt;
      errors = left;
      blanked.push(line);
    }
    return { tree: best, blanked };
  }
}

/** A text that is kept parsed while it is edited. Not usable after `dispose`. */
export class ParsedText {
  private tree: Tree;
  private readonly names = newNames();
  private current: Ast;

  constructor(
    private readonly parser: SyntaxParser,
    text: string,
  ) {
    this.tree = parser.run(text, null);
    this.current = parser.build(text, this.tree, this.names, undefined);
  }

  get text(): string {
    return this.current.text;
  }

  get ast(): Ast {
    return this.current;
  }

  /** Applies changes in their order, each to the text that the one before left. */
  edit(changes: readonly Change[]): void {
    const old = this.current;
    let text = old.text;
    for (const change of changes) {
      this.tree.edit(treeEdit(text, change));
      text = applied(text, change);
    }
    const next = this.parser.run(text, this.tree);
    this.tree.delete();
    this.tree = next;
    this.current = this.parser.build(text, next, this.names, unchangedParts(old, text));
  }

  dispose(): void {
    this.tree.delete();
  }
}

function newNames(): NameTable {
  return { list: [''], index: new Map([['', 0]]) };
}

function walk<T>(tree: Tree, use: (cursor: TreeCursor) => T): T {
  const cursor = tree.walk();
  try {
    return use(cursor);
  } finally {
    cursor.delete();
  }
}

function applied(text: string, { span, newText }: Change): string {
  return text.slice(0, span.start) + newText + text.slice(span.end);
}

function treeEdit(text: string, change: Change): Edit {
  const { span, newText } = change;
  const newEnd = span.start + newText.length;
  return new Edit({
    startIndex: span.start,
    oldEndIndex: span.end,
    newEndIndex: newEnd,
    startPosition: positionAt(text, span.start),
    oldEndPosition: positionAt(text, span.end),
    newEndPosition: positionAt(applied(text, change), newEnd),
  });
}

/** How much of a text stands in errors, and where the first one starts. */
function errorsOf(tree: Tree): { size: number; first: number } {
  let size = 0;
  let first = -1;
  walk(tree, (cursor) => {
    for (;;) {
      const isError = cursor.nodeTypeId === ERROR_TYPE;
      const node = isError || cursor.nodeIsMissing ? null : cursor.currentNode;
      if (!node) {
        if (first < 0) first = cursor.startIndex;
        size += cursor.endIndex - cursor.startIndex + 1;
      } else if (node.hasError && cursor.gotoFirstChild()) continue;
      while (!cursor.gotoNextSibling()) if (!cursor.gotoParent()) return;
    }
  });
  return { size, first };
}

/** Finds statements of an older tree that stand unchanged in a newer text. */
function unchangedParts(old: Ast, text: string): Reuse {
  const prefix = commonPrefix(old.text, text);
  const suffix = commonSuffix(old.text, text, prefix);
  const suffixStart = text.length - suffix;
  const shift = old.text.length - text.length;
  const find = (start: number, end: number): NodeId => {
    if (end <= prefix) return statementAt(old, start, end);
    if (start >= suffixStart) return statementAt(old, start + shift, end + shift);
    return NONE;
  };
  return { ast: old, find };
}

function commonPrefix(a: string, b: string): number {
  const limit = Math.min(a.length, b.length);
  let at = 0;
  while (at < limit && a.charCodeAt(at) === b.charCodeAt(at)) at++;
  return at;
}

function commonSuffix(a: string, b: string, prefix: number): number {
  const limit = Math.min(a.length, b.length) - prefix;
  let count = 0;
  while (count < limit && a.charCodeAt(a.length - 1 - count) === b.charCodeAt(b.length - 1 - count)) count++;
  return count;
}

/** The whole and error-free statement with exactly this span, or `NONE`. */
function statementAt(ast: Ast, start: number, end: number): NodeId {
  let low = 0;
  let high = ast.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ast.start[middle] ?? 0) < start) low = middle + 1;
    else high = middle;
  }
  for (let node = low; node < ast.length && ast.start[node] === start; node++) {
    if (ast.end[node] === end && isStatement(ast.kindOf(node))) return isWhole(ast, node) ? node : NONE;
  }
  return NONE;
}

/** Whether nothing in a statement was left out or not understood. */
function isWhole(ast: Ast, node: NodeId): boolean {
  if (!ast.hasErrors) return true;
  const kinds = ast.kind.subarray(node, ast.after(node));
  if (kinds.includes(Kind.Error) || kinds.includes(Kind.Opaque)) return false;
  const start = ast.start[node] ?? 0;
  const end = ast.end[node] ?? 0;
  return !ast.broken.some((span) => span.start < end && span.end >= start);
}
