// The linter where a person may meet it: a folder that is not trusted, an untitled file, a notebook; lens, hover and the page of a rule.
import assert from 'node:assert/strict';
import { openWorkbench, type Workbench } from '../workbench';
import { CLASSICS } from './classics';
import { LintEditor } from './editor';

const PROGRAM = CLASSICS[0]?.program ?? '';

/** A notebook as Jupyter writes it. */
function notebook(...cells: readonly string[]): string {
  const kernelspec = { display_name: 'Python 3', language: 'python', name: 'python3' };
  return JSON.stringify({
    cells: cells.map((source) => ({
      cell_type: 'code',
      execution_count: null,
      metadata: {},
      outputs: [],
      source: [source],
    })),
    metadata: { kernelspec, language_info: { name: 'python' } },
    nbformat: 4,
    nbformat_minor: 5,
  });
}

describe('the linter in the window', () => {
  let workbench: Workbench;
  let editor: LintEditor;
  before(async () => {
    workbench = await openWorkbench({
      theme: 'light',
      trust: false,
      python: null,
      files: {
        'app.py': PROGRAM,
        'note.ipynb': notebook(
          'import asyncio',
          'def run(main):\n    loop = asyncio.new_event_loop()\n    loop.run_until_complete(main)',
        ),
        'pyproject.toml': '[tool.loopscope]\nselect = ["LOOP", "NOPE"]\n',
      },
    });
    editor = new LintEditor(workbench);
  });
  after(() => workbench.close());

  it('works in a folder that is not trusted, with a lens and a hover', async () => {
    await workbench.openFile('app.py', 10);
    await workbench.waitFor(
      () => editor.squiggles(),
      (seen) => seen['warning'] === 1,
      'squiggle',
    );
    const lenses = await workbench.waitFor(
      () => editor.lenses(),
      (all) => all.length === 1,
      'lens',
    );
    assert.match(lenses[0] ?? '', /created · run line 11 · never closed/);
    await editor.clickSquiggle();
    await editor.hover(/never closed[\s\S]*LOOP101/);
    await workbench.screenshot('lint-hover-light');
    await workbench.page.keyboard.press('Escape');
    await workbench.openFile('app.py', 10);
    await workbench.page.keyboard.press('Home');
    await workbench.page.keyboard.press('ArrowRight');
    await editor.hover(
      /is an event loop[\s\S]*Here it is created[\s\S]*this function has to close it[\s\S]*Line 10: created · run line 11 · never closed/,
    );
    await workbench.screenshot('lint-hover-loop-light');
    await workbench.page.keyboard.press('Escape');
  });

  it('shows a wrong setting in pyproject.toml, at its line', async () => {
    const problems = await workbench.waitFor(
      () => workbench.problems(),
      (rows) => rows.some((row) => row.includes('NOPE')),
      'the wrong setting among the problems',
    );
    assert.match(problems.find((row) => row.includes('NOPE')) ?? '', /There is no rule "NOPE"[\s\S]*Ln 2/);
  });

  it('opens the page of a rule from its code', async () => {
    await workbench.problems();
    await workbench.page
      .locator('.markers-panel a', { hasText: 'LOOP101' })
      .first()
      .click({ modifiers: ['Control'] });
    await workbench.page.locator('.tab.active', { hasText: 'LOOP101' }).waitFor();
    const page = workbench.page.frameLocator('iframe.webview.ready').frameLocator('iframe#active-frame');
    await page.locator('h1', { hasText: 'LOOP101' }).waitFor();
    await workbench.screenshot('lint-page-light');
  });

  it('checks a file that was never saved', async () => {
    await workbench.runCommand('File: New Untitled Text File');
    await workbench.runCommand('Change Language Mode');
    await workbench.pick('Python', 'Python');
    await workbench.page.keyboard.insertText(
      'import asyncio\n\ndef run(main):\n    loop = asyncio.new_event_loop()\n    loop.run_until_complete(main)\n',
    );
    await workbench.waitFor(
      () => editor.squiggles(),
      (seen) => seen['warning'] === 1,
      'squiggle in an untitled file',
    );
  });

  it('checks the cells of a notebook as one program', async () => {
    await workbench.openFile('note.ipynb');
    await workbench.waitFor(
      () => workbench.problems(),
      (rows) => rows.some((row) => row.includes('note.ipynb')),
      'problems of the notebook',
    );
    await workbench.screenshot('lint-notebook-light');
  });
});
