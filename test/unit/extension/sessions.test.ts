// Sessions as the views see them: what is asked, when, how often; which sessions are shown; the end.
import assert from 'node:assert/strict';
import { LiveSession, MAX_IN_FLIGHT, SessionGone } from '../../../src/extension/sessions/live-session';
import { SessionHub } from '../../../src/extension/sessions/session-hub';
import { FakePort, loopRow, page, settle, update } from './fake-session';

describe('LiveSession', () => {
  const loops = { 'loopscope/loops': () => page([loopRow(1)]) };

  it('has no more than a few requests under way', async () => {
    const port = new FakePort('a', { 'loopscope/task': () => assert.fail('never answered') });
    let open = (): void => undefined;
    port.gate = new Promise((resolve) => (open = resolve));
    const session = new LiveSession(port, () => 0);
    const asked = Array.from({ length: 20 }, (_, task) =>
      session.request('loopscope/task', { task }).catch(() => 'failed'),
    );
    await settle();
    assert.equal(port.underWay, MAX_IN_FLIGHT);
    open();
    assert.deepEqual(
      await Promise.all(asked),
      Array.from({ length: 20 }, () => 'failed'),
    );
    assert.equal(port.mostUnderWay, MAX_IN_FLIGHT);
    assert.equal(port.asked.length, 20);
  });

  it('asks for its loops once a revision, however many want them', async () => {
    const port = new FakePort('a', loops);
    const session = new LiveSession(port, () => 0);
    session.accept(update(1), 0);
    await Promise.all([session.loops(), session.loops(), session.loops()]);
    await session.loops();
    assert.equal(port.count('loopscope/loops'), 1);
    session.accept(update(2), 0);
    await session.loops();
    assert.equal(port.count('loopscope/loops'), 2);
  });

  it('tells the time of a loop, which stands still once the program has ended', async () => {
    let now = 10;
    const session = new LiveSession(new FakePort('a', loops), () => now);
    session.accept(update(1), 0);
    assert.equal(session.loopTime(1), undefined);
    await session.loops();
    now = 13;
    assert.equal(session.loopTime(1), 145.5);
    assert.equal(session.loopTime(1, 11), 143.5, 'by a clock that stands still');
    session.accept(update(2, {}, { phase: 'ended', exitCode: 0 }), 0);
    now = 20;
    assert.equal(session.loopTime(1), 145.5);
  });

  it('does not let the clock of a closed loop run', async () => {
    let now = 10;
    const session = new LiveSession(
      new FakePort('a', { 'loopscope/loops': () => page([loopRow(1, { state: 'closed' })]) }),
      () => now,
    );
    await session.loops();
    now = 99;
    assert.equal(session.loopTime(1), 142.5);
  });

  it('takes no older update for a newer one', () => {
    const session = new LiveSession(new FakePort('a', loops), () => 0);
    session.accept(update(5, { liveTasks: 5 }), 0);
    session.accept(update(4, { liveTasks: 4 }), 0);
    assert.equal(session.update?.liveTasks, 5);
  });

  it('lives again when its program is restarted', async () => {
    let now = 10;
    const session = new LiveSession(new FakePort('a', loops), () => now);
    session.accept(update(5), 0);
    await session.loops();
    session.accept(update(6, {}, { phase: 'ended', exitCode: 0 }), 1);
    session.accept(update(1, {}, { phase: 'starting', pid: 4712 }), 2);
    assert.deepEqual([session.phase, session.over, session.endedAt], ['starting', false, undefined]);
    session.accept(update(2, {}, { pid: 4712 }), 3);
    assert.equal(session.phase, 'live');
    await session.loops();
    now = 12;
    assert.equal(session.loopTime(1), 144.5, 'its clock runs again');
  });

  it('keeps the last state for a bug report, lets the adapter go, and then asks no more', async () => {
    const port = new FakePort('a', {
      ...loops,
      'loopscope/snapshot': ({ format }) => ({ text: `as ${format}` }),
      'loopscope/seen': () => ({}),
    });
    const session = new LiveSession(port, () => 0);
    session.accept(update(1, {}, { phase: 'ended', exitCode: 1 }), 1_700_000_000);
    await session.farewell();
    assert.equal(port.asked.at(-1)?.command, 'loopscope/seen');
    session.close(1_700_000_001);
    const asked = port.asked.length;
    assert.equal(await session.snapshot('markdown'), 'as markdown');
    await assert.rejects(session.request('loopscope/loops', {}), SessionGone);
    assert.equal(port.asked.length, asked);
    assert.equal(session.endedAt, 1_700_000_000);
  });

  it('says farewell to an adapter that is gone already', async () => {
    const session = new LiveSession(new FakePort('a', {}), () => 0);
    session.accept(update(1, {}, { phase: 'ended' }), 0);
    await session.farewell();
  });
});

describe('SessionHub', () => {
  const hub = (): SessionHub =>
    new SessionHub(
      () => 0,
      () => 1_700_000_000,
    );
  const port = (id: string): FakePort => new FakePort(id, {});
  const shown = (of: SessionHub): string[] => of.shown.map((session) => session.id);

  it('shows the one chosen in the debug toolbar, or all', () => {
    const sessions = hub();
    sessions.add(port('a'));
    sessions.add(port('b'));
    assert.deepEqual(shown(sessions), ['a']);
    sessions.choose('b');
    assert.deepEqual(shown(sessions), ['b']);
    sessions.choose('of another debugger');
    sessions.choose(undefined);
    assert.deepEqual(shown(sessions), ['b']);
    sessions.showsAll = true;
    assert.deepEqual(shown(sessions), ['a', 'b']);
  });

  it('keeps an ended one until the next start', () => {
    const sessions = hub();
    sessions.add(port('a'));
    sessions.accept('a', update(1));
    sessions.close('a');
    assert.deepEqual(shown(sessions), ['a']);
    assert.equal(sessions.current?.over, true);
    sessions.add(port('b'));
    assert.deepEqual(shown(sessions), ['b']);
    assert.deepEqual(
      sessions.every.map((session) => session.id),
      ['b'],
    );
  });

  it('goes to one that lives when the one shown ends', () => {
    const sessions = hub();
    sessions.add(port('reloader'));
    sessions.add(port('worker'));
    sessions.choose('worker');
    sessions.close('worker');
    assert.deepEqual(shown(sessions), ['reloader']);
  });

  it('calls for a last look once, when the program has ended', () => {
    const sessions = hub();
    sessions.add(port('a'));
    const ended: string[] = [];
    sessions.onDidEnd((session) => ended.push(session.id));
    sessions.accept('a', update(1));
    sessions.accept('a', update(2, {}, { phase: 'ended' }));
    sessions.accept('a', update(3, {}, { phase: 'ended' }));
    sessions.close('a');
    assert.deepEqual(ended, ['a']);
  });

  it('says nothing of sessions that it does not know', () => {
    const sessions = hub();
    sessions.accept('x', update(1));
    sessions.close('x');
    assert.deepEqual(sessions.every, []);
  });
});
