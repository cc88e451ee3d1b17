// A program that is debugged in the client's terminal: debugpy asks for it, and the loop is in sight as elsewhere.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { withAdapter } from '../session';
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
        let output = '';
        let asked: DebugProtocol.RunInTerminalRequestArguments | undefined;
        client.onReverseRequest = (request: DebugProtocol.Request) => {
          assert.equal(request.command, 'runInTerminal');
          asked = request.arguments as DebugProtocol.RunInTerminalRequestArguments;
          const [file = '', ...rest] = asked.args;
          const started = spawn(file, rest, {
            cwd: asked.cwd,
            env: { ...process.env, IN_TERMINAL: 'yes', ...(asked.env as Record<string, string> | undefined) },
            stdio: ['ignore', 'pipe', 'pipe'],
          });
          for (const stream of [started.stdout, started.stderr])
            stream.on('data', (chunk: Buffer) => {
              output += chunk.toString();
            });
          return { processId: started.pid };
        };
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
        assert.equal(asked?.kind, kind);
        assert.match(output, /ran yes by us \['a b'\]/);
        assert.equal(client.output('stdout'), '', 'the terminal has it');
      }),
    );
});
