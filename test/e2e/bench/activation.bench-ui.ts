/**
 * How long VS Code says that activating the extension took: what "Developer: Show Running Extensions" shows, for a window in which the
 * first program was started. Prints, judges nothing. `npm run bench -- window`.
 */
import { openWorkbench } from '../workbench';

const ROUNDS = 3;

describe('activation', () => {
  it('is what VS Code says', async () => {
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const workbench = await openWorkbench({ theme: 'dark', files: { 'main.py': 'print("x")\n' } });
      try {
        await workbench.openFile('main.py');
        await workbench.startWithoutDebugging();
        await workbench.runCommand('Developer: Show Running Extensions');
        const text = await workbench.waitFor(
          async () => {
            const rows = await workbench.page.locator('.runtime-extensions-editor .extension').allInnerTexts();
            return rows.find((row) => row.includes('loopscope')) ?? rows.join('\n---\n');
          },
          (row) => /\d+ ?ms/.test(row),
          'the time of activation',
        );
        await workbench.screenshot('running-extensions');
        times.push(Number(/(\d+) ?ms/.exec(text)?.[1]));
      } finally {
        await workbench.close();
      }
    }
    console.log(`| activation, as VS Code shows it, ${String(ROUNDS)} windows | ${times.join(', ')} ms | ≤ 50 ms |`);
  });
});
