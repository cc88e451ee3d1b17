/**
 * Real programs cut, spliced, edited and renamed at random: the analysis never fails, the same text always has the same
 * findings, and a document that was edited has those of one that was opened so.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { DEFAULT_SETTINGS } from '../../../src/analysis/settings';
import { analyzer } from './analyser';
import { blocksOf, pageNames } from './pages';

/** Programs of every rule's page, and those whose clean-up the mutants take away. */
const PROGRAMS = [
  ...pageNames()
    .flatMap(blocksOf)
    .map(({ code }) => code),
  ...readdirSync(join('test', 'mutants', 'programs')).map((name) =>
    readFileSync(join('test', 'mutants', 'programs', name), 'utf8'),
  ),
];

/** What every object of JavaScript has: in a program these are names like others. */
const NAMES_OF_OBJECTS = Object.getOwnPropertyNames(Object.prototype);

const program = fc.constantFrom(...PROGRAMS);
const part = fc
  .tuple(program, fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }))
  .map(([text, from, to]) => text.slice(Math.floor(text.length * from), Math.floor(text.length * Math.max(from, to))));
const spliced = fc.array(fc.oneof(program, part), { minLength: 1, maxLength: 4 }).map((parts) => parts.join(''));

const edit = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(3), fc.nat(300)),
  newText: fc.oneof(
    {
      weight: 3,
      arbitrary: fc.constantFrom('x', ' ', '\n', '(', ')', ':', '"', "'''", '#', '    ', 'await ', 'async '),
    },
    part,
    fc.string({ maxLength: 5 }),
  ),
});

describe('programs changed at random', function () {
  this.timeout(300_000);

  it('are analysed without an error, and always the same', async () => {
    const shared = await analyzer();
    fc.assert(
      fc.property(spliced, (text) => {
        assert.deepEqual(shared.analyze(text, DEFAULT_SETTINGS), shared.analyze(text, DEFAULT_SETTINGS));
      }),
      { numRuns: 300 },
    );
  });

  it('have the same findings edited as opened', async () => {
    const shared = await analyzer();
    let compared = 0;
    fc.assert(
      fc.property(spliced, fc.array(edit, { minLength: 1, maxLength: 6 }), (text, edits) => {
        const document = shared.open(text);
        for (const { at, length, newText } of edits) {
          const start = Math.floor(document.text.length * at);
          document.edit([{ span: { start, end: Math.min(document.text.length, start + length) }, newText }]);
          const findings = document.findings(DEFAULT_SETTINGS);
          assert.deepEqual(findings, shared.analyze(document.text, DEFAULT_SETTINGS));
          compared += findings.length;
        }
        document.dispose();
      }),
      { numRuns: 150 },
    );
    assert.ok(compared > 100, `only ${compared} findings were compared`);
  });

  it('may use the names that objects of JavaScript have', async () => {
    const shared = await analyzer();
    for (const text of PROGRAMS) {
      const names = [...new Set(text.match(/\b[A-Za-z_]\w*\b/g) ?? [])].filter((name) => name.length > 2);
      names.forEach((name, index) => {
        const other = NAMES_OF_OBJECTS[index % NAMES_OF_OBJECTS.length] ?? '';
        const renamed = text.replaceAll(new RegExp(`\\b${name}\\b`, 'g'), other);
        assert.doesNotThrow(() => shared.analyze(renamed, DEFAULT_SETTINGS), `${name} as ${other} in\n${text}`);
      });
    }
  });
});
