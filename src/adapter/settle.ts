/**
 * Keeps the model's tasks true where events do not suffice: after connecting and after drops it asks for the list of
 * live tasks, in slices; so it does now and then while somebody looks, because a task that is collected while it is
 * pending tells nobody; and where handles are only counted it asks which tasks are ready before a page counts states.
 * One question at a time for a loop, never more often than it must.
 */
import type { LoopModel } from '../model/model';
import type { LoopState } from '../model/loop-state';
import type { Sync } from '../model/sync';
import { readyAnswer, syncAnswer } from './link/answers';
import { LoopGoneError, QueryError, type RuntimeLink } from './link/runtime-link';

/** Least time between two syncs of a loop, s: the state is right again within a second after a flood. */
const SPACING = 0.25;
/** After a sync that failed, s. */
const AFTER_FAILURE = 1;
/** Least time between two syncs of a loop that are made because somebody looks, s. */
const LOOK_SPACING = 2;
/** So many tasks are listed a second at most on the average of those: each costs the loop about 2 µs. */
const LOOK_RATE = 2000;
/** How long what a sync did not name is waited for, s, where no batch comes. */
const LAST_WORD = 0.3;
/** Ready handles looked at: as many as one answer holds. Two answers are of two moments, and no state at all. */
const READY_MOST = 200;

interface LoopCare {
  running: boolean;
  notBefore: number;
  timer: NodeJS.Timeout | undefined;
  look: NodeJS.Timeout | undefined;
  /** A sync whose list is complete: what it did not name ends with the next batch. */
  pending: Sync | undefined;
  /** Of the last sync: when it ended, how many tasks it listed, and what had been heard of the loop before. */
  endedAt: number;
  listed: number;
  heard: number;
}

export class Settler {
  readonly #model: LoopModel;
  readonly #link: () => RuntimeLink | undefined;
  readonly #clock: () => number;
  readonly #changed: () => void;
  readonly #loops = new Map<number, LoopCare>();

  /** `changed`: the model has changed by an answer. */
  constructor(model: LoopModel, link: () => RuntimeLink | undefined, clock: () => number, changed: () => void) {
    this.#model = model;
    this.#link = link;
    this.#clock = clock;
    this.#changed = changed;
  }

  /** Something arrived: begins what has become necessary. */
  check(): void {
    for (const number of this.#loops.keys()) if (!this.#model.loops.has(number)) this.#loops.delete(number);
    for (const loop of this.#model.loops.values()) {
      const care = this.#care(loop);
      if (care.pending) this.#finish(care);
      const gone = loop.state === 'closed' || loop.state === 'collected' || loop.state === 'created';
      if (!loop.stale || gone || care.running || care.timer) continue;
      const wait = care.notBefore - this.#clock();
      if (wait <= 0) void this.#sync(loop, care);
      else
        care.timer = setTimeout(() => {
          care.timer = undefined;
          this.check();
        }, wait * 1000);
    }
  }

  /** Somebody looks at a loop's tasks (of all loops: undefined): what has been collected unheard is found, soon. */
  looked(number: number | undefined): void {
    for (const loop of this.#model.loops.values()) {
      if (number !== undefined && loop.number !== number) continue;
      const care = this.#care(loop);
      if (loop.stale || care.running || care.pending || care.look || loop.live === 0 || loop.heard === care.heard) {
        continue;
      }
      const wait = care.endedAt + Math.max(LOOK_SPACING, care.listed / LOOK_RATE) - this.#clock();
      care.look = setTimeout(
        () => {
          care.look = undefined;
          loop.stale = true;
          this.check();
        },
        Math.max(0, wait) * 1000,
      ).unref();
    }
  }

  /** Stops everything that was begun. */
  dispose(): void {
    for (const care of this.#loops.values()) {
      clearTimeout(care.timer);
      clearTimeout(care.look);
    }
    this.#loops.clear();
  }

  /**
   * Before states are counted: asks which tasks of the loops are ready, where events do not say it. False: for a loop
   * it cannot be known, because more is ready than one answer can say, or there was none.
   */
  async states(loop: number | undefined): Promise<boolean> {
    const unknown = [...this.#model.loops.values()].filter(
      (state) =>
        (loop === undefined || state.number === loop) &&
        state.state === 'running' &&
        state.live > 0 &&
        ((!state.listing && !state.quiet) || state.unsettled),
    );
    const known = await Promise.all(unknown.map((state) => this.#ready(state)));
    return !known.includes(false);
  }

  async #ready(loop: LoopState): Promise<boolean> {
    const link = this.#link();
    if (!link) return false;
    try {
      const query = { query: 'ready', loop: loop.number, offset: 0, limit: READY_MOST } as const;
      const answer = await link.queryInOrder(query, readyAnswer, ({ rows }) =>
        this.#model.settle(
          loop,
          rows.flatMap((row) => (row.subject > 0 && !row.cancelled ? [row.subject] : [])),
        ),
      );
      return answer.rows.length === answer.total;
    } catch (error) {
      if (!(error instanceof QueryError)) throw error;
      // Nothing of a loop that is gone is ready.
      return error instanceof LoopGoneError;
    }
  }

  async #sync(loop: LoopState, care: LoopCare): Promise<void> {
    const link = this.#link();
    if (!link) return;
    care.running = true;
    const sync = this.#model.beginSync(loop);
    care.heard = loop.heard;
    care.listed = 0;
    try {
      let cursor = 0;
      do {
        const answer = await link.queryInOrder({ query: 'sync', loop: loop.number, cursor }, syncAnswer, ({ tasks }) =>
          this.#model.syncSlice(sync, tasks, this.#clock()),
        );
        care.listed += answer.tasks.length;
        cursor = answer.cursor;
      } while (cursor !== 0);
      care.pending = sync;
      care.notBefore = this.#clock() + SPACING;
      setTimeout(() => this.#finish(care), LAST_WORD * 1000).unref();
    } catch (error) {
      if (!(error instanceof QueryError)) throw error;
      loop.stale = true;
      care.notBefore = this.#clock() + AFTER_FAILURE;
    }
    care.running = false;
    care.endedAt = this.#clock();
    this.#changed();
    this.check();
  }

  #finish(care: LoopCare): void {
    const { pending } = care;
    if (!pending) return;
    care.pending = undefined;
    this.#model.finishSync(pending, this.#clock());
    this.#changed();
  }

  #care(loop: LoopState): LoopCare {
    let care = this.#loops.get(loop.number);
    if (!care) {
      care = {
        running: false,
        notBefore: 0,
        timer: undefined,
        look: undefined,
        pending: undefined,
        endedAt: 0,
        listed: 0,
        heard: 0,
      };
      this.#loops.set(loop.number, care);
    }
    return care;
  }
}
