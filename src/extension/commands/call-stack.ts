/**
 * A row of VS Code's Call Stack as a row of ours, so that the commands for a task work there. VS Code hands over DAP's
 * number of the thread, and then the ids of the session and the thread (VS Code 1.139, callStackView.ts: `getContext`,
 * `getContextForContributedActions`; debugModel.ts: `Thread.getId`); which task that row stands for, the adapter knows.
 * Does not know what is done with it.
 */
import type { ViewNode } from '../views/tree-shell';
import type { EventLoopViews } from '../views/views';

export interface CallStackRow {
  readonly sessionId: string;
  /** `thread:`, the id of the session, `:`, DAP's number. */
  readonly threadId: string;
}

/** Whether one of a menu's arguments is a row of the Call Stack. */
export function isCallStackRow(given: unknown): given is CallStackRow {
  if (typeof given !== 'object' || given === null) return false;
  return 'sessionId' in given && 'threadId' in given && typeof given.threadId === 'string';
}

/** DAP's number of a row's thread; undefined if the id has another form. */
export function threadNumber(id: string): number | undefined {
  const digits = /(?:^|:)(\d+)$/.exec(id)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** The task of that row; a sentence for the person if it is no task's. Rejects if the adapter says no. */
export async function taskOfCallStack(views: EventLoopViews, given: CallStackRow): Promise<ViewNode | string> {
  const session = views.hub.get(given.sessionId);
  const threadId = threadNumber(given.threadId);
  if (!session || session.over || threadId === undefined)
    return 'The program of that row has ended: start it again to act on its tasks.';
  const { task, text } = await session.request('loopscope/row', { threadId });
  if (!task) return text;
  return {
    id: `stack ${task.node}`,
    parent: undefined,
    row: { kind: 'task', session, loop: undefined, depth: 0, node: task },
    placeholder: undefined,
    item: {
      label: task.name,
      description: '',
      context: 'task',
      aria: task.name,
      collapsible: 'none',
      tooltip: '',
      muted: false,
    },
    open: false,
    kids: undefined,
  };
}
