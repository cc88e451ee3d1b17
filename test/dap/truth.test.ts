import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TaskNode, TaskRow } from '../../src/protocol/dap';
import { type DapClient, PYTHON } from './client';
import { folderWith } from './files';
import { logLines, until, withAdapter } from './session';

const PAGE = { offset: 0, limit: 200, sort: 'age', group: 'none', filter: '' } as const;

/** Written into every program: prints what asyncio itself says of its loop's tasks, as one line of JSON. */
const REPORT = `
import asyncio, json, os, sys, threading
def report(mark):
    loop = asyncio.get_running_loop()
    sys.stdout.write(mark + " " + json.dumps(sorted([t.get_name(), getattr(t.get_coro(), '__qualname__', '')] for t in asyncio.all_tasks(loop))) + "\\n"); sys.stdout.flush()
`;

async function reported(client: DapClient, mark: string): Promise<[string, string][]> {
  const [json = ''] = await client.printed(new RegExp(`^${mark} (\\[.*\\])$`, 'm'));
  return JSON.parse(json) as [string, string][];
}

function isLive(row: TaskNode): row is TaskRow {
  return row.kind === 'task' && ['running', 'ready', 'waiting'].includes(row.state);
}

async function shown(client: DapClient, loop?: number): Promise<[string, string][]> {
  const page = await client.ask('loopscope/tasks', { ...PAGE, tree: 'flat', ...(loop === undefined ? {} : { loop }) });
  return page.rows
    .filter(isLive)
    .map((row): [string, string] => [row.name, row.coroutine])
    .sort((a, b) => (a[0] < b[0] ? -1 : 1));
}

async function assertSame(client: DapClient, truth: [string, string][], loop?: number): Promise<void> {
  let last: [string, string][] = [];
  await until('the page says what asyncio says', async () => {
    last = await shown(client, loop);
    // Some libraries' coroutines have no name for asyncio to tell.
    last = last.map(([name, coroutine], index) => [name, truth[index]?.[1] === '' ? '' : coroutine]);
    return JSON.stringify(last) === JSON.stringify(truth);
  }).catch((error: unknown) => {
    assert.deepEqual(last, truth);
    throw error;
  });
}

function has(module: string): boolean {
  try {
    execFileSync(PYTHON, ['-c', `import ${module}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe('pages say what asyncio says', () => {
  it(
    'of tasks, groups, locks, queues, time-outs and cancellations',
    withAdapter(async (client) => {
      await client.launch({
        code: `${REPORT}
async def hold(lock):
    async with lock: await asyncio.sleep(600)
async def consume(queue):
    while True: await queue.get()
async def quick(): return 1
async def fail(): raise ValueError("x")
async def cancelled():
    await asyncio.sleep(600)
async def tree(depth):
    if depth: await asyncio.gather(tree(depth - 1), tree(depth - 1))
    else: await asyncio.Event().wait()
async def timed():
    try: await asyncio.wait_for(asyncio.Event().wait(), 600)
    except asyncio.TimeoutError: pass
async def main():
    lock, queue = asyncio.Lock(), asyncio.Queue()
    keep = [asyncio.create_task(hold(lock), name=f"holder-{i}") for i in range(4)]
    keep += [asyncio.create_task(consume(queue)) for _ in range(3)]
    keep += [asyncio.create_task(quick()) for _ in range(5)] + [asyncio.create_task(tree(3)), asyncio.create_task(timed())]
    failing, doomed = asyncio.create_task(fail()), asyncio.create_task(cancelled())
    await asyncio.sleep(0.05)
    doomed.cancel()
    queue.put_nowait(1)
    await asyncio.gather(failing, doomed, return_exceptions=True)
    report("first")
    await asyncio.sleep(600)
asyncio.run(main())
`,
      });
      await assertSame(client, await reported(client, 'first'));
      const rows = (await client.ask('loopscope/tasks', { ...PAGE, tree: 'flat' })).rows;
      const waits = rows.filter(isLive).filter((row) => row.name.startsWith('holder'));
      assert.equal(waits.filter((row) => /Lock/.test(row.waitsFor)).length, 3);
      assert.equal(waits.filter((row) => row.due !== null).length, 1);
      const [main] = rows;
      assert.ok(main?.kind === 'task');
      const detail = await client.ask('loopscope/task', { task: waits[0]?.task ?? 0 });
      assert.equal(detail.creation[0]?.task, main.task);
      assert.ok(detail.frames.length > 0);
      assert.equal(detail.frames[0]?.function, 'hold');
      // The awaits tree holds every live task once or more, and gather's children are under who gathers them.
      const roots = await client.ask('loopscope/tasks', { ...PAGE, tree: 'awaits' });
      const seen = new Set<string>();
      const walk = async (node: TaskNode): Promise<void> => {
        assert.ok(node.kind === 'task');
        seen.add(node.name);
        if (node.children === 0) return;
        const below = await client.ask('loopscope/tasks', { ...PAGE, tree: 'awaits', parent: node.node });
        assert.equal(below.total, node.children);
        for (const child of below.rows) await walk(child);
      };
      for (const root of roots.rows) await walk(root);
      assert.deepEqual([...seen].sort(), (await shown(client)).map(([name]) => name).sort());
    }),
  );

  it(
    'of several loops in several threads, and of one after the other',
    withAdapter(async (client) => {
      await client.launch({
        code: `${REPORT}
async def work(): await asyncio.sleep(600)
async def main(mark, count):
    tasks = [asyncio.create_task(work(), name=f"{mark}-{i}") for i in range(count)]
    await asyncio.sleep(0.05)
    report(mark)
    await asyncio.gather(*tasks)
async def short(): pass
for _ in range(3): asyncio.run(short())
for mark, count in (("alpha", 2), ("beta", 5)):
    threading.Thread(target=lambda m=mark, c=count: asyncio.run(main(m, c)), name=mark, daemon=True).start()
asyncio.run(main("gamma", 1))
`,
      });
      const truths = await Promise.all(['alpha', 'beta', 'gamma'].map((mark) => reported(client, mark)));
      const { rows } = await client.ask('loopscope/loops', {});
      assert.equal(rows.filter(({ state }) => state === 'running').length, 3);
      assert.equal(rows.length, 6);
      for (const [index, thread] of ['alpha', 'beta', 'MainThread'].entries()) {
        const loop = rows.find((row) => row.state === 'running' && row.thread === thread);
        assert.ok(loop, thread);
        await assertSame(client, truths[index] ?? [], loop.loop);
        assert.deepEqual(
          loop.life.map(({ what }) => what).filter((what) => what !== 'setCurrent'),
          ['created', 'runs'],
        );
      }
      const threads = await client.request<{ threads: { id: number; name: string }[] }>('threads');
      assert.deepEqual(threads.threads.map(({ name }) => name).sort(), ['MainThread', 'alpha', 'beta']);
    }),
  );

  it(
    'of the ready queue and the timers, in their order, at the tick that the page names',
    withAdapter(async (client) => {
      await client.launch({
        code: `${REPORT}
def callback(): pass
async def sleeper(n): await asyncio.sleep(n)
async def main():
    loop = asyncio.get_running_loop()
    for n in (500, 100, 300): asyncio.create_task(sleeper(n), name=f"sleeper-{n}")
    loop.call_later(200, callback)
    await asyncio.sleep(0.05)
    report("up")
    await asyncio.sleep(600)
asyncio.run(main())
`,
      });
      await reported(client, 'up');
      const [loop] = (await client.ask('loopscope/loops', {})).rows;
      const timers = await client.ask('loopscope/timers', { loop: loop?.loop ?? 0, offset: 0, limit: 10 });
      assert.equal(timers.notice, '');
      assert.deepEqual(
        timers.rows.map(({ text }) => /sleeper-\d+|callback|Task-1/.exec(text)?.[0] ?? text),
        ['sleeper-100', 'callback', 'sleeper-300', 'sleeper-500', 'Task-1'],
      );
      const dues = timers.rows.map(({ due }) => due);
      assert.deepEqual(
        dues,
        [...dues].sort((a, b) => a - b),
      );
      const ready = await client.ask('loopscope/ready', { loop: loop?.loop ?? 0, offset: 0, limit: 10 });
      assert.deepEqual([ready.notice, ready.total], ['', 0]);
      assert.ok(ready.tick >= timers.tick && ready.time >= timers.time);
    }),
  );

  it(
    'of a loop that is blocked: what lives is known, and the page does not hang',
    withAdapter(async (client) => {
      await client.launch({
        code: `${REPORT}
import time
async def work(): await asyncio.sleep(600)
async def main():
    tasks = [asyncio.create_task(work()) for _ in range(3)]
    await asyncio.sleep(0.05)
    report("up")
    await asyncio.sleep(0.05)
    print("blocked", flush=True)
    time.sleep(600)
asyncio.run(main())
`,
      });
      const truth = await reported(client, 'up');
      await client.printed('blocked');
      await assertSame(client, truth);
      const [loop] = (await client.ask('loopscope/loops', {})).rows;
      const timers = await client.ask('loopscope/timers', { loop: loop?.loop ?? 0, offset: 0, limit: 10 });
      assert.equal(timers.rows.filter(({ text }) => text.includes('sleep')).length, 3);
    }),
  );

  for (const busy of [false, true])
    it(
      `of a callback that blocks ${busy ? 'a busy' : 'an idle'} loop: one line of the log, with the line that blocks`,
      withAdapter(async (client) => {
        await client.launch({
          slowCallback: 0.2,
          code: `import asyncio, time
def blocks():
    time.sleep(0.5)
async def main():
    end = time.monotonic() + 0.3
    while ${busy ? 'True' : 'False'} and time.monotonic() < end: await asyncio.sleep(0)
    asyncio.get_running_loop().call_soon(blocks)
    await asyncio.sleep(0.1)
    print("done", flush=True)
    await asyncio.sleep(600)
asyncio.run(main())
`,
        });
        await client.printed('done');
        let slow: string[] = [];
        await until('the log says that it was slow', async () => {
          // The busy loop alone may fill more than a page before its handles are counted.
          slow = (await logLines(client)).map(({ text }) => text).filter((text) => / slow /.test(text));
          return slow.length > 0;
        });
        assert.equal(slow.length, 1);
        assert.match(slow[0] ?? '', /blocks for 0?\.?\d+.* <string>:3$|blocks for \d+\.\d+ ms {2}<string>:3$/);
        const [loop] = (await client.ask('loopscope/loops', {})).rows;
        assert.equal(loop?.longest?.site?.line, 3);
      }),
    );

  it('of a program that outruns the adapter: what was lost is counted, and the state is right again', async function () {
    if (process.platform === 'win32') this.skip();
    this.timeout(60_000);
    const folder = folderWith({});
    await withAdapter(async (client) => {
      await client.launch({
        detail: 'full',
        cwd: folder,
        code: `${REPORT}
async def nothing(): pass
async def stay(): await asyncio.sleep(600)
async def main():
    keep = [asyncio.create_task(stay(), name=f"before-{i}") for i in range(20)]
    await asyncio.sleep(0.05)
    print("ready", flush=True)
    while not os.path.exists("go"): await asyncio.sleep(0.01)
    for task in keep[:15]: task.cancel()
    for i in range(200):
        await asyncio.gather(*[nothing() for _ in range(1000)])
        if i % 10 == 0: keep.append(asyncio.create_task(stay(), name=f"during-{i}"))
    open("done", "w").close()
    while os.path.exists("go"): await asyncio.sleep(0.01)
    report("after")
    await asyncio.sleep(600)
asyncio.run(main())
`,
      });
      await client.printed('ready');
      await client.event('loopscope/update', (update: { liveTasks: number }) => update.liveTasks === 21);
      client.process?.kill('SIGSTOP');
      writeFileSync(join(folder, 'go'), '');
      await until('the program went on while the adapter stood still', () => existsSync(join(folder, 'done')), 30);
      client.process?.kill('SIGCONT');
      rmSync(join(folder, 'go'));
      await assertSame(client, await reported(client, 'after'));
      assert.ok((await client.ask('loopscope/state', {})).dropped > 0);
    })();
  });

  it('of tasks that were collected while they were pending, and told nobody', async () => {
    const folder = folderWith({});
    await withAdapter(async (client) => {
      await client.launch({
        cwd: folder,
        code: `${REPORT}
import gc
async def lost(): await asyncio.get_running_loop().create_future()
async def main():
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
    gc.disable()
    for n in range(30): asyncio.create_task(lost(), name=f"lost-{n}")
    await asyncio.sleep(0)
    report("before")
    while not os.path.exists("go"): await asyncio.sleep(0.01)
    gc.collect()
    report("after")
    await asyncio.get_running_loop().create_future()
asyncio.run(main())
`,
      });
      const before = await reported(client, 'before');
      assert.equal(before.length, 31);
      await assertSame(client, before);
      writeFileSync(join(folder, 'go'), '');
      const after = await reported(client, 'after');
      assert.equal(after.length, 1);
      await assertSame(client, after);
    })();
  });

  it('of an aiohttp server with clients', async function () {
    if (!has('aiohttp')) this.skip();
    await withAdapter(async (client) => {
      await client.launch({
        code: `${REPORT}
from aiohttp import web, ClientSession
async def slow(request):
    await asyncio.sleep(600)
async def main():
    app = web.Application()
    app.router.add_get("/", slow)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]
    async with ClientSession() as session:
        calls = [asyncio.create_task(session.get(f"http://127.0.0.1:{port}/"), name=f"call-{i}") for i in range(5)]
        await asyncio.sleep(0.5)
        report("served")
        await asyncio.gather(*calls)
asyncio.run(main())
`,
      });
      await assertSame(client, await reported(client, 'served'));
    })();
  });
});
