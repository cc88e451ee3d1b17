// Which rows the views have, and what they ask for: sessions and loops as heads where there are several, pages, versions.
import assert from 'node:assert/strict';
import type { TasksArguments } from '../../../src/protocol/dap';
import { LoopsSource } from '../../../src/extension/views/loops-source';
import { ReadySource, TimersSource } from '../../../src/extension/views/queue-sources';
import { RowTree } from '../../../src/extension/views/row-tree';
import type { ViewRow } from '../../../src/extension/views/rows';
import type { SessionSource } from '../../../src/extension/views/session-source';
import { TasksSource } from '../../../src/extension/views/tasks-source';
import { ViewState } from '../../../src/extension/views/view-state';
import { SessionHub } from '../../../src/extension/sessions/session-hub';
import { FakePort, foldRow, loopPage, loopRow, page, site, taskRow, update } from './fake-session';

const CLOCK = (): number => 50;

function bench(): { hub: SessionHub; state: ViewState } {
  const wall = (): number => 1_700_000_000;
  return {
    hub: new SessionHub(CLOCK, wall),
    state: new ViewState({ tree: 'creator', sort: 'age', group: 'none', filter: '' }, CLOCK, wall),
  };
}

async function labels(source: SessionSource): Promise<string[]> {
  const walk = async (parent: ViewRow | undefined, indent: string): Promise<string[]> => {
    const { rows } = await source.children(parent, 100);
    const lines: string[] = [];
    for (const row of rows) {
      const item = source.present(row, true);
      lines.push(`${indent}${item.label}`);
      if (item.collapsible !== 'none') lines.push(...(await walk(row, `${indent}  `)));
    }
    return lines;
  };
  return walk(undefined, '');
}

const one = { 'loopscope/loops': () => page([loopRow(1)]) };
const two = {
  'loopscope/loops': () =>
    page([loopRow(1), loopRow(2, { name: 'worker · Thread-2' }), loopRow(3, { state: 'closed', name: 'old' })]),
};

describe('rows of the Tasks view', () => {
  const tasks = (args: TasksArguments) =>
    page(
      args.parent === undefined
        ? [taskRow(1, { name: args.loop === 2 ? 'other' : 'main', children: 1 })]
        : args.parent === 't1'
          ? [taskRow(2)]
          : [],
    );

  it('are the tasks themselves where there is one session with one loop', async () => {
    const { hub, state } = bench();
    const port = new FakePort('a', { ...one, 'loopscope/tasks': tasks });
    hub.add(port);
    hub.accept('a', update(1));
    assert.deepEqual(await labels(new TasksSource(hub, state)), ['main · consume()', '  Task-2 · consume()']);
  });

  it('stand below their loops where there are several that live, and below their sessions where all are shown', async () => {
    const { hub, state } = bench();
    hub.add(new FakePort('a', { ...two, 'loopscope/tasks': tasks }));
    hub.add(new FakePort('b', { ...one, 'loopscope/tasks': tasks }));
    hub.accept('a', update(1));
    hub.accept('b', update(1));
    const source = new TasksSource(hub, state);
    const a = [
      'server.py · MainThread',
      '  main · consume()',
      '    Task-2 · consume()',
      'worker · Thread-2',
      '  other · consume()',
      '    Task-2 · consume()',
    ];
    assert.deepEqual(await labels(source), a);
    hub.showsAll = true;
    const b = ['main · consume()', '  Task-2 · consume()'];
    assert.deepEqual(await labels(source), [
      'a.py',
      ...a.map((line) => `  ${line}`),
      'b.py',
      ...b.map((line) => `  ${line}`),
    ]);
  });

  it('have ids that are unique over sessions, loops and arrangements', async () => {
    const { hub, state } = bench();
    hub.add(new FakePort('a', { ...two, 'loopscope/tasks': tasks }));
    hub.add(new FakePort('b', { ...two, 'loopscope/tasks': tasks }));
    hub.accept('a', update(1));
    hub.accept('b', update(1));
    hub.showsAll = true;
    const source = new TasksSource(hub, state);
    const tree = new RowTree(source, () => ({ pageSize: 100, maxRows: 100 }));
    await tree.refresh(true);
    const ids: string[] = [];
    const walk = (below: ReturnType<typeof tree.known>): void => {
      for (const node of below) {
        ids.push(node.id);
        walk(tree.known(node));
      }
    };
    walk(tree.known(undefined));
    assert.equal(ids.length, 14);
    assert.equal(new Set(ids).size, ids.length);
    state.choose({ tree: 'awaits' });
    await tree.refresh(true);
    assert.ok(!ids.includes(tree.known(tree.known(tree.known(undefined)[0])[0])[0]!.id));
  });

  it('ask as the person has chosen, in pages of at most 200', async () => {
    const { hub, state } = bench();
    const port = new FakePort('a', {
      ...one,
      'loopscope/tasks': ({ offset, limit }) =>
        page(
          Array.from({ length: limit }, (_, index) => taskRow(offset + index)),
          1,
          1000,
        ),
    });
    hub.add(port);
    hub.accept('a', update(1));
    state.choose({ tree: 'flat', sort: 'busy', group: 'state', filter: 'db' });
    state.pin('a', 9, true);
    const { rows, total } = await new TasksSource(hub, state).children(undefined, 450);
    assert.deepEqual([rows.length, total], [450, 1000]);
    const asked = port.asked
      .filter((question) => question.command === 'loopscope/tasks')
      .map((question) => question.args);
    const common = { tree: 'flat', sort: 'busy', group: 'state', filter: 'db', pinned: [9] };
    assert.deepEqual(asked, [
      { ...common, offset: 0, limit: 200 },
      { ...common, offset: 200, limit: 200 },
      { ...common, offset: 400, limit: 50 },
    ]);
  });

  it('show a row once, though it moved from one page to the next meanwhile', async () => {
    const { hub, state } = bench();
    const port = new FakePort('a', {
      ...one,
      'loopscope/tasks': ({ offset, limit }) =>
        page(
          Array.from({ length: limit }, (_, index) => taskRow(Math.max(0, offset - 1) + index)),
          1,
          1000,
        ),
    });
    hub.add(port);
    hub.accept('a', update(1));
    const { rows } = await new TasksSource(hub, state).children(undefined, 300);
    assert.equal(rows.length, 299);
  });

  it('cost the same however many tasks there are', async () => {
    const questions: number[] = [];
    for (const total of [10, 1_000_000]) {
      const { hub, state } = bench();
      const port = new FakePort('a', {
        ...one,
        'loopscope/tasks': ({ limit }) =>
          page(
            Array.from({ length: Math.min(limit, total) }, (_, index) => taskRow(index)),
            1,
            total,
          ),
      });
      hub.add(port);
      hub.accept('a', update(1));
      const tree = new RowTree(new TasksSource(hub, state), () => ({ pageSize: 100, maxRows: 1000 }));
      await tree.children(undefined);
      hub.accept('a', update(2));
      await tree.refresh();
      questions.push(port.asked.length);
    }
    assert.deepEqual(questions, [4, 4]);
  });

  it('ask only the session in which something happened', async () => {
    const { hub, state } = bench();
    const a = new FakePort('a', { ...one, 'loopscope/tasks': tasks });
    const b = new FakePort('b', { ...one, 'loopscope/tasks': tasks });
    hub.add(a);
    hub.add(b);
    hub.accept('a', update(1));
    hub.accept('b', update(1));
    hub.showsAll = true;
    const tree = new RowTree(new TasksSource(hub, state), () => ({ pageSize: 100, maxRows: 1000 }));
    await tree.refresh(true);
    const before = b.asked.length;
    hub.accept('a', update(2));
    await tree.refresh();
    assert.equal(b.asked.length, before);
    assert.ok(a.asked.length > 4);
  });

  it('stay, greyed, when the program is gone; what was not looked at says so', async () => {
    const { hub, state } = bench();
    hub.add(new FakePort('a', { ...one, 'loopscope/tasks': () => page([foldRow()]) }));
    hub.accept('a', update(1));
    const tree = new RowTree(new TasksSource(hub, state), () => ({ pageSize: 100, maxRows: 1000 }));
    await tree.refresh(true);
    hub.accept('a', update(2, {}, { phase: 'ended', exitCode: 1 }));
    await tree.refresh(true);
    hub.close('a');
    await tree.refresh();
    tree.present();
    const [fold] = tree.known(undefined);
    assert.equal(fold?.item.muted, true);
    const [instead] = await tree.children(fold);
    assert.equal(instead?.item.label, 'The program has ended before this was looked at.');
  });

  it('name figures and choices in the title', () => {
    const { hub, state } = bench();
    const source = new TasksSource(hub, state);
    assert.equal(source.summary(), '');
    hub.add(new FakePort('a', {}));
    hub.accept('a', update(1, { liveTasks: 1280 }));
    assert.equal(source.summary(), '1,280 live · by creator');
    state.choose({ tree: 'awaits', filter: 'db' });
    assert.equal(source.summary(), '1,280 live · by who awaits · filter “db”');
    state.choose({ group: 'site', filter: '' });
    assert.equal(source.summary(), '1,280 live · by creation line');
  });
});

describe('rows of the Loops view', () => {
  it('are the loops that live, then those that do not, each with its life and figures', async () => {
    const { hub, state } = bench();
    hub.add(
      new FakePort('a', {
        'loopscope/loops': () =>
          page([loopRow(1, { state: 'closed', name: 'old', longest: null }), loopRow(2, { longest: null })]),
      }),
    );
    hub.accept('a', update(1, { loops: 2 }));
    const source = new LoopsSource(hub, state);
    assert.deepEqual(await labels(source), [
      ...['server.py · MainThread', '  created', '  running', '  closed', '  ticks', '  next timer', '  busy', '  lag'],
      ...['  class'],
      ...['old', '  created', '  ran', '  closed', '  class'],
    ]);
    assert.equal(source.summary(), '2 loops');
  });

  it('tell what the selector watches, only when it is opened', async () => {
    const { hub, state } = bench();
    const port = new FakePort('a', {
      'loopscope/loops': () => page([loopRow(1, { io: 1, longest: null })]),
      'loopscope/selector': () => loopPage([{ fd: 7, events: 'read', text: 'accept', peer: '', task: null }]),
    });
    hub.add(port);
    hub.accept('a', update(1));
    const tree = new RowTree(new LoopsSource(hub, state), () => ({ pageSize: 100, maxRows: 1000 }));
    await tree.refresh(true);
    assert.equal(port.count('loopscope/selector'), 0);
    const watches = tree.known(tree.known(undefined)[0]).find((node) => node.item.label === 'watches');
    assert.deepEqual(
      (await tree.children(watches)).map((node) => node.item.label),
      ['fd 7'],
    );
  });
});

describe('rows of the queues', () => {
  it('are those of the one loop that lives, each of several below its loop', async () => {
    const { hub, state } = bench();
    const row = {
      node: 'q1',
      position: 0,
      task: null,
      text: 'Server._wakeup()',
      by: '',
      at: site(3),
      cancelled: false,
    };
    hub.add(new FakePort('a', { ...two, 'loopscope/ready': ({ loop }) => loopPage(loop === 2 ? [] : [row]) }));
    hub.accept('a', update(1, { ready: 1 }));
    const source = new ReadySource(hub, state);
    assert.deepEqual(await labels(source), ['server.py · MainThread', '  Server._wakeup()', 'worker · Thread-2']);
    assert.equal(source.summary(), '1');
  });

  it('say why there is nothing to see, as long as that is so', async () => {
    const { hub, state } = bench();
    let notice = 'uvloop hides its timers.';
    hub.add(new FakePort('a', { ...one, 'loopscope/timers': () => loopPage([], notice) }));
    hub.accept('a', update(1));
    const source = new TimersSource(hub, state);
    assert.deepEqual(await labels(source), []);
    assert.equal(source.notice(), 'uvloop hides its timers.');
    notice = '';
    await labels(source);
    assert.equal(source.notice(), '');
  });

  it('say what the loop hides where there is nothing to see', async () => {
    const { hub, state } = bench();
    const timer = { node: 'h1', task: null, text: 'sleep', due: 150, at: null, cancelled: false };
    let rows = [timer];
    hub.add(
      new FakePort('a', {
        'loopscope/loops': () => page([loopRow(1, { hides: 'uvloop hides its timers.' })]),
        'loopscope/timers': () => loopPage(rows),
      }),
    );
    hub.accept('a', update(1));
    const source = new TimersSource(hub, state);
    await labels(source);
    assert.equal(source.notice(), '');
    rows = [];
    await labels(source);
    assert.equal(source.notice(), 'uvloop hides its timers.');
  });

  it('are none before a loop is there, and nothing is asked', async () => {
    const { hub, state } = bench();
    const port = new FakePort('a', { 'loopscope/loops': () => page([]) });
    hub.add(port);
    assert.deepEqual(await labels(new ReadySource(hub, state)), []);
    assert.equal(port.asked.length, 0, 'it has not connected');
    hub.accept('a', update(1, { loops: 0 }));
    assert.deepEqual(await labels(new ReadySource(hub, state)), []);
    assert.equal(port.count('loopscope/ready'), 0);
  });
});

describe('what a person has chosen', () => {
  it('makes time stand still while paused', () => {
    let now = 5;
    const state = new ViewState(
      { tree: 'creator', sort: 'age', group: 'none', filter: '' },
      () => now,
      () => 77,
    );
    state.pause(true);
    now = 9;
    assert.deepEqual([state.now(), state.pausedAt], [5, 77]);
    state.pause(false);
    assert.equal(state.now(), 9);
  });

  it('puts pinned tasks first, and those that a person is led to', () => {
    const { state } = bench();
    const before = state.version;
    state.pin('a', 3, true);
    assert.notEqual(state.version, before);
    state.light('a', [3, 8]);
    assert.deepEqual(state.first('a'), [3, 8]);
    state.light('a', []);
    state.pin('a', 3, false);
    assert.deepEqual(state.first('a'), []);
    state.pin('b', 1, true);
    state.keepOnly(new Set(['a']));
    assert.equal(state.isPinned('b', 1), false);
  });
});
