/**
 * What the bridge in the program says on debugpy's own channel before a stop: which of debugpy's threads a loop runs in,
 * and which rows stand for tasks. Kept here for those who speak of the stop to the client.
 */
import * as v from 'valibot';

/** Name of the event, which is for us and not for the client. */
export const BRIDGE_EVENT = 'loopscope/bridge';

const bridgeEvent = v.looseObject({
  loop: v.number(),
  thread: v.number(),
  threadId: v.number(),
  rows: v.optional(v.array(v.looseObject({ threadId: v.number(), task: v.number() })), []),
  current: v.optional(v.number(), 0),
  moreThreadId: v.optional(v.number(), 0),
});

/** A row of the Call Stack that is no thread: a task's, or the one that says how many tasks have none. */
export interface TaskRow {
  readonly loop: number;
  /** debugpy's number of the thread in which the loop runs. */
  readonly threadId: number;
  /** The task's address; 0: the row of the others. */
  readonly task: number;
  /** The task is stopped at one of its lines: what is done with its row is done with the thread. */
  readonly current: boolean;
}

export class DebuggerThreads {
  readonly #ofLoop = new Map<number, { readonly thread: number; readonly threadId: number }>();
  readonly #waiting = new Map<number, { readonly thread: number; call(threadId: number): void }>();
  readonly #everRows = new Set<number>();
  readonly #rows = new Map<number, ReadonlyMap<number, TaskRow>>();

  /** Takes the body of the bridge's event; one of another form is left alone. */
  note(body: unknown): void {
    const parsed = v.safeParse(bridgeEvent, body);
    if (!parsed.success) return;
    const { loop, thread, threadId, rows, current, moreThreadId } = parsed.output;
    const known = rows.map(
      ({ threadId: row, task }) => [row, { loop, threadId, task, current: task === current }] as const,
    );
    const more = moreThreadId > 0 ? [[moreThreadId, { loop, threadId, task: 0, current: false }] as const] : [];
    this.#rows.set(threadId, new Map([...known, ...more]));
    for (const row of rows) this.#everRows.add(row.threadId);
    if (loop === 0) return;
    this.#ofLoop.set(loop, { thread, threadId });
    const waits = this.#waiting.get(loop);
    if (waits?.thread !== thread) return;
    this.#waiting.delete(loop);
    waits.call(threadId);
  }

  /** Whether that is the row of a task that has none at the present stops. debugpy would take it for its loop's thread. */
  isOver(threadId: unknown): boolean {
    if (typeof threadId !== 'number' || !this.#everRows.has(threadId)) return false;
    return ![...this.#rows.values()].some((rows) => rows.has(threadId));
  }

  /** What a number of a thread stands for at the present stops, if not for a thread. */
  row(threadId: unknown): TaskRow | undefined {
    if (typeof threadId !== 'number') return undefined;
    for (const rows of this.#rows.values()) {
      const row = rows.get(threadId);
      if (row) return row;
    }
    return undefined;
  }

  /**
   * Calls with DAP's number of a thread in which a loop is stopped, as soon as it is known. `thread`: Python's number of
   * it, since a loop that was made in one thread may run in another.
   */
  whenKnown(loop: number, thread: number, call: (threadId: number) => void): void {
    const known = this.#ofLoop.get(loop);
    if (known?.thread === thread) call(known.threadId);
    else this.#waiting.set(loop, { thread, call });
  }
}
