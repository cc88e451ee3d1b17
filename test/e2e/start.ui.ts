// `npm start` as a new user meets it where there is no `code`: an address, one key, a live view; and Ctrl+C leaves nothing behind.
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { repository, testPython } from '../support/pythons';
import { openWindow } from './workbench';

const PATH = [path.dirname(testPython().path), process.env['PATH'] ?? ''].join(path.delimiter);

/** `--port` chooses the VS Code from npm also where there is `code`. */
function start(port: number): { child: ChildProcess; output: () => string } {
  const child = spawn(process.execPath, ['scripts/start.mjs', '--port', String(port)], {
    cwd: repository,
    env: { ...process.env, PATH },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => (output += data.toString('utf8')));
  return { child, output: () => output };
}

/** Resolves when the output matches; fails when the process ended before. */
async function printed(started: ReturnType<typeof start>, pattern: RegExp): Promise<RegExpExecArray> {
  for (;;) {
    const match = pattern.exec(started.output());
    if (match) return match;
    if (started.child.exitCode !== null)
      throw new Error(`it ended with ${String(started.child.exitCode)}:\n${started.output()}`);
    await Promise.race([once(started.child.stdout ?? started.child, 'data'), once(started.child, 'exit')]);
  }
}

/** The command lines of this machine's processes, of those that have this parent (Linux). */
function commandLines(parent?: number): string[] {
  return fs.readdirSync('/proc').flatMap((id) => {
    if (!/^\d+$/.test(id)) return [];
    try {
      // `pid (name) state ppid …`; the name may hold spaces and brackets.
      const stat = fs.readFileSync(`/proc/${id}/stat`, 'utf8');
      const ppid = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      if (parent !== undefined && ppid !== parent) return [];
      return [fs.readFileSync(`/proc/${id}/cmdline`, 'utf8')];
    } catch {
      return []; // It has ended.
    }
  });
}

describe('npm start', () => {
  it('prints an address, shows a live program after one key, and ends whole with Ctrl+C', async function () {
    this.timeout(300_000); // It builds, and starts a VS Code of its own: on a machine with other work that takes minutes.
    const started = start(0);
    try {
      const [, address = ''] = await printed(started, /VS Code: (http:\/\/127\.0\.0\.1:\d+\/\?token=\w+)/);
      const closed = await fetch(new URL('/', address));
      assert.equal(closed.status, 403, 'without the token nobody is let in');

      const workbench = await openWindow(address, path.join(repository, 'examples'));
      await workbench.startWithoutDebugging();
      await workbench.waitForSession(true);
      await workbench.waitForEventLoop();
      await workbench.waitForRows('Tasks', (rows) => rows.some((row) => row.label.includes('guest')));
      await workbench.waitForRows('Loops', (rows) => rows.some((row) => row.label.includes('chat.py')));
      await workbench.waitForRows('Timers', (rows) => rows.some((row) => row.label.includes('moderator')));
      await workbench.screenshot('npm-start');
      const home = commandLines(started.child.pid)
        .map((line) => /--user-data-dir\0([^\0]*loopscope-[^/\0]*)/.exec(line)?.[1])
        .find((folder) => folder !== undefined);
      assert.ok(home && fs.existsSync(home), 'VS Code runs on a folder of its own');
      await workbench.close();

      started.child.kill('SIGINT');
      started.child.kill('SIGINT'); // npm passes the signal on, beside the terminal.
      const [code] = (await once(started.child, 'exit')) as [number | null];
      assert.equal(code, 130);
      assert.equal(fs.existsSync(home), false, 'its folder is gone');
      // And every process: a killed one stands in the list until it has its turn to die.
      while (commandLines().some((line) => line.includes(home))) await setTimeout(20);
    } finally {
      started.child.kill('SIGKILL');
    }
  });

  it('says in one sentence that a port is in use', async () => {
    const busy = net.createServer().listen(0, '127.0.0.1');
    await once(busy, 'listening');
    const { port } = busy.address() as net.AddressInfo;
    const started = start(port);
    const [code] = (await once(started.child, 'exit')) as [number | null];
    busy.close();
    assert.equal(code, 1);
    assert.match(started.output(), new RegExp(`^loopscope: port ${String(port)} is in use: give another one .*$`, 'm'));
    assert.doesNotMatch(started.output(), /^\s+at /m);
  });
});
