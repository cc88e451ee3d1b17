// The views on real programs: what they show is compared with what each program says of its own loop.
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import type { LoopscopeApi, RowText } from '../../../src/extension/api';
import { flat, lineOf, loopscope, Program, PROGRAMS, pythonFor, unfold, until, type Truth } from './program';

let api: LoopscopeApi;
let program: Program | undefined;
let client: ChildProcess | undefined;

before(async () => {
  api = await loopscope();
});

afterEach(async () => {
  client?.kill('SIGKILL');
  client = undefined;
  await program?.stop();
  program = undefined;
});

const source = (name: string): string => fs.readFileSync(path.join(PROGRAMS, name), 'utf8');

function get(port: number, url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    http
      .get({ host: '127.0.0.1', port, path: url, agent: false }, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () => resolve(text));
      })
      .on('error', reject);
  });
}

interface ServerTruth extends Truth {
  readonly held: number;
}

/** Live tasks that the rows stand for, by coroutine; folds count for as many as they fold. */
function byCoroutine(rows: readonly RowText[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const row of flat(rows)) {
    if (!row.context.startsWith('task') || row.muted) continue;
    const coroutine = row.label.split(' · ').at(-1)?.replace(/\(\)$/, '') ?? '';
    counts[coroutine] = (counts[coroutine] ?? 0) + 1;
  }
  return counts;
}

const labels = (rows: readonly RowText[]): string[] => rows.map((row) => row.label);

describe('an aiohttp server under load', () => {
  it('shows its handlers, where those that are held stand, and how busy the loop is', async function () {
    this.timeout(120_000);
    program = await Program.start('aiohttp_server.py');
    const { port } = await program.truth<{ port: number }>();
    client = spawn(pythonFor().path, [path.join(PROGRAMS, 'aiohttp_client.py'), String(port), '12', '7'], {
      stdio: 'ignore',
    });
    const truth = await until(
      'requests held',
      async () => JSON.parse(await get(port, '/truth')) as ServerTruth,
      (now) => now.held === 7,
    );
    assert.ok((truth.coroutines['RequestHandler.start'] ?? 0) >= 19, 'aiohttp has a task a connection');

    const fact = (name: string): string =>
      api.view('loops').rows[0]?.children.find((row) => row.label === name)?.description ?? '';
    await until(
      'ticks of a busy loop',
      () => fact('ticks'),
      (ticks) => Number(/^([\d,]+)\/s$/.exec(ticks)?.[1]?.replace(',', '')) > 50,
    );
    assert.match(fact('busy'), /^[1-9]\d* % of the last second$/);
    await until(
      'sockets watched',
      () => fact('watches'),
      (watches) => Number(/^(\d+) file descriptors$/.exec(watches)?.[1]) >= 19,
    );
    const [loop] = api.view('loops').rows;
    assert.match(loop!.label, /MainThread/);
    assert.deepEqual(
      loop!.children.slice(0, 1).map((row) => [row.label, row.open?.file]),
      [['created', path.join(PROGRAMS, 'aiohttp_server.py')]],
    );

    // Those under load come and go; those that are held stand still, each on the line on which it waits.
    const held = lineOf(source('aiohttp_server.py'), 'held');
    await until(
      'tasks held',
      () => unfold(api, 'tasks'),
      (rows) =>
        rows.filter((row) => row.open?.line === held && row.open.file.endsWith('aiohttp_server.py')).length === 7,
    );
    await until(
      'number of tasks',
      async () => ({
        truth: (JSON.parse(await get(port, '/truth')) as ServerTruth).names.length,
        live: Number(/^([\d,]+) live/.exec(api.view('tasks').title)?.[1]),
      }),
      // Between the two answers connections come and go.
      ({ truth: names, live }) => Math.abs(names - live) <= 5,
    );
    const waiting = flat(api.view('tasks').rows).filter((row) => row.open?.line === held);
    for (const row of waiting) assert.match(row.description, /^waiting · .*[Ee]vent/);
    const tooltip = await api.tooltip('tasks', waiting[0]!.id);
    assert.match(tooltip, /Await chain/);
    assert.match(tooltip, /… \d+ in aiohttp/, 'frames of the library are folded');

    // aiohttp lets a handler go on though its client is gone: those that are held stay until they are released.
    client.kill('SIGKILL');
    await until(
      'tasks of clients that are gone',
      () => byCoroutine(api.view('tasks').rows)['RequestHandler.start'] ?? 0,
      (left) => left === 7,
    );
    await get(port, '/release');
    await until(
      'tasks after the release',
      () => byCoroutine(api.view('tasks').rows)['RequestHandler.start'] ?? 0,
      (left) => left === 0,
    );
  });
});

describe('a Starlette application under uvicorn', () => {
  const start = async (loop: string): Promise<number> => {
    program = await Program.start(undefined, {
      module: 'uvicorn',
      args: ['starlette_app:app', '--port', '0', '--loop', loop],
    });
    return Number((await program.printed(/running on http:\/\/127\.0\.0\.1:(\d+)/))[1]);
  };
  const holdThree = async (port: number): Promise<ServerTruth> => {
    for (let number = 0; number < 3; number += 1) void get(port, '/hold').catch(() => undefined);
    return until(
      'requests held',
      async () => JSON.parse(await get(port, '/truth')) as ServerTruth,
      (now) => now.held === 3,
    );
  };
  const sameTasks = async (port: number): Promise<void> => {
    await until(
      'tasks as the program says',
      async () => {
        const truth = (JSON.parse(await get(port, '/truth')) as ServerTruth).coroutines;
        await unfold(api, 'tasks');
        const shown = byCoroutine(api.view('tasks').rows);
        return { truth, shown };
      },
      ({ truth, shown }) =>
        JSON.stringify(Object.entries(truth).sort()) === JSON.stringify(Object.entries(shown).sort()),
    );
    const held = lineOf(source('starlette_app.py'), 'held');
    const rows = flat(api.view('tasks').rows).filter((row) => row.open?.line === held);
    assert.equal(rows.length, 3);
  };

  it('on asyncio shows the tasks that the program names, and its timers', async function () {
    this.timeout(120_000);
    const port = await start('asyncio');
    await holdThree(port);
    await sameTasks(port);
    const beat = lineOf(source('starlette_app.py'), 'heartbeat');
    await until(
      'timers',
      () => api.view('timers').rows,
      (rows) => rows.some((row) => row.open?.line === beat && /^in (59|1) (min|h)/.test(row.description)),
    );
    assert.equal(api.view('timers').message, '');
  });

  it('on uvloop shows the tasks that the program names, and says what uvloop hides', async function () {
    this.timeout(120_000);
    const port = await start('uvloop');
    await holdThree(port);
    await sameTasks(port);
    const hidden = await until(
      'what is hidden',
      () => api.view('loops').rows[0]?.children.find((row) => row.label === 'not seen')?.description ?? '',
      (text) => text !== '',
    );
    assert.match(hidden, /uvloop hides its ready queue/);
    assert.deepEqual(api.view('timers').rows, []);
    assert.deepEqual(api.view('ready').rows, []);
  });
});

describe('a websockets chat', () => {
  it('shows the guests by name, each listening, and the tasks of each connection', async function () {
    this.timeout(60_000);
    program = await Program.start('websockets_chat.py');
    const truth = await program.truth();
    const rows = await until(
      'tasks as the program says',
      () => unfold(api, 'tasks'),
      (now) =>
        JSON.stringify(Object.entries(byCoroutine(api.view('tasks').rows)).sort()) ===
          JSON.stringify(Object.entries(truth.coroutines).sort()) && now.length > 0,
    );
    const listens = lineOf(source('websockets_chat.py'), 'listens');
    for (const name of ['ada', 'grace', 'edsger']) {
      const row = rows.find((each) => each.label === `${name} · guest()`);
      assert.equal(row?.open?.line, listens, `${name} listens`);
      assert.match(row.description, /^waiting/);
    }
    const room = lineOf(source('websockets_chat.py'), 'room');
    assert.equal(rows.filter((row) => row.open?.line === room).length, 3, 'the room listens to each');
  });
});

describe('an anyio program', () => {
  it('shows its tasks by the names that anyio gave them, where they stand and since when', async function () {
    this.timeout(60_000);
    program = await Program.start('anyio_streams.py');
    const truth = await program.truth();
    const rows = await until(
      'tasks as the program says',
      async () => (await unfold(api, 'tasks')).filter((row) => row.context.startsWith('task') && !row.muted),
      (now) =>
        JSON.stringify(now.map((row) => row.label.split(' · ')[0]).sort()) === JSON.stringify([...truth.names].sort()),
    );
    const text = source('anyio_streams.py');
    const at = (name: string): number | undefined => rows.find((row) => row.label.startsWith(`${name} · `))?.open?.line;
    assert.deepEqual(
      ['keeper', 'blocked', 'consumer-1', 'consumer-2'].map(at),
      ['keeps', 'blocked', 'consumes', 'consumes'].map((mark) => lineOf(text, mark)),
    );
  });
});

describe('three loops in three threads', () => {
  const names = ['north', 'south', 'west'];

  it('are shown as three, each with its thread, its tasks and its timer', async function () {
    this.timeout(60_000);
    program = await Program.start('three_loops.py');
    const truth = await program.truth<Record<string, Truth>>();
    const loops = await until(
      'loops',
      () => api.view('loops').rows,
      (rows) => rows.length === 3,
    );
    assert.deepEqual(loops.map((row) => row.label.split(' · ').at(-1)).sort(), names);
    const tasks = await until(
      'tasks of each loop',
      async () => {
        await unfold(api, 'tasks');
        return api.view('tasks').rows;
      },
      (heads) =>
        heads.length === 3 &&
        heads.every((head) => {
          const name = head.label.split(' · ').at(-1) ?? '';
          const shown = flat(head.children).filter((row) => row.context.startsWith('task') && !row.muted);
          return (
            JSON.stringify(shown.map((row) => row.label.split(' · ')[0]).sort()) ===
            JSON.stringify([...(truth[name]?.names ?? [])].sort())
          );
        }),
    );
    const worker = lineOf(source('three_loops.py'), 'worker');
    assert.equal(flat(tasks).filter((row) => row.open?.line === worker).length, 6);
    const timers = await until(
      'timers',
      () => api.view('timers').rows,
      (heads) => heads.length === 3 && heads.every((head) => head.children.length === 1),
    );
    for (const head of timers) assert.match(head.children[0]!.description, /^in (1|2) h/);
    await until(
      'title',
      () => api.view('tasks').title,
      (title) => title === '9 live · by creator',
    );
  });
});

describe('a program that dies with an exception', () => {
  it('leaves its last state, greyed, and says how it ended; the next start takes it away', async function () {
    this.timeout(60_000);
    program = await Program.start('dies.py');
    await program.ended();
    const loops = await until(
      'the end',
      () => api.view('loops'),
      (view) => /ended with exit code 1/i.test(view.message),
    );
    const [loop] = loops.rows;
    assert.equal(loop?.muted, true);
    assert.match(loop.description, /^closed · lived/);
    const steps = loop.children.map((row) => row.label);
    for (const step of ['created', 'ran', 'closed']) assert.ok(steps.includes(step), `${step} in ${steps.join(', ')}`);
    const tasks = await until(
      'tasks at the end',
      () => unfold(api, 'tasks'),
      (rows) => rows.some((row) => row.label.startsWith('patient-0')),
    );
    for (const row of tasks) assert.equal(row.muted, true, row.label);
    const state = (name: string): string | undefined =>
      tasks.find((row) => row.label.startsWith(`${name} · `))?.description;
    assert.match(state('unlucky') ?? '', /^failed · LookupError/);
    assert.match(state('patient-0') ?? '', /^cancelled/);

    program = await Program.start('three_loops.py');
    await program.truth();
    await until(
      'rows of the next program',
      () => labels(api.view('loops').rows),
      (now) => now.length === 3,
    );
    assert.equal(api.view('loops').message, '');
  });
});
