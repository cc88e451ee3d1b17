/** A link over a real socket, whose other end, the runtime's, is in the test's hand. Knows nothing of what is tested. */
import { connect, createServer, type Socket } from 'node:net';
import { FrameReader } from '../../../src/adapter/link/frames';
import { RuntimeLink } from '../../../src/adapter/link/runtime-link';
import { LoopModel } from '../../../src/model/model';
import { WIRE_VERSION } from '../../../src/protocol/wire';

/** What a runtime says first. */
export const HELLO = {
  type: 'hello',
  wire: WIRE_VERSION,
  pid: 1,
  parentPid: 0,
  python: '3.13.0',
  implementation: 'cpython',
  executable: '/python',
  argv: ['app.py'],
  freeThreaded: false,
  started: 'main',
};

/** What a test has of it. */
export interface Fixture {
  readonly model: LoopModel;
  readonly link: RuntimeLink;
  /** The other end: what a runtime writes. */
  readonly runtime: Socket;
  readonly closed: Promise<string>;
  /** The next message that the adapter sends, of that type. */
  readonly message: (type: string) => Promise<Record<string, unknown>>;
  end(): void;
}

/** A link over a real socket, with the runtime's end in the test's hand. */
async function connected(): Promise<Fixture> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const runtime = connect(port, '127.0.0.1');
  runtime.on('error', () => undefined);
  const socket = await accepted;
  socket.on('error', () => undefined);
  const model = new LoopModel();
  const link = new RuntimeLink(
    { socket, version: WIRE_VERSION, rest: Buffer.alloc(0) },
    model,
    () => performance.now() / 1000,
    'adaptive',
    0.1,
  );
  const closed = new Promise<string>((resolve) => void link.onClosed(resolve));
  link.start(Buffer.alloc(0));
  const frames = new FrameReader();
  const messages: Record<string, unknown>[] = [];
  let wake = (): void => undefined;
  runtime.on('data', (chunk: Buffer) => {
    for (const { payload } of frames.push(chunk))
      messages.push(JSON.parse(payload.toString()) as Record<string, unknown>);
    wake();
  });
  return {
    model,
    link,
    runtime,
    closed,
    message: async (type) => {
      for (;;) {
        const index = messages.findIndex((message) => message['type'] === type);
        const [found] = index >= 0 ? messages.splice(index, 1) : [];
        if (found) return found;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    end() {
      link.close();
      runtime.destroy();
      server.close();
    },
  };
}

/** Runs a test with a link, and closes both ends. */
export async function withLink(test: (fixture: Fixture) => Promise<void>): Promise<void> {
  const fixture = await connected();
  try {
    await test(fixture);
  } finally {
    fixture.end();
  }
}
