// What goes wrong while a program is stopped: each request has its answer, the program ends or goes on as configured, no process is left.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { ADAPTER, DapClient, PYTHON, ROOT } from '../client';
import { alive, nextStop, until, withAdapter } from '../session';
import { attach, debug, frames, place, setBreakpoints, Source, stop, topFrame, value } from './debug';

/** Runs until a file `go` is there; then says that its clock goes on. */
const PROGRAM = `import asyncio, os, sys

async def waiter(number):
    secret = number
    await asyncio.sleep(3600)

async def short():
    inside = 1
    await asyncio.sleep(0)
    await asyncio.sleep(0)

async def main():
    if "listen" in sys.argv:
        import debugpy
        print("port", debugpy.listen(("127.0.0.1", 0))[1], flush=True)
    print("pid", os.getpid(), flush=True)
    tasks = [asyncio.create_task(waiter(n), name=f"old-{n}") for n in range(2)]
    while not os.path.exists("go"):
        await asyncio.sleep(0.01)
        asyncio.create_task(short(), name="short")
        last = 1  # @line
    begin = asyncio.get_running_loop().time()
    await asyncio.sleep(0.05)
    open("done", "w").write(str(0.05 <= asyncio.get_running_loop().time() - begin < 10))

asyncio.run(main())
`;

type Threads = DebugProtocol.ThreadsResponse['body'];
type At = 'line' | 'tick';

async function pidOf(client: DapClient): Promise<number> {
  const [pid = ''] = await client.printed(/pid (\d+)\n/);
  return Number(pid);
}

/** Launched with debugpy and stopped there; the program's process, and debugpy's adapter's. */
async function stopAt(client: DapClient, source: Source, at: At): Promise<{ pid: number; adapter: number }> {
  await debug(client, source, at === 'line' ? ['line'] : [], { cwd: source.folder });
  const pid = await pidOf(client);
  if (at === 'line') await stop(client);
  else await nextStop(client, () => client.ask('loopscope/pause', {}));
  const adapter = childrenOf(client.process?.pid ?? 0)[0] ?? 0;
  assert.ok(adapter > 0 && alive(adapter));
  return { pid, adapter };
}

/** The processes that a process has started (Linux). */
function childrenOf(pid: number): number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      return / \(.*\) \S (\d+) /s.exec(readFileSync(`/proc/${name}/stat`, 'utf8'))?.[1] === String(pid)
        ? Number(name)
        : [];
    } catch {
      return []; // It has ended meanwhile.
    }
  });
}

async function goesOn(source: Source): Promise<void> {
  writeFileSync(join(source.folder, 'go'), '');
  const done = join(source.folder, 'done');
  await until('the program goes on to its end', () => existsSync(done) && readFileSync(done, 'utf8') !== '');
  assert.equal(readFileSync(done, 'utf8'), 'True', 'its clock goes on');
}

function isFarewell({ output }: { output: string }): boolean {
  return /The debugger \(debugpy\) has gone, and the program with it: start the session again/.test(output);
}

const LINUX = process.platform === 'linux';

describe('faults while a program is stopped, with the debugger', () => {
  for (const at of ['line', 'tick'] as const) {
    it(`the client is gone without a word, at a ${at}: a launched program ends, nothing is left`, async function () {
      if (!LINUX) return this.skip();
      const client = DapClient.start();
      const { pid, adapter } = await stopAt(client, new Source(PROGRAM), at);
      client.hangUp();
      await client.closed;
      await until('both have ended', () => !alive(pid) && !alive(adapter));
    });

    it(`our adapter is killed, at a ${at}: nothing is left`, async function () {
      if (!LINUX) return this.skip();
      const client = DapClient.start();
      const { pid, adapter } = await stopAt(client, new Source(PROGRAM), at);
      client.process?.kill('SIGKILL');
      await client.closed;
      await until('both have ended', () => !alive(pid) && !alive(adapter));
    });

    for (const how of ['disconnect', 'hang up'])
      it(`the client lets go of an attached program (${how}), at a ${at}: it goes on`, async () => {
        const source = new Source(PROGRAM);
        const program = spawn(PYTHON, [source.path, 'listen'], {
          cwd: source.folder,
          stdio: ['ignore', 'pipe', 'ignore'],
        });
        const client = DapClient.start();
        try {
          const port = await portOf(program);
          await attach(client, { connect: { port } }, source, at === 'line' ? ['line'] : []);
          if (at === 'line') await stop(client);
          else await nextStop(client, () => client.ask('loopscope/pause', {}));
          if (how === 'disconnect') await client.request('disconnect', { terminateDebuggee: false });
          else client.hangUp();
          await client.closed;
          await goesOn(source);
          await until('it has ended', () => program.exitCode !== null);
          assert.equal(program.exitCode, 0);
        } finally {
          program.kill('SIGKILL');
        }
      });

    it(`debugpy's own adapter is killed, at a ${at}: the session ends with a sentence, nothing is left`, async function () {
      if (!LINUX) return this.skip();
      const client = DapClient.start();
      const { pid, adapter } = await stopAt(client, new Source(PROGRAM), at);
      process.kill(adapter, 'SIGKILL');
      await client.event('terminated');
      await client.event('output', isFarewell);
      await assert.rejects(client.request('threads'), /The debugger \(debugpy\) has gone: start the session again\./);
      await until('both have ended', () => !alive(pid) && !alive(adapter));
      await client.stop();
    });

    for (const end of ['terminate', 'disconnect'])
      it(`debugpy's own adapter does not answer any more, at a ${at}: ${end} ends everything`, async function () {
        if (!LINUX) return this.skip();
        const client = DapClient.start();
        const { pid, adapter } = await stopAt(client, new Source(PROGRAM), at);
        process.kill(adapter, 'SIGSTOP');
        const asked = client.request('threads');
        asked.catch(() => undefined);
        await client.request(end, end === 'disconnect' ? { terminateDebuggee: true } : {});
        if (end === 'terminate') {
          await client.event('output', isFarewell);
          await client.event('terminated');
          client.hangUp();
        }
        await assert.rejects(asked, /The debugger \(debugpy\) has gone/);
        await client.closed;
        await until('both have ended', () => !alive(pid) && !alive(adapter));
      });
  }

  it(
    'frames and variables of an earlier stop, and of a task that has ended since, are answered at once with an error',
    withAdapter(async (client) => {
      const source = new Source(PROGRAM);
      await debug(client, source, ['line'], { cwd: source.folder });
      const first = await stop(client);
      const row = (await client.request<Threads>('threads')).threads.find(({ name }) => name === 'short · short');
      assert.ok(row);
      const [frame] = await frames(client, { reason: '', threadId: row.id });
      assert.ok(frame);
      const scope = await localsOf(client, frame.id);
      await client.request('variables', { variablesReference: scope });
      await setBreakpoints(client, source, []);
      await client.request('continue', { threadId: first.threadId });
      writeFileSync(join(source.folder, 'go'), '');
      await nextStop(client, () => client.ask('loopscope/pause', {}));
      const over = /^That stop is over, and what was shown of it: look at the call stack again\.$/;
      for (const [command, args] of [
        ['variables', { variablesReference: scope }],
        ['setVariable', { variablesReference: scope, name: 'inside', value: '2' }],
        ['evaluate', { frameId: frame.id, expression: 'inside', context: 'watch' }],
        ['evaluate', { frameId: frame.id, expression: 'inside', context: 'repl' }],
        ['setExpression', { frameId: frame.id, expression: 'inside', value: '2' }],
        ['completions', { frameId: frame.id, text: 'in', column: 3 }],
      ] as const)
        await assert.rejects(client.request(command, args), { message: over }, command);
      await assert.rejects(client.request('variables', { variablesReference: await localsOf(client, frame.id) }), {
        message: over,
      });
      const ended = /^That task has ended, or has no row at this stop: look at the call stack again\.$/;
      await assert.rejects(client.request('stackTrace', { threadId: row.id }), { message: ended });
    }),
  );

  it(
    'a breakpoint in a file of the runtime stops nothing',
    withAdapter(async (client) => {
      const source = new Source(PROGRAM);
      const folder = join(ROOT, 'src', 'runtime', 'loopscope');
      await client.launch(
        { program: source.path, python: PYTHON, cwd: source.folder, noDebug: false },
        {},
        async () => {
          for (const [name, of] of OWN) {
            const path = join(folder, name);
            const text = readFileSync(path, 'utf8').split('\n');
            // Each line of a function that runs at every handle; hundreds of breakpoints would take seconds to set.
            const first = text.findIndex((line) => line.includes(`def ${of}(`)) + 1;
            assert.ok(first > 0, of);
            const lines = Array.from({ length: 20 }, (_, index) => ({ line: first + index }));
            await client.request('setBreakpoints', { source: { path }, breakpoints: lines });
          }
          await setBreakpoints(client, source, [source.breakpoint('line')]);
        },
      );
      const first = await stop(client);
      assert.equal(await place(client, first), `main:${source.line('line')}`);
      await setBreakpoints(client, source, []);
      await client.request('continue', { threadId: first.threadId });
      const paused = await nextStop(client, () => client.ask('loopscope/pause', {}));
      await stop(client, 2);
      const stepped = await nextStop(client, () =>
        client.ask('loopscope/step', { loop: paused.loop, goal: { kind: 'handle' } }),
      );
      assert.equal(stepped.reason, 'step');
      await stop(client, 3);
      await client.request('continue', { threadId: paused.threadId });
      await goesOn(source);
      await client.event('terminated');
      assert.equal(client.messages.filter(({ event }) => event === 'stopped').length, 3);
    }),
  );

  it('two clients on one port: each stops and steps its own program, and the end of one is nothing to the other', async () => {
    const server = spawn(process.execPath, [ADAPTER, '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      const port = await portOf(server);
      const sources = [new Source(PROGRAM), new Source(PROGRAM)] as const;
      const clients = [await DapClient.dial(port), await DapClient.dial(port)] as const;
      await Promise.all(
        [0, 1].map((n) => debug(clients[n as 0], sources[n as 0], ['line'], { cwd: sources[n as 0].folder })),
      );
      const [ended, other] = clients;
      const pid = await pidOf(ended);
      const [, stopped] = await Promise.all(clients.map((client) => stop(client)));
      assert.ok(stopped);
      ended.hangUp();
      await ended.closed;
      await until('its program has ended', () => !alive(pid));
      assert.equal(await value(other, await topFrame(other, stopped), 'len(tasks)'), '2');
      await other.request('next', { threadId: stopped.threadId });
      assert.equal((await stop(other, 2)).reason, 'step');
      await setBreakpoints(other, sources[1], []);
      await other.request('continue', { threadId: stopped.threadId });
      await goesOn(sources[1]);
      await other.event('terminated');
      await other.stop();
    } finally {
      server.kill();
    }
  });
});

/** Functions of the runtime, each with its file. */
const OWN = [
  [join('stepping', 'stepper.py'), 'before_handle'],
  ['tick.py', '_run_once'],
  [join('bridge', 'bridge.py'), '_prepare'],
] as const;

async function localsOf(client: DapClient, frameId: number): Promise<number> {
  const { scopes } = await client.request<DebugProtocol.ScopesResponse['body']>('scopes', { frameId });
  return scopes[0]?.variablesReference ?? 0;
}

async function portOf(program: ChildProcess): Promise<number> {
  let text = '';
  return new Promise((resolve, reject) => {
    program.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const port = /(?:port |127\.0\.0\.1:)(\d+)\n/.exec(text)?.[1];
      if (port !== undefined) resolve(Number(port));
    });
    program.once('exit', () => reject(new Error(`The program has ended: ${text}`)));
  });
}
