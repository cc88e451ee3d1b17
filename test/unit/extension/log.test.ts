// The event log: lines are taken once and in order, what is missing is said, and places lead to their source.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { LiveSession } from '../../../src/extension/sessions/live-session';
import { LogFeed, placeInLine } from '../../../src/extension/log/log-feed';
import { FakePort, site, update } from './fake-session';

const LINES = [
  '    12.034511  L1  task-created    Task-5 handle_request() by Task-1  server.py:41',
  '    12.034530  L1  tick            10,482  select 1.9 ms, 3 ready',
  '    12.034533  L12  task-failed     Task-5 handle_request() ValueError',
  '    12.034541  --  process         started python 3.13.0, pid 4711',
  '     0.000001  L1  slow            12 ms "a b"  my file.py:7',
];

/** A program with a log of which it keeps the newest lines. */
class LoggingPort extends FakePort {
  constructor(
    id: string,
    readonly log: { sequence: number; text: string; site?: ReturnType<typeof site> | null }[],
    kept = Infinity,
  ) {
    super(id, {
      'loopscope/log': ({ after, limit }) => {
        const oldest = Math.max(0, log.length - kept);
        const from = Math.max(after, oldest);
        return { lines: log.slice(from, from + limit), missed: from - after };
      },
    });
  }
}

function logOf(count: number): LoggingPort['log'] {
  return Array.from({ length: count }, (_, index) => ({ sequence: index + 1, text: `line ${index + 1}` }));
}

describe('LogFeed', () => {
  const feed = (): { feed: LogFeed; text: () => string[] } => {
    let all = '';
    return { feed: new LogFeed((text) => (all += text)), text: () => all.split('\n').slice(0, -1) };
  };

  it('takes each line once, in order, under the name of the session', async () => {
    const { feed: log, text } = feed();
    const port = new LoggingPort('a', logOf(1200));
    const session = new LiveSession(port, () => 0);
    session.accept(update(1), 0);
    assert.equal(await log.pull(session, 1000), true, 'there is more');
    assert.equal(await log.pull(session, 1000), false);
    port.log.push({ sequence: 1201, text: 'line 1201' });
    await log.pull(session, 1000);
    assert.deepEqual(text(), [
      '# a.py, process 4711',
      ...Array.from({ length: 1201 }, (_, index) => `line ${index + 1}`),
    ]);
  });

  it('takes none twice though two ask at once', async () => {
    const { feed: log, text } = feed();
    const session = new LiveSession(new LoggingPort('a', logOf(30)), () => 0);
    await Promise.all([log.pull(session, 100), log.pull(session, 100)]);
    assert.equal(text().length, 31);
  });

  it('says how many lines are no longer kept', async () => {
    const { feed: log, text } = feed();
    const session = new LiveSession(new LoggingPort('a', logOf(50), 10), () => 0);
    await log.pull(session, 100);
    assert.deepEqual(text().slice(0, 3), [
      '# a.py',
      '# 40 lines are not shown: they came faster than they could be kept',
      'line 41',
    ]);
  });

  it('names the session again when another comes in between', async () => {
    const { feed: log, text } = feed();
    const a = new LoggingPort('a', logOf(1));
    const b = new LoggingPort('b', logOf(1));
    const sessions = [a, b].map((port) => new LiveSession(port, () => 0));
    for (const session of sessions) await log.pull(session, 10);
    a.log.push({ sequence: 2, text: 'line 2' });
    await log.pull(sessions[0]!, 10);
    assert.deepEqual(text(), ['# a.py', 'line 1', '# b.py', 'line 1', '# a.py', 'line 2']);
  });

  it('knows where lines lead', async () => {
    const { feed: log } = feed();
    const lines = [
      { sequence: 1, text: LINES[0]!, site: site(41) },
      { sequence: 2, text: LINES[1]!, site: null },
    ];
    await log.pull(new LiveSession(new LoggingPort('a', lines), () => 0), 10);
    assert.deepEqual(log.siteOf(LINES[0]!), site(41));
    assert.equal(log.siteOf(LINES[1]!), undefined);
  });

  it('finds the place at the end of a line', () => {
    const found = LINES.map((line) => {
      const range = placeInLine(line);
      return range && line.slice(range.start, range.end);
    });
    assert.deepEqual(found, ['server.py:41', undefined, undefined, undefined, 'my file.py:7']);
  });
});

describe('grammar of the event log', () => {
  interface Rule {
    readonly begin?: string;
    readonly match?: string;
    readonly name?: string;
    readonly beginCaptures?: Readonly<Record<string, { readonly name: string }>>;
  }
  const file = path.resolve(__dirname, '../../../syntaxes/loopscope-events.tmLanguage.json');
  const grammar = JSON.parse(fs.readFileSync(file, 'utf8')) as { repository: Readonly<Record<string, Rule>> };
  const rule = (name: string): Rule => grammar.repository[name] ?? assert.fail(name);
  const pattern = (name: string): RegExp => new RegExp(rule(name).begin ?? rule(name).match ?? '');

  /** Scope → text of the head of a line. */
  const head = (line: string): Record<string, string> => {
    const match = pattern('line').exec(line) ?? assert.fail(line);
    const names = rule('line').beginCaptures ?? {};
    return Object.fromEntries(
      Object.entries(names).flatMap(([group, { name }]) =>
        match[Number(group)] === undefined ? [] : [[name.split('.')[0], match[Number(group)]]],
      ),
    ) as Record<string, string>;
  };

  it('knows time, loop and event of each line, and tells bad news from good', () => {
    assert.deepEqual(LINES.map(head), [
      { constant: '12.034511', entity: 'L1', markup: 'task-created' },
      { constant: '12.034530', entity: 'L1', keyword: 'tick' },
      { constant: '12.034533', entity: 'L12', invalid: 'task-failed' },
      { constant: '12.034541', entity: '--', keyword: 'process' },
      { constant: '0.000001', entity: 'L1', markup: 'slow' },
    ]);
  });

  it('knows places, calls, measures and comments', () => {
    assert.equal(pattern('place').exec(LINES[0]!)?.[0], 'server.py:41');
    assert.equal(pattern('place').exec(LINES[4]!)?.[0], 'my file.py:7');
    assert.equal(pattern('call').exec(LINES[0]!)?.[0], 'handle_request');
    assert.equal(pattern('measure').exec('select 1.9 ms, 3 ready')?.[0], '1.9 ms');
    assert.equal(pattern('measure').exec('due +50.0 ms')?.[0], '+50.0 ms');
    assert.equal(pattern('measure').exec('worker-2 by Task-5'), null, 'the number of a name is no measure');
    assert.ok(pattern('comment').test('# server.py, process 4711'));
  });
});
