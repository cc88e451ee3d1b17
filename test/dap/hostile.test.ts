import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { WIRE_VERSION } from '../../src/protocol/wire';
import { marshalList } from '../support/batches';
import { DapClient } from './client';
import { until, withAdapter } from './session';

/** Tells where the adapter listens and the token, as only the program itself may know; then works on. */
const PROGRAM = `
import asyncio, os
print("door", os.environ["LOOPSCOPE_CONNECT"], os.environ["LOOPSCOPE_TOKEN"], "end", flush=True)
async def work():
    while True: await asyncio.sleep(0.01)
async def main(): await asyncio.gather(*[work() for _ in range(10)])
asyncio.run(main())
`;

interface Door {
  readonly port: number;
  readonly token: string;
}

async function open(client: DapClient): Promise<Door> {
  await client.launch({ code: PROGRAM });
  const [port = '', token = ''] = await client.printed(/door 127\.0\.0\.1:(\d+) ([0-9a-f]{64}) end/);
  await client.event('loopscope/update', (update: { liveTasks: number }) => update.liveTasks === 11);
  return { port: Number(port), token };
}

/** The session must go on as if nothing had been: updates come and the tasks are right. */
async function assertUnharmed(client: DapClient): Promise<void> {
  await client.nextUpdate((update) => update.liveTasks === 11 && update.process.phase === 'connected');
  assert.equal(client.stderr, '');
}

async function dial(port: number): Promise<{ readonly socket: Socket; readonly closed: Promise<void> }> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  await new Promise<void>((resolve) => socket.once('connect', resolve));
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.resume();
  return { socket, closed };
}

function greeting(token: string): Buffer {
  return Buffer.concat([Buffer.from('LSCP'), Buffer.from([WIRE_VERSION]), Buffer.from(token)]);
}

function frame(kind: string, payload: Buffer | string): Buffer {
  const bytes = Buffer.from(payload);
  const header = Buffer.alloc(5);
  header.writeUInt32BE(bytes.length);
  header.write(kind, 4);
  return Buffer.concat([header, bytes]);
}

const HELLO = JSON.stringify({
  type: 'hello',
  wire: WIRE_VERSION,
  pid: 999_999,
  parentPid: 1,
  python: '3.13.0',
  implementation: 'cpython',
  executable: '/python',
  argv: ['evil.py'],
  freeThreaded: false,
  started: 'subprocess',
});
const LOOP = JSON.stringify({
  type: 'loop',
  loop: 1,
  what: 'created',
  time: 1,
  wall: 1,
  class: 'L',
  thread: 'T',
  threadId: 1,
  debug: false,
  site: null,
  call: 'x',
  hook: 'replaced',
  hides: '',
});

describe('a hostile or broken peer', () => {
  it(
    'is turned away without the token, with half of it, with a wrong one, and when it speaks something else',
    withAdapter(async (client) => {
      const { port, token } = await open(client);
      for (const bytes of [
        greeting('0'.repeat(64)),
        greeting(token.slice(0, 63) + 'x'),
        Buffer.from('GET / HTTP/1.1\r\n\r\n'),
        Buffer.alloc(1 << 20, 7),
      ]) {
        const { socket, closed } = await dial(port);
        socket.write(bytes);
        await closed;
      }
      const half = await dial(port);
      half.socket.end(greeting(token).subarray(0, 30));
      await half.closed;
      await client.printed(/turned away a connection without the right token/, 'console');
      await assertUnharmed(client);
    }),
  );

  it(
    'is let go when it says nothing, and cannot keep others out',
    withAdapter(async (client) => {
      const { port } = await open(client);
      const crowd = await Promise.all(Array.from({ length: 80 }, () => dial(port)));
      await assertUnharmed(client);
      await Promise.all(crowd.map(({ closed }) => closed));
    }),
  ).timeout(30_000);

  const faults: readonly [string, () => Buffer][] = [
    ['a length of 4 GB', () => Buffer.from([0xff, 0xff, 0xff, 0xff, 0x4a])],
    ['an unknown kind of frame', () => frame('Z', 'x')],
    ['events before a hello', () => frame('E', marshalList([1, 1, 0, 1, 1, -1, 0, 0, 1]))],
    ['a message that is not JSON', () => frame('J', '{"type":')],
    ['a message of an unknown type', () => frame('J', '{"type":"constructor"}')],
    ['a hello without a process', () => frame('J', '{"type":"hello","wire":1}')],
    ['JSON nested a million deep', () => frame('J', '['.repeat(1_000_000))],
  ];
  for (const [what, bytes] of faults)
    it(
      `is let go after ${what}; the session says so and goes on`,
      withAdapter(async (client) => {
        const { port, token } = await open(client);
        const { socket, closed } = await dial(port);
        socket.write(Buffer.concat([greeting(token), bytes()]));
        await closed;
        await until('the session says what was wrong', () =>
          /Loopscope: (A |The runtime)/.test(client.output('console')),
        );
        await assertUnharmed(client);
      }),
    );

  it(
    'that behaves as a child and then sends garbage spoils only its own session',
    withAdapter(async (client) => {
      const child = DapClient.start();
      client.onReverseRequest = async (request) => {
        await child.initialize();
        await child.request('attach', (request.arguments as { configuration: object }).configuration);
        return {};
      };
      await client.initialize({ supportsStartDebuggingRequest: true });
      const launched = client.request('launch', { python: 'python3', noDebug: true, code: PROGRAM });
      await client.event('initialized');
      await client.request('configurationDone');
      await launched;
      const [port = '', token = ''] = await client.printed(/door 127\.0\.0\.1:(\d+) ([0-9a-f]{64}) end/);
      const { socket, closed } = await dial(Number(port));
      socket.write(Buffer.concat([greeting(token), frame('J', HELLO), frame('J', LOOP)]));
      await child.event('process');
      socket.write(frame('E', Buffer.from('[garbage')));
      await closed;
      await child.event('terminated');
      assert.match(
        (await child.ask('loopscope/state', {})).process.notice,
        /The connection to the program was ended: A batch/,
      );
      await child.stop();
      await assertUnharmed(client);
    }),
  );

  it(
    'that claims to be the program does not take its place',
    withAdapter(async (client) => {
      const { port, token } = await open(client);
      const { socket } = await dial(port);
      socket.write(Buffer.concat([greeting(token), frame('J', HELLO), frame('J', LOOP)]));
      await client.printed(/child process evil\.py \(999999\) is not shown/, 'console');
      await assertUnharmed(client);
      socket.destroy();
    }),
  );
});
