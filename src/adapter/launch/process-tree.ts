/**
 * Ends processes with all that they started. Three strengths: interrupt (as Ctrl+C does), terminate, kill. On POSIX these
 * are signals to the process group and to every descendant, wherever it moved; on Windows, which has no such signals for
 * a process without a console, `taskkill`. The operating system is behind `System`, so that both sides can be tested.
 */
import { execFile } from 'node:child_process';

export type Strength = 'interrupt' | 'terminate' | 'kill';

/** What is needed of the operating system. */
export interface System {
  readonly platform: NodeJS.Platform;
  /** As process.kill: throws if there is no such process; a negative pid is a group. */
  signal(pid: number, signal: NodeJS.Signals | 0): void;
  /** Runs a program and gives its output; '' if it failed. */
  run(file: string, args: readonly string[]): Promise<string>;
}

const SIGNALS = { interrupt: 'SIGINT', terminate: 'SIGTERM', kill: 'SIGKILL' } as const;

export class ProcessTree {
  readonly #system: System;

  constructor(system: System) {
    this.#system = system;
  }

  /** Whether a process exists (one that we may not signal does). */
  alive(pid: number): boolean {
    try {
      this.#system.signal(pid, 0);
      return true;
    } catch (error) {
      return isCode(error, 'EPERM');
    }
  }

  /**
   * Sends to `pid` and its descendants. `group`: the process leads a group of its own (we started it so). An interrupt
   * goes to the group alone, as a terminal's would. Resolves when everything has been sent.
   */
  async end(pid: number, strength: Strength, group: boolean): Promise<void> {
    if (this.#system.platform === 'win32') {
      // Without /F taskkill asks windows to close: what has none does not hear, so only the strongest is of use there.
      await this.#system.run('taskkill', ['/PID', String(pid), '/T', ...(strength === 'interrupt' ? [] : ['/F'])]);
      return;
    }
    const signal = SIGNALS[strength];
    if (strength === 'interrupt') {
      if (!group || !this.#send(-pid, signal)) this.#send(pid, signal);
      return;
    }
    const descendants = await this.#descendants(pid);
    if (group) this.#send(-pid, signal);
    this.#send(pid, signal);
    for (const descendant of descendants) this.#send(descendant, signal);
  }

  #send(pid: number, signal: NodeJS.Signals): boolean {
    try {
      this.#system.signal(pid, signal);
      return true;
    } catch {
      return false; // already gone
    }
  }

  /** Every process below `pid`, parents before children. */
  async #descendants(pid: number): Promise<number[]> {
    const output = await this.#system.run('ps', ['-A', '-o', 'pid=,ppid=']);
    const children = new Map<number, number[]>();
    for (const line of output.split('\n')) {
      const [child, parent] = line.trim().split(/\s+/).map(Number);
      if (child === undefined || parent === undefined || !(child > 0)) continue;
      const siblings = children.get(parent);
      if (siblings) siblings.push(child);
      else children.set(parent, [child]);
    }
    const found = [pid];
    for (let at = 0; at < found.length; at++)
      for (const child of children.get(found[at] ?? 0) ?? []) if (!found.includes(child)) found.push(child);
    return found.slice(1);
  }
}

/** The operating system that we run on. */
export const realSystem: System = {
  platform: process.platform,
  signal: (pid, signal) => void process.kill(pid, signal),
  run: (file, args) =>
    new Promise((resolve) => {
      execFile(file, args, { windowsHide: true, timeout: 5000, maxBuffer: 16 * 1024 * 1024 }, (_error, stdout) => {
        resolve(stdout);
      });
    }),
};

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
