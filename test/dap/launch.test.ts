import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { UpdateEvent } from '../../src/protocol/dap';
import { DapClient, PYTHON, Refused } from './client';
import { folderWith } from './files';
import { until, withAdapter } from './session';

/** Prints what the program was started with, as one line of JSON. */
const REPORT = `
import json, os, sys
print(json.dumps({"argv": sys.argv, "cwd": os.getcwd(), "path0": sys.path[0], "env": {k: os.environ.get(k) for k in
    ("GREETING", "FROM_FILE", "QUOTED", "FILLED", "HOME", "PYTHONPATH")}, "flags": sys.flags.optimize}))
`;

interface Report {
  argv: string[];
  cwd: string;
  path0: string;
  env: Record<string, string | null>;
  flags: number;
}

describe('launch', () => {
  it(
    'runs a program with its arguments, folder, environment and interpreter options',
    withAdapter(async (client) => {
      const folder = folderWith({
        'app.py': REPORT,
        '.env': '# a comment\nFROM_FILE=file\nGREETING=from file\nexport QUOTED="two words"\nFILLED=${FROM_FILE}!\n',
      });
      await client.launch({
        program: 'app.py',
        args: ['--x', 'ü b', ''],
        cwd: folder,
        env: { GREETING: 'grüß', HOME: null },
        envFile: '.env',
        pythonArgs: ['-O'],
      });
      await client.event('terminated');
      const report = JSON.parse(client.output('stdout')) as Report;
      assert.deepEqual(report.argv, [join(folder, 'app.py'), '--x', 'ü b', '']);
      assert.equal(report.cwd, folder);
      assert.equal(report.path0, folder, 'the import path is as without us');
      assert.equal(report.flags, 1);
      assert.deepEqual(
        { ...report.env, PYTHONPATH: null },
        { GREETING: 'grüß', FROM_FILE: 'file', QUOTED: 'two words', FILLED: 'file!', HOME: null, PYTHONPATH: null },
      );
    }),
  );

  for (const [how, noDebug] of [
    ['without debugpy', true],
    ['with debugpy', false],
  ] as const)
    it(
      `gives a program that asks uvloop for its loop asyncio’s where "asyncioLoop" says so, ${how}`,
      withAdapter(async (client) => {
        const main = 'async def main():\n    print(type(asyncio.get_running_loop()).__module__, flush=True)\n';
        const end = '    await asyncio.sleep(3600)\n';
        const folder = folderWith({ 'app.py': `import asyncio, uvloop\n${main}${end}uvloop.run(main())\n` });
        await client.launch({ program: 'app.py', cwd: folder, noDebug, asyncioLoop: true });
        await client.printed('asyncio.unix_events');
        const update = await client.event<UpdateEvent>('loopscope/update', ({ timers }) => timers > 0);
        assert.equal(update.uvloop, false);
        const { rows } = await client.ask('loopscope/loops', {});
        assert.equal(rows[0]?.hides, '');
      }),
    );

  it(
    'tells of a loop of uvloop’s',
    withAdapter(async (client) => {
      const main = 'async def main():\n    await asyncio.sleep(3600)\n';
      const folder = folderWith({ 'app.py': `import asyncio, uvloop\n${main}uvloop.run(main())\n` });
      await client.launch({ program: 'app.py', cwd: folder });
      await client.event<UpdateEvent>('loopscope/update', ({ uvloop }) => uvloop);
    }),
  );

  it(
    'runs a module and takes arguments as one string',
    withAdapter(async (client) => {
      const folder = folderWith({ 'tool.py': REPORT });
      await client.launch({ module: 'tool', args: `--a 'b c' "d \\" e"`, cwd: folder });
      await client.event('terminated');
      const report = JSON.parse(client.output('stdout')) as Report;
      assert.deepEqual(report.argv, [join(folder, 'tool.py'), '--a', 'b c', 'd " e']);
    }),
  );

  it(
    'runs code given as lines, with an interpreter given as a list',
    withAdapter(async (client) => {
      await client.launch({ code: ['import sys', 'print(sys.flags.utf8_mode)'], python: [PYTHON, '-X', 'utf8'] });
      await client.event('terminated');
      assert.equal(client.output('stdout').trim(), '1');
    }),
  );

  it(
    'passes characters on whole when their bytes come apart, and bytes that are no text as such',
    withAdapter(async (client) => {
      await client.launch({
        code: `
import os, sys, time
for byte in "é→😀".encode():
    os.write(1, bytes([byte])); time.sleep(0.02)
os.write(2, b"x\\xff\\n")
`,
      });
      await client.event('terminated');
      assert.equal(client.output('stdout'), 'é→😀');
      assert.equal(client.output('stderr'), 'x\ufffd\n');
    }),
  );

  it(
    'loses none of a large output, and keeps its order',
    withAdapter(async (client) => {
      await client.launch({ code: 'for i in range(200000): print(i)' });
      await client.event('terminated');
      assert.equal(client.output('stdout'), Array.from({ length: 200000 }, (_, index) => `${index}\n`).join(''));
    }),
  );

  it(
    'holds the program back while the client takes nothing, and then loses nothing',
    withAdapter(async (client) => {
      const folder = folderWith({});
      await client.launch({
        cwd: folder,
        code: 'import os\nopen("begun", "w").close()\nfor i in range(600): os.write(1, (b"%07d" % i) * 10000)\nopen("done", "w").close()',
      });
      client.process?.stdout?.pause();
      await until('it has begun', () => existsSync(join(folder, 'begun')));
      // 42 MB fit nowhere but in the adapter's memory, if it took them.
      for (let waited = 0; waited < 20; waited++) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        assert.ok(!existsSync(join(folder, 'done')), 'the program waits');
      }
      client.process?.stdout?.resume();
      await client.event('terminated');
      assert.equal(client.output('stdout').length, 600 * 70000);
    }),
  );

  it(
    'tells what happened in order, each thing once',
    withAdapter(async (client) => {
      await client.launch({ code: 'import asyncio\nasync def main(): print("ran")\nasyncio.run(main())' });
      await client.event('terminated');
      const order = client.order();
      const position = (what: string): number => {
        assert.equal(order.filter((entry) => entry === what).length, 1, what);
        return order.indexOf(what);
      };
      const sequence = [
        'response initialize',
        'initialized',
        'response configurationDone',
        'process',
        'response launch',
        'exited',
        'terminated',
      ].map(position);
      assert.deepEqual(
        sequence,
        [...sequence].sort((a, b) => a - b),
      );
      assert.ok(order.indexOf('output') < order.indexOf('exited'));
      assert.ok(order.lastIndexOf('loopscope/update') < order.indexOf('exited'));
    }),
  );

  for (const [what, code, expected] of [
    ['sys.exit(3)', 'import sys; sys.exit(3)', 3],
    ['the end of the program', 'pass', 0],
    ['os._exit(7)', 'import asyncio, os\nasync def main(): os._exit(7)\nasyncio.run(main())', 7],
    ['a signal', 'import os, signal; os.kill(os.getpid(), signal.SIGKILL)', -9],
  ] as const)
    it(
      `gives the exit code of ${what}`,
      withAdapter(async (client) => {
        await client.launch({ code });
        assert.deepEqual(await client.event('exited'), { exitCode: expected });
        const state = await client.ask('loopscope/state', {});
        assert.deepEqual([state.process.phase, state.process.exitCode], ['ended', expected]);
      }),
    );

  it(
    'shows the traceback of a program that dies, as it is without us',
    withAdapter(async (client) => {
      const folder = folderWith({
        'dies.py': 'import asyncio\nasync def main():\n    raise ValueError("ünlucky")\nasyncio.run(main())\n',
      });
      await client.launch({ program: join(folder, 'dies.py') });
      assert.deepEqual(await client.event('exited'), { exitCode: 1 });
      const plain = spawnSync(PYTHON, [join(folder, 'dies.py')], {
        encoding: 'utf8',
        env: { ...process.env, PYTHONIOENCODING: 'utf-8' },
      });
      assert.equal(client.output('stderr'), plain.stderr);
      assert.match(plain.stderr, /ValueError: ünlucky/);
    }),
  );

  it(
    'says that an option of the interpreter keeps us out, and runs the program',
    withAdapter(async (client) => {
      await client.launch({ code: 'print("ran")', pythonArgs: ['-X', 'dev', '-BI'] });
      await client.event('terminated');
      assert.equal(client.output('stdout').trim(), 'ran');
      assert.match((await client.ask('loopscope/state', {})).process.notice, /-I in "pythonArgs" keeps Loopscope out/);
    }),
  );

  describe('that cannot be ends with one sentence', () => {
    const script = (text: string): string => {
      const folder = folderWith({});
      const path = join(folder, 'python');
      writeFileSync(path, `#!/bin/sh\n${text}\n`);
      chmodSync(path, 0o755);
      return path;
    };
    const cases: readonly [string, () => object, RegExp][] = [
      ['nothing to run', () => ({}), /what to run: "program", "module" or "code"/],
      ['two things to run', () => ({ program: 'a.py', module: 'b' }), /has program and module: keep one/],
      [
        'a program that is not there',
        () => ({ program: '/nowhere/app.py' }),
        /\/nowhere\/app\.py does not exist: correct "program"/,
      ],
      ['a folder that is not there', () => ({ code: '1', cwd: '/nowhere' }), /\/nowhere does not exist: correct "cwd"/],
      [
        'an envFile that is not there',
        () => ({ code: '1', envFile: '/nowhere/settings' }),
        /\/nowhere\/settings of "envFile" does not exist/,
      ],
      [
        'an argument of the wrong type',
        () => ({ code: '1', console: 'moon' }),
        /"console" in the launch configuration is wrong/,
      ],
      [
        'no interpreter',
        () => ({ code: '1', python: '/nowhere/python' }),
        /Python was not found as "\/nowhere\/python"\. Choose another/,
      ],
      [
        'no Python',
        () => ({ code: '1', python: script('echo hello') }),
        /does not answer as a Python interpreter does\. Choose/,
      ],
      [
        'a Python that is too old',
        () => ({ code: '1', python: script('echo loopscope-python CPython 3.8.18') }),
        /is Python 3\.8\.18: Loopscope needs 3\.9 or newer/,
      ],
      [
        'PyPy',
        () => ({ code: '1', python: script('echo loopscope-python PyPy 3.10.14') }),
        /is PyPy 3\.10\.14: Loopscope sees the event loop of CPython only/,
      ],
      [
        'a terminal where there is none',
        () => ({ code: '1', console: 'integratedTerminal' }),
        /cannot open a terminal.*"internalConsole"/,
      ],
    ];
    for (const [what, args, expected] of cases)
      it(
        what,
        withAdapter(async (client) => {
          const failed = await client.launch(args()).then(
            () => undefined,
            (error: unknown) => error,
          );
          assert.ok(failed instanceof Refused, String(failed));
          assert.match(failed.message, expected);
          assert.equal(failed.message.trim().split('\n').length, 1);
          assert.equal((failed.response.body as { error: { showUser: boolean } }).error.showUser, true);
        }),
      );

    it(
      'a second launch, and attaching to nothing',
      withAdapter(async (client) => {
        await client.launch({ code: 'import time; time.sleep(60)' });
        await assert.rejects(client.request('launch', { code: '1' }), /has a program already/);
        const other = DapClient.start();
        await other.initialize();
        await assert.rejects(other.request('attach', {}), /Say in the attach configuration what to attach to/);
        await other.stop();
      }),
    );
  });
});
