// A program that is debugged in the client's terminal: debugpy asks for it, and the loop is in sight as elsewhere.
import assert from 'node:assert/strict';
import { withAdapter } from '../session';
import { terminalOf } from '../terminals';
import { debug, place, Source, stop } from './debug';

const PROGRAM = `import asyncio, os, sys

async def main():
    await asyncio.sleep(0)
    print("ran", os.environ["IN_TERMINAL"], os.environ["SET"], sys.argv[1:], flush=True)  # @print

asyncio.run(main())
sys.exit(5)
`;

describe('a program that is debugged in a terminal', () => {
  for (const [console, kind] of [
    ['integratedTerminal', 'integrated'],
    ['externalTerminal', 'external'],
  ] as const)
    it(
      `${console}: stops there, prints there, its loop is seen, and its exit code arrives`,
      withAdapter(async (client) => {
        const terminal = terminalOf(client);
        const source = new Source(PROGRAM);
        await debug(client, source, ['print'], { console, args: ['a b'], env: { SET: 'by us' } }, [], {
          supportsRunInTerminalRequest: true,
        });
        const stopped = await stop(client);
        assert.equal(await place(client, stopped), `main:${source.line('print')}`);
        assert.equal((await client.ask('loopscope/loops', {})).total, 1);
        await client.request('continue', { threadId: stopped.threadId });
        assert.deepEqual(await client.event('exited'), { exitCode: 5 });
        await client.event('terminated');
        assert.equal(terminal.args?.kind, kind);
        assert.match(terminal.output, /ran yes by us \['a b'\]/);
        assert.equal(client.output('stdout'), '', 'the terminal has it');
      }),
    );

  it(
    'internalConsole: the client is asked for no terminal, and has the output',
    withAdapter(async (client) => {
      const asked: string[] = [];
      client.onReverseRequest = (request) => asked.push(request.command);
      const source = new Source(PROGRAM);
      const env = { SET: 'by us', IN_TERMINAL: 'no' };
      await debug(client, source, ['print'], { console: 'internalConsole', args: ['a b'], env }, [], {
        supportsRunInTerminalRequest: true,
      });
      const stopped = await stop(client);
      await client.request('continue', { threadId: stopped.threadId });
      assert.deepEqual(await client.event('exited'), { exitCode: 5 });
      await client.event('terminated');
      assert.match(client.output('stdout'), /ran no by us \['a b'\]/);
      assert.deepEqual(asked, []);
    }),
  );
});
