// The tests' entry point inside the extension host: runs the bundled mocha suites that LOOPSCOPE_E2E_SUITES names (paths, separated as
// PATH is) and prints what mocha prints. Rejects when a test failed, or when none ran.
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type MochaClass from 'mocha';

/** Called by VS Code's extension host; resolves when all tests passed. */
export async function run(): Promise<void> {
  // Mocha is an ES module and this one CommonJS: loaded from the repository, not bundled, by its file, since import() takes no
  // bare name here.
  const entry = process.env['LOOPSCOPE_E2E_MOCHA'] ?? '';
  const { default: Mocha } = (await import(pathToFileURL(entry).href)) as { default: typeof MochaClass };
  const grep = process.env['LOOPSCOPE_E2E_GREP'];
  const mocha = new Mocha({ ui: 'bdd', reporter: 'spec', timeout: 60_000, color: false, ...(grep ? { grep } : {}) });
  for (const suite of (process.env['LOOPSCOPE_E2E_SUITES'] ?? '').split(path.delimiter).filter(Boolean))
    mocha.addFile(suite);
  await mocha.loadFilesAsync();
  const ran = await new Promise<{ failures: number; tests: number }>((resolve) => {
    const runner = mocha.run((failures) => {
      resolve({ failures, tests: runner.stats?.tests ?? 0 });
    });
  });
  // One closing line that a script can read, whatever the reporter prints.
  console.log(`extension host: ${String(ran.tests)} tests, ${String(ran.failures)} failures`);
  if (ran.failures > 0) throw new Error(`${String(ran.failures)} tests failed in the extension host.`);
}
