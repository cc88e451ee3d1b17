import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { withAdapter } from './session';
import { terminalOf } from './terminals';

/** The file that says what the launcher is to run. */
function planOf(args: DebugProtocol.RunInTerminalRequestArguments): string {
  return args.args[args.args.indexOf('--') - 1] ?? '';
}

const ABLE = { supportsRunInTerminalRequest: true };

describe('a program in a terminal', () => {
  it(
    "has the terminal's environment and what the configuration sets, is seen, and its exit code arrives",
    withAdapter(async (client) => {
      const terminal = terminalOf(client);
      await client.launch(
        {
          code: 'import asyncio, os, sys\nasync def main(): print("ran", os.environ["IN_TERMINAL"], os.environ["SET"], os.environ.get("PYTHONPATH"), sys.argv[1:])\nasyncio.run(main())\nsys.exit(5)',
          args: ['a b'],
          env: { SET: 'by the configuration', PYTHONPATH: '/mine' },
          console: 'integratedTerminal',
          subProcess: false,
        },
        ABLE,
      );
      assert.deepEqual(await client.event('exited'), { exitCode: 5 });
      assert.equal(await terminal.ended, 5);
      assert.equal(terminal.output.trim(), "ran yes by the configuration /mine ['a b']");
      assert.equal(client.output('stdout'), '');
      const loops = await client.ask('loopscope/loops', {});
      assert.equal(loops.total, 1);
    }),
  );

  it(
    'shows no secret on the command line, and leaves no file',
    withAdapter(async (client) => {
      let planMode = 0;
      const terminal = terminalOf(client, (args) => {
        planMode = statSync(planOf(args)).mode & 0o777;
      });
      await client.launch({ code: 'pass', env: { PASSWORD: 'secret' }, console: 'externalTerminal' }, ABLE);
      await client.event('terminated');
      assert.equal(terminal.args?.kind, 'external');
      const line = terminal.args.args.join(' ');
      assert.ok(!/secret|[0-9a-f]{64}/.test(line), line);
      assert.equal(terminal.args.env, undefined);
      if (process.platform !== 'win32') assert.equal(planMode, 0o600);
      const plan = planOf(terminal.args);
      assert.ok(!existsSync(plan));
      assert.ok(!existsSync(dirname(plan)));
    }),
  );

  it(
    'is interrupted by terminate, not its terminal',
    withAdapter(async (client) => {
      const terminal = terminalOf(client);
      await client.launch(
        {
          code: 'import asyncio\nasync def main():\n    try: await asyncio.sleep(600)\n    finally: print("cleaned up", flush=True)\ntry: asyncio.run(main())\nexcept KeyboardInterrupt: raise SystemExit(9)',
          console: 'integratedTerminal',
        },
        ABLE,
      );
      await client.event('loopscope/update', (update: { liveTasks: number }) => update.liveTasks === 1);
      await client.request('terminate');
      assert.deepEqual(await client.event('exited'), { exitCode: 9 });
      assert.equal(await terminal.ended, 9);
      assert.match(terminal.output, /cleaned up/);
    }),
  );

  it(
    'whose launcher was killed is followed to its end',
    withAdapter(async (client) => {
      const terminal = terminalOf(client);
      await client.launch({ code: 'import time; time.sleep(1.5)', console: 'integratedTerminal' }, ABLE);
      terminal.child?.kill('SIGKILL');
      await client.event('terminated');
      assert.ok(!client.order().includes('exited'), 'how it ended is not known');
    }),
  );

  it(
    'that the editor refuses is an error that says what else to do',
    withAdapter(async (client) => {
      client.onReverseRequest = () => {
        throw new Error('no terminal today');
      };
      await assert.rejects(
        client.launch({ code: 'pass', console: 'integratedTerminal' }, ABLE),
        /no terminal today\. Try "console": "internalConsole"/,
      );
    }),
  );
});
