// Attaching: to a program that listens, that dials, that knows of no debugger; and letting go of it.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { DapClient, PYTHON } from '../client';
import { alive, until, withAdapter } from '../session';
import { attach, frames, place, pythons, setBreakpoints, Source, stop, topFrame, value } from './debug';

/** Runs until it is told to end; `sys.argv` says how it is to be reached. */
const SERVER = `import asyncio, sys

how, port = sys.argv[1], int(sys.argv[2])
if how == "listen":
    import debugpy
    print("port", debugpy.listen(("127.0.0.1", 0))[1], flush=True)
elif how == "connect":
    import debugpy
    debugpy.connect(("127.0.0.1", port))
    print("connected", flush=True)

async def waiter():
    await asyncio.sleep(3600)

async def main():
    task = asyncio.create_task(waiter(), name="old")
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    await loop.connect_read_pipe(lambda: Input(ended), sys.stdin)
    print("up", flush=True)
    turn = 0
    while not ended.is_set():
        await asyncio.sleep(0.05)
        turn += 1  # @turn
    print("turns", turn, flush=True)
    task.cancel()

class Input(asyncio.Protocol):
    def __init__(self, ended):
        self.ended = ended
    def data_received(self, data):
        self.ended.set()

asyncio.run(main())
`;

/** A program of its own, which no adapter has started. */
class Program {
  readonly #child: ChildProcess;
  #output = '';
  readonly ended: Promise<number | null>;

  constructor(python: string, args: readonly string[], cwd?: string) {
    this.#child = spawn(python, args, { stdio: ['pipe', 'pipe', 'pipe'], ...(cwd === undefined ? {} : { cwd }) });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on('data', (chunk: Buffer) => {
        this.#output += chunk.toString();
      });
    this.ended = new Promise((resolve) => this.#child.once('exit', resolve));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get output(): string {
    return this.#output;
  }

  /** Waits until it has printed that; gives what the pattern's groups caught. */
  async printed(pattern: RegExp): Promise<string[]> {
    let found: RegExpExecArray | null = null;
    await until(`the program prints ${String(pattern)}, and not only: ${this.#output}`, () => {
      found = pattern.exec(this.#output);
      return found !== null;
    });
    return [...((found as RegExpExecArray | null) ?? [])].slice(1);
  }

  /** Tells it to end. */
  end(): void {
    this.#child.stdin?.write('end\n');
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

/** Runs a test beside a program, which does not outlive it. */
async function beside(program: Program, test: () => Promise<void>): Promise<void> {
  try {
    await test();
  } finally {
    program.kill();
    await program.ended;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}

/** The loop is there with its tasks, those too that were made before, and a breakpoint stops. Then the session lets go. */
async function lookAndLeave(client: DapClient, program: Program, source: Source): Promise<void> {
  const stopped = await stop(client);
  assert.equal(await place(client, stopped), `main:${source.line('turn')}`);
  assert.match(await value(client, await topFrame(client, stopped), 'turn + 1'), /^\d+$/);
  // The runtime's connection is another than debugpy's: its list of the tasks may come after the stop.
  await until('the tasks are known', async () => (await client.ask('loopscope/state', {})).liveTasks === 2);
  const loops = await client.ask('loopscope/loops', {});
  assert.deepEqual(
    loops.rows.map((row) => [row.state, row.liveTasks]),
    [['running', 2]],
  );
  const threads = (await client.request<{ threads: { name: string }[] }>('threads')).threads.map(({ name }) => name);
  assert.ok(threads.includes('old · waiter'), threads.join(', '));
  await client.request('disconnect', { terminateDebuggee: false });
  program.end();
  assert.equal(await program.ended, 0, program.output);
  await program.printed(/turns /);
  assert.doesNotMatch(program.output, /loopscope|Traceback/);
}

const IDLE = `import asyncio

async def main():
    print("waits", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
`;

describe('attaching', () => {
  for (const { version, path: python } of pythons('3.9', '3.11', '3.13', '3.14', '3.15')) {
    it(
      `on ${version}: to a program that listens (connect)`,
      withAdapter(async (client) => {
        const source = new Source(SERVER);
        const program = new Program(python, [source.path, 'listen', '0']);
        await beside(program, async () => {
          const [port] = await program.printed(/port (\d+)\n[^]*up\n/);
          await attach(client, { connect: { host: '127.0.0.1', port: Number(port) } }, source, ['turn']);
          await lookAndLeave(client, program, source);
        });
      }),
    );

    it(
      `on ${version}: waiting for a program that dials (listen)`,
      withAdapter(async (client) => {
        const source = new Source(SERVER);
        const port = await freePort();
        await client.initialize();
        const attached = client.request('attach', { listen: { host: '127.0.0.1', port }, python });
        attached.catch(() => undefined);
        await client.event('debugpyWaitingForServer');
        const program = new Program(python, [source.path, 'connect', String(port)]);
        await beside(program, async () => {
          await client.event('initialized');
          await setBreakpoints(client, source, [source.breakpoint('turn')]);
          await client.request('configurationDone');
          await attached;
          await lookAndLeave(client, program, source);
        });
      }),
    );

    it(`on ${version}: to a process that knows of no debugger (processId)`, async function () {
      let refused = '';
      await withAdapter(async (client) => {
        const source = new Source(SERVER);
        const program = new Program(python, [source.path, 'alone', '0']);
        await beside(program, async () => {
          await program.printed(/up\n/);
          try {
            await attach(client, { processId: program.pid }, source, ['turn']);
          } catch (error) {
            // Before 3.14 debugpy needs gdb, which cannot work everywhere; the system's word for it is in the console.
            if (minor(version) >= 14) throw error;
            assert.match(String(error), /could not get into the process.*use "connect"/);
            [refused = ''] = await client.printed(/^(.*(?:Couldn't|not found|ptrace|No symbol).*)$/m, 'stderr');
            program.end();
            assert.equal(await program.ended, 0, program.output);
            return;
          }
          await lookAndLeave(client, program, source);
        });
      })();
      if (refused === '') return;
      console.log(`      (gdb cannot get into a process here: ${refused.slice(0, 100)})`);
      this.skip();
    });
  }

  for (const { version, path: python } of pythons('3.14', '3.15'))
    it(
      `on ${version}: to a process whose loop waits for ever, which nothing wakes (processId)`,
      withAdapter(async (client) => {
        const source = new Source(IDLE);
        const program = new Program(python, [source.path]);
        await beside(program, async () => {
          await program.printed(/waits\n/);
          await attach(client, { processId: program.pid }, source, []);
          await client.nextUpdate(({ liveTasks }) => liveTasks === 1);
          await client.request('disconnect', { terminateDebuggee: false });
          assert.ok(alive(program.pid), program.output);
          assert.doesNotMatch(program.output, /Traceback|Interrupted/);
        });
      }),
    );

  it(
    'to a process that is not there, or is none of ours: one sentence',
    withAdapter(async (client) => {
      await client.initialize();
      await assert.rejects(
        client.request('attach', { processId: 2 ** 22 + 5 }),
        /There is no process 4194309: choose one that runs/,
      );
    }),
  );

  it(
    'again, after another session has let go; and a breakpoint that is set later stops a coroutine that waits',
    withAdapter(async (client) => {
      const source = new Source(SERVER);
      const program = new Program(PYTHON, [source.path, 'listen', '0']);
      await beside(program, async () => {
        const [port] = await program.printed(/port (\d+)\n[^]*up\n/);
        const connect = { host: '127.0.0.1', port: Number(port) };
        const first = DapClient.start();
        await attach(first, { connect }, source, ['turn']);
        const stopped = await stop(first);
        await setBreakpoints(first, source, []);
        await first.request('continue', { threadId: stopped.threadId });
        const { rows } = await first.ask('loopscope/loops', {});
        assert.equal(rows[0]?.state, 'running');
        await first.stop(false);

        await attach(client, { connect }, source, []);
        await client.nextUpdate(({ liveTasks }) => liveTasks === 2);
        await setBreakpoints(client, source, [source.breakpoint('turn')]);
        await lookAndLeave(client, program, source);
      });
    }),
  );

  it(
    'a program whose files lie elsewhere: paths are mapped',
    withAdapter(async (client) => {
      const there = new Source(SERVER);
      const here = new Source(SERVER);
      const program = new Program(PYTHON, [there.path, 'listen', '0']);
      await beside(program, async () => {
        const [port] = await program.printed(/port (\d+)\n[^]*up\n/);
        await attach(
          client,
          {
            connect: { host: '127.0.0.1', port: Number(port) },
            pathMappings: [{ localRoot: here.folder, remoteRoot: there.folder }],
          },
          here,
          ['turn'],
        );
        const stopped = await stop(client);
        const [top] = await frames(client, stopped);
        assert.equal(top?.source?.path, here.path);
        await until('the tasks are known', async () => (await client.ask('loopscope/state', {})).liveTasks === 2);
        const page = { tree: 'flat', offset: 0, limit: 200, sort: 'age', group: 'none', filter: '' } as const;
        const { rows } = await client.ask('loopscope/tasks', page);
        const old = rows.find((row) => row.kind === 'task' && row.name === 'old');
        assert.ok(old?.kind === 'task');
        assert.equal(old.at?.file, here.path);
        const { frames: chain } = await client.ask('loopscope/task', { task: old.task });
        assert.equal(chain[0]?.file, here.path);
        const elsewhere = await client.request('setBreakpoints', {
          source: { path: join(here.folder, 'missing.py') },
          breakpoints: [{ line: 1 }],
        });
        assert.match(JSON.stringify(elsewhere), /no such file where the program runs.*pathMappings/);
        await client.request('disconnect', { terminateDebuggee: false });
        program.end();
        assert.equal(await program.ended, 0);
      });
    }),
  );
});

function minor(version: string): number {
  return Number(version.split('.')[1]);
}
