import assert from 'node:assert/strict';
import { LaunchError } from '../../../src/adapter/launch/arguments';
import { type Asked, checkInterpreter } from '../../../src/adapter/launch/interpreter';
import { ProcessTree, type Strength, type System } from '../../../src/adapter/launch/process-tree';

/** An operating system that notes what it is asked to do. */
class FakeSystem implements System {
  readonly done: string[] = [];
  readonly platform: NodeJS.Platform;
  readonly #processes: ReadonlyMap<number, number>;

  /** `processes`: parent by process id. */
  constructor(platform: NodeJS.Platform, processes: readonly (readonly [number, number])[]) {
    this.platform = platform;
    this.#processes = new Map(processes);
  }

  signal(pid: number, signal: NodeJS.Signals | 0): void {
    if (pid > 0 && !this.#processes.has(pid)) throw Object.assign(new Error('no such process'), { code: 'ESRCH' });
    if (pid === 1) throw Object.assign(new Error('not ours'), { code: 'EPERM' });
    this.done.push(`${signal} ${pid}`);
  }

  run(file: string, args: readonly string[]): Promise<string> {
    if (file !== 'ps') this.done.push([file, ...args].join(' '));
    return Promise.resolve([...this.#processes].map(([pid, parent]) => `  ${pid} ${parent}`).join('\n'));
  }
}

const FAMILY = [
  [10, 1],
  [11, 10],
  [12, 11],
  [13, 10],
  [20, 1],
  [1, 0],
] as const;

async function end(platform: NodeJS.Platform, strength: Strength, group: boolean): Promise<string[]> {
  const system = new FakeSystem(platform, FAMILY);
  await new ProcessTree(system).end(10, strength, group);
  return system.done;
}

describe('ProcessTree', () => {
  it('interrupts the group as a terminal would, or the process alone', async () => {
    assert.deepEqual(await end('linux', 'interrupt', true), ['SIGINT -10']);
    assert.deepEqual(await end('darwin', 'interrupt', false), ['SIGINT 10']);
  });

  it('terminates and kills the group and every descendant, and nobody else', async () => {
    assert.deepEqual(await end('linux', 'kill', true), [
      'SIGKILL -10',
      'SIGKILL 10',
      'SIGKILL 11',
      'SIGKILL 13',
      'SIGKILL 12',
    ]);
    assert.deepEqual(await end('linux', 'terminate', false), ['SIGTERM 10', 'SIGTERM 11', 'SIGTERM 13', 'SIGTERM 12']);
  });

  it('uses taskkill on Windows, with force when it has to', async () => {
    assert.deepEqual(await end('win32', 'interrupt', false), ['taskkill /PID 10 /T']);
    assert.deepEqual(await end('win32', 'kill', false), ['taskkill /PID 10 /T /F']);
  });

  it('takes a process that may not be signalled for one that exists', () => {
    const tree = new ProcessTree(new FakeSystem('linux', FAMILY));
    assert.deepEqual(
      [1, 10, 99].map((pid) => tree.alive(pid)),
      [true, true, false],
    );
  });
});

describe('checkInterpreter', () => {
  const check = (asked: Asked): Promise<unknown> => checkInterpreter(['py'], '/', {}, () => Promise.resolve(asked));

  it('takes CPython from 3.9 on, whatever else it prints', async () => {
    assert.deepEqual(await check({ stdout: 'hello\nloopscope-python CPython 3.9.0\n', code: '' }), {
      implementation: 'CPython',
      version: '3.9.0',
    });
    await check({ stdout: 'loopscope-python CPython 3.15.2', code: '' });
    await check({ stdout: 'loopscope-python CPython 4.0.0', code: '' });
  });

  it('refuses everything else with a sentence that says what to do', async () => {
    for (const asked of [
      { stdout: '', code: 'ENOENT' },
      { stdout: '', code: 'EACCES' },
      { stdout: 'Usage: …', code: '' },
      { stdout: 'loopscope-python CPython 2.7.18', code: '' },
      { stdout: 'loopscope-python CPython 3.8.20', code: '' },
      { stdout: 'loopscope-python PyPy 3.11.0', code: '' },
    ])
      await assert.rejects(
        check(asked),
        (error) => error instanceof LaunchError && /\. Choose another with "python"/.test(error.message),
      );
  });
});
