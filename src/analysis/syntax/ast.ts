/**
 * Our own syntax tree: nodes in source order (preorder) in flat arrays, so that a subtree is a contiguous range, is
 * walked without recursion and can be copied whole when the text around it changes. Knows no grammar and no Python
 * semantics beyond the kinds. A node is its index; `NONE` is no node.
 */
import type { Span } from '../finding';
import type { Flag } from './kinds';
import { isStatement, Kind, KINDS, Op, OPS } from './kinds';

export type NodeId = number;

export const NONE: NodeId = -1;

/** The arrays that grow while a tree is built. */
export interface AstArrays {
  readonly kind: Uint8Array;
  readonly flags: Uint8Array;
  readonly start: Int32Array;
  readonly end: Int32Array;
  /** Number of nodes in the subtree, the node itself included. */
  readonly size: Int32Array;
  /** How far back the parent is; 0 for the root. */
  readonly up: Int32Array;
  /** Index into `names`; 0 is no name. */
  readonly atom: Int32Array;
}

export class Ast {
  readonly kind: Uint8Array;
  readonly flags: Uint8Array;
  readonly start: Int32Array;
  readonly end: Int32Array;
  readonly size: Int32Array;
  readonly up: Int32Array;
  readonly atom: Int32Array;

  /**
   * @param comments start and end of each comment, alternating, in order
   * @param broken the parts of the text that were not understood, in no order; may overlap
   */
  constructor(
    readonly text: string,
    arrays: AstArrays,
    readonly length: number,
    readonly names: readonly string[],
    private readonly atoms: ReadonlyMap<string, number>,
    readonly comments: Int32Array,
    readonly broken: readonly Span[],
  ) {
    this.kind = arrays.kind;
    this.flags = arrays.flags;
    this.start = arrays.start;
    this.end = arrays.end;
    this.size = arrays.size;
    this.up = arrays.up;
    this.atom = arrays.atom;
  }

  /** The same tree of another copy of the same text. */
  withText(text: string): Ast {
    return new Ast(text, this, this.length, this.names, this.atoms, this.comments, this.broken);
  }

  /** Whether any part of the text was not understood. */
  get hasErrors(): boolean {
    return this.broken.length > 0;
  }

  kindOf(node: NodeId): Kind {
    return KINDS[this.kind[node] ?? 0] ?? Kind.Opaque;
  }

  /** What a Compare compares with. */
  operatorOf(node: NodeId): Op {
    return OPS[this.flags[node] ?? 0] ?? Op.Other;
  }

  hasFlag(node: NodeId, flag: Flag): boolean {
    return ((this.flags[node] ?? 0) & flag) !== 0;
  }

  parent(node: NodeId): NodeId {
    const up = this.up[node] ?? 0;
    return up === 0 ? NONE : node - up;
  }

  /** The first node behind the subtree of `node`. */
  after(node: NodeId): NodeId {
    return node + (this.size[node] ?? 1);
  }

  firstChild(node: NodeId): NodeId {
    return (this.size[node] ?? 1) > 1 ? node + 1 : NONE;
  }

  /** The next child of the same parent, or `NONE`. */
  nextSibling(node: NodeId): NodeId {
    const parent = this.parent(node);
    if (parent === NONE) return NONE;
    const next = this.after(node);
    return next < this.after(parent) ? next : NONE;
  }

  /** All children, in order. */
  children(node: NodeId): NodeId[] {
    const list: NodeId[] = [];
    const end = this.after(node);
    for (let child = node + 1; child < end; child = this.after(child)) list.push(child);
    return list;
  }

  /** The child at a place, or `NONE`. */
  child(node: NodeId, index: number): NodeId {
    const end = this.after(node);
    let child = node + 1;
    for (let left = index; left > 0 && child < end; left--) child = this.after(child);
    return child < end ? child : NONE;
  }

  lastChild(node: NodeId): NodeId {
    const end = this.after(node);
    let last = NONE;
    for (let child = node + 1; child < end; child = this.after(child)) last = child;
    return last;
  }

  /** The first child of a kind, or `NONE`. */
  childOfKind(node: NodeId, kind: Kind): NodeId {
    const end = this.after(node);
    for (let child = node + 1; child < end; child = this.after(child)) if (this.kindOf(child) === kind) return child;
    return NONE;
  }

  childrenOfKind(node: NodeId, kind: Kind): NodeId[] {
    return this.children(node).filter((child) => this.kindOf(child) === kind);
  }

  /** Whether `inner` is `outer` or stands in it. */
  contains(outer: NodeId, inner: NodeId): boolean {
    return inner >= outer && inner < this.after(outer);
  }

  name(node: NodeId): string {
    return this.names[this.atom[node] ?? 0] ?? '';
  }

  /** The index of a name in `names`, or -1 where the text does not have it. */
  atomOf(name: string): number {
    return this.atoms.get(name) ?? -1;
  }

  /** Whether any node has this name. */
  isNamed(name: string): boolean {
    // The list of names may hold more: those that the text had before it was edited.
    const atom = this.atomOf(name);
    return atom > 0 && this.atom.subarray(0, this.length).includes(atom);
  }

  textOf(node: NodeId): string {
    return this.text.slice(this.start[node], this.end[node]);
  }

  span(node: NodeId): Span {
    return { start: this.start[node] ?? 0, end: this.end[node] ?? 0 };
  }

  /** The span of an attribute's own name, without its object. */
  attributeSpan(node: NodeId): Span {
    const end = this.end[node] ?? 0;
    return { start: end - this.name(node).length, end };
  }

  /** The nearest ancestor (or the node itself) of which `test` holds, or `NONE`. */
  enclosing(node: NodeId, test: (kind: Kind) => boolean): NodeId {
    let at = node;
    while (at !== NONE && !test(this.kindOf(at))) at = this.parent(at);
    return at;
  }

  /** The innermost statement that holds a node, or `NONE`. */
  statementOf(node: NodeId): NodeId {
    return this.enclosing(node, isStatement);
  }

  /** The innermost node whose span holds an offset (its end included), or `NONE`. */
  nodeAt(offset: number): NodeId {
    if (this.length === 0) return NONE;
    let at = 0;
    for (;;) {
      const end = this.after(at);
      let inner = NONE;
      for (let child = at + 1; child < end; child = this.after(child)) {
        if ((this.start[child] ?? 0) > offset) break;
        if (offset <= (this.end[child] ?? 0)) inner = child;
      }
      if (inner === NONE) return at;
      at = inner;
    }
  }

  commentSpans(): Span[] {
    const spans: Span[] = [];
    for (let i = 0; i + 1 < this.comments.length; i += 2) {
      spans.push({ start: this.comments[i] ?? 0, end: this.comments[i + 1] ?? 0 });
    }
    return spans;
  }
}
