import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
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

  it('measures with a view open, and adds to the figures that are there', () => {
    const run = (subject: string): string =>
      execFileSync(
        process.execPath,
        ['scripts/bench.mjs', 'runtime', '--tiny', '--resume', '--workload', 'echo', '--subject', subject],
        { cwd: repository, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] },
      );
    run('control');
    assert.match(run('sidebar'), /\| echo \| \d\.\d\d/);
    const { rows } = JSON.parse(readFileSync(join(repository, '.cache/bench/runtime.json'), 'utf8')) as {
      rows: { workload: string; cells: Record<string, unknown> }[];
    };
    const cells = rows.find(({ workload }) => workload === 'echo')?.cells ?? {};
    assert.ok('control' in cells && 'sidebar' in cells, Object.keys(cells).join(' '));
  }).timeout(300_000);
});
