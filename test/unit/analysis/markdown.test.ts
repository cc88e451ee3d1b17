/** The rule-test harness itself: that it fails where it has to, with an analysis made for the purpose. */
import assert from 'node:assert/strict';
import type { Finding, Fix } from '../../../src/analysis/finding';
import { applyFix, checkFixes } from './fixes';
import type { Analyse } from './markdown';
import { compareBlock, PageError, parsePage } from './markdown';
import { compileAll, judge, pythonOf, runProgram } from './oracle';

/** Finds every `bad` and renames it to what it is told. */
function findsBad(newText: string, severity: Finding['severity'] = 'warning'): Analyse {
  return (text) =>
    [...text.matchAll(/bad/g)].map((match) => {
      const span = { start: match.index, end: match.index + 3 };
      const fix: Fix = { title: 'Rename', safe: true, edits: [{ span, newText }] };
      const related = [{ span: { start: 0, end: 1 }, message: 'made here' }];
      return { code: 'LOOP101', severity, message: 'This is bad.', span, related, fixes: [fix], tags: [] };
    });
}

function page(...blocks: string[]): string {
  return ['# Title', ...blocks].join('\n');
}

function problemsOf(source: string, analyse: Analyse): string[] {
  return parsePage(source).flatMap((block) => compareBlock(block, analyse(block.code, block.settings)));
}

const FENCED = (code: string, info = ''): string => `\`\`\`python ${info}\n${code}\n\`\`\``;

describe('the rule-test harness', () => {
  it('is silent where expectation and finding agree', () => {
    const source = page(
      FENCED(
        'x = 1  # related: LOOP101 made\ny = bad  # expect: LOOP101@bad [warning] is bad\nbad; bad # expect: LOOP101; LOOP101',
      ),
    );
    assert.deepEqual(problemsOf(source, findsBad('good')), []);
  });

  it('names the line of the page of what is missing and of what is too much', () => {
    const problems = problemsOf(
      page(FENCED('x = 1  # expect: LOOP101\nbad'), 'prose', FENCED('\nbad')),
      findsBad('good'),
    );
    assert.deepEqual(
      problems.map((text) => text.split('\n')[0]),
      [
        'page line 3: missing     LOOP101',
        'page line 4: unexpected  LOOP101@bad [warning] "This is bad."',
        'page line 9: unexpected  LOOP101@bad [warning] "This is bad."',
      ],
    );
  });

  it('compares severity, message, span and related locations', () => {
    for (const mark of ['LOOP102', 'LOOP101 [error]', 'LOOP101 is good', 'LOOP101@good']) {
      assert.equal(problemsOf(page(FENCED(`bad  # expect: ${mark}`)), findsBad('good')).length, 2, mark);
    }
    assert.equal(
      problemsOf(page(FENCED('\nbad  # expect: LOOP101  # related: LOOP101 made')), findsBad('good')).length,
      1,
    );
  });

  it('takes the marks out of what is analysed and keeps the rest', () => {
    const [block] = parsePage(page(FENCED('x = 1  # noqa: LOOP101  # expect: LOOP102')));
    assert.equal(block?.code, 'x = 1  # noqa: LOOP101\n');
  });

  it('reads settings from the fence and from the page', () => {
    const source = page(
      '<!-- settings: ignore=LOOP11 target=3.9 -->',
      FENCED('x'),
      FENCED('x', 'target=3.12-3.14 notebook select=LOOP1'),
    );
    const [first, second] = parsePage(source);
    assert.ok(first && second);
    assert.deepEqual([first.settings.target, first.settings.ignore], [{ lowest: 9, highest: 9 }, ['LOOP11']]);
    assert.deepEqual(second.settings.target, { lowest: 12, highest: 14 });
    assert.deepEqual(
      [second.settings.ignore, second.settings.select, second.settings.notebook],
      [['LOOP11'], ['LOOP1'], true],
    );
    assert.equal(second.title, 'Title (2)');
  });

  it('refuses a page that it would misread', () => {
    assert.throws(() => parsePage('```python\nx'), PageError);
    assert.throws(() => parsePage(page(FENCED('x', 'targt=3.9'))), /targt/);
    assert.throws(() => parsePage(page(FENCED('x  # expect: loop101'))), PageError);
    assert.throws(() => parsePage(page(FENCED('x', 'after'))), PageError);
  });

  it('finds fixes that do not mend', () => {
    const [block] = parsePage(page(FENCED('bad')));
    assert.ok(block);
    const problems = (analyse: Analyse): string[] => checkFixes(block.code, block.settings, analyse).problems;
    assert.deepEqual(problems(findsBad('good')), []);
    assert.match(problems(findsBad('bad')).join(), /changes nothing/);
    assert.match(problems(findsBad('bad + 1')).join(), /does not take the finding away/);
    const worse: Analyse = (text, settings) => [
      ...findsBad('evil')(text, settings),
      ...findsBad('')(text.replace('evil', 'bad'), settings)
        .filter(() => text.includes('evil'))
        .map((finding) => ({ ...finding, code: 'LOOP105' })),
    ];
    assert.match(problems(worse).join(), /brings LOOP105/);
  });

  it('applies the edits of a fix to the text as it was, and refuses edits that overlap', () => {
    const edit = (start: number, end: number, newText: string) => ({ span: { start, end }, newText });
    assert.equal(
      applyFix('0123456', { title: '', safe: true, edits: [edit(1, 2, 'aa'), edit(5, 6, ''), edit(3, 3, '|')] }),
      '0aa2|346',
    );
    assert.throws(
      () => applyFix('0123', { title: '', safe: true, edits: [edit(0, 2, ''), edit(1, 3, '')] }),
      /overlap/,
    );
  });

  it('lets CPython judge', async function () {
    this.timeout(30_000);
    const python = pythonOf().path;
    const leak = await runProgram('import asyncio\nasyncio.new_event_loop()\n', python);
    assert.equal(judge('ResourceWarning: unclosed event loop', leak), '');
    assert.match(judge('clean', leak), /ResourceWarning/);
    assert.match(judge('Event loop is closed', ''), /nothing/);
    assert.deepEqual(
      compileAll(['x = 1', 'await x', 'x = ', 'def f(:'], python).map((said) => said === null),
      [true, true, false, false],
    );
  });
});
