// Stops at ticks in a session with the debugger: they are the debugger's own stops, with tasks as threads beside them.
import assert from 'node:assert/strict';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { StoppedEvent } from '../../../src/protocol/stepping';
import { nextStop, withAdapter } from '../session';
import { debug, frames, place, pythons, Source, stop, value } from './debug';

const PROGRAM = `import asyncio

async def worker(name):
    count = len(name)
    await asyncio.sleep(3600)  # @waits

async def main():
    async with asyncio.timeout(5) if hasattr(asyncio, "timeout") else asyncio.Lock():
        tasks = [asyncio.create_task(worker(name), name=name) for name in ("ann", "berta")]
        for turn in range(3):
            await asyncio.sleep(0.1)
            last = turn  # @turn
        print("idle", flush=True)
        await asyncio.sleep(2)
        print("ends", flush=True)
        for task in tasks:
            task.cancel()

asyncio.run(main())
`;

/** Its loop is made and runs before anything else happens. */
const EARLY = `import asyncio; loop = asyncio.new_event_loop()  # @made
import time
loop.call_soon(time.sleep, 0.2)
loop.run_until_complete(asyncio.sleep(0.05))
loop.close()
`;

type Threads = DebugProtocol.ThreadsResponse['body'];

describe('stops at ticks, with the debugger', () => {
  for (const { version, path } of pythons('3.9', '3.11', '3.13', '3.14', '3.15'))
    it(
      `on ${version}: a pause is a stop whose tasks can be looked at, a step runs one callback, and the program goes on`,
      withAdapter(async (client) => {
        const source = new Source(PROGRAM);
        await debug(client, source, ['turn'], { python: path });
        const atLine = await stop(client);
        assert.equal(await place(client, atLine), `main:${source.line('turn')}`);
        const names = (await client.request<Threads>('threads')).threads.map(({ name }) => name);
        assert.ok(
          names.some((name) => name.includes('ann · worker')),
          names.join(', '),
        );
        await client.request('setBreakpoints', { source: { path: source.path }, breakpoints: [] });
        const after = await nextStop(client, () => client.ask('loopscope/step', { loop: 1, goal: { kind: 'handle' } }));
        assert.match(after.did?.ran.text ?? '', /main\(\)/, 'the rest of the callback at whose line it stood');
        const stepEnd = await stop(client, 2);
        assert.equal(stepEnd.threadId, atLine.threadId);
        await client.request('continue', { threadId: atLine.threadId });
        await client.printed('idle');

        const paused = await nextStop(client, () => client.ask('loopscope/pause', {}));
        assert.equal(paused.reason, 'pause');
        const told = await stop(client, 3);
        assert.equal(told.threadId, paused.threadId, 'both speak of the same thread');
        const { threads } = await client.request<Threads>('threads');
        const berta = threads.find(({ name }) => name.includes('berta · worker'));
        assert.ok(berta, threads.map(({ name }) => name).join(', '));
        const chain = await frames(client, { reason: 'pause', threadId: berta.id });
        const own = chain.find(({ name }) => name === 'worker');
        assert.equal(own?.line, source.line('waits'));
        assert.equal(await value(client, own.id, 'count * 2'), '10');

        const stepped = await nextStop(client, () =>
          client.ask('loopscope/step', { loop: paused.loop, goal: { kind: 'handle' } }),
        );
        assert.equal(stepped.reason, 'step');
        await stop(client, 4);
        await client.request('continue', { threadId: paused.threadId });
        await client.printed('ends');
        await client.event('terminated');
      }),
    );

  for (const { version, path } of pythons('3.9', '3.13', '3.14'))
    it(
      `on ${version}: a loop that the program's first line makes is stopped at, and a callback of it that is slow`,
      withAdapter(async (client) => {
        const source = new Source(EARLY);
        const filters = ['loopscope.loopCreated', 'loopscope.slowHandle'];
        await debug(client, source, [], { python: path }, filters);
        const made = await client.event<StoppedEvent>('loopscope/stopped');
        assert.equal(made.reason, 'break');
        const told = await stop(client);
        const chain = await frames(client, told);
        assert.ok(
          chain.some(({ line, source: file }) => file?.path === source.path && line === source.line('made')),
          JSON.stringify(chain.map(({ name, line }) => [name, line])),
        );
        const slow = await nextStop(client, () => client.request('continue', { threadId: told.threadId }));
        assert.match(slow.text, /ms/);
        await stop(client, 2);
        await client.request('continue', { threadId: slow.threadId });
        await client.event('terminated');
      }),
    );
});
