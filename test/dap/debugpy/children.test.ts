// Child processes of a program that is debugged: each becomes a session of its own, debugged and with its loop in sight.
import assert from 'node:assert/strict';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { UpdateEvent } from '../../../src/protocol/dap';
import { DapClient } from '../client';
import { alive, until, withAdapter } from '../session';
import { attach, debug, place, pythons, Source, stop, topFrame, value } from './debug';

const CHILD = `import asyncio, sys

async def child(n):
    await asyncio.sleep(0)
    total = n + 1  # @child
    print("child has", total, flush=True)

def run(n):
    asyncio.run(child(n))

if __name__ == "__main__":
    run(int(sys.argv[1]))
`;

/** How a program starts its child. */
const WAYS = {
  'a subprocess of asyncio': `
    process = await asyncio.create_subprocess_exec(sys.executable, child.__file__, "41")
    print("ended", await process.wait(), flush=True)`,
  'multiprocessing (spawn)': `
    process = multiprocessing.get_context("spawn").Process(target=child.run, args=(41,))
    process.start()
    await asyncio.get_running_loop().run_in_executor(None, process.join)
    print("ended", process.exitcode, flush=True)`,
  'multiprocessing (fork)': `
    process = multiprocessing.get_context("fork").Process(target=child.run, args=(41,))
    process.start()
    await asyncio.get_running_loop().run_in_executor(None, process.join)
    print("ended", process.exitcode, flush=True)`,
} as const;

function parent(way: keyof typeof WAYS): string {
  return `import asyncio, multiprocessing, sys
import child

async def main():
    print("up", flush=True)${WAYS[way]}

if __name__ == "__main__":
    asyncio.run(main())
`;
}

/** Starts a session for each child that the client is told of, as an editor does, with a breakpoint in the child's code. */
class Family {
  readonly #sessions: DapClient[] = [];
  /** `source`: the child's. */
  constructor(
    client: DapClient,
    readonly source: Source,
  ) {
    client.onReverseRequest = (request: DebugProtocol.Request) => {
      assert.equal(request.command, 'startDebugging');
      const { configuration } = request.arguments as DebugProtocol.StartDebuggingRequestArguments;
      const session = DapClient.start();
      this.#sessions.push(session);
      attach(session, configuration, source, ['child']).catch(() => undefined);
      return {};
    };
  }

  get size(): number {
    return this.#sessions.length;
  }

  /** The session of the child that has stopped. multiprocessing has processes of its own beside it. */
  async stopped(): Promise<DapClient> {
    const found = (): DapClient | undefined =>
      this.#sessions.find((session) => session.messages.some(({ event }) => event === 'stopped'));
    await until('a child stops', () => found() !== undefined);
    return found() ?? assert.fail();
  }

  async end(): Promise<void> {
    for (const session of this.#sessions) await session.stop();
  }
}

/** Starts a parent, with its family. */
async function begin(client: DapClient, way: keyof typeof WAYS, args: object = {}): Promise<Family> {
  const source = new Source(parent(way), { 'child.py': CHILD });
  const family = new Family(client, new Source(CHILD, {}, `${source.folder}/child.py`));
  await debug(client, source, [], args, [], { supportsStartDebuggingRequest: true });
  return family;
}

describe('child processes of a program that is debugged', () => {
  for (const { version, path: python } of pythons('3.9', '3.11', '3.13', '3.14', '3.15'))
    for (const way of Object.keys(WAYS) as (keyof typeof WAYS)[])
      it(
        `on ${version}: ${way}`,
        withAdapter(async (client) => {
          const family = await begin(client, way, { python });
          try {
            const child = await family.stopped();
            const stopped = await stop(child);
            assert.equal(await place(child, stopped), `child:${family.source.line('child')}`);
            assert.equal(await value(child, await topFrame(child, stopped), 'n'), '41');
            await child.event<UpdateEvent>('loopscope/update', ({ liveTasks }) => liveTasks === 1);
            const { rows } = await child.ask('loopscope/loops', {});
            assert.deepEqual(
              rows.map(({ state }) => state),
              ['running'],
              'the loop of the child is seen in its session',
            );
            const { threads } = await child.request<DebugProtocol.ThreadsResponse['body']>('threads');
            assert.ok(
              threads.some(({ name }) => name.includes('· child')),
              threads.map(({ name }) => name).join(', '),
            );
            assert.equal((await client.ask('loopscope/loops', {})).total, 1, 'the parent has its own loop only');
            await child.request('continue', { threadId: stopped.threadId });
            await child.event('terminated');
            await client.printed(/ended 0/);
            await client.event('terminated');
          } finally {
            await family.end();
          }
        }),
      );

  it(
    'a child that is stopped ends with the session of its parent',
    withAdapter(async (client) => {
      const family = await begin(client, 'a subprocess of asyncio');
      const child = await family.stopped();
      const { systemProcessId: pid = 0 } = await child.event<DebugProtocol.ProcessEvent['body']>('process');
      assert.ok(alive(pid));
      await client.request('disconnect', { terminateDebuggee: true });
      await until('the child has ended', () => !alive(pid));
      await child.event('terminated');
      await family.end();
    }),
  );

  it(
    'with "subProcess": false a child runs by itself',
    withAdapter(async (client) => {
      const family = await begin(client, 'a subprocess of asyncio', { subProcess: false });
      await client.printed(/child has 42[^]*ended 0/);
      await client.event('terminated');
      assert.equal(family.size, 0);
    }),
  );
});
