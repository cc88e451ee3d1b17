import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repository } from '../../support/pythons';

describe('npm run bench', () => {
  it('runs, and counts only what has arrived whole (not its figures: the sizes are tiny)', () => {
    const output = execFileSync(process.execPath, ['scripts/bench.mjs', 'runtime', 'receiving', '--tiny'], {
      cwd: repository,
      encoding: 'utf8',
    });
    assert.doesNotMatch(output, /not counted/);
    assert.match(output, /\| tree \| \d/);
    const { rows } = JSON.parse(readFileSync(join(repository, '.cache/bench/runtime.json'), 'utf8')) as {
      rows: { workload: string; cells: Record<string, { cpu: number; low: number; high: number; peak: number }> }[];
    };
    assert.deepEqual(
      rows.map(({ workload }) => workload),
      ['echo', 'tree'],
    );
    for (const { cells } of rows)
      for (const cell of Object.values(cells))
        assert.ok(cell.low <= cell.cpu && cell.cpu <= cell.high && cell.peak > 0);
    for (const { workload, cells } of rows)
      assert.ok(
        Number(cells['full']?.peak) > Number(cells['control']?.peak) + 500,
        `${workload}: the runtime's own memory, in kilobytes, is seen`,
      );
    assert.match(readFileSync(join(repository, '.cache/bench/runtime.md'), 'utf8'), /\n\| `tree` \| \*\*\d/);
    const receiving = JSON.parse(readFileSync(join(repository, '.cache/bench/receiving.json'), 'utf8')) as {
      what: string;
      value: number;
    }[];
    assert.ok(receiving.length > 10 && receiving.every(({ value }) => Number.isFinite(value)));
  }).timeout(300_000);

  it('measures with a view open, and adds to the figures that are there, but never to those of something else', () => {
    const folder = mkdtempSync(join(tmpdir(), 'loopscope-bench-'));
    const file = join(folder, 'runtime.json');
    const run = (subject: string): string => {
      const choice = ['--workload', 'echo', '--subject', subject, '--figures', folder];
      const { stdout, stderr } = spawnSync(
        process.execPath,
        ['scripts/bench.mjs', 'runtime', '--tiny', '--resume', ...choice],
        { cwd: repository, encoding: 'utf8' },
      );
      return stdout + stderr;
    };
    run('control');
    assert.match(run('sidebar'), /\| echo \| \d\.\d\d/);
    const read = () =>
      JSON.parse(readFileSync(file, 'utf8')) as {
        machine: string;
        rows: { workload: string; cells: Record<string, { runtime?: string }> }[];
      };
    const subjects = (): string[] =>
      Object.keys(read().rows.find(({ workload }) => workload === 'echo')?.cells ?? {}).sort();
    assert.deepEqual(subjects(), ['control', 'sidebar']);
    const marked = readFileSync(file, 'utf8').replaceAll(/"runtime": "\w+"/g, '"runtime": "another"');
    assert.notEqual(marked, readFileSync(file, 'utf8'), 'our cells name the runtime that made them');
    writeFileSync(file, marked);
    assert.match(run('loaded'), /cells of .*runtime\.json are of another runtime than \w+, and left out/);
    assert.deepEqual(subjects(), ['control', 'loaded']);
    const others = JSON.stringify({ ...read(), machine: 'another' });
    writeFileSync(file, others);
    assert.match(run('full'), /runtime\.json holds other figures \(machine another, now .*\): name another file/);
    assert.equal(readFileSync(file, 'utf8'), others);
    rmSync(folder, { recursive: true });
  }).timeout(300_000);
});
