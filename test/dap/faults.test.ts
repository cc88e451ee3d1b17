import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { TaskRow } from '../../src/protocol/dap';
import { WIRE_VERSION } from '../../src/protocol/wire';
import { ADAPTER, DapClient, PYTHON } from './client';
import { folderWith } from './files';
import { alive, until, withAdapter } from './session';

const LINUX = process.platform === 'linux';
const PAGE = { tree: 'flat', offset: 0, limit: 200, sort: 'age', group: 'none', filter: '' } as const;
type Update = { readonly liveTasks: number; readonly dropped: number; readonly loops: number };
type Ended = { readonly process: { readonly phase: string; readonly notice: string } };

/** CPU seconds of a process so far (Linux, proc(5): fields 14 and 15 of stat, in hundredths). */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Waits for a file `go`, makes 300,000 tasks as fast as it can, then keeps ten and says so with a file. */
const FLOOD = `
import asyncio, os
async def child(): pass
async def waits(): await asyncio.Event().wait()
async def main():
    kept = [asyncio.create_task(waits(), name=f"early {n}") for n in range(5)]
    while not os.path.exists("go"): await asyncio.sleep(0.01)
    for _ in range(6000): await asyncio.gather(*[child() for _ in range(50)])
    kept += [asyncio.create_task(waits(), name=f"late {n}") for n in range(5)]
    kept[0].cancel()
    await asyncio.sleep(0)
    open("flooded", "w").close()
    while not os.path.exists("end"): await asyncio.sleep(0.01)
    print("end", flush=True)
    os._exit(5)
asyncio.run(main())
`;

describe('an adapter that is stopped', () => {
  it('holds up nobody; when it goes on, the loss is counted and the state is right within a second of its work', async function () {
    if (!LINUX) this.skip();
    await withAdapter(async (client) => {
      const folder = folderWith({ 'app.py': FLOOD });
      await client.launch({ program: join(folder, 'app.py'), cwd: folder, detail: 'full' });
      await client.event('loopscope/update', (update: Update) => update.liveTasks === 6);
      const { process: adapter } = client;
      assert.ok(adapter?.pid);
      adapter.kill('SIGSTOP');
      writeFileSync(join(folder, 'go'), '');
      await until('the program went on without it', () => existsSync(join(folder, 'flooded')));
      const before = cpuOf(adapter.pid);
      adapter.kill('SIGCONT');
      const expected = ['Task-1', 'early 1', 'early 2', 'early 3', 'early 4'];
      for (let n = 0; n < 5; n++) expected.push(`late ${n}`);
      await client.event('loopscope/update', (update: Update) => update.dropped > 0);
      await until('so many live', async () => (await client.ask('loopscope/state', {})).liveTasks === 10);
      const took = cpuOf(adapter.pid) - before;
      assert.ok(took <= 1, `${took} s`);
      // Those that have ended stay for a moment.
      await until('exactly what lives is shown', async () => {
        const { liveTasks } = await client.ask('loopscope/state', {});
        const { rows } = await client.ask('loopscope/tasks', PAGE);
        const live = rows.filter((row) => row.kind === 'task' && !['finished', 'cancelled'].includes(row.state));
        const shown = live.map((row) => (row as TaskRow).name).sort();
        return liveTasks === 10 && JSON.stringify(shown) === JSON.stringify([...expected].sort());
      });
      writeFileSync(join(folder, 'end'), '');
      assert.deepEqual(await client.event('exited'), { exitCode: 5 });
      assert.equal(client.output('stdout'), 'end\n');
    })();
  }).timeout(40_000);
});

describe('a program that dies', () => {
  const ENDS: readonly [string, string, number, number][] = [
    ['is killed', 'os.kill(os.getpid(), 9)', -9, 6],
    ['has a segmentation fault', 'import ctypes; ctypes.string_at(0)', -11, 6],
    ['aborts', 'os.abort()', -6, 6],
    ['leaves without cleaning up', 'os._exit(3)', 3, 6],
  ];
  for (const [how, statement, exitCode, tasks] of ENDS)
    it(`${how}: its exit is told, its last state stays, nothing is left running`, async function () {
      if (!LINUX) this.skip();
      await withAdapter(async (client) => {
        const code = `
import asyncio, os
async def waits(): await asyncio.sleep(600)
async def main():
    kept = [asyncio.create_task(waits()) for n in range(5)]
    print("pid", os.getpid(), flush=True)
    await asyncio.sleep(0.1)
    ${statement}
asyncio.run(main())
`;
        await client.launch({ code, holdLastState: true });
        const [pid] = (await client.printed(/pid (\d+)\n/)).map(Number);
        await client.event('loopscope/update', (update: Ended) => update.process.phase === 'ended');
        assert.equal((await client.ask('loopscope/tasks', PAGE)).total, tasks);
        await client.ask('loopscope/seen', {});
        assert.deepEqual(await client.event('exited'), { exitCode });
        await client.event('terminated');
        assert.ok(!alive(pid ?? 0));
      })();
    });

  for (const [what, code, says] of [
    ['a syntax error', 'def broken(:\n', /SyntaxError/],
    ['an exception at import', 'import nothing_of_the_kind\n', /ModuleNotFoundError/],
    ['no asyncio', 'print("ran")\n', /^$/],
  ] as const)
    it(
      `with ${what}: the session says why nothing is seen`,
      withAdapter(async (client) => {
        const folder = folderWith({ 'app.py': code });
        await client.launch({ program: join(folder, 'app.py') });
        await client.event('terminated');
        assert.match(client.output('stderr'), says);
        assert.match(client.output('console'), /never imported asyncio/);
      }),
    );
});

describe('a program that takes away what we stand on', () => {
  it('closes every descriptor: the session says so, the program goes on to its end', async function () {
    if (!LINUX) this.skip();
    await withAdapter(async (client) => {
      const code = `
import asyncio, os
asyncio.run(asyncio.sleep(0.05))
os.closerange(3, 5000)
asyncio.run(asyncio.sleep(0.3))
print("went on", flush=True)
while not os.path.exists("end"): asyncio.run(asyncio.sleep(0.02))
`;
      const folder = folderWith({});
      await client.launch({ code, cwd: folder });
      await client.printed('went on');
      await client.event('loopscope/update', (update: Ended) => /is not seen any more/.test(update.process.notice));
      writeFileSync(join(folder, 'end'), '');
      assert.deepEqual(await client.event('exited'), { exitCode: 0 });
      await client.event('terminated');
    })();
  });

  it('becomes another user in another folder: it is looked into as before', async function () {
    if (!LINUX || process.getuid?.() !== 0) this.skip();
    await withAdapter(async (client) => {
      const code = `
import asyncio, os
async def waits(): await asyncio.sleep(600)
os.chdir("/"); os.setgroups([]); os.setgid(65534); os.setuid(65534)
async def main():
    several = asyncio.gather(*[waits() for _ in range(5)])
    while True: await asyncio.sleep(0.1)
asyncio.run(main())
`;
      await client.launch({ code });
      await client.event('loopscope/update', (update: Update) => update.liveTasks === 6);
      const { rows } = await client.ask('loopscope/tasks', PAGE);
      const tasks = rows.filter((row): row is TaskRow => row.kind === 'task');
      assert.equal(tasks.filter(({ coroutine, state }) => coroutine === 'waits' && state === 'waiting').length, 5);
      // Our own files may be where that user cannot read: then the answer says so.
      await client.ask('loopscope/task', { task: tasks[1]?.task ?? 0 }).then(
        ({ frames }) => assert.ok(frames.length > 0),
        (error: unknown) => assert.match(String(error), /may not read Loopscope's own files/),
      );
      await client.nextUpdate((update) => update.process.phase === 'connected');
      assert.equal(client.output('console').includes('failed'), false, client.output('console'));
    })();
  });
});

describe('many loops', () => {
  it(
    '64 at once are all there, with the tasks of each',
    withAdapter(async (client) => {
      const code = `
import asyncio, threading
async def waits(): await asyncio.sleep(600)
async def main(): await asyncio.gather(*[waits() for _ in range(10)])
threads = [threading.Thread(target=lambda: asyncio.run(main()), daemon=True) for _ in range(64)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
`;
      await client.launch({ code });
      await client.event('loopscope/update', (update: Update) => update.loops === 64 && update.liveTasks === 64 * 11);
      const { rows } = await client.ask('loopscope/loops', {});
      assert.deepEqual(new Set(rows.map(({ state, liveTasks }) => `${state} ${liveTasks}`)), new Set(['running 11']));
      assert.equal((await client.ask('loopscope/tasks', { ...PAGE, loop: rows[63]?.loop ?? 0 })).total, 11);
    }),
  ).timeout(40_000);

  it(
    '3,000 one after another leave a list that can be looked at, and one that runs',
    withAdapter(async (client) => {
      const code = `
import asyncio
for _ in range(3000):
    loop = asyncio.new_event_loop()
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
del loop
async def last(): await asyncio.sleep(600)
asyncio.run(last())
`;
      await client.launch({ code });
      await until('the last one is shown as running', async () => {
        const { rows } = await client.ask('loopscope/loops', {});
        return rows.some(({ loop, state }) => loop === 3001 && state === 'running');
      });
      const { rows } = await client.ask('loopscope/loops', {});
      assert.ok(rows.length <= 200, `${rows.length} rows`);
      await client.event('loopscope/update', (update: Update) => update.liveTasks === 1);
      await until('only its task lives', async () => {
        const page = await client.ask('loopscope/tasks', { ...PAGE, group: 'coroutine', filter: 'last' });
        return page.total === 1;
      });
    }),
  ).timeout(40_000);
});

describe('a peer with the token', () => {
  const greeting = (token: string): Buffer => Buffer.from(`LSCP${String.fromCharCode(WIRE_VERSION)}${token}`, 'latin1');
  const frame = (message: object): Buffer => {
    const payload = Buffer.from(JSON.stringify(message));
    const header = Buffer.alloc(5, 'J');
    header.writeUInt32BE(payload.length);
    return Buffer.concat([header, payload]);
  };
  const DOOR = `
import asyncio, os
print("door", os.environ["LOOPSCOPE_CONNECT"], os.environ["LOOPSCOPE_TOKEN"], "end", flush=True)
async def work():
    while True: await asyncio.sleep(0.01)
asyncio.run(work())
`;

  for (const [what, bytes] of [
    ['half a frame and the end', () => Buffer.from([0, 0, 1, 0, 0x4a, 0x7b])],
    ['a flood of messages before its hello', () => Buffer.concat(Array<Buffer>(100_000).fill(frame({ type: 'log' })))],
    ['a flood of half a frame', () => Buffer.concat([Buffer.from([0, 0xff, 0xff, 0xff, 0x4a]), Buffer.alloc(8 << 20)])],
  ] as const)
    it(
      `that sends ${what} changes nothing`,
      withAdapter(async (client) => {
        await client.launch({ code: DOOR });
        const [port, token = ''] = await client.printed(/door 127\.0\.0\.1:(\d+) ([0-9a-f]{64}) end/);
        const socket = connect(Number(port), '127.0.0.1');
        socket.on('error', () => undefined);
        socket.resume();
        const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
        socket.end(Buffer.concat([greeting(token), bytes()]));
        await closed;
        await client.nextUpdate((update) => update.liveTasks === 1 && update.process.phase === 'connected');
        assert.equal(client.stderr, '');
      }),
    );
});

describe('two adapters', () => {
  it(
    'one that a program of the other starts has that one’s program for itself',
    withAdapter(async (client) => {
      // The inner adapter has the outer one's variables in its environment, as one that is started in a terminal below it does.
      const code = `
import asyncio, subprocess, sys
async def outer():
    inner = await asyncio.create_subprocess_exec(${JSON.stringify(process.execPath)}, ${JSON.stringify(ADAPTER)}, "--port", "0", stdout=-1)
    print("inner", (await inner.stdout.readline()).decode(), flush=True)
    await inner.wait()
asyncio.run(outer())
`;
      await client.launch({ code }, { supportsStartDebuggingRequest: true });
      let asked = 0;
      client.onReverseRequest = () => {
        asked++;
        return {};
      };
      const [port] = await client.printed(/inner [^\n]*?(\d+)\s*\n/);
      const inner = await DapClient.dial(Number(port));
      await inner.launch({ code: 'import asyncio\nasync def mine(): await asyncio.sleep(600)\nasyncio.run(mine())' });
      await inner.event('loopscope/update', (update: Update) => update.liveTasks === 1);
      const coroutines = async (of: DapClient): Promise<string[]> =>
        (await of.ask('loopscope/tasks', PAGE)).rows.map((row) => (row as TaskRow).coroutine);
      assert.deepEqual(await coroutines(inner), ['mine']);
      const outer = await coroutines(client);
      assert.ok(outer.includes('outer') && !outer.includes('mine'), outer.join());
      assert.equal(asked, 0);
      await inner.stop();
    }),
  );

  it(
    'a second adapter that asks for a process that is not its own is refused, and the first goes on',
    withAdapter(async (client) => {
      await client.launch({ code: 'import asyncio\nasyncio.run(asyncio.sleep(600))', python: PYTHON });
      await client.event('loopscope/update', (update: Update) => update.liveTasks === 1);
      const second = DapClient.start();
      await second.initialize();
      await assert.rejects(second.request('attach', { processId: 1 }), /launch|belongs to somebody else/i);
      await second.stop();
      await client.nextUpdate((update) => update.liveTasks === 1 && update.process.phase === 'connected');
    }),
  );
});
