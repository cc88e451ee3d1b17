// The order of tasks' rows in the Call Stack: the current task, those that await it, pinned ones, then the oldest; asked anew
// when a pin changes at a stop. With the debugger and without.
import assert from 'node:assert/strict';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { TaskRow } from '../../src/protocol/dap';
import type { DapClient } from './client';
import { debug, frames, pythons, Source, stop } from './debugpy/debug';
import { nextStop, withAdapter } from './session';

const PROGRAM = `import asyncio

async def crowd(number):
    await asyncio.sleep(3600)  # @waits

async def deepest():
    await asyncio.sleep(0)
    here = 1  # @stop
    await asyncio.sleep(0)

async def deep():
    await asyncio.create_task(deepest(), name="deepest")

async def outer():
    await asyncio.create_task(deep(), name="deep")

async def main():
    tasks = [asyncio.create_task(crowd(n), name="crowd%03d" % n) for n in range(150)]
    await asyncio.sleep(0)
    await asyncio.create_task(outer(), name="outer")
    print("over", flush=True)
    await asyncio.sleep(3600)

asyncio.run(main())
`;
const FIRST = ['deepest', 'deep', 'outer', 'Task-1'];

type Threads = DebugProtocol.ThreadsResponse['body']['threads'];

async function rows(client: DapClient): Promise<Threads> {
  const { threads } = await client.request<DebugProtocol.ThreadsResponse['body']>('threads');
  return threads.filter(({ name }) => name.includes(' · '));
}

const names = (threads: Threads): string[] => threads.map(({ name }) => name.split(' · ')[0] ?? '');

async function taskNamed(client: DapClient, filter: string): Promise<TaskRow> {
  const page = { tree: 'flat', offset: 0, limit: 10, sort: 'age', group: 'none', filter } as const;
  const row = (await client.ask('loopscope/tasks', page)).rows.find(
    (node): node is TaskRow => node.kind === 'task' && node.name === filter,
  );
  assert.ok(row, filter);
  return row;
}

/** At a stop in `deepest`: what all sessions do alike. */
async function pins(client: DapClient): Promise<void> {
  const before = await rows(client);
  assert.deepEqual(names(before).slice(0, 6), [...FIRST, 'crowd000', 'crowd001']);
  assert.ok(!names(before).includes('crowd140'), 'not among the first hundred');
  const late = await taskNamed(client, 'crowd140');
  const early = await taskNamed(client, 'crowd003');
  await client.ask('loopscope/pins', { tasks: [late.task, early.task] });
  const told = await client.event<DebugProtocol.InvalidatedEvent['body']>('invalidated');
  assert.deepEqual(told.areas, ['threads']);
  const pinned = await rows(client);
  assert.deepEqual(names(pinned).slice(0, 7), [...FIRST, 'crowd140', 'crowd003', 'crowd000']);
  assert.equal(pinned.length, before.length);
  const row = pinned.find(({ name }) => name.startsWith('crowd140'));
  const chain = await frames(client, { reason: 'pause', threadId: row?.id ?? 0 });
  assert.ok(
    chain.some(({ name }) => name === 'crowd'),
    JSON.stringify(chain),
  );
  const top = chain.find(({ name }) => name === 'crowd');
  const value = await client.request<DebugProtocol.EvaluateResponse['body']>('evaluate', {
    expression: 'number',
    frameId: top?.id,
    context: 'watch',
  });
  assert.equal(value.result, '140', 'its frames can be looked at though it had no row when the stop came');
  const meant = await client.ask('loopscope/row', { threadId: row?.id ?? 0 });
  assert.equal(meant.task?.task, late.task);
  const { threads } = await client.request<DebugProtocol.ThreadsResponse['body']>('threads');
  const more = threads.find(({ name }) => / more/.test(name));
  assert.match((await client.ask('loopscope/row', { threadId: more?.id ?? 0 })).text, /Tasks view/);
  const thread = await client.ask('loopscope/row', { threadId: threads[0]?.id ?? 0 });
  assert.deepEqual([thread.task, thread.text], [null, 'That row is a thread: choose the row of a task below it.']);
  await client.ask('loopscope/pins', { tasks: [early.task] });
  assert.deepEqual(names(await rows(client)).slice(0, 6), [...FIRST, 'crowd003', 'crowd000']);
}

describe('rows of tasks in the call stack', () => {
  const client = { supportsInvalidatedEvent: true };
  for (const { version, path } of pythons('3.9', '3.11', '3.13', '3.14', '3.15')) {
    it(
      `on ${version}, with the debugger: those that matter come first, and pins are followed at a stop`,
      withAdapter(async (adapter) => {
        const source = new Source(PROGRAM);
        await debug(adapter, source, ['stop'], { python: path }, [], client);
        const first = await stop(adapter);
        await pins(adapter);
        await adapter.request('continue', { threadId: first.threadId });
        await adapter.printed('over');
        await adapter.ask('loopscope/pins', { tasks: [] });
      }),
    );

    it(
      `on ${version}, without: the same`,
      withAdapter(async (adapter) => {
        await adapter.launch({ code: PROGRAM, python: path, stopOnFirstTick: true }, client);
        await adapter.event('loopscope/stopped');
        // Until the task named so is next for the second time: by then all that await it do.
        for (let created = 0; created < 153;)
          created +=
            (await nextStop(adapter, () => adapter.ask('loopscope/step', { loop: 1, goal: { kind: 'created' } }))).did
              ?.counts.created ?? 0;
        const { task } = await taskNamed(adapter, 'deepest');
        for (let turn = 0; turn < 2; turn += 1)
          await nextStop(adapter, () => adapter.ask('loopscope/step', { loop: 1, goal: { kind: 'task', task } }));
        await pins(adapter);
      }),
    );
  }
});
