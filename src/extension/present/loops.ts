/**
 * Rows of the Loops view: a loop, its life from creation to close with the line of each transition, and its figures.
 * Pure: LoopRow in, ItemData out.
 */
import * as os from 'node:os';
import type { LoopRow, RegistrationRow } from '../../protocol/dap';
import type { Icon, ItemData } from './item';
import { mutedIcon } from './item';
import {
  age,
  call,
  count,
  counted,
  dotted,
  exactDuration,
  measured,
  place,
  rate,
  share,
  timeLeft,
  timeOfDay,
} from './text';
import { code, escaped, lines, siteLink } from './markdown';
import { didTooltip, didWords, handleWords, stopTooltip, stopWords } from './stepping';

/** A transition of a loop's life, or one that has not come yet. */
export interface LifeStep {
  readonly key: string;
  readonly what: string;
  readonly entry: LoopRow['life'][number] | undefined;
}

const LIFE: Readonly<Record<string, { readonly word: string; readonly icon: string }>> = {
  created: { word: 'created', icon: 'add' },
  setCurrent: { word: 'set as current', icon: 'target' },
  runs: { word: 'running', icon: 'play' },
  stopRequested: { word: 'stop requested', icon: 'stop-circle' },
  stopped: { word: 'stopped', icon: 'primitive-square' },
  closed: { word: 'closed', icon: 'close' },
  collected: { word: 'garbage collected', icon: 'trash' },
};

/** What a loop is doing, in a word or two. */
export function loopWords(loop: LoopRow): string {
  if (loop.stop && loop.state === 'running') return stopWords(loop.stop);
  switch (loop.state) {
    case 'created':
      return 'not run yet';
    case 'running':
      return loop.sleeping && loop.ticksPerSecond < 1 ? 'idle' : 'running';
    case 'stopped':
      return 'stopped';
    case 'closed':
      return 'closed';
    case 'collected':
      return wasClosed(loop) ? 'closed' : 'never closed';
  }
}

/** `pendingAtClose` tasks, or a loop that was thrown away open: the person should know. */
function warning(loop: LoopRow): string {
  if (loop.pendingAtClose > 0) return `${counted(loop.pendingAtClose, 'task was', 'tasks were')} pending`;
  if (loop.state === 'collected' && !wasClosed(loop)) return 'call close(), or use asyncio.run()';
  return '';
}

function wasClosed(loop: LoopRow): boolean {
  return loop.life.some((entry) => entry.what === 'closed');
}

/** Seconds from the first transition to the last; undefined while it lives. */
function lived(loop: LoopRow): number | undefined {
  const first = loop.life[0];
  const last = loop.life.at(-1);
  if (!first || !last || (loop.state !== 'closed' && loop.state !== 'collected')) return undefined;
  return last.wall - first.wall;
}

export interface LoopContext {
  /** Loop time now, s. */
  readonly now: number;
  /** The program has ended: nothing of it lives any more. */
  readonly over: boolean;
  /** Open at first. */
  readonly expanded: boolean;
  /** Its figures stand below it: it need not repeat them, and then hardly ever changes. */
  readonly open: boolean;
}

export function presentLoop(loop: LoopRow, { now, over, expanded, open }: LoopContext): ItemData {
  const words = loopWords(loop);
  const life = lived(loop);
  const bad = warning(loop);
  const alive = loop.state === 'running' && !over;
  const state = over && loop.state === 'running' ? 'was running' : words;
  const stop = alive ? loop.stop : undefined;
  const figures = alive && !stop && !open ? loopFigures(loop, now) : undefined;
  const description = figures ?? dotted(state, life !== undefined && `lived ${measured(life)}`, bad);
  const dead = over || loop.state === 'closed' || loop.state === 'collected';
  return {
    label: loop.name,
    description,
    icon: stop ? STOPPED_ICON : loopIcon(loop, dead, bad !== ''),
    context: stop ? 'loop.stopped' : alive ? 'loop.running' : 'loop',
    aria: `Loop ${loop.name}, ${description}`,
    collapsible: expanded ? 'expanded' : 'collapsed',
    tooltip: lines(
      `**${escaped(loop.name)}**`,
      dotted(words, loop.debug && 'debug mode', `thread ${escaped(loop.thread)}`),
      code(loop.class),
      `${count(loop.tick)} ticks, ${counted(loop.liveTasks, 'live task')}, ${count(loop.ready)} ready, ${counted(loop.timers, 'timer')}`,
      loop.hides && `$(eye-closed) ${escaped(loop.hides)}`,
      stop && stopTooltip(stop),
    ),
    muted: dead,
  };
}

const STOPPED_ICON: Icon = { id: 'debug-pause', color: 'debugIcon.pauseForeground' };

/** `310 ticks/s · 4 % busy · lag 1.2 ms`, or when an idle one goes on. */
function loopFigures(loop: LoopRow, now: number): string {
  if (loopWords(loop) === 'idle')
    return dotted('idle', loop.nextTimer !== null && `next timer ${inTime(loop.nextTimer - now)}`);
  return dotted(
    `${rate(loop.ticksPerSecond).replace('/s', '')} ticks/s`,
    `${share(loop.busy)} busy`,
    `lag ${measured(loop.lag)}`,
  );
}

/** A loop as the head of its tasks. */
export function presentLoopOfTasks(loop: LoopRow, over: boolean, open: boolean): ItemData {
  return loopHead(loop, open ? '' : `${count(loop.liveTasks)} live`, over);
}

/** A loop as the head of its ready queue or its timers, `length` of them. */
export function presentLoopOfQueue(loop: LoopRow, length: number, over: boolean, open: boolean): ItemData {
  return loopHead(loop, open ? '' : count(length), over);
}

function loopHead(loop: LoopRow, description: string, over: boolean): ItemData {
  const item = presentLoop(loop, { now: loop.time, over, expanded: true, open: true });
  return { ...item, description, aria: description === '' ? `Loop ${loop.name}` : `Loop ${loop.name}, ${description}` };
}

/** `in 3 s`, or `due`. */
export function inTime(seconds: number): string {
  const left = timeLeft(seconds);
  return left === 'due' || left === 'never' ? left : `in ${left}`;
}

function loopIcon(loop: LoopRow, dead: boolean, bad: boolean): Icon {
  if (bad) return { id: 'warning', color: 'list.warningForeground' };
  const icon: Icon =
    loop.state === 'running'
      ? { id: 'circle-filled', color: 'charts.green' }
      : { id: loop.state === 'created' || loop.state === 'stopped' ? 'circle-outline' : 'circle-slash' };
  return dead ? mutedIcon(icon) : icon;
}

/** The steps of its life, oldest first, and what has yet to come. */
export function lifeSteps(loop: LoopRow): readonly LifeStep[] {
  const steps: LifeStep[] = loop.life.map((entry, index) => ({
    key: `${index}.${entry.what}`,
    what: entry.what,
    entry,
  }));
  if (!loop.life.some((entry) => entry.what === 'runs'))
    steps.push({ key: 'ahead.runs', what: 'runs', entry: undefined });
  if (!wasClosed(loop)) steps.push({ key: 'ahead.closed', what: 'closed', entry: undefined });
  return steps;
}

/** @param now loop time, s */
export function presentLife(loop: LoopRow, step: LifeStep, now: number, over: boolean): ItemData {
  const known = LIFE[step.what];
  const word = known?.word ?? step.what;
  const { entry } = step;
  if (!entry) {
    const never = over || loop.state === 'collected' || loop.state === 'closed';
    const description = never ? 'never' : 'not yet';
    return {
      label: word,
      description,
      icon: mutedIcon({ id: known?.icon ?? 'dash' }),
      context: 'life',
      aria: `${word}, ${description}`,
      collapsible: 'none',
      tooltip: description,
      muted: true,
    };
  }
  const current =
    step.what === 'runs' && loop.state === 'running' && loop.life.findLast((other) => other.what === 'runs') === entry;
  const description = dotted(
    call(entry.call),
    entry.site ? place(entry.site) : step.what === 'created' ? 'place not known' : '',
    entry.times > 1 && `×${count(entry.times)}`,
    current && !over && `for ${age(now - entry.time)}`,
  );
  const label = step.what === 'runs' && !current ? 'ran' : word;
  return {
    label,
    description,
    icon: over ? mutedIcon({ id: known?.icon ?? 'dash' }) : { id: known?.icon ?? 'dash' },
    context: entry.site ? 'life.site' : 'life',
    aria: `${label}, ${description}`,
    collapsible: 'none',
    ...(entry.site ? { open: entry.site } : {}),
    tooltip: lines(
      `**${escaped(label)}** at ${timeOfDay(entry.wall)}`,
      entry.call && `by ${code(call(entry.call))}`,
      entry.site && `in ${code(entry.site.function)} ${siteLink(entry.site)}`,
      entry.times > 1 && `the last of ${count(entry.times)} times`,
    ),
    muted: over,
  };
}

export interface LoopFact {
  readonly key:
    | 'upNext'
    | 'did'
    | 'clock'
    | 'ticks'
    | 'next'
    | 'busy'
    | 'lag'
    | 'longest'
    | 'watches'
    | 'executor'
    | 'children'
    | 'signals'
    | 'class'
    | 'hides'
    | 'counting'
    | 'dropped';
}

/** Which figures there are to tell of a loop. */
export function loopFacts(loop: LoopRow): readonly LoopFact[] {
  const alive = loop.state === 'running' || loop.state === 'stopped';
  const { stop } = loop;
  const facts: [LoopFact['key'], boolean][] = [
    ['upNext', stop !== undefined],
    ['did', stop?.did != null],
    ['clock', stop !== undefined || (loop.frozenFor ?? 0) >= 1],
    ['hides', loop.hides !== ''],
    ['dropped', loop.dropped > 0],
    ['ticks', alive],
    ['next', alive],
    ['busy', alive],
    ['lag', alive],
    ['longest', loop.longest !== null],
    ['watches', loop.io > 0],
    ['executor', loop.executorCalls > 0],
    ['children', loop.childProcesses > 0],
    ['signals', loop.signals.length > 0],
    ['counting', alive && loop.counting],
    ['class', true],
  ];
  return facts.filter(([, there]) => there).map(([key]) => ({ key }));
}

/** @param now loop time, s */
export function presentFact(loop: LoopRow, fact: LoopFact, now: number, over: boolean): ItemData {
  const row = (
    label: string,
    description: string,
    icon: Icon,
    tooltip: string,
    more: Partial<ItemData> = {},
  ): ItemData => ({
    label,
    description,
    icon: over ? mutedIcon(icon) : icon,
    context: 'fact',
    aria: `${label}, ${description}`,
    collapsible: 'none',
    tooltip,
    muted: over,
    ...more,
  });
  switch (fact.key) {
    case 'upNext': {
      const { stop } = loop;
      const next = stop?.next;
      return row(
        'runs next',
        next ? handleWords(next) : 'nothing: it is about to wait',
        { id: 'debug-stackframe', color: 'debugIcon.breakpointCurrentStackframeForeground' },
        stop ? stopTooltip(stop) : '',
        next?.at ? { open: next.at, context: 'fact.site' } : {},
      );
    }
    case 'did': {
      const did = loop.stop?.did;
      if (!did) return row('last step', '–', { id: 'history' }, '');
      const more = did.ran.at ? { open: did.ran.at, context: 'fact.site' } : {};
      return row('last step', didWords(did), { id: 'history' }, didTooltip(did), more);
    }
    case 'clock': {
      const stood = (loop.frozenFor ?? 0) + (loop.stop?.frozen ? Math.max(0, Date.now() / 1000 - loop.stop.wall) : 0);
      const words = loop.stop
        ? loop.stop.frozen
          ? 'stands still'
          : 'runs on while stopped'
        : `stood still for ${age(stood)}`;
      return row(
        'clock',
        words,
        { id: 'watch' },
        'While the loop is stopped its clock stands still, so that no time-out fires because you were looking.',
      );
    }
    case 'ticks':
      return row(
        'ticks',
        dotted(rate(loop.ticksPerSecond), loopWords(loop) === 'idle' && 'idle'),
        { id: 'sync' },
        `Turns of the loop in the last second; ${count(loop.tick)} in all.`,
      );
    case 'next': {
      // What is due has gone by the next look.
      const next = loop.nextTimer === null ? 'none set' : inTime(Math.max(0.001, loop.nextTimer - now));
      return row('next timer', over ? '–' : next, { id: 'watch' }, 'When the next timer is due.');
    }
    case 'busy':
      return row(
        'busy',
        `${share(loop.busy)} of the last second`,
        { id: 'pulse' },
        'Share of the last second spent in callbacks and steps of tasks.',
      );
    case 'lag':
      return row(
        'lag',
        `${measured(loop.lag)} at worst`,
        { id: 'dashboard' },
        'How late due work started in the last second, at worst.',
      );
    case 'longest': {
      const { longest } = loop;
      if (!longest) return row('longest callback', '–', { id: 'flame' }, '');
      return row(
        'longest callback',
        dotted(measured(longest.duration), longest.text, longest.site ? place(longest.site) : undefined),
        { id: 'flame' },
        lines(
          `The longest time for which one callback or step held this loop: **${exactDuration(longest.duration)}**`,
          code(longest.text),
          longest.site && siteLink(longest.site),
        ),
        longest.site ? { open: longest.site, context: 'fact.site' } : {},
      );
    }
    case 'watches':
      return row(
        'watches',
        counted(loop.io, 'file descriptor'),
        { id: 'plug' },
        'Sockets and pipes whose readiness this loop waits for.',
        {
          collapsible: over ? 'none' : 'collapsed',
        },
      );
    case 'executor':
      return row(
        'executor',
        `${counted(loop.executorCalls, 'call')} running`,
        { id: 'server-process' },
        'Functions that run_in_executor has given to threads or processes, not ended yet.',
      );
    case 'children':
      return row(
        'child processes',
        count(loop.childProcesses),
        { id: 'terminal' },
        'Processes that asyncio started and watches.',
      );
    case 'signals':
      return row(
        'signals',
        loop.signals.map(signalName).join(', '),
        { id: 'zap' },
        'Signals with a handler set by add_signal_handler.',
      );
    case 'class':
      return row('class', dotted(loop.class, loop.debug && 'debug mode'), { id: 'info' }, code(loop.class));
    case 'hides':
      return row('not seen', loop.hides, { id: 'eye-closed', color: 'list.warningForeground' }, escaped(loop.hides));
    case 'counting':
      return row(
        'detail',
        'callbacks are counted, not listed',
        { id: 'symbol-numeric' },
        'There are more callbacks a second than a person can look at. *Record Every Callback* lists them all, and slows the program a little.',
      );
    case 'dropped':
      return row(
        'lost',
        counted(loop.dropped, 'event'),
        { id: 'warning', color: 'list.warningForeground' },
        'The program was faster than its events could be read, and is never made to wait. Tasks are right again within a second; the log has gaps.',
      );
  }
}

/** 2 → `SIGINT`. */
export function signalName(number: number): string {
  const found = Object.entries(os.constants.signals).find(([, value]) => value === number);
  return found ? found[0] : `signal ${number}`;
}

export function presentRegistration(row: RegistrationRow, over: boolean): ItemData {
  const description = dotted(row.events, row.text, row.peer);
  return {
    label: `fd ${row.fd}`,
    description,
    icon: {
      id: row.events.includes('read') ? (row.events.includes('write') ? 'arrow-swap' : 'arrow-down') : 'arrow-up',
    },
    context: row.task === null ? 'registration' : 'registration.task',
    aria: `file descriptor ${row.fd}, ${description}`,
    collapsible: 'none',
    tooltip: lines(`**fd ${row.fd}** · ${escaped(row.events)}`, escaped(row.text), row.peer && code(row.peer)),
    muted: over,
  };
}
