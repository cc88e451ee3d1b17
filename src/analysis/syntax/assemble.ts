/**
 * Puts trees of pieces of a text together: ranges of nodes of an older tree, moved in the text, and new trees between them.
 * Knows no Python.
 */
import type { Span } from '../finding';
import { Ast } from './ast';
import type { NameTable } from './build';
import { Kind } from './kinds';
import { moduleStart } from './pieces';
import { firstFrom } from './search';
import { TreeStore } from './store';

/** A tree of a text that grows piece by piece, in order. */
export class Assembly {
  private readonly store: TreeStore;
  private readonly comments: number[] = [];
  private readonly broken: Span[] = [];

  constructor(
    private readonly text: string,
    capacity: number,
  ) {
    this.store = new TreeStore(Math.max(64, capacity));
    this.store.open(Kind.Module, moduleStart(text), text.length, -1);
  }

  /** Adds the top-level statements of `tree` that begin from `from` up to `to`, moved by `delta` in the text. */
  add(tree: Ast, from: number, to: number, delta: number): void {
    const first = firstFrom(tree.start, from, 1, tree.length);
    const last = firstFrom(tree.start, to, first, tree.length);
    this.store.copyRange(tree, first, last, delta);
    const { comments } = tree;
    for (
      let i = firstFrom(comments, from, 0, comments.length >> 1, 2) * 2;
      i < comments.length && (comments[i] ?? 0) < to;
      i += 2
    ) {
      this.comments.push((comments[i] ?? 0) + delta, (comments[i + 1] ?? 0) + delta);
    }
    for (const { start, end } of tree.broken) {
      if (start >= from && start < to) this.broken.push({ start: start + delta, end: end + delta });
    }
  }

  /** The whole tree. */
  finish({ list, index }: NameTable): Ast {
    const { store } = this;
    store.close(0);
    return new Ast(this.text, store, store.length, list, index, Int32Array.from(this.comments), this.broken);
  }
}
