/** Runs a file under `python -X dev` and tells what it showed. */
import { spawn } from 'node:child_process';
import { testPython } from '../../support/pythons';

export interface Ran {
  /** Exit code, or the signal that ended it. */
  readonly ended: number | string;
  readonly output: string;
}

/** @param stopAt when the program has printed this, it is asked to end (SIGTERM), as a service is */
export async function runDev(file: string, stopAt?: string): Promise<Ran> {
  const child = spawn(testPython().path, ['-u', '-X', 'dev', '-W', 'always', file], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let asked = false; // Once: a second signal would meet a program that has given its handlers back.
  const take = (chunk: string): void => {
    output += chunk;
    if (asked || stopAt === undefined || !output.includes(stopAt)) return;
    asked = true;
    child.kill('SIGTERM');
  };
  child.stdout.setEncoding('utf8').on('data', take);
  child.stderr.setEncoding('utf8').on('data', take);
  const timer = setTimeout(() => child.kill('SIGKILL'), 20_000);
  const ended = await new Promise<number | string>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(code ?? signal ?? ''));
  });
  clearTimeout(timer);
  return { ended, output };
}
