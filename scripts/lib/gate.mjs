// A door on a loopback port before a server that listens on a Unix socket: it lets in who has the token, which the printed address carries and
// a cookie keeps. Other users of this machine can reach the port, but not what lies behind it. Passes HTTP and WebSocket on unchanged.
import { createHash, timingSafeEqual } from 'node:crypto';
import http from 'node:http';
import { Stop } from './run.mjs';

/** @param {string} a @param {string} b */
function same(a, b) {
  const hash = (/** @type {string} */ text) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(a), hash(b));
}

/**
 * Opens the door.
 * @param {{ socket: string, token: string, port: number }} options `port` 0: any that is free
 * @returns {Promise<http.Server>} listening on 127.0.0.1
 * @throws {Stop} when the port is in use
 */
export function openGate({ socket, token, port }) {
  const cookie = 'loopscope-start';
  const knows = (/** @type {http.IncomingMessage} */ request) => {
    const cookies = (request.headers.cookie ?? '').split(';').map((part) => part.trim());
    return cookies.some((part) => part.startsWith(`${cookie}=`) && same(part.slice(cookie.length + 1), token));
  };
  const passOn = (/** @type {http.IncomingMessage} */ request) =>
    http.request({ socketPath: socket, method: request.method, path: request.url, headers: request.headers });

  const server = http.createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    const given = url.searchParams.get('token');
    if (given !== null && same(given, token)) {
      response
        .writeHead(302, { 'set-cookie': `${cookie}=${token}; HttpOnly; SameSite=Strict; Path=/`, location: '/' })
        .end();
      return;
    }
    if (!knows(request)) {
      response
        .writeHead(403, { 'content-type': 'text/plain' })
        .end('Open the whole address that npm start has printed.\n');
      return;
    }
    const onward = passOn(request);
    onward.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  });

  server.on('upgrade', (request, socketIn, head) => {
    socketIn.on('error', () => socketIn.destroy());
    if (!knows(request)) {
      socketIn.end('HTTP/1.1 403 Forbidden\r\n\r\n');
      return;
    }
    const onward = passOn(request);
    onward.on('upgrade', (answer, socketOut, first) => {
      const headers = answer.rawHeaders.map((text, index) => (index % 2 === 0 ? `${text}: ` : `${text}\r\n`)).join('');
      socketIn.write(`HTTP/1.1 101 ${answer.statusMessage ?? ''}\r\n${headers}\r\n`);
      socketIn.write(first);
      socketOut.write(head);
      socketOut.on('error', () => socketOut.destroy()).on('close', () => socketIn.destroy());
      socketIn.on('close', () => socketOut.destroy());
      socketOut.pipe(socketIn).pipe(socketOut);
    });
    onward.on('response', () => socketIn.destroy());
    onward.on('error', () => socketIn.destroy());
    onward.end();
  });

  return new Promise((resolve, reject) => {
    server.once('error', (/** @type {NodeJS.ErrnoException} */ error) => {
      reject(
        error.code === 'EADDRINUSE'
          ? new Stop(
              `port ${String(port)} is in use: give another one (npm start -- --port N), or none and a free one is taken.`,
            )
          : error.code === 'EACCES'
            ? new Stop(`port ${String(port)} may not be used by you: give one above 1023 (npm start -- --port N).`)
            : error,
      );
    });
    server.listen(port, '127.0.0.1', () => resolve(server));
    server.unref(); // What lies behind the door keeps this process, not the door.
  });
}
