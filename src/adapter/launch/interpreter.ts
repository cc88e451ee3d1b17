/**
 * Looks at an interpreter before the program is started with it: is it there, is it Python, CPython, new enough. Asked
 * in a way that every Python understands, even one of 2.7, so that the answer is a sentence and not a traceback.
 */
import { execFile } from 'node:child_process';
import { LaunchError } from './arguments';

/** Oldest Python that the runtime knows. */
export const OLDEST: readonly [number, number] = [3, 9];
const SECONDS = 20;
const MARK = 'loopscope-python';
const QUESTION = `import sys, platform; print("${MARK} " + platform.python_implementation() + " %d.%d.%d" % sys.version_info[:3])`;

export interface Interpreter {
  readonly implementation: string;
  readonly version: string;
}

/** How a process ended that was started to be asked. */
export interface Asked {
  readonly stdout: string;
  /** ENOENT, EACCES …; '' if it ran. */
  readonly code: string;
}

/** Starts `argv` in `cwd`. */
export type Ask = (argv: readonly string[], cwd: string, env: Readonly<Record<string, string>>) => Promise<Asked>;

/** What `python` is. Throws LaunchError with what to do if the program cannot be run with it. */
export async function checkInterpreter(
  python: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
  ask: Ask,
): Promise<Interpreter> {
  const shown = python.join(' ');
  const { stdout, code } = await ask([...python, '-E', '-S', '-c', QUESTION], cwd, env);
  const choose = 'Choose another with "python" in the launch configuration or with "Python: Select Interpreter".';
  if (code === 'ENOENT') throw new LaunchError(`Python was not found as "${shown}". ${choose}`);
  if (code === 'EACCES') throw new LaunchError(`"${shown}" may not be executed. ${choose}`);
  const match = new RegExp(`${MARK} (\\S+) (\\d+)\\.(\\d+)\\.(\\d+)`).exec(stdout);
  if (!match) throw new LaunchError(`"${shown}" does not answer as a Python interpreter does. ${choose}`);
  const [, implementation = '', major = '', minor = '', patch = ''] = match;
  const version = `${major}.${minor}.${patch}`;
  if (implementation !== 'CPython')
    throw new LaunchError(
      `"${shown}" is ${implementation} ${version}: Loopscope sees the event loop of CPython only. ${choose}`,
    );
  if (Number(major) < OLDEST[0] || (Number(major) === OLDEST[0] && Number(minor) < OLDEST[1]))
    throw new LaunchError(`"${shown}" is Python ${version}: Loopscope needs ${OLDEST.join('.')} or newer. ${choose}`);
  return { implementation, version };
}

/** Asks a real process. */
export const askProcess: Ask = ([file = '', ...args], cwd, env) =>
  new Promise((resolve) => {
    execFile(file, args, { cwd, env, timeout: SECONDS * 1000, windowsHide: true }, (error, stdout) => {
      resolve({ stdout, code: typeof error?.code === 'string' ? error.code : '' });
    });
  });
