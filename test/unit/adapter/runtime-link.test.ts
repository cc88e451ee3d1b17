import assert from 'node:assert/strict';
import fc from 'fast-check';
import * as v from 'valibot';
import { encodeFrame, encodeMessage } from '../../../src/adapter/link/frames';
import { LoopGoneError, QueryError } from '../../../src/adapter/link/runtime-link';
import { AwaitsTree } from '../../../src/adapter/features/awaits';
import { timersPage } from '../../../src/adapter/features/queues';
import type { Program } from '../../../src/adapter/program';
import { Settler } from '../../../src/adapter/settle';
import { FrameKind, WIRE_VERSION } from '../../../src/protocol/wire';
import { BatchWriter, marshalList } from '../../support/batches';
import { type Fixture, HELLO, withLink } from './runtime-end';

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
      runtime.write(encodeMessage({ type: 'answer', id: a['id'], ok: false, error: 'No.' }));
      assert.equal(await second, 'second');
      await assert.rejects(first, (error) => error instanceof QueryError && error.message === 'No.');
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
      assert.match(await closed, /version 99 .* version 2/);
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

describe('timersPage', () => {
  it('asks a second time for the first page if it was cut short, since that look has loaded what looks', () =>
    withLink(async ({ link, model, runtime, message }) => {
      runtime.write(encodeMessage(HELLO));
      const changed = new Promise<void>((resolve) => void link.onChange(() => resolve()));
      runtime.write(encodeFrame(FrameKind.events, new BatchWriter().event('tick', 1, 5, 0, 1).flush()));
      await changed;
      const row = (handle: number): object => ({
        handle,
        due: 9,
        subject: 0,
        text: 'call',
        at: null,
        cancelled: false,
      });
      const answer = async (tick: number, rows: object[]): Promise<void> => {
        const { id } = await message('query');
        runtime.write(
          encodeMessage({ type: 'answer', id, ok: true, result: { loop: 1, tick, time: 5, total: 4, rows } }),
        );
      };
      const stops = { of: () => undefined } as unknown as Program['stops'];
      const ask = () => timersPage({ model, link, phase: 'connected', stops }, 1, 0, 3);
      const page = ask();
      await answer(1, [row(16)]);
      await answer(2, [row(16), row(32), row(48)]);
      const { tick, rows, total } = await page;
      assert.deepEqual([tick, total, rows.map(({ node }) => node)], [2, 4, ['h16', 'h32', 'h48']]);
      const later = ask();
      await answer(3, [row(16), row(32)]);
      assert.equal((await later).rows.length, 2, 'a page that is cut because there is much to tell is not told twice');
    }));
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

describe('a loop that has just gone', () => {
  /** Two loops with a task each; what is asked of the second is answered with that it is gone, though the model thinks that it runs. */
  const twoLoops = async (
    { model, link, runtime, message }: Fixture,
    answers: Readonly<Record<string, object>>,
  ): Promise<void> => {
    const known = new Promise<void>(
      (resolve) => void link.onChange(() => model.totals(1).liveTasks === 2 && resolve()),
    );
    runtime.write(encodeMessage(HELLO));
    for (const loop of [1, 2])
      runtime.write(
        encodeFrame(
          FrameKind.events,
          new BatchWriter()
            .event('tick', 1, 5, 0, 1)
            .event('taskCreated', 0x1000 * loop, 0, 0, 0, loop)
            .flush({ loop }),
        ),
      );
    await known;
    const serve = async (): Promise<void> => {
      for (;;) {
        const { id, loop, query } = await message('query');
        const result = { loop, tick: 1, time: 5, ...answers[String(query)] };
        const gone = { ok: false, error: 'The loop is gone.', gone: true };
        runtime.write(encodeMessage({ type: 'answer', id, ...(loop === 2 ? gone : { ok: true, result }) }));
      }
    };
    void serve();
  };

  it('does not make the awaits tree of all loops fail: its tasks await nobody', () =>
    withLink(async (fixture) => {
      await twoLoops(fixture, { edges: { edges: [] } });
      const tree = new AwaitsTree(fixture, () => 0);
      const page = await tree.page({
        tree: 'awaits',
        offset: 0,
        limit: 200,
        sort: 'age',
        group: 'none',
        filter: '',
      });
      assert.deepEqual(
        page.rows.map((row) => row.kind === 'task' && row.name),
        ['Task-1', 'Task-2'],
      );
    }));

  it('is told apart from a question that cannot be answered', () =>
    withLink(async (fixture) => {
      await twoLoops(fixture, {});
      await assert.rejects(fixture.link.query({ query: 'selector', loop: 2 }, anything), LoopGoneError);
    }));

  it('leaves the states of the others known: nothing of it is ready', () =>
    withLink(async (fixture) => {
      await twoLoops(fixture, { ready: { total: 0, rows: [] } });
      const { model, link } = fixture;
      for (const loop of model.loops.values()) loop.unsettled = true;
      const settler = new Settler(
        model,
        () => link,
        () => 0,
        () => undefined,
      );
      for (const loop of model.loops.values()) loop.state = 'running';
      assert.equal(await settler.states(undefined), true);
      settler.dispose();
    }));
});
