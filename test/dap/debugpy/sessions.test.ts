import assert from 'node:assert/strict';
import { DapClient, PYTHON } from '../client';
import { alive, until, withAdapter } from '../session';
import { debug, Source, stop } from './debug';

/** Prints its process id and a line every now and then, for ever. */
const SERVER = `import asyncio, os, sys

if "listen" in sys.argv:
    import debugpy
    print("port", debugpy.listen(("127.0.0.1", 0))[1], flush=True)

async def main():
    print("up", os.getpid(), flush=True)
    for n in range(100000):
        await asyncio.sleep(0.05)
        last = n  # @line

asyncio.run(main())
`;

describe('sessions of debugging', () => {
  it(
    'an unknown request passes to debugpy and is answered by it',
    withAdapter(async (client) => {
      const source = new Source(SERVER);
      await debug(client, source, []);
      const info = await client.request<{ debugpy: { version: string } }>('debugpySystemInfo');
      assert.match(info.debugpy.version, /^1\.8\./);
      await assert.rejects(client.request('somethingNew', { a: 1 }));
    }),
  );

  for (const [how, end] of [
    ['terminate', (client: DapClient) => client.request('terminate')],
    ['disconnect', (client: DapClient) => client.request('disconnect', { terminateDebuggee: true })],
    ['the death of the adapter', (client: DapClient) => Promise.resolve(client.process?.kill('SIGKILL'))],
  ] as const)
    it(`${how} leaves no process`, async () => {
      const client = DapClient.start();
      const source = new Source(SERVER);
      await debug(client, source, ['line']);
      const [pid = ''] = await client.printed(/up (\d+)/);
      await stop(client);
      await end(client);
      await until('the program has ended', () => !alive(Number(pid)));
      if (how === 'terminate') await client.event('terminated');
      client.hangUp();
      await client.closed;
    });

  it(
    'takes a configuration of Python’s own debugger as it stands',
    withAdapter(async (client) => {
      const source = new Source('import os, sys\nx = sys.executable  # @line\n');
      const options = { pythonPath: PYTHON, purpose: ['debug-test'], jinja: true, django: true, redirectOutput: true };
      await debug(client, source, ['line'], { ...options, python: null, justMyCode: false, subProcess: true });
      const stopped = await stop(client);
      await client.request('continue', { threadId: stopped.threadId });
      await client.event('terminated');
    }),
  );

  it(
    'no debugger: one sentence that says what to do',
    withAdapter(async (client) => {
      await client.initialize();
      const nowhere = { debuggerFrom: 'extension', debugpyExtension: '/nowhere' };
      await assert.rejects(
        client.request('launch', { code: '1', python: PYTHON, ...nowhere }),
        /The Python Debugger extension \(ms-python\.debugpy\) was not found: install it/,
      );
    }),
  );
});
