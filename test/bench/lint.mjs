// lint.mjs [--rounds N] [--server]: how fast the linter is beside flake8, pylint and ruff, whole processes, CPU time of all their threads and children,
// interleaved, the median of the rounds. Then the language server: start to first diagnostics, and from a keystroke to diagnostics. Prints a
// table with the ratio that is to be reached, and ends with 1 where one is missed; --server: of the server only. Peers and subjects come from PyPI into .cache/bench.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const cache = path.join(root, '.cache/bench');
const { values } = parseArgs({ options: { rounds: { type: 'string', default: '3' }, server: { type: 'boolean' } } });
const rounds = Number(values.rounds);
const PACKAGES = ['flake8', 'pylint', 'ruff', 'tornado==6.5.2', 'aiohttp==3.13.2'];

/** Runs a command, and fails with what it said where it fails. @param {string} command @param {string[]} args */
function must(command, args) {
  const done = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (done.status !== 0) throw new Error(`${command} ${args.join(' ')}\n${done.stdout}${done.stderr}`);
  return done.stdout;
}

/** A virtual environment with the peers and the packages that they are measured on. */
function environment() {
  const python = path.join(cache, 'bin/python');
  const mark = path.join(cache, 'installed.txt');
  if (!fs.existsSync(mark) || fs.readFileSync(mark, 'utf8') !== PACKAGES.join('\n')) {
    const base = ['.venv/3.13/bin/python', '.venv/3.12/bin/python']
      .map((each) => path.join(root, each))
      .find((each) => fs.existsSync(each));
    must(base ?? 'python3', ['-m', 'venv', cache]);
    must(python, ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', ...PACKAGES]);
    fs.writeFileSync(mark, PACKAGES.join('\n'));
  }
  const where = must(python, [
    '-c',
    'import asyncio, os, tornado, aiohttp; print(*map(lambda m: os.path.dirname(m.__file__), (os, asyncio, tornado, aiohttp)), sep="\\n")',
  ]);
  const [stdlib = '', asyncio = '', tornado = '', aiohttp = ''] = where.trim().split('\n');
  return { python, stdlib, asyncio, tornado, aiohttp };
}

/** CPU seconds of a command and all below it, as the kernel counts them. */
const MEASURE = `
import json, resource, subprocess, sys
def used():
    r = resource.getrusage(resource.RUSAGE_CHILDREN)
    return r.ru_utime + r.ru_stime
before = used()
done = subprocess.run(json.loads(sys.argv[1]), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
print(json.dumps([used() - before, done.returncode, done.stderr.decode()[-500:]]))
`;

/** @param {string} python @param {string[]} command */
function cpuOf(python, command) {
  /** @type {unknown} */
  const measured = JSON.parse(must(python, ['-c', MEASURE, JSON.stringify(command)]));
  const [seconds, code, stderr] = /** @type {[number, number, string]} */ (measured);
  // 1 and more are findings; what a shell could not start is no measurement.
  if (code < 0 || code === 127 || code === 126) throw new Error(`${command.join(' ')}: ${code}\n${stderr}`);
  return seconds;
}

/** @param {number[]} list */
const p95 = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length * 0.95)] ?? NaN;

/** @param {number[]} list */
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? NaN;

/**
 * @param {Record<string, string[]>} commands @param {string} python
 * @returns {{ times: Record<string, number>, ratio: (a: string, b: string) => number }} the median CPU seconds of each, and the median
 * over the rounds of one by another: what a busy machine does to a round it does to both
 */
function interleaved(commands, python) {
  /** @type {Record<string, number[]>} */
  const times = Object.fromEntries(Object.keys(commands).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, command] of Object.entries(commands)) times[name]?.push(cpuOf(python, command));
  }
  return {
    times: Object.fromEntries(Object.entries(times).map(([name, list]) => [name, median(list)])),
    ratio: (a, b) => median((times[a] ?? []).map((time, round) => time / (times[b]?.[round] ?? NaN))),
  };
}

/** A text of about so many lines, of functions as programs have them. @param {number} lines */
function program(lines) {
  const unit = (/** @type {number} */ n) => `
async def fetch_${n}(session, url, *, timeout=${n}):
    async with session.get(url) as response:
        data = await response.json()
    for key, value in sorted(data.items()):
        if value is None and key != "x":
            continue
        await asyncio.sleep(timeout / 1000)
    return {"n": ${n}, "data": data}


class Worker${n}:
    def __init__(self, queue):
        self.queue = queue
        self.task = None

    async def run(self):
        self.task = asyncio.create_task(fetch_${n}(None, "u"))
        while True:
            item = await self.queue.get()
            try:
                print(item, self.task)
            finally:
                self.queue.task_done()
`;
  const per = unit(0).split('\n').length - 1;
  const body = Array.from({ length: Math.max(1, Math.round(lines / per)) }, (_, n) => unit(n)).join('');
  return `import asyncio\n${body}\nloop = asyncio.new_event_loop()\nloop.run_until_complete(fetch_0(None, ""))\n`;
}

/** Starts the server, opens a text, types at it. @param {string} text @param {number} keys */
async function serve(text, keys) {
  const began = performance.now();
  const child = spawn(process.execPath, ['--max-semi-space-size=64', path.join(root, 'dist/server.js'), '--stdio'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const connection = createMessageConnection(
    new StreamMessageReader(child.stdout),
    new StreamMessageWriter(child.stdin),
  );
  connection.onRequest(() => null);
  connection.listen();
  const uri = 'untitled:bench.py';
  const pull = () => connection.sendRequest('textDocument/diagnostic', { textDocument: { uri } });
  await connection.sendRequest('initialize', {
    processId: null,
    rootUri: null,
    capabilities: { textDocument: { diagnostic: {} } },
  });
  await connection.sendNotification('initialized', {});
  await connection.sendNotification('textDocument/didOpen', {
    textDocument: { uri, languageId: 'python', version: 1, text },
  });
  /** @type {unknown} */
  const first = await pull();
  if (/** @type {{ items: unknown[] }} */ (first).items.length === 0)
    throw new Error('the text that is opened must have a finding');
  const start = performance.now() - began;
  const lines = text.split('\n');
  /** @type {number[]} */
  const times = [];
  for (let key = 0; key < keys; key++) {
    // In the middle of the file, a letter at a time, as a person types: mostly into a name.
    const line = Math.floor(lines.length / 2) + (key % 40);
    const at = { line, character: Math.min(8, lines[line]?.length ?? 0) };
    const change = { range: { start: at, end: at }, text: 'x' };
    const pressed = performance.now();
    void connection.sendNotification('textDocument/didChange', {
      textDocument: { uri, version: key + 2 },
      contentChanges: [change],
    });
    await pull();
    times.push(performance.now() - pressed);
    const back = { range: { start: at, end: { ...at, character: at.character + 1 } }, text: '' };
    void connection.sendNotification('textDocument/didChange', {
      textDocument: { uri, version: key + 2 },
      contentChanges: [back],
    });
    await pull();
  }
  await connection.sendRequest('shutdown');
  await connection.sendNotification('exit');
  connection.dispose();
  return { start, early: times.slice(0, 60), late: times.slice(60) };
}

/** @type {{ what: string, value: string, goal: string, isReached: boolean }[]} */
const table = [];
/** @param {string} what @param {number} value @param {'>=' | '<='} sense @param {number} goal @param {string} unit @param {string} [note] */
function row(what, value, sense, goal, unit, note = '') {
  const isReached = sense === '>=' ? value >= goal : value <= goal;
  table.push({
    what,
    value: `${value.toFixed(value < 10 ? 2 : 0)}${unit}${note}`,
    goal: `${sense} ${goal}${unit}`,
    isReached,
  });
}

/** The command beside the other tools. */
function measurePeers() {
  const { python, stdlib, asyncio, tornado, aiohttp } = environment();
  const bin = (/** @type {string} */ name) => path.join(cache, 'bin', name);
  const ours = (/** @type {string[]} */ ...paths) => [
    process.execPath,
    path.join(root, 'dist/loopscope.js'),
    'lint',
    '--format',
    'json',
    ...paths,
  ];
  const ruff = (/** @type {string[]} */ ...paths) => [
    bin('ruff'),
    'check',
    '--no-cache',
    '--isolated',
    '--quiet',
    // pip's environments hold a .gitignore that names everything in them: ruff would look at no file of tornado.
    '--no-respect-gitignore',
    '--select',
    'ASYNC,RUF006',
    ...paths,
  ];

  const one = interleaved(
    {
      ours: ours(tornado),
      flake8: [bin('flake8'), '--isolated', '--select', 'F', '-j', '1', tornado],
      pylint: [
        bin('pylint'),
        '-j',
        '1',
        '--disable=all',
        '--enable=await-outside-async,yield-inside-async-function,not-async-context-manager,async-context-manager-with-regular-with',
        tornado,
      ],
    },
    python,
  );
  const note = (/** @type {Record<string, number>} */ times) =>
    ` (${Object.entries(times)
      .map(([name, time]) => `${name} ${time.toFixed(2)} s`)
      .join(', ')})`;
  row('tornado: faster than flake8 with pyflakes', one.ratio('flake8', 'ours'), '>=', 8, ' ×', note(one.times));
  row("tornado: faster than pylint's async checks", one.ratio('pylint', 'ours'), '>=', 40, ' ×');
  const all = interleaved({ ours: ours(stdlib), ruff: ruff(stdlib) }, python);
  row('standard library: of the time of ruff', all.ratio('ours', 'ruff'), '<=', 4, ' ×', note(all.times));
  const three = interleaved({ ours: ours(asyncio, aiohttp, tornado), ruff: ruff(asyncio, aiohttp, tornado) }, python);
  row('asyncio, aiohttp, tornado: of the time of ruff', three.ratio('ours', 'ruff'), '<=', 8, ' ×', note(three.times));
}

async function measureServer() {
  // The first one keeps what V8 compiled, as it does on a person's machine.
  await serve(program(60), 1);
  const starts = [];
  for (let round = 0; round < rounds; round++) starts.push((await serve(program(60), 1)).start);
  row('server: start to first diagnostics', median(starts), '<=', 250, ' ms');
  for (const [lines, goal] of /** @type {const} */ ([
    [500, 5],
    [5000, 25],
  ])) {
    // The first 60 keys of a server that has just started, and those of a person who goes on typing.
    const { early, late } = await serve(program(lines), 300);
    const name = `keystroke to diagnostics, ${lines.toLocaleString('en')} lines, p95`;
    row(
      name,
      p95(late),
      '<=',
      goal,
      ' ms',
      ` (median ${median(late).toFixed(1)}; of the first 60 keys ${p95(early).toFixed(0)})`,
    );
  }
  const bundle = ['server.js', 'server-main.js'].map((name) => fs.statSync(path.join(root, 'dist', name)).size);
  row('server bundle without wasm', bundle.reduce((a, b) => a + b) / 1000, '<=', 400, ' kB');
}

must(process.execPath, [path.join(root, 'esbuild.js'), '--production']);
if (!values.server) measurePeers();
await measureServer();
console.table(table);
process.exitCode = table.every(({ isReached }) => isReached) ? 0 : 1;
