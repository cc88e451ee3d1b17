/**
 * LoopModel: all that is known of one program's loops and tasks. It takes what the wire brings (messages, strings,
 * batches) and answers with rows and pages. No I/O and no clock of its own: `now` is an argument everywhere, in seconds
 * on a clock of the caller's that never goes back. What only the running program knows (ready queue, timers, await
 * chains) is not here.
 */
import type { LoopRow, PageOf, TaskNode, TaskRow, TasksArguments } from '../protocol/dap';
import type { LoopStop } from '../protocol/stepping';
import type { SourceSite, SyncAnswer, TaskState } from '../protocol/wire';
import { Applier } from './apply';
import { EventLog } from './event-log';
import { type LoopMessage, LoopState } from './loop-state';
import { Names } from './names';
import type { NumberList } from './number-list';
import { compareBy, TaskPages } from './pages';
import { Rows } from './rows';
import { States } from './states';
import { StringTable } from './strings';
import { Sync } from './sync';
import { State, STATE_NAMES, TaskTable } from './task-table';

/** How long a finished task is still shown, seconds; and how many at most. */
export const LINGER_SECONDS = 2;
export const LINGER_MOST = 2048;
/** Closed loops whose row is kept. */
export const CLOSED_LOOPS_KEPT = 32;
/** Loops whose row was let go and of which a last word may still come. */
const FORGOTTEN_KNOWN = 20_000;

/** Sums over all loops, for the update event. */
export interface Totals {
  readonly loops: number;
  readonly liveTasks: number;
  readonly ready: number;
  readonly timers: number;
  readonly lag: number;
  readonly ticksPerSecond: number;
  readonly dropped: number;
  /** Whether a loop that lives is uvloop's. */
  readonly uvloop: boolean;
}

export class LoopModel {
  readonly strings = new StringTable();
  readonly log = new EventLog();
  readonly names = new Names();
  readonly tasks = new TaskTable((prefix) => this.names.release(prefix, this.log.newest));
  readonly loops = new Map<number, LoopState>();
  readonly states = new States(this.tasks, this.loops);
  readonly rows = new Rows(this.tasks, this.strings, this.names, this.states);
  /** What the program is called: the first word of a loop's name. */
  program = '';
  #revision = 0;
  #now = 0;
  #syncs = 0;
  #forgottenLoops = 0;
  readonly #forgotten = new Set<number>();
  #forgottenDropped = 0;
  readonly #lingering = new Float64Array(LINGER_MOST * 2);
  #lingerFirst = 0;
  #lingerCount = 0;
  readonly #applier = new Applier({
    tasks: this.tasks,
    strings: this.strings,
    names: this.names,
    states: this.states,
    log: this.log,
    loop: (number) => this.#loop(number),
    ended: (slot) => this.#linger(slot),
  });
  readonly #pages: TaskPages;

  /** `previous`: what was shown before in the same session; ids and revisions go on from there. */
  constructor(previous?: LoopModel) {
    if (previous) {
      this.#revision = previous.revision + 1;
      this.tasks.continueFrom(previous.tasks.nextId);
    }
    const model = (): number => this.#revision;
    this.#pages = new TaskPages({
      tasks: this.tasks,
      strings: this.strings,
      names: this.names,
      states: this.states,
      rows: this.rows,
      get revision() {
        return model();
      },
    });
  }

  /** Callbacks that run longer are told of as slow, seconds; 0: none. */
  set slowAfter(seconds: number) {
    this.#applier.slowAfter = seconds;
  }

  /** Grows with every change. */
  get revision(): number {
    return this.#revision;
  }

  /** Events applied so far. */
  get events(): number {
    return this.#applier.events;
  }

  /** Loops that were closed so long ago that their rows are gone. */
  get forgottenLoops(): number {
    return this.#forgottenLoops;
  }

  /** A batch of events that arrived at `now`. Throws WireError. */
  apply(batch: NumberList, now: number): LoopState {
    this.#now = now;
    this.#revision++;
    return this.#applier.apply(batch, now);
  }

  /** A transition in the life of a loop. */
  transition(message: LoopMessage, now: number): LoopState {
    this.#now = now;
    this.#revision++;
    const loop = this.#loop(message.loop);
    loop.transition(message);
    loop.heardAt = now;
    const word = `loop-${message.what.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    this.log.text(message.loop, message.time, word, message.call, message.site);
    if (loop.state === 'collected') {
      // A task keeps its loop alive: those that are left have gone with it.
      const left: number[] = [];
      loop.tasks.forEach((_, slot) => left.push(slot));
      for (const slot of left) this.#applier.lost(loop, slot);
    }
    if (loop.state === 'closed' || loop.state === 'collected') this.#forgetOldLoops();
    return loop;
  }

  /** A loop stands before a handle, its clock still if `stop.frozen`. */
  stopped(number: number, stop: LoopStop, now: number): void {
    this.#revision++;
    this.#loop(number).halts(stop, now);
  }

  /** A loop goes on. */
  resumed(number: number, now: number): void {
    this.#revision++;
    this.loops.get(number)?.goesOn(now);
  }

  /** A line of the event log of a loop; `word` is one hyphenated word. */
  say(loop: number, time: number, word: string, text: string, site: SourceSite | null): void {
    this.#revision++;
    this.log.text(loop, time, word, text, site);
  }

  /** A line of the event log that belongs to no loop; `word` is one hyphenated word. */
  note(word: string, text: string): void {
    this.#revision++;
    let time = 0;
    for (const loop of this.loops.values()) time = Math.max(time, loop.time);
    this.log.text(0, time, word, text, null);
  }

  /** Lets finished tasks go whose moment has passed; true if that changed anything. */
  advance(now: number): boolean {
    this.#now = Math.max(this.#now, now);
    const before = this.#lingerCount;
    this.names.sweep(this.log.oldest);
    while (this.#lingerCount > 0) {
      const at = this.#lingerFirst * 2;
      if (now - (this.#lingering[at + 1] ?? 0) < LINGER_SECONDS) break;
      this.#letGo();
    }
    if (this.#lingerCount === before) return false;
    this.#revision++;
    return true;
  }

  /** True while finished tasks wait to be folded: `advance` has to be called again. */
  get lingering(): boolean {
    return this.#lingerCount > 0;
  }

  totals(now: number): Totals {
    let liveTasks = 0;
    let ready = 0;
    let timers = 0;
    let lag = 0;
    let ticksPerSecond = 0;
    let dropped = this.#forgottenDropped;
    let loops = 0;
    let uvloop = false;
    for (const loop of this.loops.values()) {
      dropped += loop.dropped;
      liveTasks += loop.live;
      if (loop.state === 'closed' || loop.state === 'collected') continue;
      loops++;
      uvloop ||= loop.info?.hook === 'calls';
      ready += loop.ready;
      timers += loop.timers;
      const rates = loop.rates.at(loop.timeAt(now));
      lag = Math.max(lag, rates.lag);
      ticksPerSecond += rates.ticksPerSecond;
    }
    return { loops, liveTasks, ready, timers, lag, ticksPerSecond, dropped, uvloop };
  }

  loopRows(now: number): LoopRow[] {
    return [...this.loops.values()].map((loop) => this.#loopRow(loop, now));
  }

  /** A page of a tree by creator, flat or grouped. */
  page(args: TasksArguments): PageOf<TaskNode> {
    return this.#pages.page(args);
  }

  /** Ids of one page of the tasks that are not done, and how many there are. */
  liveTasks(args: TasksArguments): { readonly ids: readonly number[]; readonly total: number } {
    const { slots, total } = this.#pages.select(args, (slot) => !this.tasks.isDone(slot));
    return { ids: slots.map((slot) => this.tasks.id[slot] ?? 0), total };
  }

  /** Those of the ids whose tasks are not gone, sorted. */
  order(ids: readonly number[], sort: TasksArguments['sort']): number[] {
    const compare = compareBy(sort, this.tasks, this.names);
    const slots = ids.map((id) => this.tasks.slotOf(id)).filter((slot) => slot >= 0);
    return slots.sort(compare).map((slot) => this.tasks.id[slot] ?? 0);
  }

  /** The row of one task; undefined if it is gone. */
  row(id: number): TaskRow | undefined {
    const slot = this.tasks.slotOf(id);
    return slot < 0 ? undefined : this.rows.task(slot, `t${id}`, this.tasks.children[slot] ?? 0);
  }

  /** Id of the live task at an address, looked for in that loop first; undefined if we know none. */
  idAt(loop: number, address: number): number | undefined {
    if (!(address > 0)) return undefined;
    const own = this.loops.get(loop)?.tasks.get(address) ?? -1;
    if (own >= 0) return this.tasks.id[own];
    for (const other of this.loops.values()) {
      const slot = other.tasks.get(address);
      if (slot >= 0) return this.tasks.id[slot];
    }
    return undefined;
  }

  /** Loop and address of a live task; undefined if it is done or gone. */
  addressOf(id: number): { readonly loop: number; readonly address: number } | undefined {
    const slot = this.tasks.slotOf(id);
    if (slot < 0 || this.tasks.isDone(slot)) return undefined;
    return { loop: this.tasks.loop[slot] ?? 0, address: this.tasks.address[slot] ?? 0 };
  }

  /** What a description told of a live task: its name, and the state it is in at that moment. */
  describe(id: number, name: string, state: TaskState): void {
    const slot = this.tasks.slotOf(id);
    if (slot < 0 || this.tasks.isDone(slot)) return;
    this.#named(slot, name);
    const number = STATE_NAMES.indexOf(state, 1);
    if (number >= State.running && number <= State.waiting && this.tasks.state[slot] !== number) {
      this.tasks.state[slot] = number;
      this.#revision++;
    }
  }

  /**
   * Begins to bring a loop's tasks up to date with a list of those that live. Give it the list's slices, then call
   * `finishSync`.
   */
  beginSync(loop: LoopState): Sync {
    return new Sync(
      {
        tasks: this.tasks,
        strings: this.strings,
        named: (slot, name) => this.#named(slot, name),
        lost: (of, slot) => this.#applier.lost(of, slot),
      },
      loop,
      ++this.#syncs,
    );
  }

  /** One slice of the list of a sync, that arrived at `now`. */
  syncSlice(sync: Sync, listed: SyncAnswer['tasks'], now: number): void {
    if (this.loops.get(sync.loop.number) !== sync.loop || sync.loop.state === 'collected') return;
    this.#now = now;
    this.#revision++;
    sync.slice(listed);
  }

  /** The list of a sync is complete, and a batch or a moment has passed since. */
  finishSync(sync: Sync, now: number): void {
    this.#now = now;
    this.#revision++;
    sync.finish();
  }

  /** The runtime said which tasks of a loop are ready. */
  settle(loop: LoopState, ready: Iterable<number>): void {
    loop.unsettled = false;
    this.#revision++;
    this.states.settle(loop, ready);
  }

  #named(slot: number, name: string): void {
    if (name === '' || this.rows.name(slot) === name) return;
    const { prefix, number } = this.names.take(name);
    this.names.release(this.tasks.prefix[slot] ?? 0, this.log.newest);
    this.tasks.prefix[slot] = prefix;
    this.tasks.number[slot] = number;
    this.#revision++;
  }

  #loop(number: number): LoopState {
    let loop = this.loops.get(number);
    if (!loop) {
      loop = new LoopState(number);
      loop.heardAt = this.#now;
      // A last word about one that is forgotten does not bring it back.
      if (!this.#forgotten.has(number)) this.loops.set(number, loop);
    }
    return loop;
  }

  #linger(slot: number): void {
    if (this.#lingerCount === LINGER_MOST) this.#letGo();
    const at = ((this.#lingerFirst + this.#lingerCount) % LINGER_MOST) * 2;
    this.#lingering[at] = slot;
    this.#lingering[at + 1] = this.#now;
    this.#lingerCount++;
  }

  #letGo(): void {
    const slot = this.#lingering[this.#lingerFirst * 2] ?? 0;
    this.#lingerFirst = (this.#lingerFirst + 1) % LINGER_MOST;
    this.#lingerCount--;
    this.tasks.fold(slot);
  }

  #forgetOldLoops(): void {
    const over = [...this.loops.values()].filter(
      (loop) => (loop.state === 'closed' || loop.state === 'collected') && loop.live === 0,
    );
    for (const loop of over.slice(0, Math.max(0, over.length - CLOSED_LOOPS_KEPT))) {
      this.#forgottenLoops++;
      this.#forgottenDropped += loop.dropped;
      this.loops.delete(loop.number);
      this.#forgotten.add(loop.number);
    }
    for (const number of this.#forgotten) {
      if (this.#forgotten.size <= FORGOTTEN_KNOWN) break;
      this.#forgotten.delete(number);
    }
  }

  #loopRow(loop: LoopState, now: number): LoopRow {
    const time = loop.timeAt(now);
    const rates = loop.rates.at(time);
    const { info } = loop;
    const thread = info?.thread ?? '';
    return {
      loop: loop.number,
      name: [this.program, thread].filter(Boolean).join(' · '),
      class: info?.class ?? '',
      thread,
      state: loop.state,
      debug: info?.debug ?? false,
      life: loop.life,
      time,
      tick: loop.tick,
      ticksPerSecond: rates.ticksPerSecond,
      busy: rates.busy,
      lag: rates.lag,
      longest: loop.longest,
      liveTasks: loop.live,
      ready: loop.ready,
      timers: loop.timers,
      nextTimer: loop.timers > 0 ? loop.nextDue : null,
      sleeping: loop.sleeping,
      pendingAtClose: loop.pendingAtClose,
      hides: info?.hides ?? '',
      counting: !loop.listing,
      dropped: loop.dropped,
      io: loop.registrations.size,
      executorCalls: loop.executorCalls,
      childProcesses: loop.childProcesses,
      signals: [...loop.signals].sort((a, b) => a - b),
      stop: loop.stop,
      frozenFor: loop.frozenFor > 0 ? loop.frozenFor : undefined,
    };
  }
}
