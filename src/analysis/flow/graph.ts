/**
 * The growing graph while a function is lowered: operations, the loose ends that the next one is linked to, and the
 * ways of leaving through `finally`. Knows no syntax.
 */
import type { Ast, NodeId } from '../syntax/ast';
import { NONE } from '../syntax/ast';
import type { Op, OpId } from './cfg';
import { NO_OP, OpKind } from './cfg';

/** An edge whose end is not known yet. */
export interface Loose {
  readonly op: Op;
  readonly slot: 'next' | 'alt';
}

export type Leave = 'return' | 'break' | 'continue';

/** What surrounds the code that is being lowered, innermost last. */
export type Surrounding =
  | { readonly tag: 'loop'; readonly id: number; readonly breaks: Loose[]; readonly head: OpId }
  | { readonly tag: 'try'; readonly dispatch: OpId }
  | {
      readonly tag: 'finally';
      readonly lower: () => void;
      /** Entries of the copies made so far, by way of leaving. */
      readonly copies: Map<string, OpId>;
      /** Where the raised way goes on after the copy, instead of further out. */
      readonly swallow: ((tails: Loose[]) => void) | undefined;
    };

/** A function with more operations than this is not followed. */
const MAX_OPS = 20_000;

export class Graph {
  protected readonly ops: Op[] = [];
  protected readonly opOf = new Map<NodeId, OpId>();
  protected tails: Loose[] = [];
  protected around: Surrounding[] = [];
  protected readonly end: OpId;
  protected readonly throws: OpId;
  protected loops = 0;
  protected cleanUps = 0;
  protected isBroken = false;

  constructor(protected readonly ast: Ast) {
    this.end = this.create(OpKind.End, NONE);
    this.throws = this.create(OpKind.Throw, NONE);
  }

  protected create(kind: OpKind, node: NodeId, value: NodeId = NONE, element = -1): OpId {
    const id = this.ops.length;
    const isCleanUp = this.cleanUps > 0;
    this.ops.push({ id, kind, node, value, element, next: NO_OP, alt: NO_OP, exc: NO_OP, handlers: [], isCleanUp });
    return id;
  }

  protected op(id: OpId): Op {
    const op = this.ops[id];
    if (!op) throw new RangeError(`no operation ${id}`);
    return op;
  }

  /** All loose edges lead to an operation. */
  protected link(to: OpId): void {
    for (const { op, slot } of this.tails) op[slot] = to;
    this.tails = [];
  }

  /** Appends an operation, unless no path leads here. */
  protected emit(kind: OpKind, node: NodeId, value: NodeId = NONE, element = -1): Op | undefined {
    if (this.tails.length === 0) return undefined;
    if (this.ops.length > MAX_OPS) {
      this.isBroken = true;
      return undefined;
    }
    const id = this.create(kind, node, value, element);
    this.link(id);
    const op = this.op(id);
    this.tails = [{ op, slot: 'next' }];
    if (!this.opOf.has(node)) this.opOf.set(node, id);
    return op;
  }

  protected emitRaising(kind: OpKind, node: NodeId): Op | undefined {
    const op = this.emit(kind, node);
    if (op) op.exc = this.exceptionTarget();
    return op;
  }

  /** Where an exception that is raised here goes first. */
  protected exceptionTarget(): OpId {
    for (let i = this.around.length - 1; i >= 0; i--) {
      const each = this.around[i];
      if (each?.tag === 'try') return each.dispatch;
      if (each?.tag === 'finally') return this.finallyCopy(i, 'raise');
    }
    return this.throws;
  }

  /** Leaves by return, break or continue, through every `finally` between. */
  protected leave(way: Leave): void {
    for (let i = this.around.length - 1; i >= 0; i--) {
      const each = this.around[i];
      if (each?.tag === 'loop' && way !== 'return') {
        if (way === 'break') each.breaks.push(...this.tails);
        else this.link(each.head);
        this.tails = [];
        return;
      }
      if (each?.tag === 'finally') {
        if (this.tails.length > 0) this.link(this.finallyCopy(i, way));
        return;
      }
    }
    if (way === 'return') this.link(this.end);
    this.tails = [];
  }

  /** The copy of a `finally` for a way of leaving; what comes after it is linked too. */
  protected finallyCopy(index: number, way: Leave | 'raise'): OpId {
    const frame = this.around[index];
    if (frame?.tag !== 'finally') throw new RangeError('not a finally');
    const loop = way === 'break' || way === 'continue' ? this.loopAround(index) : -1;
    const key = `${way}:${loop}`;
    const known = frame.copies.get(key);
    if (known !== undefined) return known;
    const entry = this.create(OpKind.Join, NONE);
    frame.copies.set(key, entry);
    const { tails, around } = this;
    this.around = around.slice(0, index);
    this.tails = [{ op: this.op(entry), slot: 'next' }];
    this.cleanUps++;
    frame.lower();
    this.cleanUps--;
    if (way === 'raise') this.reraise(frame.swallow);
    else this.leave(way);
    this.tails = tails;
    this.around = around;
    return entry;
  }

  protected loopAround(index: number): number {
    for (let i = index - 1; i >= 0; i--) {
      const each = this.around[i];
      if (each?.tag === 'loop') return each.id;
    }
    return -1;
  }

  /** After a `finally` that an exception entered: the exception goes on. */
  protected reraise(swallow: ((tails: Loose[]) => void) | undefined): void {
    if (this.tails.length === 0) return;
    if (swallow) {
      const { tails } = this;
      this.tails = [];
      swallow(tails);
      return;
    }
    const id = this.create(OpKind.Dispatch, NONE);
    this.link(id);
    this.op(id).exc = this.exceptionTarget();
    this.tails = [];
  }

  /** Code, and what is done whichever way it is left. */
  protected protect(code: () => void, last: () => void, swallow: ((tails: Loose[]) => void) | undefined): void {
    this.around.push({ tag: 'finally', lower: last, copies: new Map(), swallow });
    code();
    this.around.pop();
    if (this.tails.length === 0) return;
    this.cleanUps++;
    last();
    this.cleanUps--;
  }
}
