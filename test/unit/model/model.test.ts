import assert from 'node:assert/strict';
import fc from 'fast-check';
import { LINGER_MOST, LINGER_SECONDS, LoopModel } from '../../../src/model/model';
import { NumberList, WireError } from '../../../src/model/number-list';
import type { TaskNode, TaskRow, TasksArguments } from '../../../src/protocol/dap';
import { EVENTS } from '../../../src/protocol/wire';
import { BatchWriter, marshalList } from '../../support/batches';
import { steps, stepsWithLoss, World } from './world';

const PAGE: TasksArguments = { tree: 'flat', offset: 0, limit: 200, sort: 'age', group: 'none', filter: '' };

/** Every row of a tree or list, page by page. */
function allRows(model: LoopModel, args: Partial<TasksArguments> = {}, limit = 7): TaskNode[] {
  const rows: TaskNode[] = [];
  for (;;) {
    const page = model.page({ ...PAGE, limit, ...args, offset: rows.length });
    rows.push(...page.rows);
    if (rows.length >= page.total || page.rows.length === 0) {
      assert.equal(rows.length, page.total, 'total counts the rows that come');
      return rows;
    }
  }
}

function isTask(row: TaskNode): row is TaskRow {
  return row.kind === 'task';
}

function isLive(row: TaskRow): boolean {
  return row.state === 'running' || row.state === 'ready' || row.state === 'waiting';
}

/** Every task row of the creator tree, with the task under which it stands. */
function creatorTree(model: LoopModel, parent = '', above: number | null = null): [TaskRow, number | null][] {
  return allRows(model, { tree: 'creator', ...(parent ? { parent } : {}) }).flatMap(
    (row): [TaskRow, number | null][] => {
      if (isTask(row)) return [[row, above], ...creatorTree(model, row.node, row.task)];
      return row.kind === 'fold' ? creatorTree(model, row.node, above) : [];
    },
  );
}

/** The model's live tasks must be the world's, each as the world knows it. */
function assertTrue(world: World, exact: boolean): void {
  const rows = allRows(world.model).filter(isTask).filter(isLive);
  assert.equal(world.model.totals(world.now).liveTasks, world.live.length);
  const byAddress = new Map(rows.map((row) => [world.model.addressOf(row.task)?.address, row]));
  assert.equal(byAddress.size, world.live.length);
  for (const task of world.live) {
    const row = byAddress.get(task.address);
    assert.ok(row, `${task.name} is missing`);
    assert.deepEqual([row.name, row.coroutine, row.state], [task.name, task.coroutine, task.state]);
    if (!exact) continue;
    assert.equal(row.steps, task.steps);
    assert.ok(Math.abs(row.busy - task.busy) < 1e-9, `${row.busy} ≠ ${task.busy}`);
    const parent = task.parent && byAddress.get(task.parent.address);
    if (task.parent && world.live.includes(task.parent)) assert.equal(row.createdBy, parent?.task);
  }
}

describe('LoopModel', () => {
  it('knows after any stream of events what lives, in which state, made by whom', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const world = new World();
        world.run(list);
        assertTrue(world, true);
      }),
    );
  });

  it('shows in the creator tree each live task once, under its creator while that is there', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const world = new World();
        world.run(list);
        const tree = creatorTree(world.model).filter(([row]) => isLive(row));
        assert.equal(tree.length, world.live.length);
        assert.equal(new Set(tree.map(([row]) => row.task)).size, world.live.length);
        const flat = new Map(
          allRows(world.model)
            .filter(isTask)
            .map((row) => [row.task, row]),
        );
        for (const [row, above] of tree)
          if (row.createdBy !== null && flat.has(row.createdBy)) assert.equal(above, row.createdBy);
      }),
    );
  });

  it('accounts for every task that ended, shown or counted, when their moment has passed too', () => {
    fc.assert(
      fc.property(steps, fc.boolean(), (list, late) => {
        const world = new World();
        world.run(list);
        if (late) world.model.advance(world.now + LINGER_SECONDS + 1);
        const flat = allRows(world.model);
        const done = flat.filter(isTask).filter((row) => !isLive(row)).length;
        const counted = flat.flatMap((row) => (row.kind === 'finished' ? [row.count] : [])).reduce((a, b) => a + b, 0);
        assert.equal(done + counted, world.ended);
        if (late) assert.equal(done, 0);
        // In the tree a task that is done may be kept for what it made, never longer.
        const tree = creatorTree(world.model);
        for (const [row] of tree)
          if (late && !isLive(row))
            assert.ok(
              tree.some(([, above]) => above === row.task),
              `${row.name} has no children`,
            );
      }),
    );
  });

  it('is true again after losses and a sync, whatever was lost and wherever the slices fall', () => {
    fc.assert(
      fc.property(stepsWithLoss, steps, fc.integer({ min: 1, max: 9 }), fc.nat(20), (before, between, size, cut) => {
        const world = new World();
        world.run(before);
        const loop = world.model.loops.get(world.loop);
        assert.ok(loop);
        const sync = world.model.beginSync(loop);
        assert.equal(loop.stale, false);
        // The list is as it was when it was taken; events go on between its slices.
        const slices = world.slices(size);
        const steps = [...between].filter(({ what }) => what !== 'end' && what !== 'cancel');
        slices.forEach((slice, index) => {
          if (index === cut % slices.length) world.run(steps);
          world.model.syncSlice(sync, slice, world.now);
        });
        world.flush();
        world.model.finishSync(sync, world.now);
        // A slice may be older than an event: a second sync, with nothing going on, settles the states.
        const again = world.model.beginSync(loop);
        for (const slice of world.slices(size)) world.model.syncSlice(again, slice, world.now);
        world.model.finishSync(again, world.now);
        assertTrue(world, false);
        assert.equal(loop.stale, false);
      }),
    );
  });

  it('asks for a sync when events were dropped, a batch is missing, or an event is about an unknown task', () => {
    const fresh = (): { model: LoopModel; writer: BatchWriter; apply: (bytes: Buffer) => boolean } => {
      const model = new LoopModel();
      const list = new NumberList();
      const apply = (bytes: Buffer): boolean => {
        list.decode(bytes);
        return model.apply(list, 1).stale;
      };
      const writer = new BatchWriter();
      apply(writer.flush());
      const loop = model.loops.get(1);
      if (loop) loop.stale = false;
      return { model, writer, apply };
    };
    const quiet = fresh();
    assert.equal(quiet.apply(quiet.writer.flush()), false);
    const dropped = fresh();
    assert.equal(dropped.apply(dropped.writer.flush({ dropped: 3 })), true);
    assert.equal(dropped.model.totals(1).dropped, 3);
    const missing = fresh();
    missing.writer.flush();
    assert.equal(missing.apply(missing.writer.flush()), true);
    const unknown = fresh();
    assert.equal(unknown.apply(unknown.writer.handle(5, 0x7000).flush()), true);
  });

  it('gives ids in order and never twice, also in the model that follows in the same session', () => {
    const world = new World();
    world.run(
      Array.from(
        { length: 30 },
        (_, pick) => ({ what: pick % 3 === 2 ? 'end' : 'create', pick, named: false }) as const,
      ),
    );
    const ids = allRows(world.model)
      .filter(isTask)
      .map((row) => row.task);
    assert.deepEqual(
      ids,
      [...ids].sort((a, b) => a - b),
    );
    const next = new LoopModel(world.model);
    assert.ok(next.revision > world.model.revision);
    const list = new NumberList();
    list.decode(new BatchWriter().event('taskCreated', 0x5000, 0, 1, 0, 1).flush());
    next.apply(list, 1);
    const first = next.page(PAGE).rows[0];
    assert.ok(first?.kind === 'task' && first.task > Math.max(...ids));
  });

  it('keeps a finished task for its moment and never more than its number of them', () => {
    const model = new LoopModel();
    const list = new NumberList();
    const writer = new BatchWriter();
    for (let index = 0; index < LINGER_MOST + 100; index++)
      writer
        .event('taskCreated', 0x1000 + index * 16, 0, 1, 0, index + 1)
        .event('taskEnded', 0x1000 + index * 16, 1, 0);
    list.decode(writer.flush());
    model.apply(list, 10);
    const rows = model.page({ ...PAGE, limit: 200 });
    assert.equal(rows.total, LINGER_MOST + 1);
    assert.equal(model.advance(10 + LINGER_SECONDS - 0.1), false);
    assert.equal(model.advance(10 + LINGER_SECONDS), true);
    assert.deepEqual(
      model.page(PAGE).rows.map((row) => row.kind === 'finished' && row.count),
      [LINGER_MOST + 100],
    );
    assert.ok(model.tasks.top <= LINGER_MOST + 2, 'slots are used again');
  });

  it('keeps of a long chain of tasks that each start the next only its newest links', () => {
    const model = new LoopModel();
    const list = new NumberList();
    const writer = new BatchWriter();
    for (let index = 0; index < 500; index++) {
      const [old, young] = [0x1000 + (index % 2) * 16, 0x1000 + ((index + 1) % 2) * 16];
      if (index === 0) writer.event('taskCreated', old, 0, 1, 0, 1);
      writer.event('taskCreated', young, old, 1, 0, index + 2).event('taskEnded', old, 1, 0);
      list.decode(writer.flush());
      model.apply(list, index * 10);
      model.advance(index * 10 + 5);
    }
    const tree = creatorTree(model);
    assert.ok(tree.length <= 3, `${tree.length} rows`);
    assert.equal(tree.filter(([row]) => isLive(row)).length, 1);
  });

  it('takes a step apart into its time and its waiting', () => {
    const model = new LoopModel();
    const list = new NumberList();
    const writer = new BatchWriter();
    writer
      .event('taskCreated', 0x1000, 0, 1, 0, 1)
      .event('tick', 1, 10, 0.5, 2)
      .handle(10, 0x1000)
      .event('taskWaits', 0x1000, 0x9000)
      .handle(10.25, -7)
      .event('tickEnd', 10.75);
    model.strings.define([[7, 'callback\tapp.py\t9']]);
    list.decode(writer.flush({ tick: 1, now: 10.75, sleepUntil: Infinity }));
    model.apply(list, 1);
    const row = model.row(1);
    assert.deepEqual([row?.state, row?.busy, row?.since, row?.steps], ['waiting', 0.25, 10.25, 1]);
    const [loop] = model.loopRows(1);
    assert.equal(loop?.longest?.text, 'callback');
    assert.equal(loop.longest.duration, 0.5);
    assert.equal(loop.sleeping, true);
    assert.equal(loop.nextTimer, null);
    assert.equal(model.loopRows(3)[0]?.time, 12.75, 'time goes on while the loop sleeps');
  });

  it('tells of a slow callback once, with the line on which it stood, while handles are listed and while they are counted', () => {
    const model = new LoopModel();
    model.slowAfter = 0.1;
    const list = new NumberList();
    const writer = new BatchWriter();
    const slow = (): unknown[] =>
      model.log
        .read(0, 1000)
        .records.flatMap(({ code, task, x, y, z }) => (code === EVENTS.slowHandle.code ? [[task, x, y, z]] : []));
    model.strings.define([
      [1, 'main\tapp.py\t1'],
      [7, 'callback\tapp.py\t9'],
      [8, 'db.py\t44\tquery'],
    ]);
    writer.event('taskCreated', 0x1000, 0, 1, 0, 1).event('tick', 1, 10, 0.5, 2).handle(10, 0x1000);
    list.decode(writer.event('slowHandle', 0x1000, 10, 0, 8).flush({ tick: 1, now: 10.2 }));
    model.apply(list, 1);
    assert.deepEqual(slow(), [], 'how long it takes is not known yet');
    list.decode(writer.handle(10.25, -7).event('tickEnd', 10.3).flush({ tick: 1, now: 10.3 }));
    model.apply(list, 1);
    assert.deepEqual(slow(), [[1, 0, 8, 0.25]]);
    assert.equal(model.loopRows(1)[0]?.longest?.site?.file, 'db.py');
    writer.event('slowHandle', -7, 11, 0, 8).event('slowHandle', -7, 11, 0.5, 0);
    list.decode(writer.flush({ tick: 2, now: 12, listing: false }));
    model.apply(list, 1);
    assert.deepEqual(slow(), [
      [1, 0, 8, 0.25],
      [0, 7, 8, 0.5],
    ]);
    assert.equal(model.loopRows(1)[0]?.longest?.duration, 0.5);
  });

  it('takes a name that comes after the creation', () => {
    const model = new LoopModel();
    const list = new NumberList();
    const writer = new BatchWriter();
    model.strings.define([[5, 'worker-12']]);
    list.decode(
      writer.event('taskCreated', 0x1000, 0, 1, 0, 3).event('taskNamed', 0x1000, -5).flush({ tick: 1, now: 1 }),
    );
    model.apply(list, 1);
    assert.equal(model.row(1)?.name, 'worker-12');
    assert.equal(model.page({ ...PAGE, filter: 'worker-12' }).total, 1);
  });

  it('knows when the next timer is due while callbacks run too, until the loop says otherwise', () => {
    const model = new LoopModel();
    const list = new NumberList();
    const writer = new BatchWriter();
    const next = (bytes: Buffer): number | null | undefined => {
      list.decode(bytes);
      model.apply(list, 1);
      return model.loopRows(1)[0]?.nextTimer;
    };
    assert.equal(next(writer.event('tick', 1, 10, 0, 1).flush({ now: 10, timers: 2, sleepUntil: 12.5 })), 12.5);
    assert.equal(next(writer.event('tick', 2, 11, 0, 1).flush({ now: 11, timers: 2, sleepUntil: -1 })), 12.5);
    assert.equal(next(writer.event('tick', 3, 12, 0, 1).flush({ now: 12, timers: 0, sleepUntil: -1 })), null);
    assert.equal(next(writer.event('tick', 4, 12, 0, 1).flush({ now: 12, timers: 1, sleepUntil: Infinity })), null);
  });

  it('says that a task waits when a loop whose handles are counted goes to sleep, and since when is not known', () => {
    const model = new LoopModel();
    const list = new NumberList();
    const writer = new BatchWriter();
    const apply = (bytes: Buffer): void => {
      list.decode(bytes);
      model.apply(list, 1);
    };
    apply(writer.event('taskCreated', 0x1000, 0, 1, 0, 1).event('tick', 1, 10, 0, 1).flush({ now: 10, ready: 1 }));
    assert.equal(model.row(1)?.state, 'ready');
    apply(
      writer
        .event('tick', 900, 10.9, 0, 1)
        .event('tickEnd', 11)
        .flush({ listing: false, now: 11, ready: 0, sleepUntil: 12, tick: 900 }),
    );
    assert.deepEqual([model.row(1)?.state, model.row(1)?.since], ['waiting', -1]);
    assert.equal(model.loopRows(1)[0]?.counting, true);
    // Busy again: only the runtime can say.
    apply(writer.event('tick', 1000, 12, 0, 1).flush({ listing: false, now: 12, ready: 1, tick: 1000 }));
    const loop = model.loops.get(1);
    assert.ok(loop);
    model.settle(loop, [0x1000]);
    assert.equal(model.row(1)?.state, 'ready');
    // Listed again: what events say counts, with its time.
    apply(
      writer
        .event('tick', 1001, 13, 0, 1)
        .handle(13, 0x1000)
        .event('taskWaits', 0x1000, 5)
        .event('tickEnd', 13.5)
        .flush({ now: 13.5, tick: 1001 }),
    );
    assert.deepEqual([model.row(1)?.state, model.row(1)?.since], ['waiting', 13.5]);
  });

  it('counts ticks that were not listed by their numbers', () => {
    const model = new LoopModel();
    const list = new NumberList();
    list.decode(
      new BatchWriter()
        .event('tick', 500, 10, 0, 1)
        .event('tick', 1500, 10.9, 0, 1)
        .event('tickEnd', 10.95)
        .flush({ tick: 1500, now: 10.95, listing: false, sleepUntil: 11 }),
    );
    model.apply(list, 1);
    const [row] = model.loopRows(1);
    assert.equal(row?.tick, 1500);
    assert.ok(row.ticksPerSecond >= 1000);
  });

  it('shows loops until they are long closed, and counts those that are gone', () => {
    const model = new LoopModel();
    for (let loop = 1; loop <= 100; loop++)
      for (const what of ['created', 'runs', 'stopped', 'closed', 'collected'] as const)
        model.transition(
          {
            type: 'loop',
            loop,
            what,
            time: loop,
            wall: 0,
            class: 'L',
            thread: 'MainThread',
            threadId: 1,
            debug: false,
            site: null,
            call: 'asyncio.run',
            hook: 'replaced',
            hides: '',
          },
          loop,
        );
    assert.equal(model.loops.size + model.forgottenLoops, 100);
    assert.ok(model.loops.size < 40);
    assert.ok(model.loops.has(100), 'the newest stay');
  });

  it('counts repeated transitions of the same place in one entry of a life', () => {
    const model = new LoopModel();
    const site = { file: 'app.py', line: 3, function: 'main' };
    for (let round = 0; round < 1000; round++)
      for (const what of ['runs', 'stopped'] as const)
        model.transition(
          {
            type: 'loop',
            loop: 1,
            what,
            time: round,
            wall: 0,
            class: 'L',
            thread: 'T',
            threadId: 1,
            debug: false,
            site,
            call: 'run_until_complete',
            hook: 'replaced',
            hides: '',
          },
          1,
        );
    const life = model.loopRows(1)[0]?.life ?? [];
    assert.deepEqual(
      life.map(({ what, times, time }) => [what, times, time]),
      [
        ['runs', 1000, 999],
        ['stopped', 1000, 999],
      ],
    );
  });

  it('throws nothing but WireError, whatever numbers a batch holds', () => {
    const number = fc.oneof(
      fc.integer({ min: -3, max: 25 }),
      fc.integer({ min: 0, max: 6 }).map((index) => 0x1000 + index * 16),
      fc.double({ noNaN: false }).map((float) => ({ float })),
      fc.maxSafeInteger(),
    );
    fc.assert(
      fc.property(fc.array(fc.array(number, { maxLength: 80 }), { maxLength: 8 }), fc.boolean(), (batches, header) => {
        const model = new LoopModel();
        const list = new NumberList();
        for (const batch of batches) {
          list.decode(marshalList(header ? [1, 1, 0, 1, { float: 5 }, -1, 0, 0, 1, ...batch] : batch));
          try {
            model.apply(list, 1);
          } catch (error) {
            assert.ok(error instanceof WireError, error instanceof Error ? error.stack : String(error));
          }
          model.advance(100);
          for (const tree of ['flat', 'creator'] as const) model.page({ ...PAGE, tree });
          model.loopRows(2);
          model.log.read(0, 100);
          JSON.stringify(model.totals(2));
        }
      }),
      { numRuns: 500 },
    );
  });
});
