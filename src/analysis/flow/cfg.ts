/**
 * The control flow of one function (or of the module's code) as a graph of operations in the order of evaluation:
 * calls, awaits, bindings, tests, and the edges that exceptions take. A `finally` and the end of a `with` are there once
 * for each way of leaving (normally, by an exception, return, break, continue), so that a path never mixes them.
 * Knows no types: what a call can raise is asked later. lower.ts makes the graph.
 */
import type { NodeId } from '../syntax/ast';
import type { FunctionInfo } from './model';

export type OpId = number;

/** No operation follows. */
export const NO_OP: OpId = -1;

export enum OpKind {
  /** Joins paths. */
  Join,
  /** `node` is a Call; its callee and arguments are evaluated. */
  Call,
  /** `node` is an Await, an async For, or a With item whose enter or exit is awaited. */
  Await,
  /** `node` is a Yield or YieldFrom. */
  Yield,
  /** `node` is the target, `value` what it is bound to (or NONE), `element` which part of it (-1: all). */
  Bind,
  /** `node` is a target of `del`. */
  Unbind,
  /** `node` is a condition: `next` where it holds, `alt` where it does not. */
  Test,
  /** `node` is a For or CompFor: `next` for one more round, `alt` when there is none. */
  Iterate,
  /** `node` is a Return. */
  Return,
  /** `node` is a Raise; only `exc` follows. */
  Raise,
  /** `node` is a WithItem that is entered. */
  Enter,
  /** `node` is a WithItem that is left. */
  Exit,
  /** `node` is a Try (or a WithItem that swallows): chooses among `handlers`, else `exc`. */
  Dispatch,
  /** `node` is a Handler that is entered. */
  Catch,
  /** `node` is a Function or Lambda that is defined here. */
  Define,
  /** The normal end. */
  End,
  /** The end by an exception that nothing catches. */
  Throw,
}

/** Classes of exceptions, as sets. */
export const EXCEPTION = 1;
/** KeyboardInterrupt, SystemExit. */
export const INTERRUPT = 2;
/** asyncio.CancelledError. */
export const CANCELLED = 4;
export const ANY_EXCEPTION = EXCEPTION | INTERRUPT | CANCELLED;

export interface HandlerEdge {
  readonly op: OpId;
  /** Classes of which it catches some. */
  readonly some: number;
  /** Classes of which it catches all. */
  readonly all: number;
}

export interface Op {
  readonly id: OpId;
  readonly kind: OpKind;
  readonly node: NodeId;
  readonly value: NodeId;
  readonly element: number;
  next: OpId;
  alt: OpId;
  /** Where an exception goes, or NO_OP where none can come. */
  exc: OpId;
  readonly handlers: HandlerEdge[];
  /** Stands in a `finally` block or at the end of a `with`: the clean-up itself. */
  readonly isCleanUp: boolean;
}

export interface Cfg {
  /** Undefined for the module's own code. */
  readonly fn: FunctionInfo | undefined;
  readonly ops: readonly Op[];
  readonly entry: OpId;
  readonly end: OpId;
  readonly throws: OpId;
  /** Some of the code could not be read: what is missing here may be there. */
  readonly isBroken: boolean;
  /** Operations by the node that they stand for; of a node with several, the first. */
  readonly opOf: ReadonlyMap<NodeId, OpId>;
}
