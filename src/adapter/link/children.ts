/**
 * Child processes of the program: each that runs an event loop becomes a session of its own. The client is asked to
 * start one with an internal `attach` configuration; the adapter of that session dials our listener with a token made
 * for this child, and from then on its bytes and the child's are passed through.
 */
import { connect, type Socket } from 'node:net';
import { TOKEN_LENGTH, WIRE_MAGIC, WIRE_VERSION } from '../../protocol/wire';
import type { ChildArguments } from '../launch/arguments';
import type { Admitted, Listener } from './listener';
import type { Newcomer } from './newcomer';
import type { Hello } from './runtime-link';

/** How long a new session may take to dial in, s. */
const ADOPTION_SECONDS = 30;

/** What children need of the session. */
export interface ChildHost {
  /** Asks the client for a session; rejects with a sentence if it cannot. */
  startSession(name: string, child: ChildArguments['loopscopeChild']): Promise<void>;
  say(text: string): void;
}

export class Children {
  readonly #listener: Listener;
  readonly #host: ChildHost;

  constructor(listener: Listener, host: ChildHost) {
    this.#listener = listener;
    this.#host = host;
  }

  /** Takes care of a child; one that never runs a loop is left alone. */
  async adopt(newcomer: Newcomer, hello: Hello): Promise<void> {
    if (!(await newcomer.hasLoop())) return;
    const name = `${processName(hello)} (${hello.pid})`;
    let timer: NodeJS.Timeout | undefined;
    const adopter = new Promise<Admitted | undefined>((resolve) => {
      const expected = this.#listener.expect((peer) => {
        expected.dispose();
        resolve(peer);
      });
      timer = setTimeout(() => {
        expected.dispose();
        resolve(undefined);
      }, ADOPTION_SECONDS * 1000);
      this.#host
        .startSession(name, { port: this.#listener.port, token: expected.token, pid: hello.pid, name })
        .catch((error: unknown) => {
          expected.dispose();
          this.#host.say(
            `The event loop of the child process ${name} is not shown: ${error instanceof Error ? error.message : String(error)}`,
          );
          resolve(undefined);
        });
    });
    const peer = await adopter;
    clearTimeout(timer);
    if (peer) join(newcomer.take(), peer);
    else newcomer.refuse();
  }
}

/** Dials the listener of the session that found the child, with the token made for it. */
export async function dialParent(port: number, token: string): Promise<Admitted> {
  if (!/^[0-9a-f]+$/.test(token) || token.length !== TOKEN_LENGTH) throw new Error('The token of the child is wrong.');
  const socket = connect({ host: '127.0.0.1', port });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  socket.pause();
  socket.on('error', () => undefined);
  socket.write(
    Buffer.concat([Buffer.from(WIRE_MAGIC, 'latin1'), Buffer.from([WIRE_VERSION]), Buffer.from(token, 'latin1')]),
  );
  return { socket, version: WIRE_VERSION, rest: Buffer.alloc(0) };
}

/** What to call a process on the screen. */
export function processName(hello: Hello): string {
  const program = hello.argv[0] ?? '';
  const shown = program === '' || program === '-c' || program === '-m' ? hello.executable : program;
  return shown.replace(/^.*[\\/]/, '') || 'python';
}

/** From here on a child's bytes and those of the session that has taken it are passed through. */
export function join(child: Admitted, adopter: Admitted): void {
  adopter.socket.write(child.rest);
  forward(child.socket, adopter.socket);
  if (adopter.rest.length > 0) child.socket.write(adopter.rest);
  forward(adopter.socket, child.socket);
}

function forward(from: Socket, to: Socket): void {
  from.on('error', () => to.destroy());
  from.on('close', () => to.end());
  from.pipe(to);
}
