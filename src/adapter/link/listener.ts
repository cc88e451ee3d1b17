/**
 * The door: a listener on the loopback interface that lets in whoever shows a token that is expected, and nobody else.
 * A peer has five seconds to show it, and only so many may stand at the door at once. What an admitted connection says
 * is not looked at here.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import type { Disposable } from '../../common/emitter';
import { TOKEN_LENGTH, WIRE_MAGIC, WIRE_VERSION } from '../../protocol/wire';

/** Connections that may be without a token yet. */
const MOST_AT_DOOR = 64;
const DOOR_SECONDS = 5;
const GREETING = WIRE_MAGIC.length + 1 + TOKEN_LENGTH;

/** A peer that showed its token. `version` is the wire's version that it speaks; `rest` what it sent after the token. */
export interface Admitted {
  readonly socket: Socket;
  readonly version: number;
  readonly rest: Buffer;
}

export interface Expected extends Disposable {
  readonly token: string;
}

export class Listener {
  readonly #server: Server;
  readonly #expected = new Map<string, (peer: Admitted) => void>();
  readonly #atDoor = new Set<Socket>();
  readonly #refused: (why: string) => void;

  private constructor(server: Server, refused: (why: string) => void) {
    this.#server = server;
    this.#refused = refused;
    server.on('connection', (socket) => this.#greet(socket));
    server.on('error', () => undefined);
  }

  /** Listens on a free port of 127.0.0.1. `refused` hears why a peer was turned away. */
  static async open(refused: (why: string) => void): Promise<Listener> {
    const server = createServer({ pauseOnConnect: false });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: '127.0.0.1', port: 0, exclusive: true }, () => {
        server.off('error', reject);
        resolve();
      });
    });
    return new Listener(server, refused);
  }

  get port(): number {
    const address = this.#server.address();
    return address !== null && typeof address === 'object' ? address.port : 0;
  }

  /** Lets in every peer that shows the token returned, until disposed. */
  expect(admitted: (peer: Admitted) => void): Expected {
    const token = randomBytes(TOKEN_LENGTH / 2).toString('hex');
    this.#expected.set(token, admitted);
    return { token, dispose: () => void this.#expected.delete(token) };
  }

  /** Closes the door; connections that were let in stay. */
  close(): void {
    this.#server.close();
    for (const socket of this.#atDoor) socket.destroy();
    this.#atDoor.clear();
    this.#expected.clear();
  }

  #greet(socket: Socket): void {
    socket.on('error', () => undefined);
    if (this.#atDoor.size >= MOST_AT_DOOR) {
      socket.destroy();
      this.#refused('too many connections without a token');
      return;
    }
    this.#atDoor.add(socket);
    let received = Buffer.alloc(0);
    const leave = (): void => {
      clearTimeout(timer);
      this.#atDoor.delete(socket);
      socket.off('data', read);
      socket.off('close', gone);
    };
    const refuse = (why: string): void => {
      leave();
      socket.destroy();
      this.#refused(why);
    };
    const gone = (): void => leave();
    const read = (chunk: Buffer): void => {
      received = Buffer.concat([received, chunk]);
      const magic = Buffer.from(WIRE_MAGIC, 'latin1');
      const seen = Math.min(received.length, magic.length);
      if (!received.subarray(0, seen).equals(magic.subarray(0, seen))) {
        refuse('a connection that does not speak our protocol');
        return;
      }
      if (received.length < GREETING) return;
      const token = received.subarray(magic.length + 1, GREETING);
      const admitted = this.#find(token);
      if (!admitted) {
        refuse('a connection without the right token');
        return;
      }
      leave();
      socket.pause();
      admitted({ socket, version: received[magic.length] ?? WIRE_VERSION, rest: received.subarray(GREETING) });
    };
    const timer = setTimeout(() => refuse('a connection that did not say who it is'), DOOR_SECONDS * 1000);
    timer.unref();
    socket.on('data', read);
    socket.on('close', gone);
  }

  /** Compares with every token, each in constant time, so that the time taken tells nothing of them. */
  #find(token: Buffer): ((peer: Admitted) => void) | undefined {
    let found: ((peer: Admitted) => void) | undefined;
    for (const [expected, admitted] of this.#expected)
      if (timingSafeEqual(Buffer.from(expected, 'latin1'), token)) found = admitted;
    return found;
  }
}
