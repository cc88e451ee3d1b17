/**
 * Where the tasks are kept: one slot a task in typed arrays (about 150 bytes), so that a million of them fit and a scan
 * over all is a few milliseconds. It keeps the creator tree (a slot's parent, children and siblings) and the chain of
 * finished tasks that are still shown. It knows nothing of events, loops' clocks or rows: see apply.ts and pages.ts.
 * Slot 0 is no task: it is the root of the creator tree.
 */
import { NumberMap } from '../common/number-map';
import type { TaskState } from '../protocol/wire';

/** The states as they are stored; 0 is a free slot. From `finished` on the task is done. */
export const State = {
  free: 0,
  running: 1,
  ready: 2,
  waiting: 3,
  finished: 4,
  failed: 5,
  cancelled: 6,
} as const;

/** The words for `State`, by its number. */
export const STATE_NAMES: readonly TaskState[] = [
  'waiting', // a free slot is never shown
  'running',
  'ready',
  'waiting',
  'finished',
  'failed',
  'cancelled',
];

/** Marks of a slot. */
export const Flag = {
  /** Known from a sync, not from its creation: who made it and when is not known. */
  synced: 1,
  /** Done, no longer shown for its own sake, kept because tasks that it made are still there. */
  ghost: 2,
  /** The shape of its subtree has to be worked out again. */
  dirty: 4,
  /** It waits since this step, whose end is not yet known. */
  stepWaits: 8,
} as const;

export const ROOT = 0;
const NONE = -1;
const FIRST_CAPACITY = 256;

export class TaskTable {
  id = new Float64Array(FIRST_CAPACITY);
  address = new Float64Array(FIRST_CAPACITY);
  loop = new Int32Array(FIRST_CAPACITY);
  state = new Uint8Array(FIRST_CAPACITY);
  flags = new Uint8Array(FIRST_CAPACITY);
  /** Its name as names.ts keeps it. */
  prefix = new Int32Array(FIRST_CAPACITY);
  number = new Float64Array(FIRST_CAPACITY);
  coroutine = new Int32Array(FIRST_CAPACITY);
  site = new Int32Array(FIRST_CAPACITY);
  detail = new Int32Array(FIRST_CAPACITY);
  created = new Float64Array(FIRST_CAPACITY);
  since = new Float64Array(FIRST_CAPACITY);
  busy = new Float64Array(FIRST_CAPACITY);
  steps = new Float64Array(FIRST_CAPACITY);
  future = new Float64Array(FIRST_CAPACITY);
  /** Id of the task that made it; 0: none, or not known. Stays when that task is gone. */
  createdBy = new Float64Array(FIRST_CAPACITY);
  /** Id of the task that cancelled it (0: none; -1: cancelled, by no task), and where. */
  cancelledBy = new Float64Array(FIRST_CAPACITY);
  cancelSite = new Int32Array(FIRST_CAPACITY);
  /** Number of the sync that last saw it. */
  sync = new Int32Array(FIRST_CAPACITY);

  parent = new Int32Array(FIRST_CAPACITY);
  first = new Int32Array(FIRST_CAPACITY).fill(NONE);
  last = new Int32Array(FIRST_CAPACITY).fill(NONE);
  next = new Int32Array(FIRST_CAPACITY).fill(NONE);
  previous = new Int32Array(FIRST_CAPACITY).fill(NONE);
  children = new Int32Array(FIRST_CAPACITY);
  /** How many tasks that it made, directly or through one that is gone too, have ended and are no longer shown. */
  finishedChildren = new Float64Array(FIRST_CAPACITY);
  /** Shape of the subtree: see shapes.ts. */
  shape = new Float64Array(FIRST_CAPACITY);

  /** Slots from this on have never been used. */
  top = 1;
  #nextId = 1;
  #slots = new NumberMap();
  #free: number[] = [];
  readonly #finishedAtRoot = new Map<number, number>();
  readonly #folded = new Map<number, number>();

  readonly #released: (prefix: number) => void;

  /** `released` hears of the name's prefix of every slot that is freed. */
  constructor(released: (prefix: number) => void) {
    this.#released = released;
  }

  /** Takes a slot for a new task under `parent` (a slot, ROOT for none); the other columns are 0. */
  add(address: number, loop: number, parent: number): number {
    let slot = this.#free.pop();
    if (slot === undefined) {
      slot = this.top++;
      if (slot >= this.id.length) this.#grow();
    }
    const id = this.#nextId++;
    this.id[slot] = id;
    this.address[slot] = address;
    this.loop[slot] = loop;
    this.#slots.set(id, slot);
    this.#attach(slot, parent);
    return slot;
  }

  /** Id that the next task will have. */
  get nextId(): number {
    return this.#nextId;
  }

  /** Ids are given from `id` on. */
  continueFrom(id: number): void {
    this.#nextId = Math.max(this.#nextId, id);
  }

  /** Slot of the task with that id; -1 if it is gone. */
  slotOf(id: number): number {
    return id > 0 ? this.#slots.get(id) : NONE;
  }

  /** How many tasks have ended and are no longer shown, of one loop or (undefined) of all. */
  folded(loop: number | undefined): number {
    return sum(this.#folded, loop);
  }

  /** How many tasks at the root of the tree have ended and are no longer shown, of one loop or (undefined) of all. */
  finishedAtRoot(loop: number | undefined): number {
    return sum(this.#finishedAtRoot, loop);
  }

  isDone(slot: number): boolean {
    return (this.state[slot] ?? 0) >= State.finished;
  }

  /**
   * A done task is no longer shown: it becomes one of its parent's finished children. If tasks that it made are still
   * there it stays as a ghost, so that the tree says where they come from; a ghost goes with its last child.
   */
  fold(slot: number): void {
    const loop = this.loop[slot] ?? 0;
    this.#folded.set(loop, (this.#folded.get(loop) ?? 0) + 1);
    this.flags[slot] = (this.flags[slot] ?? 0) | Flag.ghost;
    this.#settle(slot);
  }

  /** Moves a task under another creator: what a sync did not know, a later event told. Not under itself. */
  move(slot: number, parent: number): void {
    const old = this.parent[slot] ?? ROOT;
    if (old === parent) return;
    for (let at = parent; at !== ROOT; at = this.parent[at] ?? ROOT) if (at === slot) return;
    this.#detach(slot);
    this.#attach(slot, parent);
    if (old !== ROOT) this.#settle(old);
  }

  /** The shape of this subtree and of those around it has changed. */
  markDirty(slot: number): void {
    for (let at = slot; at !== ROOT; at = this.parent[at] ?? ROOT) {
      const flags = this.flags[at] ?? 0;
      if (flags & Flag.dirty) return;
      this.flags[at] = flags | Flag.dirty;
    }
  }

  /**
   * A ghost that is no longer needed goes. Needed are those with children, except one that has a single child which is
   * itself a ghost: so a chain of tasks that each start the next and end keeps only its newest link.
   */
  #settle(slot: number): void {
    let at = slot;
    while (at !== ROOT && (this.flags[at] ?? 0) & Flag.ghost) {
      const parent = this.parent[at] ?? ROOT;
      const children = this.children[at] ?? 0;
      if (children === 0) {
        this.#remove(at);
      } else if (children === 1) {
        const child = this.first[at] ?? NONE;
        if (!((this.flags[child] ?? 0) & Flag.ghost)) {
          // Its parent may now be such a ghost over a ghost.
          if (parent === ROOT || !((this.flags[parent] ?? 0) & Flag.ghost) || this.children[parent] !== 1) return;
          at = parent;
          continue;
        }
        this.#detach(child);
        this.#remove(at);
        this.#attach(child, parent);
      } else {
        return;
      }
      at = parent;
    }
  }

  /** Frees a slot without children; it, and what it had counted, is counted at its parent. */
  #remove(slot: number): void {
    const parent = this.parent[slot] ?? ROOT;
    const finished = 1 + (this.finishedChildren[slot] ?? 0);
    if (parent === ROOT) {
      const loop = this.loop[slot] ?? 0;
      this.#finishedAtRoot.set(loop, (this.#finishedAtRoot.get(loop) ?? 0) + finished);
    } else {
      this.finishedChildren[parent] = (this.finishedChildren[parent] ?? 0) + finished;
    }
    this.#detach(slot);
    this.#slots.delete(this.id[slot] ?? 0);
    this.id[slot] = 0;
    this.address[slot] = 0;
    this.loop[slot] = 0;
    this.state[slot] = State.free;
    this.flags[slot] = 0;
    this.#released(this.prefix[slot] ?? 0);
    this.prefix[slot] = 0;
    this.number[slot] = 0;
    this.coroutine[slot] = 0;
    this.site[slot] = 0;
    this.detail[slot] = 0;
    this.created[slot] = 0;
    this.since[slot] = 0;
    this.busy[slot] = 0;
    this.steps[slot] = 0;
    this.future[slot] = 0;
    this.createdBy[slot] = 0;
    this.cancelledBy[slot] = 0;
    this.cancelSite[slot] = 0;
    this.sync[slot] = 0;
    this.finishedChildren[slot] = 0;
    this.shape[slot] = 0;
    this.#free.push(slot);
  }

  #attach(slot: number, parent: number): void {
    const last = this.last[parent] ?? NONE;
    this.parent[slot] = parent;
    this.previous[slot] = last;
    this.next[slot] = NONE;
    if (last === NONE) this.first[parent] = slot;
    else this.next[last] = slot;
    this.last[parent] = slot;
    this.children[parent] = (this.children[parent] ?? 0) + 1;
    this.flags[slot] = (this.flags[slot] ?? 0) & ~Flag.dirty;
    this.markDirty(slot);
  }

  #detach(slot: number): void {
    const parent = this.parent[slot] ?? ROOT;
    const previous = this.previous[slot] ?? NONE;
    const next = this.next[slot] ?? NONE;
    if (previous === NONE) this.first[parent] = next;
    else this.next[previous] = next;
    if (next === NONE) this.last[parent] = previous;
    else this.previous[next] = previous;
    this.children[parent] = (this.children[parent] ?? 0) - 1;
    this.markDirty(parent);
  }

  #grow(): void {
    const capacity = this.id.length * 2;
    this.id = widen(this.id, new Float64Array(capacity));
    this.address = widen(this.address, new Float64Array(capacity));
    this.loop = widen(this.loop, new Int32Array(capacity));
    this.state = widen(this.state, new Uint8Array(capacity));
    this.flags = widen(this.flags, new Uint8Array(capacity));
    this.prefix = widen(this.prefix, new Int32Array(capacity));
    this.number = widen(this.number, new Float64Array(capacity));
    this.coroutine = widen(this.coroutine, new Int32Array(capacity));
    this.site = widen(this.site, new Int32Array(capacity));
    this.detail = widen(this.detail, new Int32Array(capacity));
    this.created = widen(this.created, new Float64Array(capacity));
    this.since = widen(this.since, new Float64Array(capacity));
    this.busy = widen(this.busy, new Float64Array(capacity));
    this.steps = widen(this.steps, new Float64Array(capacity));
    this.future = widen(this.future, new Float64Array(capacity));
    this.createdBy = widen(this.createdBy, new Float64Array(capacity));
    this.cancelledBy = widen(this.cancelledBy, new Float64Array(capacity));
    this.cancelSite = widen(this.cancelSite, new Int32Array(capacity));
    this.sync = widen(this.sync, new Int32Array(capacity));
    this.parent = widen(this.parent, new Int32Array(capacity));
    this.first = widen(this.first, new Int32Array(capacity).fill(NONE));
    this.last = widen(this.last, new Int32Array(capacity).fill(NONE));
    this.next = widen(this.next, new Int32Array(capacity).fill(NONE));
    this.previous = widen(this.previous, new Int32Array(capacity).fill(NONE));
    this.children = widen(this.children, new Int32Array(capacity));
    this.finishedChildren = widen(this.finishedChildren, new Float64Array(capacity));
    this.shape = widen(this.shape, new Float64Array(capacity));
  }
}

function sum(counts: ReadonlyMap<number, number>, key: number | undefined): number {
  if (key !== undefined) return counts.get(key) ?? 0;
  let total = 0;
  for (const count of counts.values()) total += count;
  return total;
}

function widen<Column extends Float64Array | Int32Array | Uint8Array>(old: Column, wide: Column): Column {
  wide.set(old);
  return wide;
}
