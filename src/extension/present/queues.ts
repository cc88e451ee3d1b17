/** Rows of the Ready Queue and Timers views. Pure. */
import type { QueueRow, TimerQueueRow } from '../../protocol/dap';
import { mutedIcon, type Icon, type ItemData } from './item';
import { inTime } from './loops';
import { code, escaped, lines, siteLink } from './markdown';
import { dotted, exactDuration, place, shortened } from './text';

const LABEL = 100;

/** A handle in the ready queue; position 0 runs next. */
export function presentQueueRow(row: QueueRow, over: boolean): ItemData {
  const next = row.position === 0;
  const label = shortened(row.text, LABEL);
  const description = dotted(
    next && 'next',
    row.cancelled && 'cancelled: will be skipped',
    row.by,
    row.at ? place(row.at) : undefined,
  );
  const icon: Icon = row.cancelled
    ? { id: 'circle-slash', color: 'charts.yellow' }
    : next
      ? { id: 'debug-stackframe', color: 'debugIcon.breakpointCurrentStackframeForeground' }
      : { id: row.task === null ? 'symbol-event' : 'arrow-circle-right', color: 'charts.blue' };
  return {
    label,
    description,
    icon: over ? mutedIcon(icon) : icon,
    context: row.task === null ? 'handle' : 'handle.task',
    aria: `${next ? 'Next' : `Number ${row.position + 1}`}: ${label}, ${dotted(row.by, row.at ? place(row.at) : undefined)}`,
    collapsible: 'none',
    ...(row.at ? { open: row.at } : {}),
    tooltip: lines(
      `**${escaped(row.text)}**`,
      next ? 'runs next' : `number ${row.position + 1} in the ready queue`,
      row.by && escaped(row.by),
      row.at && siteLink(row.at),
      row.cancelled && 'cancelled: the loop will skip it',
    ),
    muted: over || row.cancelled,
  };
}

/** A timer; `now` on the loop's clock, undefined: not known. */
export function presentTimerRow(row: TimerQueueRow, now: number | undefined, over: boolean): ItemData {
  const label = shortened(row.text, LABEL);
  const left = now === undefined || over ? undefined : inTime(row.due - now);
  const description = dotted(left, row.cancelled && 'cancelled', row.at ? place(row.at) : undefined);
  const icon: Icon = row.cancelled
    ? { id: 'circle-slash', color: 'charts.yellow' }
    : { id: 'watch', color: 'charts.blue' };
  return {
    label,
    description,
    icon: over ? mutedIcon(icon) : icon,
    context: row.task === null ? 'timer' : 'timer.task',
    aria: `${label}, ${description}`,
    collapsible: 'none',
    ...(row.at ? { open: row.at } : {}),
    tooltip: lines(
      `**${escaped(row.text)}**`,
      now !== undefined && !over && `due in ${exactDuration(row.due - now)}`,
      `at ${code(row.due.toFixed(6))} on the loop's clock`,
      row.at && siteLink(row.at),
      row.cancelled && 'cancelled: it stays in the heap until the loop throws it out',
    ),
    muted: over || row.cancelled,
  };
}
