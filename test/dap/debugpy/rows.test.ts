// The rows of tasks beside threads, with the debugger: a step from a suspended task's row runs until that task does.
import assert from 'node:assert/strict';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { type DapClient, Refused } from '../client';
import { withAdapter } from '../session';
import { debug, frames, place, pythons, Source, stop, type Stopped } from './debug';

const PROGRAM = `import asyncio

async def inner(gate):
    await gate.wait()  # @inner
    return 1  # @woken

async def worker(gate):
    got = await inner(gate)  # @worker
    await asyncio.sleep(0)  # @then
    return got

async def main():
    gates = [asyncio.Event() for _ in range(3)]
    tasks = [asyncio.ensure_future(worker(gate)) for gate in gates]
    for task, name in zip(tasks, ("ann", "berta", "carla")):
        task.set_name(name)
    await asyncio.sleep(0)
    dora = asyncio.ensure_future(worker(asyncio.Event()))
    dora.set_name("dora")
    emil = asyncio.ensure_future(worker(asyncio.Event()))
    emil.set_name("emil")
    here = 1  # @stop
    dora.cancel()
    await asyncio.sleep(0)
    for gate in gates[:2]:
        gate.set()
    await asyncio.sleep(0.05)
    tasks[2].cancel()
    await asyncio.sleep(0.05)
    print("last", flush=True)

asyncio.run(main())
`;

async function rowOf(client: DapClient, name: string): Promise<Stopped> {
  const { threads } = await client.request<DebugProtocol.ThreadsResponse['body']>('threads');
  const row = threads.find((thread) => thread.name.startsWith(`${name} · `));
  assert.ok(row, threads.map((thread) => thread.name).join(', '));
  return { reason: 'step', threadId: row.id };
}

/** The task whose line the thread is at: its row comes first, after the thread. */
async function nameOfCurrent(client: DapClient): Promise<string> {
  const { threads } = await client.request<DebugProtocol.ThreadsResponse['body']>('threads');
  return threads.find((thread) => thread.name.includes(' · '))?.name ?? '';
}

describe("a step from a task's row, with the debugger", () => {
  for (const { version, path } of pythons('3.9', '3.11', '3.13', '3.14', '3.15')) {
    it(
      `on ${version}: stops in that task at its next line, also from a stop at a tick; step out in its caller`,
      withAdapter(async (client) => {
        const source = new Source(PROGRAM);
        await debug(client, source, ['stop'], { python: path });
        const first = await stop(client);
        const berta = await rowOf(client, 'berta');
        assert.equal((await frames(client, berta))[0]?.line, source.line('inner'));
        await client.request('next', { threadId: berta.threadId });
        const second = await stop(client, 2);
        assert.equal(second.threadId, first.threadId, 'the thread, which runs that task now');
        assert.equal(await place(client, second), `inner:${source.line('woken')}`);
        const again = await rowOf(client, 'berta');
        assert.equal(await place(client, again), `inner:${source.line('woken')}`);
        await client.request('stepOut', { threadId: again.threadId });
        assert.equal(await place(client, await stop(client, 3)), `worker:${source.line('worker')}`, 'as its thread');
        await client.ask('loopscope/step', { loop: 1, goal: { kind: 'handle' } });
        await stop(client, 4);
        const ann = await rowOf(client, 'ann');
        await client.request('stepIn', { threadId: ann.threadId });
        const fifth = await place(client, await stop(client, 5));
        assert.ok(fifth.startsWith('worker:'), fifth);
        await client.request('continue', { threadId: (await rowOf(client, 'emil')).threadId });
        await client.event('terminated');
      }),
    );

    it(
      `on ${version}: step out runs to the caller; a task that ends first, or a program, leaves nothing waiting`,
      withAdapter(async (client) => {
        const source = new Source(PROGRAM);
        const told = (text: string): Promise<unknown> =>
          client.event<{ text: string }>('loopscope/stopped', (body) => body.text === text);
        await debug(client, source, ['stop'], { python: path });
        await stop(client);
        // Cancelled before it has begun, it runs no line: the loop stops then, and says so.
        const dora = await rowOf(client, 'dora');
        await client.request('next', { threadId: dora.threadId });
        assert.equal((await stop(client, 2)).reason, 'step');
        await told('dora has ended.');
        for (const command of ['next', 'stepIn', 'stepOut'])
          await assert.rejects(
            client.request(command, { threadId: dora.threadId }),
            (error) => error instanceof Refused && /That task has ended/.test(error.message),
          );
        const ann = await rowOf(client, 'ann');
        await client.request('stepOut', { threadId: ann.threadId });
        assert.equal(await place(client, await stop(client, 3)), `worker:${source.line('worker')}`);
        // A task that is cancelled runs no line either. From 3.12 on it is seen where that comes out of its await.
        const carla = await rowOf(client, 'carla');
        await client.request('next', { threadId: carla.threadId });
        const fourth = await stop(client, 4);
        if (version === '3.9' || version === '3.11') await told('carla has ended.');
        else {
          assert.match(await place(client, fourth), /^(inner|worker):/);
          assert.match(await nameOfCurrent(client), /^carla/);
        }
        // Nothing wakes this one until the program ends, which cancels it.
        await client.request('stepOut', { threadId: (await rowOf(client, 'emil')).threadId });
        const last = await stop(client, 5);
        await told('emil has ended.');
        await client.request('continue', { threadId: last.threadId });
        await client.event('terminated');
        assert.match(client.output('stdout'), /last/);
      }),
    );
  }
});
