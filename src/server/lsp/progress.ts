/** A progress bar in the editor, with a button that cancels. */
import type { Connection } from './connection';

export interface Progress {
  report(done: number, total: number): void;
  done(): void;
  /** Whether the person has cancelled it. */
  readonly isCancelled: boolean;
}

const running = new Map<number | string, () => void>();
const listening = new WeakSet<Connection>();
let lastToken = 0;

/** Shows a bar. undefined where the editor refuses. */
export async function beginProgress(connection: Connection, message: string): Promise<Progress | undefined> {
  if (!listening.has(connection)) {
    listening.add(connection);
    connection.onNotification('window/workDoneProgress/cancel', ({ token }) => running.get(token)?.());
  }
  const token = `loopscope-${++lastToken}`;
  try {
    await connection.ask('window/workDoneProgress/create', { token });
  } catch {
    return undefined;
  }
  let isCancelled = false;
  running.set(token, () => (isCancelled = true));
  const send = (value: unknown): void => connection.tell('$/progress', { token, value });
  send({ kind: 'begin', title: 'Loopscope', percentage: 0, message, cancellable: true });
  return {
    report: (done, total) =>
      send({
        kind: 'report',
        percentage: Math.floor((100 * done) / total),
        message: `${done} of ${total} files`,
        cancellable: true,
      }),
    done: () => {
      running.delete(token);
      send({ kind: 'end' });
    },
    get isCancelled() {
      return isCancelled;
    },
  };
}
