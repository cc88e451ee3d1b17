/**
 * Brings the tasks of a loop up to date with a list of those that live, which arrives in slices: after connecting to a
 * program that runs already, and after events were dropped. Tasks that we did not know are added; those that the whole
 * list does not name have ended unheard. Events go on arriving between the slices, and an answer may overtake events
 * that happened before it: so nothing is ended before another batch has come.
 */
import type { SyncAnswer } from '../protocol/wire';
import type { LoopState } from './loop-state';
import type { StringTable } from './strings';
import { Flag, ROOT, State, STATE_NAMES, type TaskTable } from './task-table';

/** What a sync changes. */
export interface SyncTarget {
  readonly tasks: TaskTable;
  readonly strings: StringTable;
  /** A task has that name ('' if it is not known). */
  named(slot: number, name: string): void;
  /** Marks a task as ended without our hearing how. */
  lost(loop: LoopState, slot: number): void;
}

export class Sync {
  readonly #target: SyncTarget;
  readonly #loop: LoopState;
  readonly #number: number;
  /** Tasks from this id on were created after the list was begun: it need not name them. */
  readonly #firstNew: number;

  /** `number`: of this sync, from 1, never the same for two. */
  constructor(target: SyncTarget, loop: LoopState, number: number) {
    this.#target = target;
    this.#loop = loop;
    this.#number = number;
    this.#firstNew = target.tasks.nextId;
    loop.stale = false;
  }

  /** The loop whose tasks are listed. */
  get loop(): LoopState {
    return this.#loop;
  }

  /** One slice of the list. */
  slice(listed: SyncAnswer['tasks']): void {
    const { tasks, strings } = this.#target;
    for (const entry of listed) {
      if (!(entry.task > 0)) continue;
      let slot = this.#loop.tasks.get(entry.task);
      if (slot >= 0 && !this.#same(slot, entry.coroutine)) {
        this.#target.lost(this.#loop, slot);
        slot = -1;
      }
      if (slot < 0) {
        slot = tasks.add(entry.task, this.#loop.number, ROOT);
        this.#loop.tasks.set(entry.task, slot);
        this.#loop.live++;
        tasks.flags[slot] = (tasks.flags[slot] ?? 0) | Flag.synced;
        tasks.coroutine[slot] = strings.intern(entry.coroutine);
        tasks.created[slot] = this.#loop.time;
        tasks.since[slot] = -1;
        tasks.number[slot] = -1;
        tasks.markDirty(slot);
      }
      tasks.sync[slot] = this.#number;
      this.#told(slot, entry);
    }
  }

  /** The list is complete and a batch has come since: what it did not name has ended. */
  finish(): void {
    const { tasks } = this.#target;
    const gone: number[] = [];
    this.#loop.tasks.forEach((_, slot) => {
      if (tasks.sync[slot] !== this.#number && (tasks.id[slot] ?? 0) < this.#firstNew) gone.push(slot);
    });
    for (const slot of gone) this.#target.lost(this.#loop, slot);
  }

  #same(slot: number, coroutine: string): boolean {
    const { tasks, strings } = this.#target;
    const known = tasks.coroutine[slot] ?? 0;
    return known === 0 || strings.described(known).text === strings.described(strings.intern(coroutine)).text;
  }

  #told(slot: number, entry: SyncAnswer['tasks'][number]): void {
    const { tasks } = this.#target;
    const state = STATE_NAMES.indexOf(entry.state, 1);
    if (state >= State.running && state <= State.waiting && tasks.state[slot] !== state) {
      tasks.state[slot] = state;
      tasks.since[slot] = -1;
    }
    this.#target.named(slot, entry.name);
  }
}
