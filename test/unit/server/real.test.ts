/** Both faces with the real analysis: hostile files end in bounded time, fixes settle, edits lead where a fresh start does. */
import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { RULES } from '../../../src/analysis/rules/registry';
import { blocksOf, pageNames } from '../analysis/pages';
import { bundles } from './bundles';
import { CliFolder } from './cli';
import { Editor } from './editor';

/** The blocks of all rule pages: programs with every kind of finding. */
const PROGRAMS = pageNames()
  .flatMap(blocksOf)
  .map(({ code }) => code);

const LEAK = 'import asyncio\n\n\ndef f(x):\n    loop = asyncio.new_event_loop()\n    loop.run_until_complete(x)\n';

describe('with the real analysis', function () {
  this.timeout(120_000);

  it('the server is at most 400 kB, and holds no page of documentation', async () => {
    const { server, folder } = await bundles('real');
    const main = join(folder, 'server-main.js');
    const size = statSync(server).size + statSync(main).size;
    assert.ok(size <= 400_000, `${size}`);
    const [rule] = RULES;
    assert.ok(rule !== undefined && !readFileSync(main, 'utf8').includes(rule.doc.why.slice(0, 60)));
  });

  it('hostile files are answered in bounded time and memory, and cost no other file its report', async () => {
    const folder = new CliFolder('real');
    const deep = 10_000;
    folder
      .write('brackets.py', `import asyncio\nx = ${'('.repeat(deep)}${')'.repeat(deep)}\n`)
      .write('open.py', `import asyncio\nx = ${'['.repeat(deep)}\n`)
      .write(
        'blocks.py',
        `import asyncio\n${Array.from({ length: 900 }, (_, n) => `${' '.repeat(n)}if x:\n`).join('')}${' '.repeat(900)}pass\n`,
      )
      .write('long.py', `import asyncio\nx = "${'a'.repeat(2_000_000)}"\n`)
      .write('sum.py', `import asyncio\nx = ${'1 + '.repeat(20_000)}1\n`)
      .write(
        'big.py',
        `import asyncio\n${'async def f(a, b):\n    await asyncio.sleep(a)\n    return [b]\n\n\n'.repeat(190_000)}`,
      )
      .write(
        'binary.py',
        Buffer.concat([Buffer.from('asyncio'), Buffer.from(Array.from({ length: 5000 }, (_, n) => n % 256))]),
      )
      .write(
        'loops.py',
        `import asyncio\n\n\ndef f(x):\n${Array.from({ length: 2000 }, (_, n) => `    l${n} = asyncio.new_event_loop()\n    l${n}.run_until_complete(x)\n`).join('')}`,
      )
      .write('leak.py', LEAK);
    assert.ok(folder.bytes('big.py').length > 9_500_000);
    const began = process.hrtime.bigint();
    const { code, stdout, stderr } = await folder.run(['lint', '--format', 'json']);
    const seconds = Number(process.hrtime.bigint() - began) / 1e9;
    const findings = JSON.parse(stdout) as { path: string; code: string }[];
    assert.ok(
      findings.some(({ path, code: rule }) => path === 'leak.py' && rule === 'LOOP101'),
      stdout,
    );
    assert.match(stderr, /binary\.py is not checked: it holds null bytes/);
    assert.ok(code === 1 || code === 2, String(code));
    assert.ok(seconds < 90, `${seconds} s`);
    folder.dispose();
  });

  it('--fix settles: what it leaves has nothing more to fix', async () => {
    const folder = new CliFolder('real');
    PROGRAMS.forEach((program, index) => folder.write(`p${index}.py`, program));
    await folder.run(['lint', '--fix', '--format', 'json']);
    const fixed = PROGRAMS.map((_, index) => folder.read(`p${index}.py`));
    assert.ok(fixed.some((text, index) => text !== PROGRAMS[index]));
    const { stdout } = await folder.run(['lint', '--diff']);
    assert.equal(stdout, '');
    folder.dispose();
  });

  it('--fix keeps lone CRs and form feeds, and what they mean', async () => {
    const folder = new CliFolder('real');
    const leak = 'loop = asyncio.new_event_loop()\nloop.run_until_complete(asyncio.sleep(0))\n';
    const closed = (lead: string): string =>
      `loop = asyncio.new_event_loop()\ntry:\n${lead}    loop.run_until_complete(asyncio.sleep(0))\nfinally:\n` +
      ['loop.shutdown_asyncgens()', 'loop.shutdown_default_executor()']
        .map((each) => `    loop.run_until_complete(${each})\n`)
        .join('') +
      '    loop.close()\n';
    folder
      .write('cr.py', `# a\nimport asyncio\n${leak}`.replaceAll('\n', '\r'))
      .write('feed.py', `import asyncio\n${leak.replace('\nloop', '\n \floop')}`);
    const { code } = await folder.run(['lint', '--fix']);
    assert.equal(code, 0);
    assert.equal(folder.read('cr.py'), `# a\nimport asyncio\n${closed('')}`.replaceAll('\n', '\r'));
    assert.equal(folder.read('feed.py'), `import asyncio\n${closed(' \f')}`);
    folder.dispose();
  });

  it('--fix moves a close() before it puts anything in front of it', async () => {
    const folder = new CliFolder('real');
    const body = (rest: string): string =>
      `import asyncio\n\n\ndef f(x):\n    loop = asyncio.new_event_loop()\n    try:\n        loop.run_until_complete(x())\n    except ValueError:\n        return 1\n    else:\n${rest}`;
    folder.write('a.py', body('        print(x)\n        loop.close()\n'));
    const { code } = await folder.run(['lint', '--fix']);
    const shutDown = ['loop.shutdown_asyncgens()', 'loop.shutdown_default_executor()']
      .map((each) => `        loop.run_until_complete(${each})\n`)
      .join('');
    assert.equal(folder.read('a.py'), body(`        print(x)\n    finally:\n${shutDown}        loop.close()\n`));
    assert.equal(code, 0);
    folder.dispose();
  });

  it('a document that was edited has the diagnostics of one that was opened so', async () => {
    const editor = await Editor.start({ analysis: 'real' });
    const uri = editor.uri('a.py');
    let version = 1;
    const cut = fc.tuple(
      fc.nat(),
      fc.nat({ max: 60 }),
      fc.constantFrom('', '\n', 'x', '    ', '"""', 'loop.close()', '(', '# noqa', 'await ', '😀', '\r\n'),
    );
    const script = fc.tuple(fc.constantFrom(...PROGRAMS), fc.array(cut, { minLength: 1, maxLength: 6 }));
    await fc.assert(
      fc.asyncProperty(script, async ([program, cuts]) => {
        let text = program;
        await editor.open(uri, text);
        await editor.pull(uri);
        for (const [from, length, insert] of cuts) {
          const start = from % (text.length + 1);
          const end = Math.min(text.length, start + length);
          await editor.replace(uri, start, end, insert);
          text = text.slice(0, start) + insert + text.slice(end);
        }
        const edited = await editor.diagnostics(uri);
        const fresh = editor.uri(`fresh${version++}.py`);
        await editor.open(fresh, text);
        assert.deepEqual(edited, await editor.diagnostics(fresh), text);
        await editor.close(fresh);
        await editor.close(uri);
      }),
      { numRuns: 150, seed: 42 },
    );
    assert.equal(await editor.stop(), 0);
  });
});
