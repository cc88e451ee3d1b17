import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { TaskRow } from '../../src/protocol/dap';
import { DapClient } from './client';
import { folderWith } from './files';
import { until, withAdapter } from './session';

const PAGE = { tree: 'flat', offset: 0, limit: 200, sort: 'age', group: 'none', filter: '' } as const;

const CHILD = `
import asyncio
async def work(): await asyncio.sleep(600)
async def main():
    task = asyncio.create_task(work(), name="in the child")
    print("child up", flush=True)
    await task
if __name__ == "__main__": asyncio.run(main())
`;

const PARENT = `
import asyncio, subprocess, sys
async def main():
    child = await asyncio.create_subprocess_exec(sys.executable, "child.py")
    quiet = await asyncio.create_subprocess_exec(sys.executable, "-c", "print('quiet ran')")
    await quiet.wait()
    await child.wait()
asyncio.run(main())
`;

/** Answers \`startDebugging\` as an editor does: a session of its own, in an adapter of its own. */
function adopting(client: DapClient): {
  readonly sessions: DapClient[];
  readonly configurations: Record<string, unknown>[];
} {
  const sessions: DapClient[] = [];
  const configurations: Record<string, unknown>[] = [];
  client.onReverseRequest = async (request: DebugProtocol.Request) => {
    assert.equal(request.command, 'startDebugging');
    const { configuration, request: kind } = request.arguments as {
      configuration: Record<string, unknown>;
      request: string;
    };
    assert.equal(kind, 'attach');
    configurations.push(configuration);
    const session = DapClient.start();
    sessions.push(session);
    await session.initialize();
    await session.request('attach', configuration);
    return {};
  };
  return { sessions, configurations };
}

describe('child processes', () => {
  it(
    'one that runs a loop becomes a session of its own; one that does not is left alone',
    withAdapter(async (client) => {
      const { sessions, configurations } = adopting(client);
      const folder = folderWith({ 'child.py': CHILD, 'parent.py': PARENT });
      await client.launch({ program: join(folder, 'parent.py'), cwd: folder }, { supportsStartDebuggingRequest: true });
      await client.printed('quiet ran');
      await until('the child has a session', () => sessions.length === 1);
      const [child] = sessions;
      assert.ok(child);
      await child.event('loopscope/update', (update: { liveTasks: number }) => update.liveTasks === 2);
      const rows = (await child.ask('loopscope/tasks', PAGE)).rows.map((row) => (row as TaskRow).name);
      assert.ok(rows.includes('in the child'), rows.join());
      const parentRows = (await client.ask('loopscope/tasks', PAGE)).rows.map((row) => (row as TaskRow).name);
      assert.ok(!parentRows.includes('in the child'));
      assert.match(String(configurations[0]?.['name']), /^child\.py \(\d+\)$/);
      // The child ends as it is asked to; its session ends, the parent's goes on to its own end.
      await child.request('terminate');
      await child.event('terminated');
      await client.event('terminated');
      assert.equal(sessions.length, 1);
      await child.stop();
    }),
  );

  for (const method of ['spawn', 'fork', 'forkserver'])
    it(
      `multiprocessing's ${method} is followed`,
      withAdapter(async (client) => {
        const { sessions } = adopting(client);
        const folder = folderWith({
          'app.py': `
import asyncio, multiprocessing
async def work(): await asyncio.sleep(600)
def run(): asyncio.run(work())
async def main():
    process = multiprocessing.get_context("${method}").Process(target=run, daemon=True)
    process.start()
    await asyncio.sleep(600)
if __name__ == "__main__": asyncio.run(main())
`,
        });
        await client.launch({ program: join(folder, 'app.py') }, { supportsStartDebuggingRequest: true });
        await until('the child has a session', () => sessions.length === 1);
        const [child] = sessions;
        assert.ok(child);
        await child.event('loopscope/update', (update: { liveTasks: number }) => update.liveTasks === 1);
        const rows = (await child.ask('loopscope/tasks', PAGE)).rows.map((row) => (row as TaskRow).coroutine);
        assert.deepEqual(rows, ['work']);
        await child.stop();
      }),
    );

  const SERVED = `
import asyncio
async def beat():
    while True: await asyncio.sleep(600)
async def app(scope, receive, send):
    assert scope["type"] == "lifespan"
    await receive()
    asyncio.current_task().keep = asyncio.create_task(beat(), name="BEAT")
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})
`;
  const names = async (session: DapClient): Promise<string[]> =>
    (await session.ask('loopscope/tasks', PAGE)).rows.map((row) => (row as TaskRow).name);

  /** A server with its workers' sessions, ended by terminate when the test has seen enough. */
  const served = (
    options: readonly string[],
    beat: string,
    test: (sessions: readonly DapClient[], folder: string) => Promise<void>,
  ): (() => Promise<void>) =>
    withAdapter(async (client) => {
      const { sessions } = adopting(client);
      const folder = folderWith({ 'served.py': SERVED.replace('BEAT', beat) });
      await client.launch(
        { module: 'uvicorn', args: ['served:app', ...options, '--port', '0', '--lifespan', 'on'], cwd: folder },
        { supportsStartDebuggingRequest: true },
      );
      await test(sessions, folder);
      await client.request('terminate');
      await client.event('terminated');
      for (const session of sessions) await session.stop();
    });

  it(
    'uvicorn’s --reload: the worker is a session, and so is the one that takes its place',
    served(['--reload'], 'before', async (sessions, folder) => {
      const shows = (index: number, name: string): Promise<void> =>
        until('it shows its tasks', async () => {
          const session = sessions[index];
          return session !== undefined && (await names(session)).includes(name);
        });
      await until('the worker has a session', () => sessions.length === 1, 20);
      await shows(0, 'before');
      writeFileSync(join(folder, 'served.py'), SERVED.replace('BEAT', 'after'));
      await until('the next worker has a session', () => sessions.length === 2, 20);
      await sessions[0]?.event('terminated');
      await shows(1, 'after');
    }),
  ).timeout(60_000);

  it(
    'uvicorn’s --workers: each is a session',
    served(['--workers', '2'], 'BEAT', async (sessions) => {
      await until('both have a session', () => sessions.length === 2, 20);
      for (const session of sessions)
        await until('it shows its tasks', async () => (await names(session)).includes('BEAT'));
    }),
  ).timeout(60_000);

  it(
    'an editor that cannot start sessions is told, and the child runs on',
    withAdapter(async (client) => {
      const folder = folderWith({ 'child.py': CHILD, 'parent.py': PARENT });
      await client.launch({ program: join(folder, 'parent.py'), cwd: folder });
      await client.printed('child up');
      await client.printed(
        /the child process child\.py \(\d+\) is not shown: this editor cannot start further sessions\./,
        'console',
      );
    }),
  );

  it(
    'subProcess: false leaves them alone',
    withAdapter(async (client) => {
      let asked = 0;
      client.onReverseRequest = () => {
        asked++;
        return {};
      };
      const folder = folderWith({
        'child.py': CHILD.replace('await task', 'await asyncio.sleep(0.2)'),
        'parent.py': PARENT,
      });
      await client.launch(
        { program: join(folder, 'parent.py'), cwd: folder, subProcess: false },
        { supportsStartDebuggingRequest: true },
      );
      await client.event('terminated');
      assert.equal(asked, 0);
      assert.ok(client.output('stdout').includes('child up'));
    }),
  );

  it(
    'a program that replaces itself by another is followed in the same session',
    withAdapter(async (client) => {
      const folder = folderWith({
        'app.py': `
import asyncio, os, sys
async def first(): await asyncio.sleep(0.2)
async def second(): await asyncio.sleep(600)
if len(sys.argv) > 1: asyncio.run(second())
asyncio.run(first())
os.execv(sys.executable, [sys.executable, sys.argv[0], "again"])
`,
      });
      await client.launch({ program: join(folder, 'app.py') });
      await until('the second program is shown', async () => {
        const { rows } = await client.ask('loopscope/tasks', PAGE);
        return rows.length === 1 && rows[0]?.kind === 'task' && rows[0].coroutine === 'second';
      });
      assert.ok(!client.order().includes('terminated'));
    }),
  );
});
