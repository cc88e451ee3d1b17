/**
 * The state of a task and since when, as far as events tell. While a loop's handles are only counted no event says which
 * task runs or waits: then all of them wait if nothing was ready when the loop went to sleep, and else it is as the
 * runtime last said (see `settle`). What cannot be known is said to be unknown, never guessed.
 */
import type { LoopState } from './loop-state';
import { State, type TaskTable } from './task-table';

/** `since` of a task whose state began at a time that we do not know. */
export const UNKNOWN_TIME = -1;

export class States {
  readonly #tasks: TaskTable;
  readonly #loops: ReadonlyMap<number, LoopState>;
  #last: LoopState | undefined;

  constructor(tasks: TaskTable, loops: ReadonlyMap<number, LoopState>) {
    this.#tasks = tasks;
    this.#loops = loops;
  }

  /** The state of the task in a slot, one of `State`. */
  of(slot: number): number {
    const state = this.#tasks.state[slot] ?? State.free;
    if (state >= State.finished || state === State.free) return state;
    const loop = this.#loop(slot);
    return loop && !loop.listing && loop.quiet ? State.waiting : state;
  }

  /** Loop time since when the task is in its state; UNKNOWN_TIME if that was not recorded. */
  since(slot: number): number {
    const since = this.#tasks.since[slot] ?? UNKNOWN_TIME;
    if ((this.#tasks.state[slot] ?? State.free) >= State.finished) return since;
    const loop = this.#loop(slot);
    return loop && since <= loop.countedUntil ? UNKNOWN_TIME : since;
  }

  /** The handles of a loop are listed from here on: until an event or an answer says otherwise its tasks wait. */
  reset(loop: LoopState): void {
    const { state, since } = this.#tasks;
    loop.tasks.forEach((_, slot) => {
      if (state[slot] === State.waiting) return;
      state[slot] = State.waiting;
      since[slot] = UNKNOWN_TIME;
    });
  }

  /** The runtime said which tasks of a loop are ready (addresses): the others wait. */
  settle(loop: LoopState, ready: Iterable<number>): void {
    this.reset(loop);
    const { state } = this.#tasks;
    for (const address of ready) {
      const slot = address > 0 ? loop.tasks.get(address) : -1;
      if (slot >= 0) state[slot] = State.ready;
    }
  }

  #loop(slot: number): LoopState | undefined {
    const number = this.#tasks.loop[slot] ?? 0;
    if (this.#last?.number !== number) this.#last = this.#loops.get(number);
    return this.#last;
  }
}
