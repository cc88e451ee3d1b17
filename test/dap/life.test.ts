import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TaskRow } from '../../src/protocol/dap';
import { DapClient } from './client';
import { folderWith } from './files';
import { alive, until, withAdapter } from './session';

const POSIX = process.platform !== 'win32';
const PAGE = { tree: 'flat', offset: 0, limit: 200, sort: 'age', group: 'none', filter: '' } as const;

/** A program with a grandchild; prints all process ids, then sleeps. */
const FAMILY = `
import asyncio, os, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); print(p.pid, flush=True); p.wait()"], stdout=subprocess.PIPE)
grandchild = int(child.stdout.readline())
print("family", os.getpid(), child.pid, grandchild, flush=True)
async def main(): await asyncio.sleep(600)
asyncio.run(main())
`;

async function family(client: DapClient): Promise<number[]> {
  const pids = (await client.printed(/family (\d+) (\d+) (\d+)\n/)).map(Number);
  assert.ok(pids.every(alive));
  return pids;
}

describe('the end of a program', () => {
  it(
    'terminate interrupts it as Ctrl+C does, so that it can clean up',
    withAdapter(async (client) => {
      await client.launch({
        code: `
import asyncio
async def main():
    try:
        print("up", flush=True)
        await asyncio.sleep(600)
    finally:
        print("cleaned up", flush=True)
try:
    asyncio.run(main())
except KeyboardInterrupt:
    raise SystemExit(42)
`,
      });
      await client.printed('up');
      await client.request('terminate');
      assert.deepEqual(await client.event('exited'), { exitCode: 42 });
      await client.event('terminated');
      assert.ok(client.output('stdout').includes('cleaned up'));
    }),
  );

  it(
    'terminate becomes harder when the program does not end',
    withAdapter(async (client) => {
      await client.launch({
        code: 'import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nprint("up", flush=True)\nwhile True: time.sleep(1)',
      });
      await client.printed('up');
      await client.request('terminate');
      assert.deepEqual(await client.event('exited'), { exitCode: -15 });
      assert.match(client.output('console'), /still runs after 5 s: terminate/);
    }),
  );

  it(
    'disconnect ends it with all that it started',
    withAdapter(async (client) => {
      await client.launch({ code: FAMILY });
      const pids = await family(client);
      await client.request('disconnect', { terminateDebuggee: true });
      await until('everything has ended', () => !pids.some(alive));
    }),
  );

  it('a client that goes without a word ends it too, and the adapter', async () => {
    const client = DapClient.start();
    await client.launch({ code: FAMILY });
    const pids = await family(client);
    client.hangUp();
    await client.closed;
    await until('everything has ended', () => !pids.some(alive));
  });

  it('a killed editor ends it: SIGTERM to the adapter', async function () {
    if (!POSIX) this.skip();
    const client = DapClient.start();
    await client.launch({ code: FAMILY });
    const pids = await family(client);
    client.process?.kill('SIGTERM');
    await client.closed;
    await until('everything has ended', () => !pids.some(alive));
  });

  const CHATTY = `
import asyncio, os, sys
async def main():
    print("pid", os.getpid(), flush=True)
    while not os.path.exists("go"): await asyncio.sleep(0.02)
    for _ in range(20000): print("x" * 100)
    sys.stdout.flush()
    open("done", "w").write("ok")
asyncio.run(main())
`;

  it('disconnect without ending it lets it go on, also printing', async () => {
    const folder = folderWith({});
    const client = DapClient.start();
    await client.launch({ code: CHATTY, cwd: folder });
    await client.printed(/pid \d+\n/);
    await client.request('disconnect', { terminateDebuggee: false });
    await client.closed;
    writeFileSync(join(folder, 'go'), '');
    const done = join(folder, 'done');
    await until('the program went on to its end', () => existsSync(done) && readFileSync(done, 'utf8') === 'ok');
  });

  it('an adapter that is killed takes nothing with it', async function () {
    if (!POSIX) this.skip();
    const folder = folderWith({});
    const client = DapClient.start();
    const quiet = CHATTY.replace('for _ in range(20000): print("x" * 100)', 'await asyncio.sleep(0.1)').replace(
      'sys.stdout.flush()',
      'pass',
    );
    await client.launch({ code: quiet, cwd: folder });
    await client.printed(/pid \d+\n/);
    await client.event('loopscope/update', (update: { liveTasks: number }) => update.liveTasks > 0);
    client.process?.kill('SIGKILL');
    await client.closed;
    writeFileSync(join(folder, 'go'), '');
    await until('the program went on to its end', () => existsSync(join(folder, 'done')));
  });

  it(
    'restart runs it anew in the same session, with new arguments if there are any',
    withAdapter(async (client) => {
      const code = `
import asyncio, os, sys
async def main():
    print("run", os.getpid(), sys.argv[1:], flush=True)
    await asyncio.sleep(600)
asyncio.run(main())
`;
      await client.launch({ code, args: ['one'] });
      await client.printed("['one']");
      await client.event('loopscope/update', (update: { liveTasks: number }) => update.liveTasks === 1);
      const before = (await client.ask('loopscope/tasks', PAGE)).rows[0] as TaskRow;
      const pid = Number(client.output('stdout').split(' ')[1]);
      await client.request('restart', { arguments: { code, args: ['two'] } });
      await client.printed("['two']");
      assert.ok(!alive(pid));
      await until('the task of the new run is shown', async () => {
        const page = await client.ask('loopscope/tasks', PAGE);
        const [row] = page.rows;
        return page.total === 1 && row?.kind === 'task' && row.task > before.task;
      });
      assert.ok(!client.order().includes('terminated'));
      assert.equal(client.order().filter((entry) => entry === 'process').length, 2);
    }),
  );

  it(
    'the last state is held until the client has seen it',
    withAdapter(async (client) => {
      await client.launch({ code: 'import asyncio\nasync def main(): pass\nasyncio.run(main())', holdLastState: true });
      await client.event(
        'loopscope/update',
        (update: { process: { phase: string } }) => update.process.phase === 'ended',
      );
      assert.ok(!client.order().includes('exited'));
      const loops = await client.ask('loopscope/loops', {});
      assert.deepEqual(
        loops.rows.map(({ life }) => life.some(({ what }) => what === 'closed')),
        [true],
        JSON.stringify(loops),
      );
      assert.ok(!client.order().includes('terminated'));
      await client.ask('loopscope/seen', {});
      await client.event('terminated');
    }),
  );

  it(
    'a client that does not say so holds it for a second only',
    withAdapter(async (client) => {
      await client.launch({ code: 'pass', holdLastState: true });
      await client.event('terminated');
    }),
  );

  it(
    'a program that leaves something running behind ends the session all the same',
    withAdapter(async (client) => {
      await client.launch({
        code: 'import subprocess, sys\np = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])\nprint("left", p.pid)',
      });
      await client.event('terminated');
      const pid = Number(client.output('stdout').split(' ')[1]);
      assert.ok(alive(pid), 'what it left running is as without us');
      process.kill(pid, 'SIGKILL');
    }),
  );
});
