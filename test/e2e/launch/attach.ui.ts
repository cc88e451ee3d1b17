// Attaching to a process that a person chooses from the list of those that run.
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { repository, testPythons } from '../../support/pythons';
import { openWorkbench, type Workbench } from '../workbench';

/** One that debugpy gets into without gdb (sys.remote_exec). */
const python = testPythons().find(({ version }) => version === '3.14');
const CONFIGURATION = {
  type: 'loopscope',
  request: 'attach',
  name: 'Attach',
  processId: '${command:pickProcess}',
};

/** Other Python processes run on this machine: only this one has the word. */
const WORD = `chosen-${String(process.pid)}`;

describe('attaching to a process', () => {
  let workbench: Workbench;
  let program: ChildProcess;
  before(async function () {
    if (!python) {
      console.log('    (Python 3.14 is not here: before it attaching to a process needs gdb)');
      this.skip();
    }
    program = spawn(python.path, ['test/e2e/programs/chain.py', WORD], {
      cwd: repository,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(program, 'spawn');
    workbench = await openWorkbench({
      files: { '.vscode/launch.json': JSON.stringify({ version: '0.2.0', configurations: [CONFIGURATION] }) },
      python: python.path,
    });
  });
  after(async () => {
    await workbench.close();
    program.kill();
  });

  async function choose(name: string): Promise<void> {
    const row = `chain.py ${WORD}`;
    await workbench.waitFor(
      () => workbench.picks(),
      (all) => all.some((text) => text.startsWith(row)),
      'the processes',
    );
    await workbench.screenshot(name);
    await workbench.pick(WORD, row);
  }

  it('offers the Python processes, and shows the loop of the one that is chosen', async () => {
    await workbench.startDebugging();
    await choose('pick-process');
    await workbench.waitForSession(true);
    await workbench.waitForEventLoop();
    await workbench.waitForRows('Tasks', (rows) => rows.some((row) => row.label.includes('main()')));
    await workbench.pressDebugButton('Disconnect');
    await workbench.waitForSession(false);
    assert.equal(program.exitCode, null, 'the program goes on');
  });
});
