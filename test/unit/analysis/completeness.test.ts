/** Every rule has its file, its page of documentation, its page of tests, and examples that do what the page says. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rulePage, rulesIndex } from '../../../src/analysis/rules/page';
import { KNOWN_CODES, PRECEDENCE, RULES } from '../../../src/analysis/rules/registry';
import { DEFAULT_SETTINGS } from '../../../src/analysis/settings';
import { analyzer } from './analyser';
import { parsePage } from './markdown';

/** A message ends with what to do: a clause that begins with what one does. */
const SAYS_WHAT_TO_DO =
  /[.:,;] (?:or )?(?:ask|await|call|close|do|enter|exchange|give|go|hold|its|let|leave|make|pass|put|raise|remove|return|run|suppress|take|use|wait|asyncio\.get_running_loop|If one always does)\b/i;

const source = join('src', 'analysis', 'rules');

describe('every rule', () => {
  it('that has a file is in the registry, once and in order', () => {
    const files = readdirSync(source).flatMap((name) => /^(LOOP\d+)\.ts$/.exec(name)?.[1] ?? []);
    assert.deepEqual(
      RULES.map(({ code }) => code),
      files.sort(),
    );
    assert.equal(new Set(RULES.map(({ name }) => name)).size, RULES.length);
  });

  it('that is given precedence exists', () => {
    for (const code of PRECEDENCE.flat()) assert.ok(KNOWN_CODES.has(code), code);
  });

  it('is in the list of all rules', () => {
    assert.equal(readFileSync(join('docs', 'rules', 'README.md'), 'utf8'), rulesIndex(RULES));
  });

  it('says in each message what to do next', async () => {
    const shared = await analyzer();
    const silent = new Set<string>();
    const told = new Set<string>();
    for (const { code } of RULES) {
      for (const block of parsePage(readFileSync(join('test', 'rules', `${code}.md`), 'utf8'))) {
        for (const minor of [10, 14] as const) {
          const select = code === 'LOOP900' ? ['LOOP'] : [code];
          const settings = { ...DEFAULT_SETTINGS, select, target: { lowest: minor, highest: minor } };
          for (const finding of shared.analyze(block.code, settings)) {
            told.add(finding.code);
            if (!SAYS_WHAT_TO_DO.test(finding.message)) silent.add(`${finding.code} ${finding.message}`);
          }
        }
      }
    }
    assert.deepEqual([...silent], []);
    assert.deepEqual(
      [...KNOWN_CODES].filter((code) => !told.has(code)),
      [],
    );
  });

  for (const rule of RULES) {
    describe(rule.code, () => {
      it('has its documentation written out (node scripts/rule-docs.mjs)', () => {
        assert.equal(readFileSync(join('docs', 'rules', `${rule.code}.md`), 'utf8'), rulePage(rule));
        for (const text of [rule.doc.what, rule.doc.why, rule.doc.fix, rule.doc.versions]) {
          assert.match(text, /\S.*[.:]"?$/s, `a text that is no sentence: ${text}`);
        }
      });

      it('has a page of tests', () => {
        assert.ok(existsSync(join('test', 'rules', `${rule.code}.md`)));
      });

      it('flags its bad example and not its good one', async () => {
        const shared = await analyzer();
        // A suppression is unused only if the rule that it names is on.
        const select = rule.code === 'LOOP900' ? ['LOOP101', 'LOOP900'] : [rule.code];
        const settings = { ...DEFAULT_SETTINGS, select, target: { lowest: 14, highest: 14 } };
        const codes = (code: string): string[] => shared.analyze(code, settings).map((finding) => finding.code);
        assert.ok(codes(rule.doc.bad).includes(rule.code), 'the bad example');
        assert.deepEqual(codes(rule.doc.good), [], 'the good example');
      });
    });
  }
});
