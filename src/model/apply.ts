/**
 * Reads the events of a batch and changes the state: tasks, loops, rates, log. One pass over the numbers, no object for
 * an event. It works out what the wire leaves unsaid: how long a handle ran (until the next one starts), what a task is
 * that ends a step without waiting (ready). It decides nothing about rows and asks nothing of the runtime: what it
 * cannot know it marks as stale.
 */
import { BATCH_HEADER, EVENTS, Short, SHORT_FORM, SHORT_KINDS, SHORT_STRINGS } from '../protocol/wire';
import { type EventLog, LogCode } from './event-log';
import type { LoopState } from './loop-state';
import { AUTOMATIC, type Names, UNNAMED } from './names';
import { type NumberList, WireError } from './number-list';
import type { States } from './states';
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

/** asyncio's own callback when its selector was woken: our questions are answered there, which is not the program's time. */
const WAKE_UP = /(^|\.)(_read_from_self|_loop_self_reading)$/;

/** Tasks whose end gets the time of the next mark; a step that ends more of them gives the rest its start. */
const MOST_JUST_ENDED = 64;

/** What `Applier` needs of the model around it. */
export interface Surroundings {
  readonly tasks: TaskTable;
  readonly strings: StringTable;
  readonly names: Names;
  readonly states: States;
  readonly log: EventLog;
  loop(number: number): LoopState;
  /** A task has ended: it is shown a moment longer. */
  ended(slot: number): void;
}

export class Applier {
  readonly #around: Surroundings;
  #sequence = 0;
  /** Handles that run longer are told of as slow, s; 0: none. */
  slowAfter = 0;
  /** Events applied since the beginning. */
  events = 0;

  constructor(around: Surroundings) {
    this.#around = around;
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
      this.#around.log.event(number, LogCode.dropped, loop.time, this.#around.tasks, -1, -1, dropped);
    }
    if (sequence !== this.#sequence + 1) loop.stale = true;
    this.#sequence = sequence;
    const listing = values[LISTING] !== 0;
    if (listing && !loop.listing) {
      this.#around.states.reset(loop);
      loop.unsettled = true;
    }
    loop.listing = listing;
    this.#events(batch, loop);
    loop.tick = Math.max(loop.tick, values[TICK] ?? 0);
    const time = values[NOW] ?? 0;
    if (time > loop.time || !(loop.time > 0)) loop.time = time;
    loop.heardAt = now;
    loop.sleepUntil = values[SLEEP_UNTIL] ?? -1;
    if (loop.sleepUntil > 0) loop.nextDue = Number.isFinite(loop.sleepUntil) ? loop.sleepUntil : null;
    loop.ready = values[READY] ?? 0;
    loop.timers = values[TIMERS] ?? 0;
    loop.quiet = loop.ready === 0 && loop.sleepUntil >= 0;
    if (!loop.listing) loop.countedUntil = loop.time;
    else if (loop.quiet) loop.unsettled = false;
    if (loop.state === 'created' || loop.state === 'stopped') if (loop.sleepUntil >= 0) loop.state = 'running';
    return loop;
  }

  #events(batch: NumberList, loop: LoopState): void {
    const { tasks, log } = this.#around;
    const { values, floats, length } = batch;
    const number = loop.number;
    let at = BATCH_HEADER.length;
    let count = 0;
    let parent = 0;
    let coroutine = 0;
    while (at < length) {
      if (floats[at] === 1) {
        this.#begins(loop, values[at] ?? 0);
        at += 1;
        continue;
      }
      count++;
      const code = values[at] ?? 0;
      if (code > SHORT_FORM) {
        this.#short(loop, code);
        at += 1;
        continue;
      }
      if (code < -SHORT_FORM) {
        this.#created(loop, -code, parent, coroutine, 0, 0);
        at += 1;
        continue;
      }
      const arity = ARITY[code] ?? -1;
      if (arity < 0) throw new WireError(`A batch holds the unknown event ${code}.`);
      if (at + arity >= length) throw new WireError(`A batch ends within event ${code}.`);
      const a = values[at + 1] ?? 0;
      const b = values[at + 2] ?? 0;
      const c = values[at + 3] ?? 0;
      switch (code) {
        case EVENTS.tick.code:
          loop.heard--;
          this.#tick(loop, a, b, c, values[at + 4] ?? 0);
          break;
        case EVENTS.taskCreated.code:
          parent = b;
          coroutine = c;
          this.#created(loop, a, b, c, values[at + 4] ?? 0, values[at + 5] ?? 0);
          break;
        case EVENTS.taskEnded.code:
          this.#ended(loop, a, b, c);
          break;
        case EVENTS.taskWaits.code:
          this.#waits(loop, a, b);
          break;
        case EVENTS.taskWoken.code:
          this.#woken(loop, a, b);
          break;
        case EVENTS.taskCancelled.code: {
          const slot = this.#find(loop, a);
          if (slot < 0) break;
          const by = this.#known(loop, b);
          tasks.cancelledBy[slot] = by >= 0 ? (tasks.id[by] ?? -1) : -1;
          tasks.cancelSite[slot] = c;
          log.event(number, code, loop.time, tasks, slot, by, c);
          break;
        }
        case EVENTS.timerSet.code:
          log.event(number, code, loop.time, tasks, this.#known(loop, c), -1, c < 0 ? -c : 0, values[at + 4] ?? 0, b);
          break;
        case EVENTS.timerFired.code:
        case EVENTS.timerCancelled.code:
          log.event(number, code, loop.time, tasks, -1, -1);
          break;
        case EVENTS.handleScheduled.code:
          this.#scheduled(loop, a, b, c);
          break;
        case EVENTS.handleCancelled.code:
          log.event(number, code, loop.time, tasks, this.#known(loop, a), -1, a < 0 ? -a : 0);
          break;
        case EVENTS.tickEnd.code:
          this.#mark(loop, a);
          this.#tickEnded(loop, a, 1);
          break;
        case EVENTS.counts.code:
          log.event(number, code, loop.time, tasks, -1, -1, a, b, c);
          break;
        case EVENTS.io.code:
          register(loop.registrations, a, b);
          log.event(number, code, loop.time, tasks, -1, -1, a, b, c);
          break;
        case EVENTS.executor.code:
          loop.executorCalls = Math.max(0, loop.executorCalls + (a === 1 ? 1 : -1));
          log.event(number, code, loop.time, tasks, -1, this.#known(loop, values[at + 4] ?? 0), a, c);
          break;
        case EVENTS.asyncGenerator.code:
          log.event(number, code, loop.time, tasks, -1, -1, a, b);
          break;
        case EVENTS.childProcess.code:
          loop.childProcesses = Math.max(0, loop.childProcesses + (a === 1 ? 1 : -1));
          log.event(number, code, loop.time, tasks, -1, -1, a, a === 1 ? (values[at + 4] ?? 0) : c, b);
          break;
        case EVENTS.signal.code:
          if (a === 1) loop.signals.add(b);
          else loop.signals.delete(b);
          log.event(number, code, loop.time, tasks, -1, -1, a, b, c);
          break;
        case EVENTS.slowHandle.code: {
          if (c > 0) {
            this.#slow(loop, a, c, loop.slowSubject === a ? loop.slowTask : 0);
            break;
          }
          const slot = this.#known(loop, a);
          loop.slowSubject = a;
          loop.slowTask = slot >= 0 ? (tasks.id[slot] ?? 0) : 0;
          loop.slowSite = values[at + 4] ?? 0;
          break;
        }
        case EVENTS.taskNamed.code: {
          const slot = this.#find(loop, a);
          if (slot < 0) break;
          this.#around.names.release(tasks.prefix[slot] ?? 0, log.newest);
          this.#name(slot, b);
          break;
        }
        default:
          throw new WireError(`A batch holds the unknown event ${code}.`);
      }
      at += arity + 1;
    }
    this.events += count;
    loop.heard += count;
  }

  /** An event that is one number. */
  #short(loop: LoopState, event: number): void {
    const rest = Math.floor(event / SHORT_KINDS);
    const kind = event - rest * SHORT_KINDS;
    const subject = loop.handleStart >= 0 && loop.handleSubject > 0 ? loop.handleSubject : 0;
    switch (kind) {
      case Short.ended:
        this.#ended(loop, event, 1, 0);
        break;
      case Short.step:
        this.#starts(loop, event - kind);
        break;
      case Short.woken:
        this.#woken(loop, event - kind, subject);
        break;
      case Short.waits:
        this.#waits(loop, subject, event - kind);
        break;
      case Short.yields:
        this.#waits(loop, subject, 0);
        break;
      case Short.scheduled:
        this.#scheduled(loop, SHORT_STRINGS - rest, subject, 0);
        break;
      case Short.callback:
        this.#starts(loop, SHORT_STRINGS - rest);
        break;
      default:
        throw new WireError(`A batch holds the unknown event ${event}.`);
    }
  }

  /** A handle starts, and so the one before it has ended. Which one it is comes next. */
  #begins(loop: LoopState, time: number): void {
    this.#mark(loop, time);
    loop.handleStart = time;
    loop.handleSubject = 0;
    loop.handleTask = 0;
    if (loop.tickStart >= 0 && time - loop.tickStart > loop.late) loop.late = time - loop.tickStart;
  }

  /** What the handle is that has begun: `subject` as in the events. */
  #starts(loop: LoopState, subject: number): void {
    const { tasks, log } = this.#around;
    // Its time was dropped: it begins now, as far as we know.
    if (loop.handleStart < 0) this.#begins(loop, loop.time);
    const time = loop.handleStart;
    loop.handleSubject = subject;
    if (subject <= 0) {
      log.event(loop.number, LogCode.handle, time, tasks, -1, -1, -subject);
      return;
    }
    const slot = this.#find(loop, subject);
    if (slot < 0) return;
    loop.handleTask = tasks.id[slot] ?? 0;
    tasks.steps[slot] = (tasks.steps[slot] ?? 0) + 1;
    tasks.state[slot] = State.running;
    tasks.since[slot] = time;
    log.event(loop.number, LogCode.handle, time, tasks, slot, -1);
  }

  /** The loop's clock says `time`: whatever ran or ended just before did so now. */
  #mark(loop: LoopState, time: number): void {
    const { tasks } = this.#around;
    loop.time = time;
    if (loop.justEnded.length > 0) {
      for (const id of loop.justEnded) {
        const slot = tasks.slotOf(id);
        if (slot >= 0) tasks.since[slot] = time;
      }
      loop.justEnded.length = 0;
    }
    const start = loop.handleStart;
    if (start < 0) return;
    loop.handleStart = -1;
    const duration = time > start ? time - start : 0;
    if (this.slowAfter > 0 && duration >= this.slowAfter)
      this.#slow(loop, loop.handleSubject, duration, loop.handleTask);
    else if (duration > (loop.longest?.duration ?? 0)) this.#longest(loop, loop.handleSubject, duration, 0);
    const slot = loop.handleTask > 0 ? tasks.slotOf(loop.handleTask) : -1;
    if (slot < 0) return;
    tasks.busy[slot] = (tasks.busy[slot] ?? 0) + duration;
    const flags = tasks.flags[slot] ?? 0;
    if (tasks.state[slot] === State.running) tasks.state[slot] = State.ready;
    if (flags & Flag.stepWaits || tasks.state[slot] === State.ready) tasks.since[slot] = time;
    tasks.flags[slot] = flags & ~Flag.stepWaits;
  }

  #tick(loop: LoopState, tick: number, time: number, select: number, ready: number): void {
    const passed = tick - loop.tick;
    // Where no tickEnd came, the last handle ended when the loop began to select.
    this.#mark(loop, time - select);
    loop.time = time;
    // While handles are counted not every tick is listed: those since the last one ran until this one's select.
    if (loop.tickStart >= 0) this.#tickEnded(loop, time - select, passed);
    else if (passed > 1) loop.rates.ticks(time, passed - 1);
    loop.late = loop.sleepUntil >= 0 && time > loop.sleepUntil ? time - loop.sleepUntil : 0;
    loop.sleepUntil = -1;
    loop.tickStart = time;
    loop.tick = tick;
    if (loop.state === 'created' || loop.state === 'stopped') loop.state = 'running';
    const { log, tasks } = this.#around;
    log.event(loop.number, EVENTS.tick.code, time, tasks, -1, -1, tick, select, ready);
  }

  /** The handles that began at the last tick listed are done at `time`, `count` ticks later. */
  #tickEnded(loop: LoopState, time: number, count: number): void {
    if (loop.tickStart >= 0) loop.rates.tick(loop.tickStart, time, loop.late, count);
    loop.tickStart = -1;
  }

  #created(loop: LoopState, address: number, parent: number, coroutine: number, site: number, name: number): void {
    if (!(address > 0 && Number.isInteger(address)))
      throw new WireError(`A task was created at the address ${address}.`);
    const { tasks, strings, log } = this.#around;
    const parentSlot = this.#known(loop, parent);
    const creator = parentSlot >= 0 ? parentSlot : ROOT;
    const kept = strings.coroutine(coroutine);
    let slot = loop.tasks.get(address);
    if (slot >= 0 && (tasks.flags[slot] ?? 0) & Flag.synced && tasks.coroutine[slot] === kept) {
      // A sync listed it before its creation arrived: now the rest is known.
      tasks.flags[slot] = (tasks.flags[slot] ?? 0) & ~Flag.synced;
      tasks.move(slot, creator);
      this.#around.names.release(tasks.prefix[slot] ?? 0, log.newest);
    } else {
      // A task at that address has ended without our hearing of it.
      if (slot >= 0) this.lost(loop, slot);
      slot = tasks.add(address, loop.number, creator);
      loop.tasks.set(address, slot);
      loop.live++;
      tasks.state[slot] = State.ready;
    }
    tasks.created[slot] = loop.time;
    tasks.since[slot] = loop.time;
    tasks.coroutine[slot] = kept;
    tasks.site[slot] = site;
    tasks.createdBy[slot] = parentSlot >= 0 ? (tasks.id[parentSlot] ?? 0) : 0;
    this.#name(slot, name);
    log.event(loop.number, EVENTS.taskCreated.code, loop.time, tasks, slot, parentSlot, site);
  }

  /** Gives a task the name that an event tells: see taskCreated in wire.ts. */
  #name(slot: number, name: number): void {
    const { tasks, strings, names } = this.#around;
    const parts = name < 0 ? names.take(strings.once(-name)) : undefined;
    tasks.prefix[slot] = parts?.prefix ?? (name > 0 ? AUTOMATIC : UNNAMED);
    tasks.number[slot] = parts?.number ?? (name > 0 ? name : -1);
  }

  /** The next step of a task was put into the ready queue. */
  #woken(loop: LoopState, address: number, by: number): void {
    const { tasks, log } = this.#around;
    const slot = this.#find(loop, address);
    if (slot < 0) return;
    tasks.state[slot] = State.ready;
    tasks.since[slot] = loop.time;
    log.event(loop.number, EVENTS.taskWoken.code, loop.time, tasks, slot, this.#known(loop, by));
  }

  /** A handle was put into the ready queue: `subject` as in the events. */
  #scheduled(loop: LoopState, subject: number, by: number, site: number): void {
    const { tasks, log } = this.#around;
    const slot = this.#known(loop, subject);
    const callback = subject < 0 ? -subject : 0;
    log.event(loop.number, EVENTS.handleScheduled.code, loop.time, tasks, slot, this.#known(loop, by), callback, site);
  }

  #waits(loop: LoopState, address: number, future: number): void {
    const { tasks, log } = this.#around;
    const slot = this.#find(loop, address);
    if (slot < 0) return;
    tasks.state[slot] = future === 0 ? State.ready : State.waiting;
    tasks.since[slot] = loop.time;
    tasks.future[slot] = future;
    if (loop.handleTask === tasks.id[slot]) tasks.flags[slot] = (tasks.flags[slot] ?? 0) | Flag.stepWaits;
    log.event(
      loop.number,
      EVENTS.taskWaits.code,
      loop.time,
      tasks,
      slot,
      this.#known(loop, future),
      future === 0 ? 1 : 0,
    );
  }

  #ended(loop: LoopState, address: number, outcome: number, detail: number): void {
    const slot = this.#find(loop, address);
    if (slot < 0) return;
    const state = outcome === 2 ? State.failed : outcome === 3 ? State.cancelled : State.finished;
    const { tasks, log } = this.#around;
    log.event(loop.number, EVENTS.taskEnded.code, loop.time, tasks, slot, -1, outcome, detail);
    this.#finish(loop, slot, state, detail, loop.time);
    if (loop.justEnded.length < MOST_JUST_ENDED) loop.justEnded.push(tasks.id[slot] ?? 0);
  }

  /** Marks a task as ended without our hearing how. */
  lost(loop: LoopState, slot: number): void {
    this.#finish(loop, slot, State.finished, 0, loop.time);
  }

  /** Marks a task as done at loop time `time`; its address may belong to another from now on. */
  #finish(loop: LoopState, slot: number, state: number, detail: number, time: number): void {
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

  /** A handle has run for too long. Where it stood was said while it ran, if anybody looked. */
  #slow(loop: LoopState, subject: number, duration: number, task: number): void {
    const { tasks, strings, log } = this.#around;
    const site = loop.slowSubject === subject ? loop.slowSite : 0;
    loop.slowSubject = loop.slowTask = loop.slowSite = 0;
    if (subject < 0 && WAKE_UP.test(strings.described(-subject).text)) return;
    this.#longest(loop, subject, duration, site);
    const slot = task > 0 ? tasks.slotOf(task) : this.#known(loop, subject);
    const callback = subject < 0 ? -subject : 0;
    log.event(loop.number, EVENTS.slowHandle.code, loop.time, tasks, slot, -1, callback, site, duration);
  }

  #longest(loop: LoopState, subject: number, duration: number, stood: number): void {
    if (duration <= (loop.longest?.duration ?? 0)) return;
    const { tasks, strings } = this.#around;
    const at = strings.site(stood);
    if (subject <= 0) {
      const callback = strings.described(-subject);
      if (WAKE_UP.test(callback.text)) return;
      loop.longest = { duration, text: callback.text || 'a callback', site: at ?? callback.site };
      return;
    }
    const slot = loop.tasks.get(subject);
    const known = slot >= 0 ? slot : loop.handleTask > 0 ? tasks.slotOf(loop.handleTask) : -1;
    const coroutine = known >= 0 ? strings.described(tasks.coroutine[known] ?? 0) : undefined;
    loop.longest = {
      duration,
      text: coroutine ? `${coroutine.text}()` : 'a task',
      site: at ?? coroutine?.site ?? null,
    };
  }

  /** Slot of a live task that the event is about; one that we do not know makes the loop stale. */
  #find(loop: LoopState, address: number): number {
    const slot = loop.tasks.get(address);
    if (slot < 0) loop.stale = true;
    return slot;
  }

  /** Slot of a live task that an event mentions; -1 for none. */
  #known(loop: LoopState, address: number): number {
    return address > 0 ? loop.tasks.get(address) : -1;
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
