/**
 * Reaches debugpy: starts its adapter as a process of ours, or dials one that listens. What is said to it is not known
 * here. The process is isolated from the program's environment: it is the debugger's, not the program's.
 */
import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { LaunchError } from '../launch/arguments';
import { DebugpyChannel } from './channel';
import type { FoundDebugpy } from './find';

/** How much of what debugpy's adapter prints as errors is kept for the sentence that tells why it failed. */
const KEPT = 4000;
const DIAL_SECONDS = 10;

/** A debugpy that can be spoken to. */
export interface Reached {
  readonly channel: DebugpyChannel;
  /** What it printed as errors, the end of it; '' for one that was dialled. */
  errors(): string;
  /** Ends the process, if it is ours. */
  kill(): void;
}

/** Runs the package in that folder whatever the person's environment says. */
const START =
  'import sys, runpy; sys.path.insert(0, sys.argv.pop(1)); runpy.run_module("debugpy.adapter", run_name="__main__", alter_sys=True)';

/** Starts debugpy's adapter with an interpreter. Throws LaunchError. */
export async function spawnDebugpy(
  found: FoundDebugpy,
  python: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
): Promise<Reached> {
  const [file = '', ...before] = python;
  const child = spawn(file, [...before, '-I', '-S', '-c', START, found.folder], {
    cwd,
    env,
    stdio: ['pipe', 'pipe', 'pipe'],
    windowsHide: true,
    // Signals to our group, a Ctrl+C say, are not for it: it ends when its input does.
    detached: process.platform !== 'win32',
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-KEPT);
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) => reject(new LaunchError(`${file} could not be started: ${error.message}.`)));
  });
  child.on('error', () => undefined);
  return {
    channel: new DebugpyChannel(child.stdout, child.stdin),
    errors: () => errors.trim(),
    kill: () => void child.kill('SIGKILL'),
  };
}

/** Dials a debugpy that listens. Throws LaunchError. */
export async function dialDebugpy(host: string, port: number): Promise<Reached> {
  const socket = connect({ host, port });
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      socket.destroy();
      reject(
        new LaunchError(`${host}:${port} does not answer: is the program there, and does it wait for a debugger?`),
      );
    }, DIAL_SECONDS * 1000);
    socket.once('connect', () => {
      clearTimeout(timer);
      resolve();
    });
    socket.once('error', (error) => {
      clearTimeout(timer);
      reject(
        new LaunchError(
          `No debugger listens on ${host}:${port} (${error.message}): start the program with debugpy.listen or "python -m debugpy --listen ${port}".`,
        ),
      );
    });
  });
  socket.setNoDelay(true);
  return { channel: new DebugpyChannel(socket, socket), errors: () => '', kill: () => void socket.destroy() };
}
