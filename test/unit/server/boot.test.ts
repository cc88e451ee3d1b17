/** What V8 compiled is kept beside the bundle, is used by the next run, and is nothing that a run depends on. */
import assert from 'node:assert/strict';
import { chmodSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundles } from './bundles';
import { CliFolder } from './cli';

const LEAK = 'import asyncio\n\n\ndef f(x):\n    loop = asyncio.new_event_loop()\n    loop.run_until_complete(x)\n';

describe('compiled code', function () {
  this.timeout(60_000);
  let work: CliFolder;

  beforeEach(async () => {
    work = new CliFolder('real');
    work.write('leak.py', LEAK);
    for (const each of await caches()) rmSync(each);
  });
  afterEach(() => work.dispose());

  async function caches(): Promise<string[]> {
    const { folder } = await bundles('real');
    return readdirSync(folder)
      .filter((name) => name.includes('.cache'))
      .map((name) => join(folder, name));
  }

  it('is kept by a run that did its work, and left as it is by the next', async () => {
    await work.run(['--version']);
    assert.deepEqual(await caches(), [], 'of a run that did nothing');
    const first = await work.run(['lint']);
    const [cache = '', ...others] = await caches();
    assert.deepEqual(others, []);
    assert.match(cache, /loopscope-main\.js\.[\w.-]+\.cache$/);
    const before = statSync(cache);
    assert.ok(before.size > 100_000, `${before.size} bytes: the functions that ran are not in it`);
    assert.deepEqual(await work.run(['lint']), first);
    assert.equal(statSync(cache).mtimeMs, before.mtimeMs, 'V8 refused it');
  });

  it('is made anew where it is spoilt', async () => {
    const first = await work.run(['lint']);
    const [cache = ''] = await caches();
    writeFileSync(cache, 'nothing that V8 knows');
    assert.deepEqual(await work.run(['lint']), first);
    assert.ok(statSync(cache).size > 100_000);
  });

  it('is not that of another text of the same length', async () => {
    await work.run(['lint']);
    const { folder } = await bundles('real');
    const main = join(folder, 'loopscope-main.js');
    const [before = ''] = await caches();
    const text = readFileSync(main, 'utf8');
    const hash = /^\/\*([0-9a-f]{16})\*\//.exec(text)?.[1] ?? '';
    assert.ok(before.includes(hash) && hash !== '', before);
    const said = 'Nothing found in ';
    const other = text.replace(
      hash,
      hash.replace(/./g, (digit) => (digit === '0' ? '1' : '0')),
    );
    assert.ok(other.includes(said));
    writeFileSync(main, other.replace(said, 'Nothing known in '));
    try {
      work.write('leak.py', 'import asyncio\n');
      assert.match((await work.run(['lint'])).stdout, /^Nothing known in /);
    } finally {
      writeFileSync(main, text);
    }
  });

  it('is done without where the folder is not ours to write to', async function () {
    const { folder } = await bundles('real');
    const { code, stderr } = await work.run(['lint'], { asNobody: true });
    assert.deepEqual({ code, stderr }, { code: 1, stderr: '' });
    if (process.getuid?.() !== 0) chmodSync(folder, 0o555);
    const again = await work.run(['lint'], { asNobody: true });
    chmodSync(folder, 0o755);
    assert.deepEqual({ code: again.code, stderr: again.stderr }, { code: 1, stderr: '' });
    if (process.getuid?.() === 0) assert.deepEqual(await caches(), []);
  });
});
