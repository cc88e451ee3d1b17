/**
 * The only place that holds tree-sitter: loads the grammar, parses a text into our tree, and keeps a text parsed while
 * it is edited. Where a line cannot be read (an expression that is being typed) and the parser loses what stands
 * behind it, the line is blanked and the rest parsed again. Judges nothing.
 */
import type { Tree, TreeCursor } from 'web-tree-sitter';
import { Edit, Language, Parser } from 'web-tree-sitter';
import type { Span } from '../finding';
import { Assembly } from './assemble';
import type { Ast } from './ast';
import type { Wasm } from './binding';
import { Cursor, loadWasm, parseText } from './binding';
import type { BuildOptions, NameTable } from './build';
import { buildAst } from './build';
import type { ActTable } from './grammar';
import { actTable, ERROR_TYPE } from './grammar';
import { Kind } from './kinds';
import { lineAround, positionAt } from './lines';
import { assembled, KnownMembers, MEMBER_DEPTH, memberStarts, NO_MEMBERS } from './members';
import { allStarts, findStarts, FIRST_WORD } from './pieces';
import { firstFrom } from './search';

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
  /** How many characters were read so far. */
  read = 0;

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
  parse(text: string, names = newNames()): Ast {
    const tree = this.run(text, null);
    try {
      if (!tree.rootNode.hasError) return this.build(text, tree, names);
      // Where a text is broken its statements are read one by one, so that each error stays in its own.
      const starts = allStarts(text);
      const whole = new Assembly(text, text.length >> 2);
      starts.forEach((start, index) => {
        const piece = text.slice(start, starts[index + 1] ?? text.length);
        const ast = this.piece(piece, names);
        whole.add(ast, 0, piece.length + 1, start);
      });
      return whole.finish(names);
    } finally {
      tree.delete();
    }
  }

  /**
   * Parses one top-level statement, with what stands behind it up to the next. A long one is read by its members.
   * @param known trees of members that need not be read again
   * @param depth how deep the text stands in a larger one
   */
  piece(text: string, names: NameTable, known = new KnownMembers(), depth = 0): Ast {
    const starts = memberStarts(text);
    const [first = 0] = starts;
    if (starts.length > 1) {
      const indent = text.slice(first).search(/\S/);
      const header = this.alone(text.slice(0, first + indent) + NO_MEMBERS, names, depth);
      const inside = depth + MEMBER_DEPTH + header.childrenOfKind(0, Kind.Decorated).length;
      const trees = starts.map((start, index) => {
        const member = text.slice(start, starts[index + 1] ?? text.length);
        return known.of(member, () => this.piece(member, names, known, inside));
      });
      const whole = assembled(text, header, starts, trees, names);
      if (whole) return whole;
    }
    return this.alone(text, names, depth);
  }

  /** Parses a text by itself. @param depth how deep it stands in a larger one */
  private alone(text: string, names: NameTable, depth: number): Ast {
    this.read += text.length;
    const tree = this.run(text, null);
    try {
      return this.build(text, tree, names, depth);
    } finally {
      tree.delete();
    }
  }

  /** Parses a text that will be edited. The caller disposes it. */
  open(text: string): ParsedText {
    return new ParsedText(this, text);
  }

  /** Parses a text, using what an older, already edited tree shares with it. The caller deletes the tree. */
  private run(text: string, oldTree: Tree | null): Tree {
    const tree = parseText(this.parser, text, oldTree);
    if (!tree) throw new Error('the parser gave no tree');
    return tree;
  }

  /** Our tree of a parsed text; `tree` stays the caller's. */
  private build(text: string, tree: Tree, names: NameTable, depth = 0): Ast {
    const isBroken = tree.rootNode.hasError;
    const { table } = this;
    if (!isBroken) return this.walked(tree, { text, table, names, isBroken, blanked: [], depth });
    const { tree: repaired, blanked } = this.repaired(text, tree);
    const left = repaired.rootNode.hasError;
    const ast = this.walked(repaired, { text, table, names, isBroken: left, blanked, depth });
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

/**
 * A text that is kept parsed while it is edited. An edit reads anew only the top-level statements that it touches; of one
 * that is long, only what the edit touches in it. Not usable after `dispose`.
 */
export class ParsedText {
  private readonly names = newNames();
  private current: Ast;
  /** The starts of top-level statements; found at the first edit. */
  private starts: number[] | undefined;
  /** The members of the long statement that was edited last. */
  private members = new KnownMembers();
  /** How many characters the last edit gave to the parser. */
  private given = 0;

  constructor(
    private readonly parser: SyntaxParser,
    text: string,
  ) {
    this.current = parser.parse(text, this.names);
  }

  get text(): string {
    return this.current.text;
  }

  get ast(): Ast {
    return this.current;
  }

  /** How many characters had to be read for the last call of `edit`. */
  get lastRead(): number {
    return this.given;
  }

  /** Applies changes in their order, each to the text that the one before left. */
  edit(changes: readonly Change[]): void {
    const before = this.parser.read;
    for (const change of changes) this.apply(change);
    this.given = this.parser.read - before;
  }

  private apply(change: Change): void {
    const old = this.current;
    const { span, newText } = change;
    const text = applied(old.text, change);
    const starts = (this.starts ??= allStarts(old.text));
    const delta = newText.length - (span.end - span.start);
    const newEnd = span.start + newText.length;
    // A change in its first words can make a statement a part of the one above.
    let first = lastUpTo(starts, span.start);
    if (first > 0 && span.start <= (starts[first] ?? 0) + FIRST_WORD) first--;
    const from = starts[first] ?? 0;
    const fresh = [from];
    let behind = text.length;
    let next = starts.length;
    findStarts(text, from, (start) => {
      if (start >= newEnd) {
        const known = lastUpTo(starts, start - delta);
        if (starts[known] === start - delta && known > first) {
          behind = start;
          next = known;
          return true;
        }
      }
      fresh.push(start);
      return false;
    });
    const whole = new Assembly(text, old.length + (newText.length >> 1) + 64);
    whole.add(old, 0, from, 0);
    fresh.forEach((start, index) => {
      const end = fresh[index + 1] ?? behind;
      const isSame = end <= span.start && starts[first + index] === start && starts[first + index + 1] === end;
      if (isSame) whole.add(old, start, end, 0);
      else {
        this.members.turn();
        whole.add(this.parser.piece(text.slice(start, end), this.names, this.members), 0, end - start + 1, start);
      }
    });
    if (next < starts.length) whole.add(old, behind - delta, old.text.length + 1, delta);
    this.starts = [...starts.slice(0, first), ...fresh, ...starts.slice(next).map((start) => start + delta)];
    this.current = whole.finish(this.names);
  }

  dispose(): void {
    this.members = new KnownMembers();
  }
}

/** The index of the last start that is not behind an offset. */
function lastUpTo(starts: readonly number[], offset: number): number {
  return firstFrom(starts, offset + 1, 1, starts.length) - 1;
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
