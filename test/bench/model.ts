/**
 * How fast the receiving side is: events a second through decode and model, bytes a task, and the time of a page of
 * every tree and sort at 10³ to 10⁶ live tasks. Prints a Markdown table; `--json` prints the figures, `--json-file FILE`
 * writes them. `--tiny`: only that it runs.
 *
 *     node --expose-gc --import=tsx test/bench/model.ts [--json] [--json-file FILE] [--tiny] [recorded.bin …]
 *
 * Given recorded streams (record_streams.py) it receives them too, in pieces as a socket gives them, and fails when the state
 * at their end is not the one that the recording says.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { FrameReader } from '../../src/adapter/link/frames';
import { parseMessage, parseStrings } from '../../src/adapter/link/messages';
import { LoopModel } from '../../src/model/model';
import { NumberList } from '../../src/model/number-list';
import type { TasksArguments } from '../../src/protocol/dap';
import { BatchWriter } from '../support/batches';
import { FrameKind } from '../../src/protocol/wire';
import { type Figure, median, table } from './figures';

const figures: Figure[] = [];
/** Addresses as a 64-bit CPython has them: 16 bytes aligned, 47 bits. */
const address = (index: number): number => 0x7f00_0000_0000 + index * 400;

/** A server under load: tasks come, wait, are woken by I/O, spawn a child now and then, and go. */
function serverStream(events: number): Buffer[] {
  const writer = new BatchWriter();
  const batches: Buffer[] = [];
  let time = 1000;
  let tick = 0;
  let next = 1;
  let written = 0;
  const live: number[] = [];
  while (written < events) {
    for (let inBatch = 0; inBatch < 60; inBatch++) {
      writer.event('tick', ++tick, (time += 0.0002), 0.0001, 8);
      for (let handle = 0; handle < 8; handle++) {
        time += 0.00001;
        if (live.length < 400 || handle === 0) {
          const task = address(next++);
          live.push(task);
          writer.handle(time, -5).event('taskCreated', task, live[0] ?? 0, 1 + (next % 7), 20 + (next % 5), next);
          written += 2;
        } else {
          const task = live[(next * 7 + handle * 13) % live.length] ?? 0;
          writer
            .handle(time, task)
            .event('taskWaits', task, 0x7fff_0000_0000 + handle)
            .event('taskWoken', task, 0);
          written += 3;
        }
      }
      if (live.length > 400) {
        const task = live.splice(200, 1)[0] ?? 0;
        writer.handle((time += 0.00001), task).event('taskEnded', task, 1, 0);
        written += 2;
      }
      writer.event('tickEnd', (time += 0.00001));
      written += 2;
    }
    batches.push(writer.flush({ tick, now: time, sleepUntil: time + 1, listing: true }));
  }
  return batches;
}

function throughput(name: string, batches: readonly Buffer[]): void {
  const rates: number[] = [];
  for (let round = 0; round < 7; round++) {
    const model = new LoopModel();
    const list = new NumberList();
    const begin = process.cpuUsage();
    let now = 0;
    for (const batch of batches) {
      list.decode(batch);
      model.apply(list, (now += 0.01));
      model.advance(now);
    }
    const { user, system } = process.cpuUsage(begin);
    rates.push(model.events / ((user + system) / 1e6));
  }
  figures.push({ what: `events/s, ${name}`, value: median(rates.slice(1)), unit: '', target: '≥ 2,000,000' });
}

/** What a recording says of itself. */
interface Recorded {
  readonly created: number;
  readonly ended: number;
  readonly ticks: number;
}

/** What arrives in one read of a socket under load. */
const PIECE = 64 * 1024;

/** Receives a recorded stream, from its bytes to the model, as runtime-link.ts does. @returns events a second of CPU time */
function receive(bytes: Buffer, expected: Recorded): number {
  const model = new LoopModel();
  const list = new NumberList();
  const frames = new FrameReader();
  let now = 0;
  const begin = process.cpuUsage();
  for (let at = 0; at < bytes.length; at += PIECE) {
    now += 0.01;
    for (const { kind, payload } of frames.push(bytes.subarray(at, at + PIECE))) {
      if (kind === FrameKind.events) {
        list.decode(payload);
        model.apply(list, now);
      } else if (kind === FrameKind.strings) model.strings.define(parseStrings(payload));
      else {
        const message = parseMessage(payload);
        if (message.type === 'loop') model.transition(message, now);
      }
    }
    model.advance(now);
  }
  const { user, system } = process.cpuUsage(begin);
  const rows = model.loopRows(now);
  const found = { live: model.totals(now).liveTasks, ticks: Math.max(...rows.map(({ tick }) => tick)) };
  if (found.live !== expected.created - expected.ended || found.ticks !== expected.ticks)
    throw new Error(`The state at the end is ${JSON.stringify(found)}, the recording has ${JSON.stringify(expected)}.`);
  return model.events / ((user + system) / 1e6);
}

function recorded(path: string): void {
  const bytes = readFileSync(path);
  const expected = JSON.parse(readFileSync(path.replace(/\.bin$/, '.json'), 'utf8')) as Recorded;
  const rates = Array.from({ length: 7 }, () => receive(bytes, expected));
  const name = path.replace(/^.*[\\/]|\.bin$/g, '');
  figures.push({
    what: `events/s, ${name} (recorded)`,
    value: median(rates.slice(1)),
    unit: '',
    target: '≥ 2,000,000',
  });
}

/** A model with that many live tasks: a tree three levels deep, some names of their own, all states. */
function populated(tasks: number): { readonly model: LoopModel; readonly bytes: number } {
  const before = memory();
  const model = new LoopModel();
  const list = new NumberList();
  const writer = new BatchWriter();
  model.strings.define(Array.from({ length: 200 }, (_, id) => [id + 1, `coroutine_${id}\tserver.py\t${id + 1}`]));
  let time = 1000;
  for (let made = 0; made < tasks;) {
    const names: [number, string][] = [];
    for (let inBatch = 0; inBatch < 2000 && made < tasks; inBatch++, made++) {
      const parent =
        made < 10 ? 0 : made % 3 === 0 ? address(made % 10) : address(10 + (made % Math.max(1, made >> 4)));
      const named = made % 5 === 0;
      if (named) names.push([1000 + inBatch, `request ${(made * 7919) % 1000003}`]);
      writer
        .event(
          'taskCreated',
          address(made),
          parent,
          1 + (made % 150),
          1 + ((made * 31) % 180),
          named ? -(1000 + inBatch) : made + 1,
        )
        .handle((time += 0.00001 + (made % 17) * 1e-6), address(made));
      if (made % 4 !== 0) writer.event('taskWaits', address(made), address(made + 1));
    }
    model.strings.define(names);
    list.decode(writer.flush({ tick: 1, now: time, sleepUntil: time + 1 }));
    model.apply(list, 1);
  }
  return { model, bytes: (memory() - before) / tasks };
}

function memory(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function pages(tasks: number, model: LoopModel): void {
  const limit = tasks <= 100_000 ? 50 : 1000;
  const list = new NumberList();
  const writer = new BatchWriter();
  const measure = (what: string, args: Partial<TasksArguments>): void => {
    const times: number[] = [];
    for (let round = 0; round < 5; round++) {
      // Something changed everywhere, so that nothing is answered from what the last page left behind.
      for (let index = 0; index < 200; index++)
        writer.event(
          'taskCreated',
          address(tasks + round * 200 + index),
          address((index * 97) % tasks),
          1 + (index % 150),
          0,
          1,
        );
      for (let index = 0; index < 200; index++) writer.event('taskEnded', address(tasks + round * 200 + index), 1, 0);
      list.decode(writer.flush({ now: 2000 }));
      model.apply(list, round * 10);
      model.advance(round * 10 + 5);
      const begin = performance.now();
      const page = model.page({ tree: 'flat', offset: 0, limit: 200, sort: 'age', group: 'none', filter: '', ...args });
      times.push(performance.now() - begin);
      if (page.total === 0) throw new Error(`an empty page: ${what}`);
    }
    figures.push({
      what: `page at ${tasks.toLocaleString('en')}: ${what}`,
      value: Math.max(...times.slice(1)),
      unit: 'ms',
      target: `≤ ${limit} ms`,
    });
  };
  for (const tree of ['flat', 'creator'] as const)
    for (const sort of ['age', 'busy', 'steps', 'name'] as const) measure(`${tree}, by ${sort}`, { tree, sort });
  measure('flat, by name, in the middle', { sort: 'name', offset: Math.floor(tasks / 2) });
  measure('creator, children of one task', { tree: 'creator', parent: 't1' });
  for (const group of ['coroutine', 'state', 'site'] as const) measure(`grouped by ${group}`, { group });
  measure('flat, filtered', { filter: 'coroutine_12' });
  measure('creator, filtered by a name', { tree: 'creator', filter: 'request 77' });
}

function main(argv: readonly string[]): void {
  const tiny = argv.includes('--tiny');
  const fileAt = argv.indexOf('--json-file') + 1;
  throughput('a server under load (synthetic)', serverStream(tiny ? 2_000 : 1_500_000));
  for (const path of argv.filter((argument, at) => !argument.startsWith('--') && (fileAt === 0 || at !== fileAt)))
    recorded(path);
  for (const tasks of tiny ? [1_000] : [1_000, 10_000, 100_000, 1_000_000]) {
    const { model, bytes } = populated(tasks);
    figures.push({
      what: `bytes a task at ${tasks.toLocaleString('en')}`,
      value: bytes,
      unit: 'B',
      target: '≤ 1,024 B',
    });
    pages(tasks, model);
  }
  const file = fileAt > 0 ? argv[fileAt] : undefined;
  if (file !== undefined) writeFileSync(file, JSON.stringify(figures, null, 2) + '\n');
  if (argv.includes('--json')) console.log(JSON.stringify(figures, null, 2));
  else console.log(table(figures));
}

main(process.argv.slice(2));
