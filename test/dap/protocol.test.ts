import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { CUSTOM_COMMANDS, PROTOCOL_VERSION, type TaskRow } from '../../src/protocol/dap';
import { ADAPTER, DapClient, Refused } from './client';
import { withAdapter } from './session';

/** Every request of DAP 1.68 that a client may send, with arguments that have the right form. */
const REQUESTS: Readonly<Record<string, object>> = {
  breakpointLocations: { source: { path: '/app.py' }, line: 1 },
  cancel: { requestId: 1 },
  completions: { text: 'a', column: 1 },
  continue: { threadId: 1 },
  dataBreakpointInfo: { name: 'x' },
  disassemble: { memoryReference: '0', instructionCount: 1 },
  evaluate: { expression: '1' },
  exceptionInfo: { threadId: 1 },
  goto: { threadId: 1, targetId: 1 },
  gotoTargets: { source: { path: '/app.py' }, line: 1 },
  loadedSources: {},
  locations: { locationReference: 1 },
  modules: {},
  next: { threadId: 1 },
  pause: { threadId: 1 },
  readMemory: { memoryReference: '0', count: 1 },
  restartFrame: { frameId: 1 },
  reverseContinue: { threadId: 1 },
  scopes: { frameId: 1 },
  setBreakpoints: { source: { path: '/app.py' }, breakpoints: [{ line: 3 }, { line: 9, condition: 'x' }] },
  setDataBreakpoints: { breakpoints: [{ dataId: 'x' }] },
  setExceptionBreakpoints: { filters: ['raised'] },
  setExpression: { expression: 'x', value: '1' },
  setFunctionBreakpoints: { breakpoints: [{ name: 'main' }] },
  setInstructionBreakpoints: { breakpoints: [{ instructionReference: '0' }] },
  setVariable: { variablesReference: 1, name: 'x', value: '1' },
  source: { sourceReference: 1 },
  stackTrace: { threadId: 1 },
  stepBack: { threadId: 1 },
  stepIn: { threadId: 1 },
  stepInTargets: { frameId: 1 },
  stepOut: { threadId: 1 },
  terminateThreads: { threadIds: [1] },
  threads: {},
  variables: { variablesReference: 1 },
  writeMemory: { memoryReference: '0', data: '' },
};

const IDLE = 'import asyncio\nasync def main(): await asyncio.sleep(600)\nasyncio.run(main())';

/** A request's answer, or the error that it was answered with. */
async function outcome(client: DapClient, command: string, args?: object): Promise<unknown> {
  return client.request(command, args).catch((error: unknown) => {
    if (error instanceof Refused) return error;
    throw error;
  });
}

describe('the protocol', () => {
  it(
    'every request of DAP is answered exactly once, before a program, while it runs and after it',
    withAdapter(async (client) => {
      const all = async (): Promise<Map<string, unknown>> => {
        const answers = new Map<string, unknown>();
        await Promise.all(
          Object.entries(REQUESTS).map(async ([command, args]) =>
            answers.set(command, await outcome(client, command, args)),
          ),
        );
        return answers;
      };
      await client.initialize();
      assert.equal((await all()).size, Object.keys(REQUESTS).length);
      await client.launch({ code: IDLE });
      const answers = await all();
      for (const [command, answer] of answers) {
        if (!(answer instanceof Refused)) continue;
        assert.ok(/^[A-Z].*\.$/.test(answer.message), `${command}: ${answer.message} is a sentence`);
        assert.ok(!/undefined|failed to answer|does not know/.test(answer.message), `${command}: ${answer.message}`);
      }
      assert.deepEqual(
        (
          answers.get('setBreakpoints') as { breakpoints: { line: number; verified: boolean; message: string }[] }
        ).breakpoints.map(({ line, verified, message }) => [line, verified, message.length > 20]),
        [
          [3, false, true],
          [9, false, true],
        ],
      );
      await client.request('terminate');
      await client.event('terminated');
      assert.equal((await all()).size, Object.keys(REQUESTS).length);
      // client.stop() fails if any was answered twice.
    }),
  );

  it(
    'every custom request is answered before a program, while it runs and after it, and refuses arguments of the wrong form',
    withAdapter(async (client) => {
      const args: Readonly<Record<string, object>> = {
        'loopscope/task': { task: 1 },
        'loopscope/ready': { loop: 1, offset: 0, limit: 10 },
        'loopscope/timers': { loop: 1, offset: 0, limit: 10 },
        'loopscope/selector': { loop: 1 },
        'loopscope/level': { detail: 'full' },
      };
      const all = async (): Promise<void> => {
        for (const command of CUSTOM_COMMANDS) {
          const answer = await outcome(client, command, args[command]);
          if (answer instanceof Refused)
            assert.ok(
              /[.!]$/.test(answer.message) && !/failed to answer|does not know/.test(answer.message),
              `${command}: ${answer.message}`,
            );
        }
      };
      await client.initialize();
      await all();
      await client.launch({ code: IDLE });
      await client.event('loopscope/update', (update: { liveTasks: number }) => update.liveTasks > 0);
      await all();
      for (const [command, wrong, field] of [
        ['loopscope/tasks', { tree: 'oak' }, 'tree'],
        ['loopscope/tasks', { offset: -1 }, 'offset'],
        ['loopscope/tasks', { pinned: 'x' }, 'pinned'],
        ['loopscope/task', {}, 'task'],
        ['loopscope/ready', { loop: 'x' }, 'loop'],
        ['loopscope/level', { detail: 'all' }, 'detail'],
        ['loopscope/snapshot', { format: 'xml' }, 'format'],
        ['loopscope/log', { after: 1.5 }, 'after'],
      ] as const) {
        const answer = await outcome(client, command, wrong);
        assert.ok(answer instanceof Refused, command);
        assert.match(answer.message, new RegExp(`"${field}" of ${command} is wrong`));
      }
      await client.request('terminate');
      await client.event('terminated');
      await all();
    }),
  );

  it(
    'an unknown request is an error, and so is one that is a name every object has',
    withAdapter(async (client) => {
      await client.initialize();
      for (const command of ['loopscope/unknown', 'fooBar', 'toString', '__proto__', 'constructor', ''])
        await assert.rejects(client.request(command), /Loopscope does not know the request/);
    }),
  );

  it(
    'says its version and what it can do',
    withAdapter(async (client) => {
      const capabilities = (await client.initialize()) as Record<string, unknown>;
      assert.equal(capabilities['supportsLoopscope'], PROTOCOL_VERSION);
      for (const ability of [
        'supportsConfigurationDoneRequest',
        'supportsTerminateRequest',
        'supportTerminateDebuggee',
        'supportsRestartRequest',
      ])
        assert.equal(capabilities[ability], true, ability);
    }),
  );

  it(
    'never sends a page of more rows than the protocol allows',
    withAdapter(async (client) => {
      await client.launch({
        code: 'import asyncio\nasync def w(): await asyncio.sleep(600)\nasync def main():\n    ts = [asyncio.create_task(w()) for _ in range(300)]\n    await asyncio.gather(*ts)\nasyncio.run(main())',
      });
      await client.event('loopscope/update', (update: { liveTasks: number }) => update.liveTasks > 300);
      const page = await client.ask('loopscope/tasks', {
        tree: 'flat',
        offset: 0,
        limit: 100_000,
        sort: 'age',
        group: 'none',
        filter: '',
      });
      assert.equal(page.rows.length, 200);
      assert.equal(page.total, 301);
      const rest = await client.ask('loopscope/tasks', {
        tree: 'flat',
        offset: 200,
        limit: 200,
        sort: 'age',
        group: 'none',
        filter: '',
      });
      const ids = [...page.rows, ...rest.rows].map((row) => (row as TaskRow).task);
      assert.equal(new Set(ids).size, 301);
    }),
  );

  it(
    'updates come at most ten times a second, however busy the program is',
    withAdapter(async (client) => {
      await client.launch({
        code: 'import asyncio, time\nasync def main():\n    end = time.monotonic() + 2\n    while time.monotonic() < end: await asyncio.sleep(0.001)\nasyncio.run(main())',
      });
      await client.event('terminated');
      const updates = client.order().filter((entry) => entry === 'loopscope/update').length;
      assert.ok(updates >= 5 && updates <= 40, `${updates} updates in about 2 s`);
    }),
  );
});

describe('--port', () => {
  function start(...args: string[]): {
    readonly line: Promise<string>;
    readonly code: Promise<number | null>;
    kill(): void;
  } {
    const child = spawn(process.execPath, [ADAPTER, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    const line = new Promise<string>((resolve) => {
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk: Buffer) => {
          text += chunk.toString();
          if (text.includes('\n')) resolve(text.trim());
        });
    });
    return { line, code: new Promise((resolve) => child.once('close', resolve)), kill: () => child.kill() };
  }

  it('serves several clients at once on a loopback port, each with a session of its own', async () => {
    const server = start('--port', '0');
    const port = Number(/^Loopscope listens on 127\.0\.0\.1:(\d+)$/.exec(await server.line)?.[1]);
    const clients = await Promise.all([DapClient.dial(port), DapClient.dial(port)]);
    await Promise.all(clients.map((client, index) => client.launch({ code: `print("program ${index}")` })));
    await Promise.all(clients.map((client) => client.event('terminated')));
    assert.deepEqual(
      clients.map((client) => client.output('stdout').trim()),
      ['program 0', 'program 1'],
    );
    await Promise.all(clients.map((client) => client.stop()));
    server.kill();
    await server.code;
  });

  it('says what to do when the port is in use, or is none', async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    const address = holder.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    const busy = start('--port', String(port));
    assert.equal(await busy.line, `Port ${port} is in use: choose another with --port.`);
    assert.equal(await busy.code, 1);
    holder.close();
    const wrong = start('--port', 'abc');
    assert.match(await wrong.line, /^Say which port/);
    assert.equal(await wrong.code, 2);
  });
});
