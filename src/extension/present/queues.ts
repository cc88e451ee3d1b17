/** Rows of the Ready Queue and Timers views. Pure. */
import type { QueueRow, TimerQueueRow } from '../../protocol/dap';
import { mutedIcon, type Icon, type ItemData } from './item';
import { inTime } from './loops';
import { code, escaped, lines, siteLink } from './markdown';
import { dotted, exactDuration, place, shortened } from './text';

const LABEL = 100;
/** The mark of a handle that a person holds back. */
const HELD = 'held back';

/** `handle.task.stopped.held`: what the menus go by. */
function contextOf(
  kind: 'handle' | 'timer',
  row: { readonly task: number | null; readonly handle?: number | undefined; readonly cancelled: boolean },
  held: 'held' | false,
): string {
  const stopped = row.handle !== undefined && !row.cancelled && 'stopped';
  return [kind, row.task !== null && 'task', stopped, held].filter(Boolean).join('.');
}

/** A handle in the ready queue; position 0 runs next. */
export function presentQueueRow(row: QueueRow, over: boolean): ItemData {
  const held = row.mark === HELD;
  const next = row.position === 0 && !held;
  const label = shortened(row.text, LABEL);
  const description = dotted(
    next && 'next',
    row.mark,
    row.cancelled && 'cancelled: will be skipped',
    row.by,
    row.at ? place(row.at) : undefined,
  );
  const icon: Icon = row.cancelled
    ? { id: 'circle-slash', color: 'charts.yellow' }
    : held
      ? { id: 'lock', color: 'charts.yellow' }
      : next
        ? { id: 'debug-stackframe', color: 'debugIcon.breakpointCurrentStackframeForeground' }
        : { id: row.task === null ? 'symbol-event' : 'arrow-circle-right', color: 'charts.blue' };
  return {
    label,
    description,
    icon: over ? mutedIcon(icon) : icon,
    context: contextOf('handle', row, held && 'held'),
    aria: `${held ? 'Held back' : next ? 'Next' : `Number ${row.position + 1}`}: ${label}, ${dotted(row.by, row.at ? place(row.at) : undefined)}`,
    collapsible: 'none',
    ...(row.at ? { open: row.at } : {}),
    tooltip: lines(
      `**${escaped(row.text)}**`,
      held
        ? 'held back by you: release it to let it run'
        : next
          ? 'runs next'
          : `number ${row.position + 1} in the ready queue`,
      row.mark && !held && `${escaped(row.mark)} by you`,
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
    context: contextOf('timer', row, false),
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
