/** The status bar item: text and tooltip from a session's totals. Pure. */
import type { UpdateEvent } from '../../protocol/dap';
import type { LoopStop } from '../../protocol/stepping';
import { escaped, lines } from './markdown';
import { stopShort, stopTooltip, stopWords } from './stepping';
import { count, counted, measured, rate } from './text';

export interface StatusText {
  readonly text: string;
  readonly tooltip: string;
  readonly aria: string;
  /** Something was lost, or due work waits long: shown in the theme's warning colours. */
  readonly warning: boolean;
}

/** Lag that a person can feel, s. */
const LONG_LAG = 0.1;

/** @param name of the session; `stop`: where its loop is stopped, if one is */
export function statusText(name: string, update: UpdateEvent, paused: boolean, stop?: LoopStop): StatusText {
  if (stop) {
    return {
      text: `$(debug-pause) ${stopShort(stop)}`,
      aria: `Event loop of ${name}: ${stopWords(stop)}, ${count(stop.ready)} ready`,
      warning: false,
      tooltip: lines(`**${escaped(name)}**`, stopTooltip(stop)),
    };
  }
  const tasks = counted(update.liveTasks, 'task');
  const lag = `lag ${measured(update.lag)}`;
  const warning = update.lag >= LONG_LAG;
  const icon = paused ? '$(debug-pause)' : warning ? '$(warning)' : '$(sync)';
  return {
    text: `${icon} ${rate(update.ticksPerSecond)} · ${lag} · ${tasks}`,
    aria: `Event loop of ${name}: ${rate(update.ticksPerSecond)} ticks, ${lag}, ${tasks}`,
    warning,
    tooltip: lines(
      `**${escaped(name)}**`,
      `${rate(update.ticksPerSecond).replace('/s', '')} ticks a second`,
      `Due work started ${measured(update.lag)} late at worst in the last second`,
      `${counted(update.loops, 'loop')}, ${tasks}, ${count(update.ready)} ready, ${counted(update.timers, 'timer')}`,
      update.dropped > 0 && `${counted(update.dropped, 'event')} lost: the program was faster than they could be read`,
      paused && 'The views are paused.',
    ),
  };
}
