// The classic mistakes, as a person meets them: the squiggle, the light bulb, the quick fix, and CPython's word before and after.
import assert from 'node:assert/strict';
import path from 'node:path';
import { openWorkbench, type Theme, type Workbench } from '../workbench';
import { CLASSICS } from './classics';
import { LintEditor } from './editor';
import { runDev } from './python';

/** Half of them in each theme: both are looked at. */
const THEMES: readonly (readonly [Theme, typeof CLASSICS])[] = [
  ['dark', CLASSICS.slice(0, 3)],
  ['light', CLASSICS.slice(3)],
];

for (const [theme, classics] of THEMES) {
  describe(`classic mistakes (${theme})`, () => {
    let workbench: Workbench;
    let editor: LintEditor;
    before(async () => {
      const files = Object.fromEntries(classics.map(({ name, program }) => [`${name}.py`, program]));
      // VS Code puts a light bulb on the line above where there is room; sticky scroll may lie over that line.
      const settings = { 'files.autoSave': 'off', 'editor.stickyScroll.enabled': false };
      workbench = await openWorkbench({ theme, files, settings });
      editor = new LintEditor(workbench);
    });
    after(() => workbench.close());

    for (const { name, code, program, line, shows } of classics) {
      it(`${name}: ${code} is seen, mended from the light bulb, and the program runs clean`, async () => {
        const file = `${name}.py`;
        const before = await runDev(path.join(workbench.folder, file), shows === 'never ends' ? 'done' : undefined);
        if (shows === 'never ends') assert.equal(before.ended, 'SIGTERM');
        else assert.match(before.output, shows);

        await workbench.openFile(file, line);
        const codes = await workbench.waitFor(
          () => editor.codes(),
          (all) => all.includes(code),
          `${code} among the problems`,
        );
        await workbench.openFile(file, line);
        const squiggles = await workbench.waitFor(
          () => editor.squiggles(),
          (seen) => (seen['warning'] ?? 0) + (seen['error'] ?? 0) > 0,
          'squiggle',
        );
        // A lens moves the lines below it: what is clicked must stand still.
        await workbench.waitFor(
          () => editor.lenses(),
          (all) => all.length > 0,
          'lens',
        );
        await editor.clickSquiggle();
        const offered = await editor.openLightBulb();
        await workbench.screenshot(`lint-${name}-${theme}`);
        const fix = offered.find((title) => !/^(Suppress|Fix all|Explain|Modify)/.test(title));
        assert.ok(
          fix !== undefined,
          `no quick fix among ${offered.join(' | ')} (${codes.join()}, ${JSON.stringify(squiggles)})`,
        );
        await editor.choose(fix);
        const mended = await editor.saved(file, program);
        await workbench.waitFor(
          () => editor.codes(),
          (all) => !all.includes(code),
          `${code} gone`,
        );
        await workbench.waitFor(
          () => editor.lenses(),
          (lenses) => !lenses.some((lens) => lens.includes('never closed')),
          'a lens that tells of the close',
        );
        await workbench.screenshot(`lint-${name}-${theme}-mended`);

        const after = await runDev(path.join(workbench.folder, file), shows === 'never ends' ? 'done' : undefined);
        assert.deepEqual(
          [after.ended, /Warning|Error|Traceback/.test(after.output)],
          [0, false],
          `${after.output}\n${mended}`,
        );
        assert.match(after.output, /done/);
      });
    }
  });
}
