/**
 * Reads the events of a batch and changes the state: tasks, loops, rates, log. One pass over the numbers, no object for
 * an event. It works out what the wire leaves unsaid: how long a handle ran (until the next one starts), what a task is
 * that ends a step without waiting (ready). It decides nothing about rows and asks nothing of the runtime: what it
 * cannot know it marks as stale.
 */
import { BATCH_HEADER, EVENTS } from '../protocol/wire';
import { EventLog, LogCode } from './event-log';
import type { LoopState } from './loop-state';
import { type NumberList, WireError } from './number-list';
import type { StringTable } from './strings';
import { Flag, ROOT, State, type TaskTable } from './task-table';

/** Number of fields by event code; -1 where there is no such event. */
const ARITY = new Int8Array(256).fill(-1);
for (const event of Object.values(EVENTS)) ARITY[event.code] = event.fields.length;

const SEQUENCE = BATCH_HEADER.indexOf('sequence');
const LOOP = BATCH_HEADER.indexOf('loop');
const DROPPED = BATCH_HEADER.indexOf('dropped');
const TICK = BATCH_HEADER.indexOf('tick');
const NOW = BATCH_HEADER.indexOf('now');
const SLEEP_UNTIL = BATCH_HEADER.indexOf('sleepUntil');
const READY = BATCH_HEADER.indexOf('ready');
const TIMERS = BATCH_HEADER.indexOf('timers');
const LISTING = BATCH_HEADER.indexOf('listing');

/** What `Applier` needs of the model around it. */
export interface Surroundings {
  readonly tasks: TaskTable;
  readonly strings: StringTable;
  readonly log: EventLog;
  loop(number: number): LoopState;
  /** A task has ended: it is shown a moment longer. */
  ended(slot: number): void;
}

export class Applier {
  readonly #around: Surroundings;
  #sequence = 0;
  /** Events applied since the beginning. */
  events = 0;

  constructor(around: Surroundings) {
    this.#around = around;
  }

  /** A new connection counts its batches from 1 again. */
  restart(): void {
    this.#sequence = 0;
  }

  /**
   * Applies a batch that arrived at `now` (the adapter's clock, s). Throws WireError where the batch is not one; what
   * came before the fault has been applied then.
   */
  apply(batch: NumberList, now: number): LoopState {
    const values = batch.values;
    if (batch.length < BATCH_HEADER.length) throw new WireError(`A batch of ${batch.length} numbers has no header.`);
    const sequence = values[SEQUENCE] ?? 0;
    const number = values[LOOP] ?? 0;
    if (!Number.isInteger(number) || number < 1) throw new WireError(`A batch names the loop ${number}.`);
    const loop = this.#around.loop(number);
    const dropped = values[DROPPED] ?? 0;
    if (dropped > 0) {
      loop.dropped += dropped;
      loop.stale = true;
      loop.handleStart = -1;
      this.#around.log.event(number, LogCode.dropped, loop.time, 0, 0, 0, 0, 0, dropped);
    }
    if (sequence !== this.#sequence + 1) loop.stale = true;
    this.#sequence = sequence;
    loop.listing = values[LISTING] !== 0;
    this.#events(batch, loop);
    loop.tick = values[TICK] ?? 0;
    const time = values[NOW] ?? 0;
    if (time > loop.time || !(loop.time > 0)) loop.time = time;
    loop.heardAt = now;
    loop.sleepUntil = values[SLEEP_UNTIL] ?? -1;
    loop.ready = values[READY] ?? 0;
    loop.timers = values[TIMERS] ?? 0;
    if (loop.state === 'created' || loop.state === 'stopped') if (loop.sleepUntil >= 0) loop.state = 'running';
    return loop;
  }

  #events(batch: NumberList, loop: LoopState): void {
    const { tasks, log } = this.#around;
    const { values, floats, length } = batch;
    const number = loop.number;
    let at = BATCH_HEADER.length;
    let count = 0;
    while (at < length) {
      count++;
      if (floats[at] === 1) {
        if (at + 2 > length) throw new WireError('A batch ends within a handle.');
        this.#handle(loop, values[at] ?? 0, values[at + 1] ?? 0);
        at += 2;
        continue;
      }
      const code = values[at] ?? 0;
      const arity = ARITY[code] ?? -1;
      if (arity < 0) throw new WireError(`A batch holds the unknown event ${code}.`);
      if (at + arity >= length) throw new WireError(`A batch ends within event ${code}.`);
      const a = values[at + 1] ?? 0;
      const b = values[at + 2] ?? 0;
      const c = values[at + 3] ?? 0;
      switch (code) {
        case EVENTS.tick.code:
          this.#tick(loop, a, b, c);
          break;
        case EVENTS.taskCreated.code:
          this.#created(loop, a, b, c, values[at + 4] ?? 0, values[at + 5] ?? 0);
          break;
        case EVENTS.taskEnded.code:
          this.#ended(loop, a, b, c, values[at + 4] ?? 0);
          break;
        case EVENTS.taskWaits.code: {
          const slot = this.#find(loop, a);
          if (slot < 0 || tasks.isDone(slot)) break;
          tasks.state[slot] = State.waiting;
          tasks.since[slot] = loop.time;
          tasks.future[slot] = b;
          if (loop.handleTask === tasks.id[slot]) tasks.flags[slot] = (tasks.flags[slot] ?? 0) | Flag.stepWaits;
          this.#note(loop, code, slot, 0);
          break;
        }
        case EVENTS.taskWoken.code: {
          const slot = this.#find(loop, a);
          if (slot < 0 || tasks.isDone(slot)) break;
          tasks.state[slot] = State.ready;
          tasks.since[slot] = loop.time;
          this.#note(loop, code, slot, b);
          break;
        }
        case EVENTS.taskCancelled.code: {
          const slot = this.#find(loop, a);
          if (slot < 0) break;
          const by = b > 0 ? loop.tasks.get(b) : -1;
          tasks.cancelledBy[slot] = by >= 0 ? (tasks.id[by] ?? -1) : -1;
          tasks.cancelSite[slot] = c;
          this.#note(loop, code, slot, b, c);
          break;
        }
        case EVENTS.timerSet.code:
          this.#subject(loop, code, c, values[at + 4] ?? 0, b);
          break;
        case EVENTS.timerFired.code:
        case EVENTS.timerCancelled.code:
          log.event(number, code, loop.time);
          break;
        case EVENTS.handleScheduled.code:
          this.#subject(loop, code, a, c, 0, b);
          break;
        case EVENTS.handleCancelled.code:
          this.#subject(loop, code, a, 0, 0);
          break;
        case EVENTS.tickEnd.code:
          this.#tickEnd(loop, a);
          break;
        case EVENTS.counts.code:
          log.event(number, code, loop.time, 0, 0, 0, 0, 0, a, b, c);
          break;
        case EVENTS.io.code:
          register(loop.registrations, a, b);
          log.event(number, code, loop.time, 0, 0, 0, 0, 0, a, b, c);
          break;
        case EVENTS.executor.code:
          loop.executorCalls = Math.max(0, loop.executorCalls + (a === 1 ? 1 : -1));
          this.#note(loop, code, -1, values[at + 4] ?? 0, a, c);
          break;
        case EVENTS.asyncGenerator.code:
          log.event(number, code, loop.time, 0, 0, 0, 0, 0, a, b);
          break;
        case EVENTS.childProcess.code:
          loop.childProcesses = Math.max(0, loop.childProcesses + (a === 1 ? 1 : -1));
          log.event(number, code, loop.time, 0, 0, values[at + 4] ?? 0, 0, 0, a, b, c);
          break;
        case EVENTS.signal.code:
          if (a === 1) loop.signals.add(b);
          else loop.signals.delete(b);
          log.event(number, code, loop.time, 0, 0, 0, 0, 0, a, b, c);
          break;
        case EVENTS.slowHandle.code:
          this.#longest(loop, a, c);
          this.#subject(loop, code, a, 0, c);
          break;
        default:
          throw new WireError(`A batch holds the unknown event ${code}.`);
      }
      at += arity + 1;
    }
    this.events += count;
  }

  /** A handle starts, and so the one before it has ended. */
  #handle(loop: LoopState, time: number, subject: number): void {
    const { tasks, log } = this.#around;
    this.#endHandle(loop, time);
    loop.time = time;
    loop.handleStart = time;
    loop.handleSubject = subject;
    loop.handleTask = 0;
    if (loop.tickStart >= 0 && time - loop.tickStart > loop.late) loop.late = time - loop.tickStart;
    if (subject <= 0) {
      log.event(loop.number, LogCode.handle, time, 0, 0, 0, 0, 0, -subject);
      return;
    }
    const slot = this.#find(loop, subject);
    if (slot < 0) return;
    const id = tasks.id[slot] ?? 0;
    loop.handleTask = id;
    tasks.steps[slot] = (tasks.steps[slot] ?? 0) + 1;
    if (!tasks.isDone(slot)) {
      tasks.state[slot] = State.running;
      tasks.since[slot] = time;
    }
    log.event(loop.number, LogCode.handle, time, id, tasks.name[slot] ?? 0, tasks.coroutine[slot] ?? 0);
  }

  #endHandle(loop: LoopState, time: number): void {
    const start = loop.handleStart;
    if (start < 0) return;
    loop.handleStart = -1;
    const duration = time > start ? time - start : 0;
    if (duration > (loop.longest?.duration ?? 0)) this.#longest(loop, loop.handleSubject, duration);
    const slot = loop.handleTask > 0 ? this.#around.tasks.slotOf(loop.handleTask) : -1;
    if (slot < 0) return;
    const { tasks } = this.#around;
    tasks.busy[slot] = (tasks.busy[slot] ?? 0) + duration;
    const flags = tasks.flags[slot] ?? 0;
    if (tasks.state[slot] === State.running) {
      tasks.state[slot] = State.ready;
      tasks.since[slot] = time;
    } else if (flags & Flag.stepWaits) {
      if (tasks.state[slot] === State.waiting) tasks.since[slot] = time;
    }
    tasks.flags[slot] = flags & ~Flag.stepWaits;
  }

  #tick(loop: LoopState, time: number, select: number, ready: number): void {
    this.#endHandle(loop, time);
    loop.late = loop.sleepUntil >= 0 && time > loop.sleepUntil ? time - loop.sleepUntil : 0;
    loop.sleepUntil = -1;
    loop.tickStart = time;
    loop.time = time;
    loop.tick++;
    if (loop.state === 'created' || loop.state === 'stopped') loop.state = 'running';
    this.#around.log.event(loop.number, EVENTS.tick.code, time, 0, 0, 0, 0, 0, loop.tick, select, ready);
  }

  #tickEnd(loop: LoopState, time: number): void {
    this.#endHandle(loop, time);
    loop.time = time;
    if (loop.tickStart >= 0) loop.rates.tick(loop.tickStart, time, loop.late);
    loop.tickStart = -1;
  }

  #created(loop: LoopState, address: number, parent: number, coroutine: number, site: number, name: number): void {
    const { tasks } = this.#around;
    const parentSlot = parent > 0 ? loop.tasks.get(parent) : -1;
    let slot = loop.tasks.get(address);
    if (slot >= 0) {
      const synced = (tasks.flags[slot] ?? 0) & Flag.synced;
      if (synced && tasks.coroutine[slot] === 0 && !tasks.isDone(slot)) {
        // A sync listed it before its creation arrived: now the rest is known.
        tasks.flags[slot] = (tasks.flags[slot] ?? 0) & ~Flag.synced;
        tasks.move(slot, parentSlot >= 0 ? parentSlot : ROOT);
      } else {
        // Its end was lost: the address belongs to another task now.
        this.finish(loop, slot, State.finished, 0, loop.time);
        slot = -1;
      }
    }
    if (slot < 0) {
      slot = tasks.add(address, loop.number, parentSlot >= 0 ? parentSlot : ROOT);
      loop.tasks.set(address, slot);
      loop.live++;
      tasks.state[slot] = State.ready;
    }
    tasks.created[slot] = loop.time;
    tasks.since[slot] = loop.time;
    tasks.coroutine[slot] = coroutine;
    tasks.site[slot] = site;
    tasks.name[slot] = name;
    tasks.createdBy[slot] = parentSlot >= 0 ? (tasks.id[parentSlot] ?? 0) : 0;
    this.#note(loop, EVENTS.taskCreated.code, slot, parent, site);
  }

  #ended(loop: LoopState, address: number, outcome: number, detail: number, time: number): void {
    const slot = this.#find(loop, address);
    if (slot < 0) return;
    const state = outcome === 2 ? State.failed : outcome === 3 ? State.cancelled : State.finished;
    this.finish(loop, slot, state, detail, time > 0 ? time : loop.time);
    this.#note(loop, EVENTS.taskEnded.code, slot, 0, outcome, detail);
  }

  /** Marks a task as done at loop time `time`; its address may belong to another from now on. */
  finish(loop: LoopState, slot: number, state: number, detail: number, time: number): void {
    const { tasks } = this.#around;
    if (tasks.isDone(slot)) return;
    tasks.state[slot] = state;
    tasks.detail[slot] = detail;
    tasks.since[slot] = time;
    tasks.future[slot] = 0;
    loop.tasks.delete(tasks.address[slot] ?? 0);
    loop.live--;
    loop.ended++;
    this.#around.ended(slot);
  }

  #longest(loop: LoopState, subject: number, duration: number): void {
    if (duration <= (loop.longest?.duration ?? 0)) return;
    const { tasks, strings } = this.#around;
    if (subject <= 0) {
      const callback = strings.described(-subject);
      loop.longest = { duration, text: callback.text, site: callback.site };
      return;
    }
    const slot = loop.tasks.get(subject);
    const known = slot >= 0 ? slot : loop.handleTask > 0 ? tasks.slotOf(loop.handleTask) : -1;
    const coroutine = known >= 0 ? strings.described(tasks.coroutine[known] ?? 0) : undefined;
    loop.longest = { duration, text: coroutine ? `${coroutine.text}()` : 'a task', site: coroutine?.site ?? null };
  }

  /** Slot of a live task; one that we do not know makes the loop stale. */
  #find(loop: LoopState, address: number): number {
    const slot = loop.tasks.get(address);
    if (slot < 0) loop.stale = true;
    return slot;
  }

  /** Notes an event about a task, by another. */
  #note(loop: LoopState, code: number, slot: number, byAddress: number, x = 0, y = 0): void {
    const { tasks, log } = this.#around;
    const by = byAddress > 0 ? loop.tasks.get(byAddress) : -1;
    const byId = by >= 0 ? (tasks.id[by] ?? 0) : 0;
    const byName = by >= 0 ? (tasks.name[by] ?? 0) : 0;
    if (slot < 0) log.event(loop.number, code, loop.time, 0, 0, 0, byId, byName, x, y);
    else
      log.event(
        loop.number,
        code,
        loop.time,
        tasks.id[slot] ?? 0,
        tasks.name[slot] ?? 0,
        tasks.coroutine[slot] ?? 0,
        byId,
        byName,
        x,
        y,
      );
  }

  /** Notes an event about what a handle will call: x the callback's string, y the site, z a time. */
  #subject(loop: LoopState, code: number, subject: number, site: number, time: number, by = 0): void {
    const { tasks, log } = this.#around;
    const slot = subject > 0 ? loop.tasks.get(subject) : -1;
    const bySlot = by > 0 ? loop.tasks.get(by) : -1;
    log.event(
      loop.number,
      code,
      loop.time,
      slot >= 0 ? (tasks.id[slot] ?? 0) : 0,
      slot >= 0 ? (tasks.name[slot] ?? 0) : 0,
      slot >= 0 ? (tasks.coroutine[slot] ?? 0) : 0,
      bySlot >= 0 ? (tasks.id[bySlot] ?? 0) : 0,
      bySlot >= 0 ? (tasks.name[bySlot] ?? 0) : 0,
      subject < 0 ? -subject : 0,
      site,
      time,
    );
  }
}

/** Bits of the registrations of a file descriptor: 1 reader, 2 writer. */
function register(registrations: Map<number, number>, what: number, fd: number): void {
  const bits = registrations.get(fd) ?? 0;
  const bit = what === 1 || what === 2 ? 1 : 2;
  const next = what === 1 || what === 3 ? bits | bit : bits & ~bit;
  if (next === 0) registrations.delete(fd);
  else registrations.set(fd, next);
}
