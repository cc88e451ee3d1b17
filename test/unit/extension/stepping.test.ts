// A loop that is stopped: what rows, menus and the status bar say of it, and that a session's clock stands still with it.
import assert from 'node:assert/strict';
import type { HandleInfo, LoopStop, StepReport } from '../../../src/protocol/stepping';
import { loopFacts, presentFact, presentLoop } from '../../../src/extension/present/loops';
import { presentQueueRow, presentTimerRow } from '../../../src/extension/present/queues';
import { statusText } from '../../../src/extension/present/status';
import { didTooltip, didWords, stopTooltip, stopWords } from '../../../src/extension/present/stepping';
import { SessionHub } from '../../../src/extension/sessions/session-hub';
import { TimersSource } from '../../../src/extension/views/queue-sources';
import { ViewState } from '../../../src/extension/views/view-state';
import { FakePort, loopRow, site, update } from './fake-session';

const handle = (text: string, change: Partial<HandleInfo> = {}): HandleInfo => ({
  handle: 1,
  task: 7,
  text,
  at: site(18),
  by: '',
  ...change,
});
const did: StepReport = {
  tick: 10_482,
  position: 1,
  ran: handle('producer-1 · producer()'),
  duration: 0.0012,
  scheduled: [],
  woke: [handle('consumer-2 · consume()')],
  created: [handle('Task-9 · send()'), handle('Task-10 · send()')],
  timers: [handle('sleep')],
  counts: { scheduled: 0, woke: 1, created: 30, timers: 1 },
  outcome: 'waits',
};
const stop = (change: Partial<LoopStop> = {}): LoopStop => ({
  reason: 'step',
  tick: 10_482,
  position: 1,
  ready: 3,
  time: 142.5,
  wall: 1_700_000_042,
  frozen: true,
  next: handle('consumer-2 · consume()', { by: 'Queue.put · producer() server.py:18' }),
  did,
  text: '',
  changes: [],
  ...change,
});
const context = { now: 142.5, over: false, expanded: true, open: true };

describe('a loop that is stopped', () => {
  it('says before which callback of which tick, whether its row is open or not', () => {
    assert.equal(stopWords(stop()), 'stopped before callback 2 of tick 10,482');
    assert.equal(stopWords(stop({ next: null })), 'stopped in tick 10,482, nothing is ready');
    for (const open of [true, false]) {
      const item = presentLoop(loopRow(1, { stop: stop() }), { ...context, open });
      assert.equal(item.description, 'stopped before callback 2 of tick 10,482');
      assert.equal(item.context, 'loop.stopped');
      assert.match(item.aria, /stopped before callback 2/);
    }
    assert.equal(presentLoop(loopRow(1), context).context, 'loop.running');
    assert.equal(presentLoop(loopRow(1, { stop: stop() }), { ...context, over: true }).context, 'loop');
  });

  it('tells what runs next and what the last step did, each leading to its line', () => {
    const loop = loopRow(1, { stop: stop() });
    const keys = loopFacts(loop).map(({ key }) => key);
    assert.deepEqual(keys.slice(0, 3), ['upNext', 'did', 'clock']);
    const next = presentFact(loop, { key: 'upNext' }, 142.5, false);
    assert.equal(next.description, 'consumer-2 · consume() · server.py:18');
    assert.deepEqual(next.open, site(18));
    const last = presentFact(loop, { key: 'did' }, 142.5, false);
    assert.equal(last.description, 'producer-1 · producer() · 1.2 ms · woke 1, created 30, set 1 timer · waits');
    assert.match(didTooltip(did), /and 28 more/);
    assert.deepEqual(
      loopFacts(loopRow(1, { stop: stop({ did: null }) }))
        .map(({ key }) => key)
        .slice(0, 3),
      ['upNext', 'clock', 'ticks'],
    );
    assert.doesNotMatch(didWords({ ...did, counts: { scheduled: 0, woke: 0, created: 0, timers: 0 } }), /woke|created/);
  });

  it('has a tooltip in which nothing of the program is Markdown', () => {
    const text = stopTooltip(stop({ text: '[x](command:evil)', changes: ['**moved**'] }));
    assert.ok(!text.includes('[x](command:evil)'));
    assert.ok(!text.includes('**moved**'));
  });

  it('is told by the status bar instead of figures that stand still', () => {
    const { text, aria, warning } = statusText('server', update(1, { lag: 3 }), false, stop());
    assert.equal(text, '$(debug-pause) tick 10,482 · 3 ready');
    assert.match(aria, /stopped before callback 2 of tick 10,482, 3 ready/);
    assert.equal(warning, false);
  });
});

describe('rows of the queues of a stopped loop', () => {
  const row = { node: 'h1', position: 0, task: 7, text: 'consume()', by: '', at: site(18), cancelled: false };

  it('offer what can be done with them only while it is stopped, and not once cancelled', () => {
    assert.equal(presentQueueRow(row, false).context, 'handle.task');
    assert.equal(presentQueueRow({ ...row, handle: 3 }, false).context, 'handle.task.stopped');
    assert.equal(presentQueueRow({ ...row, handle: 3, cancelled: true }, false).context, 'handle.task');
    const timer = { node: 't1', task: null, text: 'tick()', due: 3, at: null, cancelled: false, handle: 4 };
    assert.equal(presentTimerRow(timer, 1, false).context, 'timer.stopped');
  });

  it('say what a person did with them', () => {
    const held = presentQueueRow({ ...row, handle: 3, mark: 'held back' }, false);
    assert.equal(held.context, 'handle.task.stopped.held');
    assert.equal(held.description, 'held back · server.py:18');
    assert.match(held.aria, /^Held back/);
    assert.match(presentQueueRow({ ...row, handle: 3, mark: 'moved first' }, false).description, /next · moved first/);
  });
});

describe('a session with stopped loops', () => {
  const event = (loop: number, change: Partial<LoopStop> = {}) => ({ ...stop(change), loop, threadId: 1 });

  it('knows them, the newest first, until they go on or the program ends', () => {
    const hub = new SessionHub(
      () => 0,
      () => 0,
    );
    const session = hub.add(new FakePort('a', {}));
    hub.accept('a', update(1));
    const versions = [session.version];
    hub.stop('a', event(1));
    versions.push(session.version);
    hub.stop('a', event(2));
    hub.stop('a', event(1, { position: 2 }));
    assert.deepEqual(
      session.stops.map((each) => [each.loop, each.position]),
      [
        [1, 2],
        [2, 1],
      ],
    );
    versions.push(session.version);
    hub.resume('a', 1);
    versions.push(session.version);
    assert.deepEqual(
      session.stops.map((each) => each.loop),
      [2],
    );
    assert.equal(new Set(versions).size, versions.length, 'views ask again after each stop and each going on');
    hub.accept('a', update(2, {}, { phase: 'ended' }));
    assert.deepEqual(session.stops, []);
  });

  it('has a loop time that stands still exactly there', async () => {
    let now = 10;
    const hub = new SessionHub(
      () => now,
      () => 0,
    );
    const page = { revision: 1, total: 2, offset: 0, rows: [loopRow(1), loopRow(2)] };
    const session = hub.add(new FakePort('a', { 'loopscope/loops': () => page }));
    hub.accept('a', update(1));
    await session.loops();
    hub.stop('a', event(1, { time: 143.25 }));
    hub.stop('a', event(2, { time: 143.25, frozen: false }));
    now = 70;
    assert.equal(session.loopTime(1), 143.25);
    assert.equal(session.loopTime(2), 202.5);
  });

  it('is told in the title of the Timers while its clock stands still', () => {
    const zero = (): number => 0;
    const hub = new SessionHub(zero, zero);
    const state = new ViewState({ tree: 'flat', sort: 'age', group: 'none', filter: '' }, zero, zero);
    hub.add(new FakePort('a', {}));
    hub.accept('a', update(1));
    const source = new TimersSource(hub, state);
    assert.equal(source.summary(), '0');
    hub.stop('a', event(1));
    assert.equal(source.summary(), '0 · clock stands still');
    hub.resume('a', 1);
    assert.equal(source.summary(), '0');
  });
});
