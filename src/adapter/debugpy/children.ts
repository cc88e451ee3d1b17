/**
 * Child processes of a program that debugpy debugs: debugpy asks for a session for each, and our runtime in the child
 * dials us too. The two are made one session: debugpy's configuration is given the token of a door of ours, and when the
 * session has come through it, it is joined with the runtime of the same process. A child that debugpy does not follow
 * is left to whoever adopts children without it.
 */
import type { ChildArguments } from '../launch/arguments';
import { join } from '../link/children';
import type { Admitted, Listener } from '../link/listener';
import type { Newcomer } from '../link/newcomer';
import type { Hello } from '../link/runtime-link';

/** How long after a child's first loop debugpy may take to ask for its session, ms. */
const GRACE = 3000;

interface Claim {
  /** The child's session, once it has come through our door. */
  readonly session: Promise<Admitted>;
}

export class DebuggedChildren {
  readonly #listener: Listener;
  readonly #claims = new Map<number, Claim>();
  readonly #waiting = new Map<number, () => void>();

  constructor(listener: Listener) {
    this.#listener = listener;
  }

  /** debugpy's configuration for a child's session, as the client shall have it: of our type, with our door. */
  prepare(configuration: Readonly<Record<string, unknown>>): Record<string, unknown> {
    const pid = Number(configuration['subProcessId']);
    if (!Number.isInteger(pid)) return { ...configuration, type: 'loopscope' };
    let token = '';
    const session = new Promise<Admitted>((resolve) => {
      const expected = this.#listener.expect((peer) => {
        expected.dispose();
        resolve(peer);
      });
      ({ token } = expected);
    });
    this.#claims.set(pid, { session });
    this.#waiting.get(pid)?.();
    const name = `Subprocess ${pid}`;
    const child: ChildArguments['loopscopeChild'] = { port: this.#listener.port, token, pid, name };
    return { name, ...configuration, type: 'loopscope', loopscopeChild: child };
  }

  /** Joins a child's runtime with its session. False: debugpy does not know this child, nobody has taken the newcomer. */
  async adopt(newcomer: Newcomer, hello: Hello): Promise<boolean> {
    const claim = await this.#claimed(newcomer, hello.pid);
    if (!claim) return false;
    const session = await claim.session;
    join(newcomer.take(), session);
    return true;
  }

  /** Waits until debugpy has asked for the child's session, or has had its time; not for ever for a child without a loop. */
  async #claimed(newcomer: Newcomer, pid: number): Promise<Claim | undefined> {
    if (!this.#claims.has(pid)) {
      let timer: NodeJS.Timeout | undefined;
      const late = newcomer.hasLoop().then(
        () =>
          new Promise<void>((resolve) => {
            timer = setTimeout(resolve, GRACE);
          }),
      );
      await Promise.race([late, new Promise<void>((resolve) => this.#waiting.set(pid, resolve))]);
      clearTimeout(timer);
      this.#waiting.delete(pid);
    }
    return this.#claims.get(pid);
  }
}
