// nvim-dap, in a real Neovim, drives the adapter over stdio and over a port. It is in no package registry: the tests take
// it from LOOPSCOPE_NVIM_DAP (its folder), or from where lazy.nvim puts it, and Neovim from the PATH or LOOPSCOPE_NVIM.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { LoopRow } from '../../src/protocol/dap';
import { ADAPTER, PYTHON } from './client';
import { folderWith } from './files';

const PROGRAM = `import asyncio

async def worker(name):
    await asyncio.sleep(3600)

async def main():
    tasks = [asyncio.create_task(worker(name), name=name) for name in ("ann", "berta")]
    await asyncio.sleep(0.1)
    last = len(tasks)  # the breakpoint
    await asyncio.sleep(0.2)
    print("ends", flush=True)
    for task in tasks:
        task.cancel()

asyncio.run(main())
`;
const LINE = PROGRAM.split('\n').findIndex((line) => line.endsWith('# the breakpoint')) + 1;

/** What drive.lua prints. */
interface Seen {
  readonly failure?: string;
  readonly problems: readonly string[];
  readonly stops: readonly string[];
  readonly line: number;
  readonly next?: number;
  readonly threads: readonly string[];
  readonly loops: readonly LoopRow[];
  readonly output: string;
}

function findNvim(): string | undefined {
  const nvim = process.env['LOOPSCOPE_NVIM'] ?? 'nvim';
  try {
    execFileSync(nvim, ['--version'], { stdio: 'ignore' });
    return nvim;
  } catch {
    return undefined;
  }
}

function findPlugin(): string | undefined {
  const data = process.env['XDG_DATA_HOME'] ?? join(homedir(), '.local', 'share');
  const places = [process.env['LOOPSCOPE_NVIM_DAP'] ?? '', join(data, 'nvim', 'lazy', 'nvim-dap')];
  return places.find((folder) => folder !== '' && existsSync(join(folder, 'lua', 'dap.lua')));
}

describe('nvim-dap', () => {
  const nvim = findNvim();
  const plugin = findPlugin();
  before(function () {
    if (nvim !== undefined && plugin !== undefined) return;
    console.log(
      `    (${nvim === undefined ? 'Neovim' : 'nvim-dap'} is not here: LOOPSCOPE_NVIM and LOOPSCOPE_NVIM_DAP name them)`,
    );
    this.skip();
  });

  async function drive(way: 'stdio' | 'port', line: number): Promise<Seen> {
    const folder = folderWith({ 'app.py': PROGRAM });
    const { stdout, stderr } = await promisify(execFile)(
      nvim ?? '',
      [
        '--headless',
        '--clean',
        '-i',
        'NONE',
        '--cmd',
        `set rtp+=${plugin ?? ''}`,
        '-S',
        join(__dirname, 'nvim', 'drive.lua'),
      ],
      {
        timeout: 60_000,
        env: {
          ...process.env,
          // Nothing of the person's own Neovim is read or written.
          ...{ HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder, XDG_STATE_HOME: folder },
          ...{ XDG_CACHE_HOME: folder, NODE: process.execPath, ADAPTER, WAY: way },
          ...{ PYTHON, APP: join(folder, 'app.py'), LINE: String(line) },
        },
      },
    );
    const said = /SEEN (.*)/.exec(stdout + stderr)?.[1];
    assert.ok(said, stdout + stderr);
    const seen = JSON.parse(said) as Seen;
    assert.equal(seen.failure, undefined, said);
    assert.deepEqual(seen.problems, []);
    assert.match(seen.output, /^ends\r?\n$/, 'the program went on to its end');
    return seen;
  }

  for (const way of ['stdio', 'port'] as const) {
    it(`over ${way}: a breakpoint, tasks as threads, a step of a line, steps of handles, to the end`, async () => {
      const seen = await drive(way, LINE);
      assert.deepEqual([seen.line, seen.next], [LINE, LINE + 1]);
      assert.deepEqual(seen.stops, ['breakpoint', 'step', 'step', 'step', 'step']);
      for (const row of ['ann · worker', 'berta · worker'])
        assert.ok(
          seen.threads.some((name) => name.includes(row)),
          seen.threads.join(', '),
        );
      const [loop] = seen.loops;
      assert.equal(loop?.stop?.did?.ran.text, 'sleep', 'the last step ran that one handle');
    });

    it(`over ${way}, without a debugger: the first tick, steps of handles, tasks as threads, to the end`, async () => {
      const seen = await drive(way, 0);
      assert.deepEqual(seen.stops, ['entry', 'step', 'step']);
      for (const row of ['Task-1 · main()', 'ann · worker()', 'berta · worker()'])
        assert.ok(seen.threads.includes(row), seen.threads.join(', '));
      const [loop] = seen.loops;
      assert.equal(loop?.stop?.did?.ran.text, 'ann · worker()');
      assert.equal(loop.stop.next?.text, 'berta · worker()');
    });
  }
});
