/**
 * The soak: an aiohttp server under load, the real adapter, and a client that looks at every view once a second. Says how much memory
 * both sides used in the second and in the last quarter of the time; grown memory is a leak.
 *
 *     npm run soak [-- --minutes N]
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DapClient, ROOT } from '../dap/client';
import { testPython } from '../support/pythons';

const ALLOWED = { share: 0.1, kilobytes: 8 * 1024 };

/** What was seen: kilobytes in the second and in the last quarter of the time, medians. */
export interface Soaked {
  readonly looks: number;
  readonly program: readonly [number, number];
  readonly adapter: readonly [number, number];
  readonly dropped: number;
  readonly liveTasks: number;
  readonly stdout: string;
}

function residentOf(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

function quarters(samples: readonly number[]): readonly [number, number] {
  const median = (from: number, to: number): number => {
    const part = samples.slice(Math.floor(samples.length * from), Math.ceil(samples.length * to)).sort((a, b) => a - b);
    return part[Math.floor(part.length / 2)] ?? NaN;
  };
  return [median(0.25, 0.5), median(0.75, 1)];
}

/** Whether memory is flat between two quarters. */
export function isFlat([before, after]: readonly [number, number]): boolean {
  return after - before <= Math.max(before * ALLOWED.share, ALLOWED.kilobytes);
}

/** Soaks for so many seconds. Linux only: memory is read from /proc. */
export async function soak(seconds: number, interval = 1000): Promise<Soaked> {
  const client = DapClient.start();
  try {
    const args = {
      program: join(ROOT, 'test/bench/soak_server.py'),
      args: [String(seconds)],
      python: testPython().path,
    };
    await client.launch({ ...args, subProcess: false });
    await client.event('loopscope/update', (update: { liveTasks: number }) => update.liveTasks > 20);
    const { process: state } = await client.ask('loopscope/state', {});
    const program: number[] = [];
    const adapter: number[] = [];
    const page = { offset: 0, limit: 200, sort: 'busy', group: 'none', filter: '' } as const;
    const end = performance.now() + (seconds - 1.5) * 1000;
    let looks = 0;
    let dropped = 0;
    let liveTasks = 0;
    while (performance.now() < end) {
      for (const tree of ['creator', 'awaits', 'flat'] as const) await client.ask('loopscope/tasks', { ...page, tree });
      await client.ask('loopscope/ready', { loop: 1, offset: 0, limit: 200 });
      await client.ask('loopscope/timers', { loop: 1, offset: 0, limit: 200 });
      await client.ask('loopscope/log', { after: 0, limit: 200 });
      ({ dropped, liveTasks } = await client.ask('loopscope/state', {}));
      client.messages.length = 0; // Ours is not to be the memory that grows.
      looks++;
      program.push(residentOf(state.pid));
      adapter.push(residentOf(client.process?.pid ?? 0));
      await new Promise((resolve) => setTimeout(resolve, interval));
    }
    await client.printed('served');
    const stdout = client.output('stdout');
    await client.event('terminated');
    return { looks, program: quarters(program), adapter: quarters(adapter), dropped, liveTasks, stdout };
  } finally {
    await client.stop();
  }
}

async function main(): Promise<void> {
  const at = process.argv.indexOf('--minutes');
  const minutes = at < 0 ? 30 : Number(process.argv[at + 1]);
  if (!(minutes > 0)) throw new Error('Say how long: --minutes 30.');
  const result = await soak(minutes * 60);
  console.log(JSON.stringify(result));
  if (!isFlat(result.program) || !isFlat(result.adapter)) {
    console.log('Memory has grown.');
    process.exitCode = 1;
  } else console.log('Memory is flat on both sides.');
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) void main();
