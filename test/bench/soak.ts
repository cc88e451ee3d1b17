/**
 * The soak: a mixed program (soak_server.py), the real adapter, and a client that looks at every view once a second. Fits a line through
 * the memory of both sides after the first quarter of the time, which is for warming up; a line that rises is a leak.
 *
 *     npm run soak [-- --minutes N]
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DapClient, ROOT } from '../dap/client';
import { testPython } from '../support/pythons';

/** What a side may grow by from the end of the warm-up to the end: what one look or one collection moves it by. */
const ALLOWED = { share: 0.05, kilobytes: 4 * 1024 };
const WARM_UP = 0.25;

/** The memory of one side: kilobytes at the begin and end of the line that was fitted after the warm-up, and its highest value. */
export interface Line {
  readonly begin: number;
  readonly end: number;
  readonly peak: number;
}

/** What was seen. */
export interface Soaked {
  readonly looks: number;
  readonly program: Line;
  readonly adapter: Line;
  readonly dropped: number;
  readonly liveTasks: number;
  readonly stdout: string;
}

function residentOf(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

/** The line of least squares through the samples after the warm-up, which are evenly spaced in time. */
export function lineThrough(samples: readonly number[]): Line {
  const part = samples.slice(Math.floor(samples.length * WARM_UP));
  const middle = (part.length - 1) / 2;
  const mean = part.reduce((sum, sample) => sum + sample, 0) / part.length;
  const spread = part.reduce((sum, _, at) => sum + (at - middle) ** 2, 0);
  const slope = part.reduce((sum, sample, at) => sum + (at - middle) * (sample - mean), 0) / Math.max(spread, 1);
  return {
    begin: Math.round(mean - slope * middle),
    end: Math.round(mean + slope * middle),
    peak: Math.max(...samples),
  };
}

/** Whether memory is flat. */
export function isFlat({ begin, end }: Line): boolean {
  return end - begin <= Math.max(begin * ALLOWED.share, ALLOWED.kilobytes);
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
    return { looks, program: lineThrough(program), adapter: lineThrough(adapter), dropped, liveTasks, stdout };
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
