/**
 * Runs every page of test/rules: the findings of each block, what each fix leaves, and, for the blocks marked `run`, what
 * CPython shows. LOOPSCOPE_RULES=LOOP101,LOOP2 runs only those pages.
 */
import assert from 'node:assert/strict';
import { DEFAULT_SETTINGS } from '../../../src/analysis/settings';
import { analyzer } from './analyser';
import { applyAll, checkFixes } from './fixes';
import type { Analyse, Block } from './markdown';
import { compareBlock } from './markdown';
import { compileAll, judge, pythonOf, runProgram } from './oracle';
import { blocksOf, pageNames } from './pages';

const wanted = (process.env['LOOPSCOPE_RULES'] ?? '').split(',').filter(Boolean);
const pages = pageNames().filter((name) => wanted.length === 0 || wanted.some((prefix) => name.startsWith(prefix)));

describe('rules', () => {
  let analyse: Analyse;

  before(async () => {
    const shared = await analyzer();
    analyse = (text, settings) => shared.analyze(text, settings);
  });

  it('call no fix safe that takes a comment away', () => {
    const safety = (seconds: string): boolean[] =>
      analyse(`import asyncio, time\nasync def poll():\n    time.sleep(${seconds})\n`, DEFAULT_SETTINGS).flatMap(
        ({ fixes }) => fixes.map(({ safe }) => safe),
      );
    assert.deepEqual(safety('1'), [true]);
    assert.deepEqual(safety('\n        # why so long\n        60\n    '), [false]);
    assert.deepEqual(safety('max(  # why so long\n        60, 1)'), [true]);
  });

  for (const page of pages) {
    describe(page, () => {
      const blocks = blocksOf(page);

      it('has blocks with and without findings', () => {
        assert.ok(
          blocks.some((block) => block.expected.length > 0) && blocks.some((block) => block.expected.length === 0),
        );
      });

      for (const block of blocks) {
        it(block.title, () => report(compareBlock(block, analyse(block.code, block.settings))));
      }

      it('fixes mend, and mend nothing else', () => {
        report(
          blocks.flatMap((block) => {
            const { problems } = checkFixes(block.code, block.settings, analyse);
            return [...problems, ...checkAfter(block, analyse)].map(
              (text) => `${page}:${block.pageLine} ${block.title}: ${text}`,
            );
          }),
        );
      });

      it('blocks and fixed blocks are Python', () => {
        const texts = blocks.flatMap((block) => [
          { block, text: block.code },
          ...checkFixes(block.code, block.settings, analyse).fixed.map((text) => ({ block, text })),
        ]);
        const newest = [...['3.15', '3.14']].find((version) => hasPython(version));
        const said = compileAll(
          texts.map(({ text }) => text),
          pythonOf(newest).path,
        );
        report(
          said.flatMap((error, index) =>
            error === null
              ? []
              : [`${page}:${texts[index]?.block.pageLine ?? 0} ${error}\n${texts[index]?.text ?? ''}`],
          ),
        );
      });

      for (const block of blocks.filter(({ run }) => run !== undefined)) {
        it(`CPython on: ${block.title}`, async function () {
          this.timeout(60_000);
          report(await askPython(block, analyse));
        });
      }
    });
  }
});

function report(problems: readonly string[]): void {
  if (problems.length > 0) assert.fail(`\n${problems.join('\n')}`);
}

function hasPython(version: string): boolean {
  try {
    return pythonOf(version).version === version;
  } catch {
    return false;
  }
}

/** Whether the fixes named by an `after` block give its text. */
function checkAfter(block: Block, analyse: Analyse): string[] {
  const { after } = block;
  if (!after) return [];
  const got = applyAll(block.code, block.settings, analyse, (finding) =>
    finding.fixes.find(({ title }) => title.includes(after.title)),
  );
  return got === after.code ? [] : [`the fixes give\n${got}\nand not\n${after.code}`];
}

/** What CPython says against a `run` block, and against it with its fixes applied. */
async function askPython(block: Block, analyse: Analyse): Promise<string[]> {
  const { run, settings, code } = block;
  if (!run) return [];
  const problems: string[] = [];
  const versions = run.pythons.length > 0 ? run.pythons : [undefined];
  for (const version of versions) {
    const python = pythonOf(version);
    const problem = judge(run.shows, await runProgram(code, python.path));
    if (problem !== '') problems.push(`Python ${python.version}: ${problem}`);
    if (run.shows === 'clean' || !run.fixedRunsClean) continue;
    const mended = applyAll(code, settings, analyse, (finding) => finding.fixes[0]);
    if (mended === code) continue;
    const after = judge('clean', await runProgram(mended, python.path));
    if (after !== '') problems.push(`Python ${python.version}, fixed: ${after}\n${mended}`);
  }
  return problems;
}
