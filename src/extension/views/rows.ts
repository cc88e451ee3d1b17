/** What can stand in a row of any view: the protocol's rows with the session and loop they belong to. Types and ids only. */
import type { LoopRow, QueueRow, RegistrationRow, TaskNode, TimerQueueRow } from '../../protocol/dap';
import type { LifeStep, LoopFact } from '../present/loops';
import type { LiveSession } from '../sessions/live-session';

interface InSession {
  readonly session: LiveSession;
}
export interface SessionNode extends InSession {
  readonly kind: 'session';
}
export interface LoopNode extends InSession {
  readonly kind: 'loop';
  readonly loop: LoopRow;
}
export interface LifeNode extends InSession {
  readonly kind: 'life';
  readonly loop: LoopRow;
  readonly step: LifeStep;
}
export interface FactNode extends InSession {
  readonly kind: 'fact';
  readonly loop: LoopRow;
  readonly fact: LoopFact;
}
export interface RegistrationNode extends InSession {
  readonly kind: 'registration';
  readonly loop: LoopRow;
  readonly row: RegistrationRow;
}
export interface TaskTreeNode extends InSession {
  readonly kind: 'task';
  /** Set where the tree is split by loops. */
  readonly loop: number | undefined;
  /** Tasks above it, beside sessions and loops. */
  readonly depth: number;
  readonly node: TaskNode;
}
export interface ReadyNode extends InSession {
  readonly kind: 'ready';
  readonly loop: number;
  readonly row: QueueRow;
}
export interface TimerNode extends InSession {
  readonly kind: 'timer';
  readonly loop: number;
  readonly row: TimerQueueRow;
}
export type ViewRow =
  SessionNode | LoopNode | LifeNode | FactNode | RegistrationNode | TaskTreeNode | ReadyNode | TimerNode;

/** The task that a row stands for or belongs to, if there is one. */
export function taskOf(row: ViewRow): number | null {
  switch (row.kind) {
    case 'task':
      return row.node.kind === 'task' ? row.node.task : null;
    case 'ready':
    case 'timer':
    case 'registration':
      return row.row.task;
    case 'session':
    case 'loop':
    case 'life':
    case 'fact':
      return null;
  }
}
