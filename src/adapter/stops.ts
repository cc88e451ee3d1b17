/**
 * Where the program's loops are stopped: what the runtime says of it, in ids of ours. It keeps the handles' ids of each
 * stop, puts stops and steps into the model and the event log, and tells who listens. It asks the runtime nothing and
 * speaks no DAP (features/stepping.ts and features/stopped.ts do).
 */
import { Emitter } from '../common/emitter';
import type { LoopModel } from '../model/model';
import type { HandleInfo, LoopStop, SteppingMessage, StepReport, StoppedEvent } from '../protocol/stepping';

/** A stop as the adapter knows it: as it is told, and what the runtime calls the thread and the next task. */
export interface Stop {
  readonly event: Omit<StoppedEvent, 'threadId'>;
  /** Python's number of the thread. */
  readonly thread: number;
  /** debugpy tells the client by itself that the thread is stopped. */
  readonly byDebugger: boolean;
}

export class Stops {
  readonly #model: LoopModel;
  readonly #clock: () => number;
  readonly #stops = new Map<number, Stop>();
  readonly #ids = new Map<number, Map<number, number>>();
  readonly #handles = new Map<number, { readonly loop: number; readonly address: number }>();
  readonly #stopped = new Emitter<Stop>();
  readonly #resumed = new Emitter<number>();
  #lastHandle: number;

  readonly onStopped = this.#stopped.event;
  /** A loop goes on; its number. */
  readonly onResumed = this.#resumed.event;

  /** `clock`: the adapter's seconds. `previous`: the stops of the session's program before; ids go on from there. */
  constructor(model: LoopModel, clock: () => number, previous: Stops | undefined) {
    this.#model = model;
    this.#clock = clock;
    this.#lastHandle = previous?.lastHandle ?? 0;
  }

  get lastHandle(): number {
    return this.#lastHandle;
  }

  /** The stop at which a loop is; undefined while it runs. */
  of(loop: number): Stop | undefined {
    return this.#stops.get(loop);
  }

  /** All stops of this moment. */
  all(): readonly Stop[] {
    return [...this.#stops.values()];
  }

  message(message: SteppingMessage): void {
    switch (message.type) {
      case 'stopped':
        this.#stop(message);
        break;
      case 'resumed':
        this.resume(message.loop);
        break;
      case 'stepped':
        this.#log(message.loop, this.#report(message.loop, message.did));
        break;
    }
  }

  /** A loop goes on, or is gone. */
  resume(loop: number): void {
    if (!this.#stops.delete(loop)) return;
    for (const id of this.#ids.get(loop)?.values() ?? []) this.#handles.delete(id);
    this.#ids.delete(loop);
    this.#model.resumed(loop, this.#clock());
    this.#resumed.fire(loop);
  }

  /** The connection has gone: nothing is stopped any more. */
  clear(): void {
    for (const loop of [...this.#stops.keys()]) this.resume(loop);
  }

  /** Our id of a handle of a loop that is stopped. */
  handle(loop: number, address: number): number {
    if (!(address > 0)) return 0;
    const ids = this.#ids.get(loop) ?? new Map<number, number>();
    this.#ids.set(loop, ids);
    let id = ids.get(address);
    if (id === undefined) {
      id = ++this.#lastHandle;
      ids.set(address, id);
      this.#handles.set(id, { loop, address });
    }
    return id;
  }

  /** Where a handle of the present stop of a loop is; undefined for one of another stop or loop. */
  addressOf(loop: number, id: number): number | undefined {
    const found = this.#handles.get(id);
    return found?.loop === loop ? found.address : undefined;
  }

  #stop(message: Extract<SteppingMessage, { type: 'stopped' }>): void {
    const { threadId, byDebugger, loop, next } = message;
    const report = message.did && this.#report(loop, message.did);
    const { reason, tick, position, ready, time, wall, frozen, text, kind, changes } = message;
    const stop: LoopStop = {
      ...{ reason, tick, position, ready, time, wall, frozen, text, changes },
      ...(kind === undefined ? {} : { kind }),
      next: next && this.#info(loop, next),
      did: report,
    };
    const known: Stop = { event: { ...stop, loop }, thread: threadId, byDebugger };
    this.#stops.set(loop, known);
    this.#model.stopped(loop, stop, this.#clock());
    if (report) this.#log(loop, report);
    for (const change of stop.changes) this.#model.say(loop, stop.time, 'order', change, null);
    const where = stop.next ? `before ${stop.next.text}` : 'nothing is ready';
    const why = stop.text === '' ? stop.reason : `${stop.reason}: ${stop.text}`;
    this.#model.say(loop, stop.time, 'stop', `${why}  tick ${stop.tick}  ${where}`, stop.next?.at ?? null);
    this.#stopped.fire(known);
  }

  #report(loop: number, did: StepReport): StepReport {
    const info = (row: HandleInfo): HandleInfo => this.#info(loop, row);
    return {
      ...did,
      ran: { ...info(did.ran), handle: 0 }, // It has run: its address may be another's by now.
      scheduled: did.scheduled.map(info),
      woke: did.woke.map(info),
      created: did.created.map(info),
      timers: did.timers.map(info),
    };
  }

  #info(loop: number, row: HandleInfo): HandleInfo {
    return { ...row, handle: this.handle(loop, row.handle), task: this.#model.idAt(loop, row.task) ?? 0 };
  }

  #log(loop: number, did: StepReport): void {
    const { ran, counts } = did;
    const numbers = Object.entries(counts).flatMap(([what, count]) => (count > 0 ? [`${what} ${count}`] : []));
    const text = [ran.text, milliseconds(did.duration), did.outcome, ...numbers].filter(Boolean).join('  ');
    this.#model.say(loop, this.#model.loops.get(loop)?.time ?? 0, 'step', text, ran.at);
  }
}

function milliseconds(seconds: number): string {
  return seconds >= 0.001 ? `${(seconds * 1000).toFixed(1)} ms` : `${Math.round(seconds * 1_000_000)} µs`;
}
