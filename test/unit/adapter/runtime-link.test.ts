import assert from 'node:assert/strict';
import { createServer, connect, type Socket } from 'node:net';
import fc from 'fast-check';
import * as v from 'valibot';
import { encodeFrame, encodeMessage, FrameReader } from '../../../src/adapter/link/frames';
import { QueryError, RuntimeLink } from '../../../src/adapter/link/runtime-link';
import { Settler } from '../../../src/adapter/settle';
import { LoopModel } from '../../../src/model/model';
import { FrameKind, WIRE_VERSION } from '../../../src/protocol/wire';
import { BatchWriter, marshalList } from '../../support/batches';

const HELLO = {
  type: 'hello',
  wire: WIRE_VERSION,
  pid: 1,
  parentPid: 0,
  python: '3.13.0',
  implementation: 'cpython',
  executable: '/python',
  argv: ['app.py'],
  freeThreaded: false,
  started: 'main',
};

interface Fixture {
  readonly model: LoopModel;
  readonly link: RuntimeLink;
  /** The other end: what a runtime writes. */
  readonly runtime: Socket;
  readonly closed: Promise<string>;
  /** The next message that the adapter sends, of that type. */
  readonly message: (type: string) => Promise<Record<string, unknown>>;
  end(): void;
}

/** A link over a real socket, with the runtime's end in the test's hand. */
async function connected(): Promise<Fixture> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const runtime = connect(port, '127.0.0.1');
  runtime.on('error', () => undefined);
  const socket = await accepted;
  socket.on('error', () => undefined);
  const model = new LoopModel();
  const link = new RuntimeLink(
    { socket, version: WIRE_VERSION, rest: Buffer.alloc(0) },
    model,
    () => performance.now() / 1000,
    'adaptive',
    0.1,
  );
  const closed = new Promise<string>((resolve) => void link.onClosed(resolve));
  link.start(Buffer.alloc(0));
  const frames = new FrameReader();
  const messages: Record<string, unknown>[] = [];
  let wake = (): void => undefined;
  runtime.on('data', (chunk: Buffer) => {
    for (const { payload } of frames.push(chunk))
      messages.push(JSON.parse(payload.toString()) as Record<string, unknown>);
    wake();
  });
  return {
    model,
    link,
    runtime,
    closed,
    message: async (type) => {
      for (;;) {
        const index = messages.findIndex((message) => message['type'] === type);
        const [found] = index >= 0 ? messages.splice(index, 1) : [];
        if (found) return found;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    end() {
      link.close();
      runtime.destroy();
      server.close();
    },
  };
}

async function withLink(test: (fixture: Fixture) => Promise<void>): Promise<void> {
  const fixture = await connected();
  try {
    await test(fixture);
  } finally {
    fixture.end();
  }
}

const anything = v.unknown();

describe('RuntimeLink', () => {
  it('welcomes, applies batches in order and hands messages on', () =>
    withLink(async ({ model, link, runtime, message }) => {
      assert.deepEqual(await message('welcome'), { type: 'welcome', wire: WIRE_VERSION, level: 'adaptive', slow: 0.1 });
      const changed = new Promise<void>((resolve) => void link.onChange(() => resolve()));
      runtime.write(encodeMessage(HELLO));
      runtime.write(encodeFrame(FrameKind.strings, Buffer.from('[[1, "main\\tapp.py\\t3"]]')));
      runtime.write(encodeFrame(FrameKind.events, new BatchWriter().event('taskCreated', 0x1000, 0, 1, 0, 7).flush()));
      await changed;
      assert.deepEqual([model.row(1)?.name, model.row(1)?.coroutine], ['Task-7', 'main']);
    }));

  it('gives each query its own answer, whatever their order', () =>
    withLink(async ({ link, runtime, message }) => {
      runtime.write(encodeMessage(HELLO));
      const first = link.query({ query: 'selector', loop: 1 }, anything);
      const second = link.query({ query: 'selector', loop: 2 }, anything);
      const [a, b] = [await message('query'), await message('query')];
      runtime.write(encodeMessage({ type: 'answer', id: b['id'], ok: true, result: 'second' }));
      runtime.write(encodeMessage({ type: 'answer', id: a['id'], ok: false, error: 'The loop is gone.' }));
      assert.equal(await second, 'second');
      await assert.rejects(first, (error) => error instanceof QueryError && error.message === 'The loop is gone.');
    }));

  it('gives up on a query after its time, and forgets an answer that comes too late or twice', () =>
    withLink(async ({ link, runtime, message, model }) => {
      runtime.write(encodeMessage(HELLO));
      const query = link.query({ query: 'selector', loop: 1 }, anything, 0.05);
      const { id } = await message('query');
      await assert.rejects(query, /did not answer within 0\.05 s/);
      for (let times = 0; times < 2; times++) runtime.write(encodeMessage({ type: 'answer', id, ok: true, result: 1 }));
      const changed = new Promise<void>((resolve) => void link.onChange(() => resolve()));
      runtime.write(encodeFrame(FrameKind.events, new BatchWriter().event('taskCreated', 0x1000, 0, 0, 0, 1).flush()));
      await changed;
      assert.equal(model.totals(1).liveTasks, 1);
    }));

  it('fails a query whose answer has the wrong form, and goes on', () =>
    withLink(async ({ link, runtime, message }) => {
      runtime.write(encodeMessage(HELLO));
      const query = link.query({ query: 'selector', loop: 1 }, v.object({ rows: v.array(v.number()) }));
      const { id } = await message('query');
      runtime.write(encodeMessage({ type: 'answer', id, ok: true, result: { rows: ['x'] } }));
      await assert.rejects(query, (error) => error instanceof QueryError && /rows\.0/.test(error.message));
      assert.ok(link.open);
    }));

  it('fails every open query when the connection ends', () =>
    withLink(async ({ link, runtime, message, closed }) => {
      runtime.write(encodeMessage(HELLO));
      const query = link.query({ query: 'selector', loop: 1 }, anything);
      await message('query');
      runtime.destroy();
      await assert.rejects(query, QueryError);
      assert.equal(await closed, '');
      await assert.rejects(link.query({ query: 'selector', loop: 1 }, anything), /no longer connected/);
    }));

  it('hangs up on another version of the wire and names both', () =>
    withLink(async ({ runtime, closed }) => {
      runtime.write(encodeMessage({ ...HELLO, wire: 99 }));
      assert.match(await closed, /version 99 .* version 1/);
    }));

  it('ends with a sentence, never an exception, whatever a peer sends', async () => {
    const kind = fc.constantFrom(...Object.values(FrameKind));
    const payload = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value))),
      fc
        .array(
          fc.oneof(
            fc.integer({ min: -2, max: 30 }),
            fc.double().map((float) => ({ float })),
          ),
          { maxLength: 40 },
        )
        .map(marshalList),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(kind, payload), { minLength: 1, maxLength: 5 }), (frames) =>
        withLink(async ({ runtime, closed }) => {
          runtime.write(encodeMessage(HELLO));
          for (const [kind, bytes] of frames) runtime.write(encodeFrame(kind, bytes));
          runtime.end();
          assert.equal(typeof (await closed), 'string');
        }),
      ),
      { numRuns: 150 },
    );
  });
});

describe('Settler', () => {
  it('asks for the live tasks in slices when a loop is stale, and the model is right again', () =>
    withLink(async ({ link, model, runtime, message }) => {
      const settled = new Promise<void>((resolve) => {
        const settler = new Settler(
          model,
          () => link,
          () => performance.now() / 1000,
          () => {
            if (model.totals(1).liveTasks === 2 && model.row(1)?.state === 'finished') resolve();
          },
        );
        link.onChange(() => settler.check());
      });
      runtime.write(encodeMessage(HELLO));
      const writer = new BatchWriter();
      writer.event('taskCreated', 0x1000, 0, 0, 0, 1).event('tick', 1, 5, 0, 1);
      runtime.write(encodeFrame(FrameKind.events, writer.flush({ dropped: 7, now: 5 })));
      const answer = async (tasks: object[], cursor: number): Promise<void> => {
        const { id } = await message('query');
        runtime.write(
          encodeMessage({ type: 'answer', id, ok: true, result: { loop: 1, tick: 1, time: 5, tasks, cursor } }),
        );
      };
      await answer([{ task: 0x2000, name: 'two', coroutine: 'work\tapp.py\t3', state: 'waiting' }], 9);
      await answer([{ task: 0x3000, name: 'Task-3', coroutine: 'work\tapp.py\t3', state: 'ready' }], 0);
      runtime.write(encodeFrame(FrameKind.events, writer.flush({ now: 6 })));
      await settled;
      assert.deepEqual([model.row(2)?.name, model.row(2)?.state, model.row(3)?.state], ['two', 'waiting', 'ready']);
      assert.equal(model.row(2)?.since, -1, 'since when is not known');
    }));

  it('takes the list in its place among the events: what ends after it has ended, though both come at once', () =>
    withLink(async ({ link, model, runtime, message }) => {
      const settler = new Settler(
        model,
        () => link,
        () => performance.now() / 1000,
        () => undefined,
      );
      link.onChange(() => settler.check());
      runtime.write(encodeMessage(HELLO));
      const writer = new BatchWriter();
      writer.event('taskCreated', 0x1000, 0, 0, 0, 1).event('tick', 1, 5, 0, 1);
      runtime.write(encodeFrame(FrameKind.events, writer.flush({ dropped: 7, now: 5 })));
      const { id } = await message('query');
      const tasks = [{ task: 0x2000, name: 'two', coroutine: 'work\tapp.py\t3', state: 'waiting' }];
      writer.event('taskEnded', 0x2000, 1, 0);
      runtime.write(
        Buffer.concat([
          encodeMessage({ type: 'answer', id, ok: true, result: { loop: 1, tick: 1, time: 5, tasks, cursor: 0 } }),
          encodeFrame(FrameKind.events, writer.flush({ now: 6 })),
          encodeMessage({ type: 'bye', reason: 'the end' }),
        ]),
      );
      await new Promise<void>((resolve) => void link.onMessage(({ type }) => type === 'bye' && resolve()));
      assert.equal(model.row(2)?.name, 'two');
      assert.equal(model.row(2)?.state, 'finished');
    }));
});
