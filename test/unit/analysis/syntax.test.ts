/**
 * The syntax layer: editing gives the same tree as reading anew; deep, long and broken texts come to an end. What it reads of
 * the standard library, against CPython's own parser, is in cpython.test.ts.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Ast } from '../../../src/analysis/syntax/ast';
import { Kind } from '../../../src/analysis/syntax/kinds';
import { analyzer, syntaxParser } from './analyser';
import { DEFAULT_SETTINGS } from '../../../src/analysis/settings';

/** A tree in words, to compare two. */
function shape(ast: Ast): string {
  const nodes = Array.from({ length: ast.length }, (_, node) =>
    [
      ast.kindOf(node),
      ast.start[node],
      ast.end[node],
      ast.size[node],
      ast.up[node],
      ast.flags[node],
      ast.name(node),
    ].join(),
  );
  return `${nodes.join('\n')}\n${ast.comments.join()}`;
}

const SAMPLE = readFileSync(join('test', 'rules', 'LOOP101.md'), 'utf8')
  .split('```python')
  .slice(1)
  .map((part) => part.slice(part.indexOf('\n') + 1, part.indexOf('```')))
  .join('\n');

describe('syntax', () => {
  it('gives the same tree after edits as when it reads the text anew, a broken text too', async function () {
    this.timeout(120_000);
    const syntax = await syntaxParser();
    const edit = fc.record({
      at: fc.nat(),
      remove: fc.nat(40),
      insert: fc.constantFrom(
        '',
        ' ',
        '\n',
        'x',
        'await f()',
        '(',
        ')',
        '    ',
        'loop.',
        '# note',
        "'",
        'def f():\n',
        ':',
      ),
    });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 5 }), (edits) => {
        const open = syntax.open(SAMPLE);
        for (const { at, remove, insert } of edits) {
          const start = at % (open.text.length + 1);
          const end = Math.min(open.text.length, start + remove);
          open.edit([{ span: { start, end }, newText: insert }]);
          assert.equal(shape(open.ast), shape(syntax.parse(open.text)));
        }
        open.dispose();
      }),
      { numRuns: 150 },
    );
  });

  it('reads one top-level statement for a keystroke, of a long one and of many', async () => {
    const syntax = await syntaxParser();
    const unit = (n: number): string =>
      `async def f${n}(x):\n    for y in x:\n        await g(y, ${n})\n    return x\n\n\n`;
    const many = Array.from({ length: 1000 }, (_, n) => unit(n)).join('');
    const long = `class A:\n${Array.from({ length: 300 }, (_, n) => unit(n).replaceAll(/^(?=.)/gm, '    ')).join('')}\nx = 1\n`;
    const one = 3 * unit(1000).length;
    for (const [text, atFirst] of [
      [many, one],
      // All that stand in it are read once; then the one that is edited.
      [long, long.length + 100],
    ] as const) {
      const open = syntax.open(text);
      let limit = atFirst;
      const at = text.indexOf('await g(', text.length / 2);
      for (const [start, end, newText] of [
        [at, at, 'q'],
        [at, at + 1, ''],
        [at + 8, at + 8, '('],
        [at + 8, at + 9, ''],
      ] as const) {
        open.edit([{ span: { start, end }, newText }]);
        assert.ok(open.lastRead > 0 && open.lastRead <= limit, `${open.lastRead} characters`);
        limit = one;
        assert.equal(shape(open.ast), shape(syntax.parse(open.text)));
      }
      assert.equal(open.text, text);
      open.dispose();
    }
  });

  it('knows where a statement ends that goes on in another line, and where one that is not closed', async () => {
    const syntax = await syntaxParser();
    const cases: [text: string, find: string, insert: string][] = [
      ['if a:\n    b\nels:\n    c\n', 'ls:', 'l'],
      ['x = 1\n@d\ndef f(): pass\ny = 2\n', 'def', '@e\n'],
      ['x = (1,\n2)\ny = 3\n', '(1', ''],
      ["s = '''a\nb\n'''\nt = 1\n", "'''\nt", '# '],
      ['a = b \\\n+ c\nd = 1\n', '\n+', ' '],
      ['f(\ndef g():\n    return 1\n', ')', ')'],
      ['\n\n# only a comment\n', '#', 'x'],
      ['   \n', '\n', 'x'],
      ['try:\n    a\nfinally:\n    b\n', 'finally', 'x'],
    ];
    for (const [text, find, insert] of cases) {
      const open = syntax.open(text);
      const at = Math.max(0, text.indexOf(find));
      open.edit([{ span: { start: at, end: at }, newText: insert }]);
      assert.equal(shape(open.ast), shape(syntax.parse(open.text)), JSON.stringify(open.text));
      open.edit([{ span: { start: at, end: at + insert.length }, newText: '' }]);
      assert.equal(open.text, text);
      assert.equal(shape(open.ast), shape(syntax.parse(text)), JSON.stringify(text));
      open.dispose();
    }
  });

  it('keeps what is whole where a line is being typed', async () => {
    const syntax = await syntaxParser();
    const ast = syntax.parse('loop = asyncio.\n\ndef g():\n    return 1\n');
    assert.ok(ast.hasErrors);
    assert.equal(
      Array.from({ length: ast.length }, (_, node) => ast.kindOf(node)).filter((kind) => kind === Kind.Function).length,
      1,
    );
  });

  it('reads lazy imports of 3.15 as imports', async () => {
    const syntax = await syntaxParser();
    const ast = syntax.parse('if True:\n    lazy import asyncio\nlazy from a import b\n');
    assert.deepEqual(ast.broken, []);
  });
});

describe('any text', () => {
  it('is analysed without an error, and always the same', async function () {
    this.timeout(60_000);
    const shared = await analyzer();
    const piece = fc.record({ from: fc.nat(SAMPLE.length), length: fc.nat(200) });
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string()), { maxLength: 6 }), (parts) => {
        const text = `import asyncio\n${parts.map((part) => (typeof part === 'string' ? part : SAMPLE.slice(part.from, part.from + part.length))).join('')}`;
        assert.deepEqual(shared.analyze(text, DEFAULT_SETTINGS), shared.analyze(text, DEFAULT_SETTINGS));
      }),
      { numRuns: 200 },
    );
  });

  it('that is nested 10,000 deep, or never closed, comes to an end', async function () {
    this.timeout(60_000);
    const shared = await analyzer();
    for (const text of [
      `import asyncio\nx = ${'('.repeat(10_000)}1${')'.repeat(10_000)}\n`,
      `import asyncio\nx = ${'['.repeat(10_000)}\n`,
      `import asyncio\nx = ${'-'.repeat(10_000)}1\n`,
      `import asyncio\nx = ${'f('.repeat(10_000)}1${')'.repeat(10_000)}\n`,
      `import asyncio\nx = ${'1 + '.repeat(10_000)}1\n`,
      `import asyncio\n${Array.from({ length: 200 }, (_, depth) => `${' '.repeat(depth)}if x:`).join('\n')}\n${' '.repeat(200)}pass\n`,
    ]) {
      assert.ok(Array.isArray(shared.analyze(text, DEFAULT_SETTINGS)));
    }
  });
});
