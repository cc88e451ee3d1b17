/**
 * Starts the program in the client's terminal: `runInTerminal` starts our launcher there (src/runtime/launcher.py), which
 * starts the program and tells its process id and how it ended. What must not be seen on a command line, the token and
 * the environment, goes in a file that only this user can read and that the launcher removes.
 */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { Emitter } from '../../common/emitter';
import { WireError } from '../../model/number-list';
import { WIRE_VERSION } from '../../protocol/wire';
import { FrameReader } from '../link/frames';
import type { Admitted, Listener } from '../link/listener';
import { LaunchError } from './arguments';
import type { Command } from './command';
import type { Debuggee, Exit } from './debuggee';

/** How long the terminal may take until the program runs, s: shells can be slow to start. */
const START_SECONDS = 60;
/** How often it is looked whether a program without a launcher still runs, ms. */
const WATCH = 500;

/** Arguments of DAP's reverse request `runInTerminal`. */
export interface TerminalRequest {
  readonly kind: 'integrated' | 'external';
  readonly title: string;
  readonly cwd: string;
  readonly args: readonly string[];
}

const report = v.variant('type', [
  v.object({ type: v.literal('started'), pid: v.pipe(v.number(), v.integer(), v.minValue(1)) }),
  v.object({ type: v.literal('failed'), error: v.string() }),
  v.object({ type: v.literal('exited'), code: v.pipe(v.number(), v.integer()) }),
]);

/**
 * Starts `command` in a terminal. `run` sends the reverse request and rejects if the client cannot. Throws LaunchError.
 */
export async function startInTerminal(
  command: Command,
  launcher: string,
  listener: Listener,
  kind: TerminalRequest['kind'],
  run: (request: TerminalRequest) => Promise<unknown>,
  alive: (pid: number) => boolean,
): Promise<Debuggee> {
  const folder = mkdtempSync(join(tmpdir(), 'loopscope-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  let timer: NodeJS.Timeout | undefined;
  const arrived = new Promise<Admitted>((resolve, reject) => {
    const expected = listener.expect((peer) => {
      expected.dispose();
      resolve(peer);
    });
    timer = setTimeout(() => {
      expected.dispose();
      reject(
        new LaunchError(
          `The terminal did not start the program within ${START_SECONDS} s. Try "console": "internalConsole".`,
        ),
      );
    }, START_SECONDS * 1000);
    const plan = join(folder, 'plan.json');
    writeFileSync(
      plan,
      JSON.stringify({
        port: listener.port,
        token: expected.token,
        wire: WIRE_VERSION,
        cwd: command.cwd,
        env: command.changes,
        bootstrap: command.bootstrap,
      }),
      { mode: 0o600 },
    );
    chmodSync(plan, 0o600);
    const args = [...command.python, '-I', '-S', launcher, plan, '--', ...command.pythonArgs, ...command.args];
    run({ kind, title: command.name, cwd: command.cwd, args }).catch((error: unknown) => {
      expected.dispose();
      reject(
        new LaunchError(
          `The terminal could not be opened: ${error instanceof Error ? error.message : String(error)}. Try "console": "internalConsole".`,
        ),
      );
    });
  });
  try {
    const launched = new TerminalDebuggee(await arrived, alive);
    await launched.started;
    return launched;
  } finally {
    clearTimeout(timer);
    remove();
  }
}

class TerminalDebuggee implements Debuggee {
  pid = 0;
  readonly group = false;
  readonly #exit = new Emitter<Exit>();
  readonly onExit = this.#exit.event;
  /** It prints into its terminal, not to us. */
  readonly onOutput = new Emitter<never>().event;
  /** Resolves when the program runs; rejects with LaunchError. */
  readonly started: Promise<void>;
  readonly #alive: (pid: number) => boolean;
  #over = false;
  #watch: NodeJS.Timeout | undefined;

  constructor(peer: Admitted, alive: (pid: number) => boolean) {
    this.#alive = alive;
    this.started = new Promise((resolve, reject) => {
      const frames = new FrameReader();
      const read = (chunk: Buffer): void => {
        try {
          for (const frame of frames.push(chunk)) {
            const message = v.parse(report, JSON.parse(frame.payload.toString('utf8')));
            if (message.type === 'failed')
              reject(new LaunchError(`The program could not be started: ${message.error}`));
            else if (message.type === 'exited') this.#ended({ code: message.code, signal: '' });
            else {
              this.pid = message.pid;
              resolve();
            }
          }
        } catch (error) {
          if (!(error instanceof WireError || error instanceof v.ValiError || error instanceof SyntaxError))
            throw error;
          peer.socket.destroy();
        }
      };
      peer.socket.on('data', read);
      peer.socket.on('close', () => {
        reject(new LaunchError('The program could not be started in the terminal.'));
        this.#launcherGone();
      });
      if (peer.rest.length > 0) read(peer.rest);
      peer.socket.resume();
    });
    this.started.catch(() => undefined);
  }

  pause(): void {
    // Its output does not come through us.
  }

  detach(): void {
    clearInterval(this.#watch);
  }

  /** The launcher was killed, or its terminal closed: the program may live on. */
  #launcherGone(): void {
    if (this.#over || this.pid === 0) return;
    this.#watch = setInterval(() => {
      if (!this.#alive(this.pid)) this.#ended({ code: null, signal: '' });
    }, WATCH);
  }

  #ended(exit: Exit): void {
    if (this.#over) return;
    this.#over = true;
    clearInterval(this.#watch);
    this.#exit.fire(exit);
  }
}
