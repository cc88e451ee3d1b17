/**
 * Reads a long class, function or other block member by member (the statements of its body), so that an edit reads anew only the member
 * that it touches, and an error stays in its own. Each member is read as a module of its own, which for code that is laid out
 * as usual makes no difference; what is not is read in one piece. Knows nothing of the parser.
 */
import type { NodeId } from './ast';
import { Ast, NONE } from './ast';
import type { NameTable } from './build';
import { blockEnd } from './build';
import { Kind } from './kinds';
import { findStarts } from './pieces';
import { TreeStore } from './store';

/** From this length on a statement is read by its members. */
export const LONG = 4000;

/** Trees of members by their text, as they were last read. */
export class KnownMembers {
  private trees = new Map<string, Ast>();
  private before = new Map<string, Ast>();

  /** Another statement is read: what its members are not, is forgotten when the next one is. */
  turn(): void {
    this.before = this.trees;
    this.trees = new Map<string, Ast>();
  }

  /** The tree of a member. */
  of(text: string, read: () => Ast): Ast {
    const known = this.trees.get(text) ?? this.before.get(text);
    // A part of a string keeps the whole of it: each tree has its part of the newest text.
    const tree = known?.withText(text) ?? read();
    this.trees.set(text, tree);
    return tree;
  }
}

/** Where the members of a statement with a block begin, each with the line that it begins in; none where it is short or not indented well. */
export function memberStarts(text: string): number[] {
  const starts: number[] = [];
  if (text.length >= LONG && HEADER.test(text) && !UNUSUAL.test(text)) {
    const note = (start: number): boolean => {
      if (start < 0) starts.length = 0;
      else starts.push(start);
      return start < 0;
    };
    findStarts(text, 0, note, true);
  }
  return starts;
}

/** A definition, or another statement with a block that can be its last part. */
const HEADER = /^[ \t]*(?:@|(?:class|def|async|with|for|while|if)\b)/;

/** White space that hides where a line begins: a form feed, a CR alone, zero-width characters, a line of nothing but a backslash. */
const UNUSUAL = /[\f\v\uFEFF\u2060\u200B]|\r(?!\n)|^[ \t]*\\\r?$/m;

/** What stands in the place of the members while the header is read. */
export const NO_MEMBERS = 'pass';

/** How deep a member stands in the tree of the whole: in a module, a definition, a block. */
export const MEMBER_DEPTH = 2;

/**
 * The tree of a definition.
 * @param header the tree of the text before the first member, with `NO_MEMBERS` there
 * @returns undefined where the header is none
 */
export function assembled(
  text: string,
  header: Ast,
  starts: readonly number[],
  members: readonly Ast[],
  names: NameTable,
): Ast | undefined {
  const around = blockAround(header);
  const [block = NONE] = around;
  if (block === NONE) return undefined;
  const store = new TreeStore(members.reduce((sum, { length }) => sum + length, header.length));
  store.copyRange(header, 0, header.length - 1, 0);
  const comments = [...header.comments];
  const broken = [...header.broken];
  let end = header.start[block] ?? 0;
  members.forEach((member, index) => {
    const delta = starts[index] ?? 0;
    store.copyRange(member, 1, member.length, delta, block);
    for (const at of member.comments) comments.push(at + delta);
    for (const span of member.broken) broken.push({ start: span.start + delta, end: span.end + delta });
    const last = member.lastChild(0);
    if (last !== NONE) end = blockEnd(member.text, member.end[last] ?? 0) + delta;
  });
  for (const node of around) {
    store.close(node);
    store.end[node] = end;
  }
  store.close(0);
  store.end[0] = text.length;
  return new Ast(text, store, store.length, names.list, names.index, Int32Array.from(comments), broken);
}

const ENDING_WITH_BLOCK: ReadonlySet<Kind> = new Set([
  ...[Kind.Class, Kind.Function, Kind.With, Kind.For, Kind.While, Kind.If],
]);

/** The block that ends a tree with its one statement, the definition, and what stands around that. */
function blockAround(header: Ast): NodeId[] {
  const last = header.length - 1;
  if (header.hasErrors || header.kindOf(last) !== Kind.Pass) return [];
  const block = header.parent(last);
  const definition = header.parent(block);
  if (header.kindOf(block) !== Kind.Block || !ENDING_WITH_BLOCK.has(header.kindOf(definition))) return [];
  const outer = header.parent(definition);
  if (definition === 1) return [block, definition];
  return outer === 1 && header.kindOf(outer) === Kind.Decorated ? [block, definition, outer] : [];
}
