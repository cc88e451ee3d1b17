/**
 * Rows of the Tasks view: a task, a fold of equal subtrees, a group, the finished ones as a count; and a task's tooltip.
 * Pure: rows of the protocol in, ItemData and Markdown out.
 */
import type { FoldRow, TaskDetailRow, TaskNode, TaskRow, TaskTree } from '../../protocol/dap';
import type { TaskState } from '../../protocol/wire';
import { isDone, LAZY, matches, mutedIcon, STATE_ICONS, type ItemData } from './item';
import { blocks, code, escaped, frameList, lines, siteLink } from './markdown';
import { age, call, count, counted, dotted, exactDuration, place, shortened, timeLeft } from './text';

export interface TaskContext {
  /** Loop time now, s; undefined: not known. */
  readonly now: number | undefined;
  /** The program has ended. */
  readonly over: boolean;
  readonly filter: string;
  readonly pinned: boolean;
  /** Open at first. */
  readonly expanded: boolean;
  /** Others are shown below it. */
  readonly open: boolean;
}

const LABEL = 80;
const WAIT = 100;

export function presentTaskNode(node: TaskNode, context: TaskContext): ItemData {
  switch (node.kind) {
    case 'task':
      return presentTask(node, context);
    case 'fold':
    case 'group':
    case 'finished':
      return presentFold(node, context);
  }
}

/** `cancelled at a.py:3` beside the word `cancelled` is `at a.py:3`. */
function withoutWord(detail: string, state: TaskState): string {
  return detail.startsWith(`${state} `) ? detail.slice(state.length + 1) : detail;
}

export function taskLabel(task: TaskRow): string {
  return dotted(shortened(task.name, LABEL), shortened(call(task.coroutine), LABEL));
}

function presentTask(task: TaskRow, context: TaskContext): ItemData {
  const label = taskLabel(task);
  const description = dotted(
    context.pinned && 'pinned',
    task.frozen && 'frozen',
    task.state,
    isDone(task.state) ? withoutWord(task.detail, task.state) : shortened(task.waitsFor, WAIT),
    !context.over && since(task, context),
  );
  const icon = STATE_ICONS[task.state];
  const gone = isDone(task.state) || context.over;
  const highlights = matches(label, context.filter);
  return {
    label,
    ...(highlights.length > 0 ? { highlights } : {}),
    description,
    icon: context.over && task.state !== 'failed' ? mutedIcon(icon) : icon,
    context: [
      'task',
      context.pinned && 'pinned',
      task.waitsForTask !== null && 'waits',
      task.definedAt && 'defined',
      task.frozen && 'frozen',
      !gone && 'alive',
    ]
      .filter(Boolean)
      .join('.'),
    aria: `Task ${label}, ${description}${task.children > 0 ? `, ${counted(task.children, 'row')} below` : ''}`,
    collapsible: task.children === 0 ? 'none' : context.expanded ? 'expanded' : 'collapsed',
    ...openSite(task),
    tooltip: LAZY,
    muted: gone,
  };
}

/** Where it is suspended; where it was made, once it has ended or before it began; where its coroutine is defined. */
function openSite(task: TaskRow): Pick<ItemData, 'open'> {
  const site = task.at ?? task.definedAt ?? task.createdAt;
  return site ? { open: site } : {};
}

/** For how long it has been so, or for how long it will be. */
function since(task: TaskRow, { now, open }: TaskContext): string {
  if (now === undefined) return '';
  if (task.due !== null && task.state === 'waiting') {
    if (open) return '';
    // As coarse as an age: what ends within a second will be shown as ready at the next look.
    const left = task.due - now;
    return left < 1 ? '' : timeLeft(left) === 'never' ? 'never due' : `${age(left)} left`;
  }
  const passed = age(now - task.since);
  if (isDone(task.state)) return `${passed} ago`;
  // What has only just become so needs no time beside it: it would only tremble. A row with others open below it is
  // drawn together with them: it tells no seconds.
  return passed === '<1 s' || (open && passed.endsWith(' s')) ? '' : passed;
}

function presentFold(row: FoldRow, context: TaskContext): ItemData {
  // What the rows below say need not be said twice.
  const states = context.open ? '' : stateCounts(row);
  const oldest =
    context.now === undefined || context.over || context.open ? '' : `oldest ${age(context.now - row.oldest)}`;
  const label =
    row.kind === 'fold'
      ? `× ${count(row.count)} · ${shortened(call(row.text), LABEL)}`
      : row.kind === 'finished'
        ? `${count(row.count)} finished`
        : shortened(row.text, LABEL);
  const description =
    row.kind === 'fold'
      ? dotted(states, oldest)
      : row.kind === 'finished'
        ? finishedCounts(row)
        : dotted(states || count(row.count), oldest);
  const highlights = matches(label, context.filter);
  const icon = row.kind === 'fold' ? 'layers' : row.kind === 'group' ? 'list-tree' : 'pass';
  const gone = context.over || row.kind === 'finished';
  return {
    label,
    ...(highlights.length > 0 ? { highlights } : {}),
    description,
    icon: gone ? mutedIcon({ id: icon }) : { id: icon },
    context: row.kind,
    aria: `${row.kind === 'fold' ? `${counted(row.count, 'equal task')}, ${row.text}` : label}, ${description}`,
    collapsible: row.children === 0 ? 'none' : 'collapsed',
    tooltip: lines(
      `**${escaped(label)}**`,
      row.kind === 'fold' && 'Tasks of the same coroutine, in the same state, with equal tasks below them.',
      row.kind === 'finished' && 'Tasks that have ended, no longer listed one by one.',
      stateCounts(row),
    ),
    muted: gone,
  };
}

const STATE_ORDER: readonly TaskState[] = ['running', 'ready', 'waiting', 'failed', 'cancelled', 'finished'];

/** `2 ready, 95 waiting`. */
function stateCounts(row: FoldRow): string {
  return STATE_ORDER.flatMap((state) => {
    const number = row.states[state] ?? 0;
    return number > 0 ? [`${count(number)} ${state}`] : [];
  }).join(', ');
}

/** Of finished tasks only what is not simply finished is worth a word. */
function finishedCounts(row: FoldRow): string {
  const failed = row.states.failed ?? 0;
  const cancelled = row.states.cancelled ?? 0;
  return [failed > 0 && `${count(failed)} failed`, cancelled > 0 && `${count(cancelled)} cancelled`]
    .filter(Boolean)
    .join(', ');
}

/** A task's tooltip. `now`: loop time, s. */
export function taskTooltip(task: TaskDetailRow, now: number | undefined): string {
  const done = isDone(task.state);
  const chain =
    task.frames.length === 0
      ? !done && '*Its await chain could not be read: it runs, or is just ending.*'
      : `**Await chain**, innermost last\n\n${frameList(task.frames)}`;
  return blocks(head(task, now), chain, creation(task, ago(task, now)), awaiters(task));
}

/** A task's tooltip once nobody can be asked any more: what its row knows. */
export function endedTaskTooltip(task: TaskRow, now: number | undefined): string {
  const at = task.at && `At ${siteLink(task.at)}`;
  return blocks(
    head(task, now),
    at ?? '',
    creation({ ...task, creation: [] }, ago(task, now)),
    '*The program has ended.*',
  );
}

function ago(task: TaskRow, now: number | undefined): string {
  return now === undefined ? '' : ` ${exactDuration(now - task.created)} ago`;
}

function head(task: TaskRow, now: number | undefined): string {
  const passed = now === undefined ? '' : exactDuration(now - task.since);
  const done = isDone(task.state);
  const state = passed === '' ? task.state : done ? `${task.state} ${passed} ago` : `${task.state} for ${passed}`;
  const wait = task.waitsFor === '' ? '' : ` · ${escaped(task.waitsFor)}`;
  const due = task.due !== null && now !== undefined && !done ? `, ${exactDuration(task.due - now)} left` : '';
  return lines(
    dotted(`**${escaped(task.name)}**`, code(call(task.coroutine))),
    `$(${STATE_ICONS[task.state].id}) ${state}${wait}${due}`,
    task.detail !== '' && escaped(task.detail),
    `${counted(task.steps, 'step')} · ${exactDuration(task.busy)} busy`,
  );
}

function creation(task: Pick<TaskDetailRow, 'createdAt' | 'creation'>, ago: string): string {
  const first = task.createdAt ? siteLink(task.createdAt) : '*place not captured*';
  const steps = task.creation.map((step) => {
    const who = step.task === null ? 'no task' : `**${escaped(step.name)}**`;
    return `${who} ${step.site ? `at ${siteLink(step.site)}` : '· *place not captured*'}`;
  });
  if (steps.length === 0) return `**Created**${ago} ${task.createdAt ? `at ${first}` : `· ${first}`}`;
  return `**Created**${ago} by\n\n${steps.map((step, index) => `${index + 1}. ${step}`).join('\n')}`;
}

function awaiters(task: TaskDetailRow): string {
  if (task.awaitedBy.length === 0) return '';
  const names = task.awaitedBy.slice(0, 8).map((other) => `**${escaped(other.name)}**`);
  const more = task.awaitedBy.length - names.length;
  return `**Awaited by** ${names.join(', ')}${more > 0 ? ` and ${count(more)} more` : ''}`;
}

/** A row as text for the clipboard. */
export function taskText(task: TaskRow): string {
  return dotted(taskLabel(task), task.state, task.waitsFor, task.at ? place(task.at) : undefined);
}

export const TREE_WORDS: Readonly<Record<TaskTree, string>> = {
  creator: 'by creator',
  awaits: 'by who awaits',
  flat: 'flat',
};
