/**
 * A small world of loops and tasks that behaves as asyncio does, for the model's tests: it writes the events that a
 * runtime would send and knows the truth that the model must come to. It shares no code with the model. Addresses are
 * used again, as an allocator uses them; batches end anywhere; events can be lost, with their number reported.
 */
import fc from 'fast-check';
import { LoopModel } from '../../../src/model/model';
import { NumberList } from '../../../src/model/number-list';
import type { SyncAnswer, TaskState } from '../../../src/protocol/wire';
import { BatchWriter } from '../../support/batches';

export interface WorldTask {
  readonly address: number;
  readonly name: string;
  readonly coroutine: string;
  readonly parent: WorldTask | undefined;
  state: TaskState;
  steps: number;
  busy: number;
}

export interface Step {
  readonly what: 'create' | 'wait' | 'yield' | 'end' | 'wake' | 'cancel' | 'flush' | 'lose';
  /** Chooses among what there is to choose from. */
  readonly pick: number;
  readonly named: boolean;
}

const COROUTINES = ['main', 'serve', 'worker', 'fetch'];

export const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    what: fc.constantFrom<Step['what'][]>(
      'create',
      'create',
      'create',
      'wait',
      'wait',
      'yield',
      'end',
      'wake',
      'wake',
      'cancel',
      'flush',
    ),
    pick: fc.nat(1000),
    named: fc.boolean(),
  }),
  { maxLength: 200 },
);

export const stepsWithLoss: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    what: fc.constantFrom<Step['what'][]>('create', 'create', 'wait', 'yield', 'end', 'end', 'wake', 'flush', 'lose'),
    pick: fc.nat(1000),
    named: fc.boolean(),
  }),
  { maxLength: 200 },
);

export class World {
  readonly model = new LoopModel();
  readonly live: WorldTask[] = [];
  ended = 0;
  now = 1;
  readonly loop: number;
  readonly #list = new NumberList();
  readonly #free: number[] = [];
  #writer = new BatchWriter();
  #nextAddress = 0x7f55_0000_0000;
  #nextName = 1;
  #nextString = 100;
  #time = 100;
  #tick = 0;
  #events = 0;

  constructor(loop = 1) {
    this.loop = loop;
    this.model.strings.define(COROUTINES.map((name, index) => [index + 1, `${name}\tapp.py\t${index + 10}`]));
    this.model.strings.define([[50, 'app.py\t41\tmain']]);
  }

  run(steps: readonly Step[]): void {
    for (const step of steps) this.step(step);
    this.flush();
  }

  step({ what, pick, named }: Step): void {
    const task = this.live[pick % Math.max(1, this.live.length)];
    this.#time += 0.001;
    switch (what) {
      case 'create':
        this.#create(pick, named);
        break;
      case 'wait':
      case 'yield':
      case 'end':
        if (task) this.#run(task, what, pick);
        break;
      case 'wake':
        if (task?.state === 'waiting') {
          this.#writer.event('taskWoken', task.address, 0);
          this.#events++;
          task.state = 'ready';
        }
        break;
      case 'cancel':
        if (task) {
          this.#writer.event('taskCancelled', task.address, this.live[0]?.address ?? 0, 50);
          this.#events++;
        }
        break;
      case 'flush':
        this.flush();
        break;
      case 'lose':
        this.#lose();
        break;
    }
  }

  /** Sends what has been written to the model. */
  flush(dropped = 0): void {
    const bytes = this.#writer.flush({
      loop: this.loop,
      dropped,
      tick: this.#tick,
      now: this.#time,
      ready: this.live.filter(({ state }) => state === 'ready').length,
    });
    this.#list.decode(bytes);
    this.now += 0.01;
    this.model.apply(this.#list, this.now);
    this.#events = 0;
  }

  /** The slices of a `sync` answer, of `size` tasks each. */
  slices(size: number): SyncAnswer['tasks'][] {
    const slices: SyncAnswer['tasks'][] = [];
    for (let at = 0; at === 0 || at < this.live.length; at += size)
      slices.push(
        this.live.slice(at, at + size).map((task) => ({
          task: task.address,
          name: task.name,
          coroutine: `${task.coroutine}\tapp.py\t${COROUTINES.indexOf(task.coroutine) + 10}`,
          state: task.state,
        })),
      );
    return slices;
  }

  #create(pick: number, named: boolean): void {
    const parent = pick % 4 === 0 ? undefined : this.live[pick % Math.max(1, this.live.length)];
    const address = this.#free.pop() ?? (this.#nextAddress += 208);
    const coroutine = COROUTINES[pick % COROUTINES.length] ?? '';
    const number = this.#nextName++;
    const name = named ? `${coroutine} ${pick % 7}` : `Task-${number}`;
    let wireName = number;
    if (named) {
      const id = this.#nextString++;
      this.model.strings.define([[id, name]]);
      wireName = -id;
    }
    this.#writer.event('taskCreated', address, parent?.address ?? 0, (pick % COROUTINES.length) + 1, 50, wireName);
    this.#events++;
    this.live.push({ address, name, coroutine, parent, state: 'ready', steps: 0, busy: 0 });
  }

  /** A tick in which one task makes a step. */
  #run(task: WorldTask, what: 'wait' | 'yield' | 'end', pick: number): void {
    const writer = this.#writer;
    const start = this.#time;
    const end = (this.#time += (pick % 5) * 0.001);
    writer.event('tick', ++this.#tick, start, 0, 1).handle(start, task.address);
    task.steps++;
    task.busy += end - start;
    if (what === 'end') {
      writer.event('taskEnded', task.address, (pick % 3) + 1, 0);
      this.live.splice(this.live.indexOf(task), 1);
      this.#free.push(task.address);
      this.ended++;
    } else {
      writer.event('taskWaits', task.address, what === 'wait' ? 0x7f99_0000_0000 + pick : 0);
      task.state = what === 'wait' ? 'waiting' : 'ready';
    }
    writer.event('tickEnd', end);
    this.#events += 4;
  }

  /** What was written since the last batch never arrives; the next batch says how much that was. */
  #lose(): void {
    const lost = this.#events;
    if (lost === 0) return;
    const sequence = this.#writer;
    sequence.flush();
    // The lost batch was never numbered: the runtime numbers what it sends.
    this.#writer = sequence.withoutLast();
    this.#events = 0;
    this.flush(lost);
  }
}
