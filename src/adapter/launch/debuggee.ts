/**
 * The program as a process, however it was started: what the session needs to follow and to end it. Native is the one
 * that we start ourselves with pipes (console `internalConsole`); terminal.ts is the other.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { StringDecoder } from 'node:string_decoder';
import { type Event, Emitter } from '../../common/emitter';
import { LaunchError } from './arguments';
import type { Command } from './command';

/** How a process ended: a signal ends it without a code of its own. */
export interface Exit {
  /** As Python's subprocess and debuggers say it: minus the signal's number for a signal; null if it cannot be known. */
  readonly code: number | null;
  readonly signal: string;
}

export interface Output {
  readonly category: 'stdout' | 'stderr';
  readonly text: string;
}

export interface Debuggee {
  readonly pid: number;
  /** It leads a process group of its own. */
  readonly group: boolean;
  readonly onOutput: Event<Output>;
  /** It has ended and its output has been read. Fires once. */
  readonly onExit: Event<Exit>;
  /** Stops reading its output while the client cannot keep up, as a slow terminal would. */
  pause(paused: boolean): void;
  /** We leave while it runs: it must be able to go on printing. */
  detach(): void;
}

/** Output that arrives after the end, from what the program left running, is waited for this long, ms. */
const AFTERMATH = 500;

/** Starts the program with pipes for its output. Throws LaunchError. */
export async function spawnNative(command: Command): Promise<Debuggee> {
  const [file = '', ...before] = command.python;
  const child = spawn(file, [...before, ...command.pythonArgs, ...command.args], {
    cwd: command.cwd,
    env: command.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
    // A group of its own on POSIX, so that Stop reaches what the program started. On Windows it would open a console.
    detached: process.platform !== 'win32',
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) =>
      reject(
        new LaunchError(
          `${file} could not be started: ${error.message}. Correct "python" in the launch configuration.`,
        ),
      ),
    );
  });
  return new Native(child);
}

class Native implements Debuggee {
  readonly pid: number;
  readonly group = process.platform !== 'win32';
  readonly #child: ChildProcess;
  readonly #output = new Emitter<Output>();
  readonly #exit = new Emitter<Exit>();
  readonly onOutput = this.#output.event;
  readonly onExit = this.#exit.event;
  #detached = false;

  constructor(child: ChildProcess) {
    this.#child = child;
    this.pid = child.pid ?? 0;
    child.on('error', () => undefined);
    const finished = [this.#read(child.stdout, 'stdout'), this.#read(child.stderr, 'stderr')];
    child.once('exit', (code, signal) => {
      const exit: Exit = { code: code ?? (signal ? -constants.signals[signal] : null), signal: signal ?? '' };
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, AFTERMATH);
      });
      void Promise.race([Promise.all(finished), late]).then(() => {
        clearTimeout(timer);
        this.#exit.fire(exit);
      });
    });
  }

  pause(paused: boolean): void {
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (this.#detached) return;
      if (paused) stream?.pause();
      else stream?.resume();
    }
  }

  /**
   * A process of its own takes over the reading ends of the pipes, so that the program, or what it left running, does
   * not meet a broken pipe when we end.
   */
  detach(): void {
    if (this.#detached) return;
    this.#detached = true;
    this.#child.unref();
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (!stream || stream.destroyed || stream.readableEnded) continue;
      stream.removeAllListeners('data');
      stream.pause();
      const drain = spawn(process.execPath, ['-e', 'process.stdin.resume()'], {
        stdio: [stream, 'ignore', 'ignore'],
        detached: true,
        windowsHide: true,
        cwd: process.platform === 'win32' ? undefined : '/',
        env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
      });
      drain.on('error', () => undefined);
      drain.unref();
      stream.destroy();
    }
  }

  /** Characters of several bytes may arrive in two pieces: the decoder keeps the first. Resolves at the stream's end. */
  #read(stream: NodeJS.ReadableStream | null, category: Output['category']): Promise<void> {
    if (!stream) return Promise.resolve();
    const decoder = new StringDecoder('utf8');
    const say = (text: string): void => {
      if (text !== '') this.#output.fire({ category, text });
    };
    stream.on('data', (chunk: Buffer) => say(decoder.write(chunk)));
    return new Promise((resolve) => {
      const done = (): void => {
        say(decoder.end());
        resolve();
      };
      stream.once('end', done);
      stream.once('close', done);
      stream.once('error', done);
    });
  }
}
