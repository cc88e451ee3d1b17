// What rows say: state, wait and time in words, an icon beside each word, the place that a click opens, what menus go by.
import assert from 'node:assert/strict';
import {
  presentFact,
  presentLife,
  presentLoop,
  presentRegistration,
  lifeSteps,
  loopFacts,
} from '../../../src/extension/present/loops';
import { STATE_ICONS, matches } from '../../../src/extension/present/item';
import { presentQueueRow, presentTimerRow } from '../../../src/extension/present/queues';
import { statusText } from '../../../src/extension/present/status';
import {
  endedTaskTooltip,
  presentTaskNode,
  taskText,
  taskTooltip,
  type TaskContext,
} from '../../../src/extension/present/tasks';
import type { TaskDetailRow } from '../../../src/protocol/dap';
import type { TaskState } from '../../../src/protocol/wire';
import { foldRow, loopRow, site, taskRow, update } from './fake-session';

const CONTEXT: TaskContext = { now: 142.5, over: false, filter: '', pinned: false, expanded: false, open: false };

describe('rows of tasks', () => {
  it('name the task, its coroutine, its state, what it waits for and since when', () => {
    const item = presentTaskNode(taskRow(7, { name: 'consumer-1' }), CONTEXT);
    assert.equal(item.label, 'consumer-1 · consume()');
    assert.equal(item.description, 'waiting · Queue.get, empty · 40 s');
    assert.equal(item.aria, 'Task consumer-1 · consume(), waiting · Queue.get, empty · 40 s');
    assert.deepEqual(item.open, site(18), 'a click opens the line on which it is suspended');
  });

  it('tell the time that is left instead, where a wait ends by itself', () => {
    const row = taskRow(7, { waitsFor: 'sleep', due: 145 });
    assert.equal(presentTaskNode(row, CONTEXT).description, 'waiting · sleep · 2 s left');
    assert.equal(presentTaskNode(row, { ...CONTEXT, now: 146 }).description, 'waiting · sleep');
  });

  it('have for each state its own icon and its own word', () => {
    const states: TaskState[] = ['running', 'ready', 'waiting', 'finished', 'failed', 'cancelled'];
    const items = states.map((state) => presentTaskNode(taskRow(1, { state, waitsFor: '' }), CONTEXT));
    assert.equal(new Set(items.map((item) => item.icon?.id)).size, states.length);
    states.forEach((state, index) => assert.ok(items[index]?.description.startsWith(state)));
    assert.deepEqual(
      items.map((item) => item.muted),
      [false, false, false, true, true, true],
    );
    assert.deepEqual(Object.keys(STATE_ICONS).sort(), [...states].sort());
  });

  it('say how a task ended', () => {
    const failed = taskRow(1, { state: 'failed', detail: 'ValueError', since: 140, at: null });
    assert.equal(presentTaskNode(failed, CONTEXT).description, 'failed · ValueError · 2 s ago');
    const cancelled = taskRow(1, { state: 'cancelled', detail: 'cancelled by Task-3', since: 140 });
    assert.equal(presentTaskNode(cancelled, CONTEXT).description, 'cancelled · by Task-3 · 2 s ago');
    assert.deepEqual(presentTaskNode(failed, CONTEXT).open, site(12), 'its coroutine, where it is nowhere suspended');
  });

  it('say that they are pinned, in words and for the menu', () => {
    const item = presentTaskNode(taskRow(1), { ...CONTEXT, pinned: true });
    assert.ok(item.description.startsWith('pinned · waiting'));
    assert.equal(item.context, 'task.pinned.defined.alive');
    assert.equal(presentTaskNode(taskRow(1, { waitsForTask: 3 }), CONTEXT).context, 'task.waits.defined.alive');
  });

  it('show where the filter matches', () => {
    assert.deepEqual(presentTaskNode(taskRow(1), { ...CONTEXT, filter: 'SUM' }).highlights, [[12, 15]]);
    assert.deepEqual(matches('aXaxa', 'x'), [
      [1, 2],
      [3, 4],
    ]);
    assert.deepEqual(matches('İx', 'x'), [], 'no wrong range where lower case is longer');
  });

  it('grey what has ended with the program, and tell no more time', () => {
    const item = presentTaskNode(taskRow(1), { ...CONTEXT, over: true });
    assert.equal(item.description, 'waiting · Queue.get, empty');
    assert.equal(item.muted, true);
    assert.equal(item.icon?.color, 'list.deemphasizedForeground');
  });

  it('do not tremble: the text of a waiting task changes ten times in its first minute, not at each update', () => {
    let changes = 0;
    let before = '';
    for (let now = 100; now < 160; now += 0.3) {
      const { description } = presentTaskNode(taskRow(1), { ...CONTEXT, now });
      if (description !== before) changes += 1;
      before = description;
    }
    assert.ok(changes <= 10, `${changes} changes`);
  });

  it('fold equal tasks with their number, states and the oldest', () => {
    const item = presentTaskNode(foldRow({ text: 'handle_request' }), CONTEXT);
    assert.equal(item.label, '× 97 · handle_request()');
    assert.equal(item.description, '2 ready, 95 waiting · oldest 2 s');
    assert.equal(item.collapsible, 'collapsed');
    const group = presentTaskNode(foldRow({ kind: 'group', text: 'server.py:30' }), CONTEXT);
    assert.deepEqual([group.label, group.description], ['server.py:30', '2 ready, 95 waiting · oldest 2 s']);
    const finished = foldRow({ kind: 'finished', count: 1204, children: 0, states: { finished: 1200, failed: 4 } });
    const item2 = presentTaskNode(finished, CONTEXT);
    assert.deepEqual([item2.label, item2.description, item2.collapsible], ['1,204 finished', '4 failed', 'none']);
  });

  it('copy as one line with the place', () => {
    assert.equal(taskText(taskRow(7)), 'Task-7 · consume() · waiting · Queue.get, empty · server.py:18');
  });
});

describe('tooltip of a task', () => {
  const library = (name: string, line: number) => ({
    ...site(line, `/usr/lib/python3.13/asyncio/${name}.py`),
    library: true,
  });
  const own = (line: number) => ({ ...site(line), library: false });
  const detail = (change: Partial<TaskDetailRow>): TaskDetailRow => ({
    ...taskRow(7),
    frames: [own(12), library('queues', 180), library('futures', 9), own(60), library('locks', 3)],
    awaitedBy: [{ task: 1, name: 'Task-1' }],
    creation: [
      { task: 3, name: 'acceptor', site: site(30) },
      { task: null, name: '', site: null },
    ],
    ...change,
  });

  it('tells the await chain, innermost last, with library frames folded', () => {
    const text = taskTooltip(detail({}), 142.5);
    const chain = text.split('\n').filter((line) => /^\d+\. (`|…)/.test(line));
    assert.equal(chain.length, 4);
    assert.match(chain[0]!, /^1\. `main\(\)` \[server\\\.py\\:12\]/);
    assert.equal(chain[1], '2. … 2 in asyncio');
    assert.match(chain[2]!, /server\\\.py\\:60/);
    assert.equal(chain[3], '4. … 1 in asyncio');
  });

  it('tells who created it, says where that was not captured, and who awaits it', () => {
    const text = taskTooltip(detail({}), 142.5);
    assert.match(text, /1\. \*\*acceptor\*\* at \[server\\\.py\\:30\]/);
    assert.match(text, /2\. no task · \*place not captured\*/);
    assert.match(text, /\*\*Awaited by\*\* \*\*Task\\-1\*\*/);
    assert.match(taskTooltip(detail({ creation: [], createdAt: null }), 1), /\*\*Created\*\*.*\*place not captured\*/);
  });

  it('tells what is left to tell once the program has ended', () => {
    const text = endedTaskTooltip(taskRow(7), 142.5);
    assert.match(text, /Task\\-7/);
    assert.match(text, /At \[server\\\.py\\:18\]/);
    assert.match(text, /\*\*Created\*\*.*server\\\.py\\:30/);
    assert.match(text, /The program has ended/);
  });

  it('tells states, steps and times', () => {
    assert.match(taskTooltip(detail({}), 142.5), /\$\(circle-outline\) waiting for 42\.5 s · Queue\\\.get, empty/);
    assert.match(taskTooltip(detail({}), 142.5), /4 steps · 2 ms busy/);
    assert.match(taskTooltip(detail({ state: 'finished', since: 140.5 }), 142.5), /finished 2\.00 s ago/);
  });

  it('shows a name that looks like Markdown as it is', () => {
    const text = taskTooltip(detail({ name: '[x](command:evil) <b> $(zap)' }), 142.5);
    assert.ok(!text.includes('](command:evil)'));
    assert.ok(!text.includes('<b>'));
    assert.ok(!text.includes('$(zap)'));
  });

  it('is short for a deep chain, and says how much is left out', () => {
    const frames = Array.from({ length: 400 }, (_, line) => own(line + 1));
    const lines = taskTooltip(detail({ frames }), 1).split('\n');
    assert.ok(lines.length < 50);
    assert.ok(lines.some((line) => line.includes('… 376 more …')));
  });
});

const LOOP = { now: 142.5, over: false, expanded: true, open: false };

describe('rows of loops', () => {
  it('tell ticks, busy time and lag of one that runs', () => {
    const item = presentLoop(loopRow(1), LOOP);
    assert.equal(item.label, 'server.py · MainThread');
    assert.equal(item.description, '310 ticks/s · 4 % busy · lag 1.2 ms');
    assert.equal(item.icon?.id, 'circle-filled');
  });

  it('leave its figures to the rows below while it is open, and so hardly ever change', () => {
    const open = { ...LOOP, open: true };
    assert.equal(presentLoop(loopRow(1), open).description, 'running');
    const later = loopRow(1, { ticksPerSecond: 9, busy: 0.9, lag: 1, time: 150 });
    assert.equal(presentLoop(later, open).description, 'running');
    assert.equal(presentTaskNode(foldRow(), { ...CONTEXT, open: true }).description, '');
    const texts = new Set<string>();
    for (let now = 100; now < 400; now += 1)
      texts.add(presentTaskNode(taskRow(1), { ...CONTEXT, now, open: true }).description);
    assert.equal(texts.size, 3, 'at full minutes, and seldom');
  });

  it('tell when an idle one goes on', () => {
    const idle = loopRow(1, { sleeping: true, ticksPerSecond: 0.4 });
    assert.equal(presentLoop(idle, LOOP).description, 'idle · next timer in 1 s');
    assert.equal(presentLoop({ ...idle, nextTimer: null }, LOOP).description, 'idle');
  });

  it('tell how one ended, and warn of tasks left pending and of a loop never closed', () => {
    const closed = loopRow(1, {
      state: 'closed',
      pendingAtClose: 2,
      life: [
        ...loopRow(1).life,
        { what: 'closed', time: 101.2, wall: 1_700_000_001.2, call: 'close()', site: null, times: 1 },
      ],
    });
    const item = presentLoop(closed, LOOP);
    assert.equal(item.description, 'closed · lived 1.2 s · 2 tasks were pending');
    assert.equal(item.icon?.id, 'warning');
    const thrown = presentLoop(loopRow(1, { state: 'collected' }), LOOP);
    assert.match(thrown.description, /^never closed/);
    assert.equal(thrown.icon?.id, 'warning');
  });

  it('tell each step of its life with its line, and what is still to come', () => {
    const loop = loopRow(1);
    const items = lifeSteps(loop).map((step) => presentLife(loop, step, 142.5, false));
    assert.deepEqual(
      items.map((item) => [item.label, item.description, item.open?.line]),
      [
        ['created', 'asyncio.run() · server.py:41', 41],
        ['running', 'asyncio.run() · server.py:41 · for 40 s', 41],
        ['closed', 'not yet', undefined],
      ],
    );
  });

  it('say that a place is not known, how often something happened, and that what ran has stopped', () => {
    const loop = loopRow(1, {
      state: 'stopped',
      life: [
        { what: 'created', time: 1, wall: 1, call: '', site: null, times: 1 },
        { what: 'runs', time: 2, wall: 2, call: 'run_until_complete()', site: site(9), times: 3 },
        { what: 'stopped', time: 3, wall: 3, call: '', site: site(9), times: 3 },
      ],
    });
    const items = lifeSteps(loop).map((step) => presentLife(loop, step, 142.5, true));
    assert.deepEqual(
      items.map((item) => [item.label, item.description]),
      [
        ['created', 'place not known'],
        ['ran', 'run_until_complete() · server.py:9 · ×3'],
        ['stopped', 'server.py:9 · ×3'],
        ['closed', 'never'],
      ],
    );
  });

  it('tell only figures that there are', () => {
    const plain = loopRow(1, { longest: null });
    assert.deepEqual(
      loopFacts(plain).map((fact) => fact.key),
      ['ticks', 'next', 'busy', 'lag', 'class'],
    );
    const rich = loopRow(1, {
      hides: 'x',
      dropped: 1204,
      io: 3,
      executorCalls: 2,
      childProcesses: 1,
      signals: [2, 15],
      counting: true,
    });
    const told = loopFacts(rich).map((fact) => presentFact(rich, fact, 142.5, false));
    assert.deepEqual(
      told.map((item) => `${item.label}: ${item.description}`),
      [
        'not seen: x',
        'lost: 1,204 events',
        'ticks: 310/s',
        'next timer: in 1 s',
        'busy: 4 % of the last second',
        'lag: 1.2 ms at worst',
        'longest callback: 12 ms · handle_request() · server.py:52',
        'watches: 3 file descriptors',
        'executor: 2 calls running',
        'child processes: 1',
        'signals: SIGINT, SIGTERM',
        'detail: callbacks are counted, not listed',
        'class: asyncio.unix_events._UnixSelectorEventLoop',
      ],
    );
    assert.equal(told.find((item) => item.label === 'watches')?.collapsible, 'collapsed');
    assert.equal(told.find((item) => item.label === 'longest callback')?.open?.line, 52);
  });

  it('tell what a selector watches', () => {
    const row = { fd: 7, events: 'read', text: 'StreamReader of Task-88', peer: '127.0.0.1:5000', task: 88 };
    const item = presentRegistration(row, false);
    assert.deepEqual([item.label, item.description], ['fd 7', 'read · StreamReader of Task-88 · 127.0.0.1:5000']);
    assert.equal(item.context, 'registration.task');
  });
});

describe('rows of queues', () => {
  const row = {
    node: 'q1',
    position: 0,
    task: 5,
    text: 'consumer-2 · consume()',
    by: 'woken by Queue.put',
    at: site(18),
    cancelled: false,
  };

  it('say what runs next, and by whom it was woken', () => {
    const first = presentQueueRow(row, false);
    assert.deepEqual(
      [first.label, first.description],
      ['consumer-2 · consume()', 'next · woken by Queue.put · server.py:18'],
    );
    assert.match(first.aria, /^Next: /);
    const second = presentQueueRow({ ...row, position: 1 }, false);
    assert.equal(second.description, 'woken by Queue.put · server.py:18');
    assert.match(second.aria, /^Number 2: /);
    assert.notEqual(first.icon?.id, second.icon?.id);
  });

  it('say that a cancelled handle will be skipped', () => {
    const item = presentQueueRow({ ...row, cancelled: true }, false);
    assert.match(item.description, /cancelled: will be skipped/);
    assert.equal(item.muted, true);
  });

  it('tell when a timer is due', () => {
    const timer = { node: 'h1', task: null, text: 'heartbeat', due: 145.9, at: site(52), cancelled: false };
    assert.equal(presentTimerRow(timer, 142.5, false).description, 'in 3 s · server.py:52');
    assert.equal(presentTimerRow(timer, 146, false).description, 'due · server.py:52');
    assert.equal(presentTimerRow(timer, 142.5, true).description, 'server.py:52', 'nothing is due after the end');
    assert.equal(presentTimerRow({ ...timer, task: 4 }, 142.5, false).context, 'timer.task');
  });
});

describe('status bar', () => {
  it('tells ticks, lag and tasks, and warns of a lag that can be felt', () => {
    const calm = statusText('server.py', update(1, { ticksPerSecond: 312, lag: 0.001, liveTasks: 128 }), false);
    assert.deepEqual([calm.text, calm.warning], ['$(sync) 310/s · lag 1 ms · 128 tasks', false]);
    assert.equal(calm.aria, 'Event loop of server.py: 310/s ticks, lag 1 ms, 128 tasks');
    const slow = statusText('server.py', update(1, { lag: 0.25, dropped: 7 }), false);
    assert.equal(slow.warning, true);
    assert.match(slow.tooltip, /7 events lost/);
    assert.match(statusText('s', update(1), true).text, /debug-pause/);
  });
});
