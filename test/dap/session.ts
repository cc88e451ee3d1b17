/** One adapter a test, ended with it; a test fails if its adapter broke a rule of the protocol. */
import { readFileSync } from 'node:fs';
import type { LogLine } from '../../src/protocol/dap';
import type { StoppedEvent } from '../../src/protocol/stepping';
import { DapClient } from './client';

/** Runs a test with an adapter of its own. */
export function withAdapter(test: (client: DapClient) => Promise<void>): () => Promise<void> {
  return async () => {
    const client = DapClient.start();
    try {
      await test(client);
    } catch (error) {
      await client.stop().catch(() => undefined);
      throw error;
    }
    await client.stop();
  };
}

/** Whether a process runs. One that has ended but that nobody has asked about (a zombie) does not. */
export function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return process.platform !== 'linux';
  }
}

/** Resolves when a condition holds; looks often, gives up after a time that only a failing test takes. */
export async function until(what: string, condition: () => boolean | Promise<boolean>, seconds = 15): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`${what}: not within ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The lines of the log that are kept, oldest first, however many there are. */
export async function logLines(client: DapClient): Promise<readonly LogLine[]> {
  const all: LogLine[] = [];
  for (;;) {
    const { lines } = await client.ask('loopscope/log', { after: all.at(-1)?.sequence ?? 0, limit: 1000 });
    if (lines.length === 0) return all;
    all.push(...lines);
  }
}

/** The next `loopscope/stopped` from now on. */
export async function nextStop(client: DapClient, act: () => Promise<unknown>): Promise<StoppedEvent> {
  const known = client.messages.length;
  await act();
  return client.event<StoppedEvent>('loopscope/stopped', (body) =>
    client.messages.slice(known).some((message) => message.body === body),
  );
}
