/**
 * The growing arrays of a tree that is being built: appends nodes, copies ranges of an older tree. Knows nothing of
 * what the nodes mean.
 */
import type { AstArrays, NodeId } from './ast';
import type { Ast } from './ast';
import type { Kind } from './kinds';

export class TreeStore implements AstArrays {
  kind: Uint8Array;
  flags: Uint8Array;
  start: Int32Array;
  end: Int32Array;
  size: Int32Array;
  up: Int32Array;
  atom: Int32Array;
  length = 0;

  constructor(capacity: number) {
    this.kind = new Uint8Array(capacity);
    this.flags = new Uint8Array(capacity);
    this.start = new Int32Array(capacity);
    this.end = new Int32Array(capacity);
    this.size = new Int32Array(capacity);
    this.up = new Int32Array(capacity);
    this.atom = new Int32Array(capacity);
  }

  /** Appends a node whose size is still open. `parent` is -1 for the root. */
  open(kind: Kind, start: number, end: number, parent: NodeId): NodeId {
    const node = this.length;
    if (node === this.kind.length) this.grow(node + 1);
    this.kind[node] = kind;
    this.start[node] = start;
    this.end[node] = end;
    this.size[node] = 1;
    this.up[node] = parent < 0 ? 0 : node - parent;
    this.length = node + 1;
    return node;
  }

  /** Everything appended since belongs to `node`. */
  close(node: NodeId): void {
    this.size[node] = this.length - node;
  }

  /**
   * Appends copies of neighbouring subtrees of another tree that has the same names, moved by `delta` in the text, below a
   * node of this one. @param last the first node behind them
   */
  copyRange(from: Ast, first: NodeId, last: NodeId, delta: number, parent: NodeId = 0): void {
    const count = last - first;
    const at = this.length;
    if (at + count > this.kind.length) this.grow(at + count);
    this.kind.set(from.kind.subarray(first, last), at);
    this.flags.set(from.flags.subarray(first, last), at);
    this.size.set(from.size.subarray(first, last), at);
    this.up.set(from.up.subarray(first, last), at);
    this.atom.set(from.atom.subarray(first, last), at);
    this.start.set(from.start.subarray(first, last), at);
    this.end.set(from.end.subarray(first, last), at);
    const end = at + count;
    if (delta !== 0) {
      const { start, end: ends } = this;
      for (let i = at; i < end; i++) {
        start[i] = (start[i] ?? 0) + delta;
        ends[i] = (ends[i] ?? 0) + delta;
      }
    }
    for (let node = at; node < end; node += this.size[node] ?? 1) this.up[node] = node - parent;
    this.length = end;
  }

  private grow(needed: number): void {
    const capacity = Math.max(needed, this.kind.length * 2);
    const bytes = (old: Uint8Array): Uint8Array => {
      const grown = new Uint8Array(capacity);
      grown.set(old);
      return grown;
    };
    const words = (old: Int32Array): Int32Array => {
      const grown = new Int32Array(capacity);
      grown.set(old);
      return grown;
    };
    this.kind = bytes(this.kind);
    this.flags = bytes(this.flags);
    this.start = words(this.start);
    this.end = words(this.end);
    this.size = words(this.size);
    this.up = words(this.up);
    this.atom = words(this.atom);
  }
}
