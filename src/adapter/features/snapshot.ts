/**
 * The request `loopscope/snapshot`: the whole state as one text for a bug report, as Markdown or JSON. Bounded: of what
 * is too much it shows the first and says "showing N of M".
 */
import * as v from 'valibot';
import type { LoopRow, PageOf, QueueRow, TaskNode, TaskRow, TimerQueueRow, UpdateEvent } from '../../protocol/dap';
import type { SourceSite } from '../../protocol/wire';
import type { Handlers } from '../dispatch';
import { monotonic, type Program } from '../program';
import { duration, logLine } from './log';
import { parseArguments } from './pages';
import { readyPage, timersPage } from './queues';
import { taskPage } from './tasks';

const MOST_TASKS = 400;
const TASKS_AT_ONCE = 200;
const MOST_LOOPS = 16;
const MOST_QUEUED = 50;
const MOST_LOG_LINES = 100;

const snapshotArguments = v.object({ format: v.optional(v.picklist(['json', 'markdown']), 'markdown') });

interface Snapshot {
  readonly state: UpdateEvent;
  readonly loops: PageOf<LoopRow>;
  readonly tasks: PageOf<TaskNode>;
  readonly queues: readonly {
    readonly loop: number;
    readonly ready: { readonly notice: string; readonly total: number; readonly rows: readonly QueueRow[] };
    readonly timers: { readonly notice: string; readonly total: number; readonly rows: readonly TimerQueueRow[] };
  }[];
  readonly log: readonly string[];
}

/** Handlers over the program of the moment. */
export function snapshotHandlers(program: () => Program): Handlers {
  return {
    'loopscope/snapshot': async (args) => {
      const { format } = parseArguments(snapshotArguments, args, 'loopscope/snapshot');
      const snapshot = await take(program());
      return { text: format === 'json' ? JSON.stringify(snapshot, null, 2) : markdown(snapshot) };
    },
  };
}

async function take(program: Program): Promise<Snapshot> {
  const { model } = program;
  const all = model.loopRows(monotonic());
  const loops = { revision: model.revision, total: all.length, offset: 0, rows: all.slice(0, MOST_LOOPS) };
  const rows: TaskNode[] = [];
  let total = 0;
  for (let offset = 0; offset < MOST_TASKS; offset += TASKS_AT_ONCE) {
    const page = await taskPage(program, {
      tree: 'flat',
      offset,
      limit: TASKS_AT_ONCE,
      sort: 'age',
      group: 'none',
      filter: '',
    });
    rows.push(...page.rows);
    total = page.total;
    if (rows.length >= total) break;
  }
  const queues = await Promise.all(
    loops.rows
      .filter((loop) => loop.state === 'running')
      .map(async ({ loop }) => ({
        loop,
        ready: await readyPage(program, loop, 0, MOST_QUEUED),
        timers: await timersPage(program, loop, 0, MOST_QUEUED),
      })),
  );
  const { records } = model.log.read(Math.max(0, model.log.newest - MOST_LOG_LINES), MOST_LOG_LINES);
  return {
    state: program.update(),
    loops,
    tasks: { revision: model.revision, total, offset: 0, rows },
    queues,
    log: records.map((record) => logLine(model, record).text),
  };
}

function markdown({ state, loops, tasks, queues, log }: Snapshot): string {
  const { process } = state;
  const lines = [
    `# Event loop of ${process.name || 'the program'}`,
    '',
    `Python ${process.python || 'unknown'}, process ${process.pid}, ${process.phase}${process.exitCode === null ? '' : ` with exit code ${process.exitCode}`}. ` +
      `${state.liveTasks} live tasks, ${state.ready} ready handles, ${state.timers} timers, ${state.dropped} events dropped.`,
  ];
  if (process.notice) lines.push('', `**Note:** ${process.notice}`);
  lines.push('', `## Loops${showing(loops)}`, '');
  for (const loop of loops.rows) lines.push(...loopLines(loop));
  lines.push('', `## Tasks${showing(tasks)}`, '');
  lines.push('| task | coroutine | state | waits for | at | created by | created at | steps | busy |');
  lines.push('|---|---|---|---|---|---|---|---|---|');
  for (const row of tasks.rows) if (row.kind === 'task') lines.push(taskLine(row));
  for (const { loop, ready, timers } of queues) {
    lines.push('', `## Ready queue of loop ${loop}${showing(ready)}`, '');
    if (ready.notice) lines.push(ready.notice);
    for (const row of ready.rows)
      lines.push(
        `${row.position + 1}. ${row.text}${row.cancelled ? ' (cancelled)' : ''}${row.by && `, scheduled by ${row.by}`}${at(row.at)}`,
      );
    lines.push('', `## Timers of loop ${loop}${showing(timers)}`, '');
    if (timers.notice) lines.push(timers.notice);
    for (const row of timers.rows)
      lines.push(`- due at ${row.due.toFixed(3)}: ${row.text}${row.cancelled ? ' (cancelled)' : ''}${at(row.at)}`);
  }
  lines.push('', '## Newest events', '', '```', ...log, '```', '');
  return lines.join('\n');
}

function loopLines(loop: LoopRow): string[] {
  const figures = [
    `${Math.round(loop.ticksPerSecond)} ticks/s`,
    `${Math.round(loop.busy * 100)} % busy`,
    `lag ${duration(loop.lag)}`,
    `${loop.liveTasks} tasks`,
    `${loop.ready} ready`,
    `${loop.timers} timers`,
  ];
  if (loop.longest) figures.push(`longest callback ${duration(loop.longest.duration)}: ${loop.longest.text}`);
  return [
    `- **${loop.name || `loop ${loop.loop}`}** (${loop.class}, loop ${loop.loop}): ${loop.state} at ${loop.time.toFixed(3)}, tick ${loop.tick}; ${figures.join(', ')}`,
    ...(loop.hides ? [`  - ${loop.hides}`] : []),
    ...loop.life.map(
      (step) =>
        `  - ${step.what}${step.times > 1 ? ` ×${step.times}` : ''} at ${step.time.toFixed(3)} by ${step.call}${at(step.site)}`,
    ),
  ];
}

function taskLine(row: TaskRow): string {
  const cells = [
    row.name,
    row.coroutine,
    row.detail ? `${row.state} (${row.detail})` : row.state,
    row.waitsFor,
    place(row.at),
    row.createdBy === null ? '' : `#${row.createdBy}`,
    place(row.createdAt),
    String(row.steps),
    duration(row.busy),
  ];
  return `| ${cells.map((cell) => cell.replace(/\|/g, '\\|').replace(/\s+/g, ' ')).join(' | ')} |`;
}

function showing(page: { readonly total: number; readonly rows: readonly unknown[] }): string {
  return page.rows.length < page.total ? `, showing ${page.rows.length} of ${page.total}` : ` (${page.total})`;
}

function at(site: SourceSite | null): string {
  return site ? ` — ${place(site)}` : '';
}

function place(site: SourceSite | null): string {
  return site ? `${site.file}:${site.line}` : '';
}
