/**
 * The adapter's process: `node dist/adapter.js` speaks DAP on standard input and output, `--port N` on that port of the
 * loopback interface (0: a free one; its number is printed), a session for each connection. The composition root: what
 * a session needs is put together here.
 */
import { createServer } from 'node:net';
import { AdapterSession } from './session';

const bundle = __dirname;

function main(argv: readonly string[]): void {
  const at = argv.indexOf('--port');
  if (at < 0) {
    const session = new AdapterSession({ bundle, ended: () => process.exit() });
    session.start(process.stdin, process.stdout);
    // A fault of ours must not leave the program running with nobody to end it.
    process.on('uncaughtException', (error) => {
      process.stderr.write(`Loopscope's adapter failed: ${error.stack ?? error.message}\n`);
      process.exitCode = 1;
      session.shutdown();
    });
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => session.shutdown());
    return;
  }
  const port = Number(argv[at + 1]);
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    process.stderr.write('Say which port: --port 4711, or --port 0 for a free one.\n');
    process.exit(2);
  }
  const sessions = new Set<AdapterSession>();
  const server = createServer((socket) => {
    const session: AdapterSession = new AdapterSession({
      bundle,
      ended: () => {
        sessions.delete(session);
        socket.destroy();
      },
    });
    sessions.add(session);
    session.setRunAsServer(true);
    session.start(socket, socket);
  });
  server.on('error', (error) => {
    const busy = 'code' in error && error.code === 'EADDRINUSE';
    process.stderr.write(
      busy
        ? `Port ${port} is in use: choose another with --port.\n`
        : `Port ${port} cannot be opened: ${error.message}\n`,
    );
    process.exit(1);
  });
  server.listen({ host: '127.0.0.1', port, exclusive: true }, () => {
    const address = server.address();
    if (address !== null && typeof address === 'object')
      process.stdout.write(`Loopscope listens on 127.0.0.1:${address.port}\n`);
  });
}

main(process.argv.slice(2));
