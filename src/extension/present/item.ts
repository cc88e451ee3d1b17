/**
 * What a row of a view looks like, as plain data: presenters make it, the tree shell turns it into a vscode.TreeItem.
 * Knows the words and icons of states; knows no vscode and asks for nothing.
 */
import type { SourceSite, TaskState } from '../../protocol/wire';

/** A codicon, and a colour of the theme for it. */
export interface Icon {
  readonly id: string;
  readonly color?: string;
}

export interface ItemData {
  readonly label: string;
  /** Ranges of the label that match the filter. */
  readonly highlights?: readonly (readonly [number, number])[];
  readonly description: string;
  readonly icon?: Icon;
  /** What the context menu goes by: words separated by dots, `task.pinned.wait`. */
  readonly context: string;
  /** Read aloud by a screen reader: the whole row as one sentence. */
  readonly aria: string;
  readonly collapsible: 'none' | 'collapsed' | 'expanded';
  /** A click opens it. */
  readonly open?: SourceSite;
  /** Markdown, shown as it is; `lazy`: asked for when the mouse rests on the row. */
  readonly tooltip: string | { readonly lazy: true };
  /** True for what no longer lives: shown greyed. */
  readonly muted: boolean;
}

export const LAZY = { lazy: true } as const;

/** Icon and colour of a task's state; the word stands beside it, so colour never speaks alone. */
export const STATE_ICONS: Readonly<Record<TaskState, Icon>> = {
  running: { id: 'play-circle', color: 'charts.green' },
  ready: { id: 'arrow-circle-right', color: 'charts.blue' },
  waiting: { id: 'circle-outline', color: 'descriptionForeground' },
  finished: { id: 'pass', color: 'descriptionForeground' },
  failed: { id: 'error', color: 'errorForeground' },
  cancelled: { id: 'circle-slash', color: 'charts.yellow' },
};

/** For what has ended: paler, and still to be read, also in high contrast. */
export const MUTED_COLOR = 'list.deemphasizedForeground';

/** The same icon without its colour, for what has ended. */
export function mutedIcon(icon: Icon): Icon {
  return { id: icon.id, color: MUTED_COLOR };
}

/** True for states out of which a task does not come. */
export function isDone(state: TaskState): boolean {
  return state === 'finished' || state === 'failed' || state === 'cancelled';
}

/** Ranges of `text` in which `filter` occurs, without regard to case. */
export function matches(text: string, filter: string): readonly (readonly [number, number])[] {
  if (filter === '') return [];
  const found: [number, number][] = [];
  const hay = text.toLowerCase();
  const needle = filter.toLowerCase();
  // Lower case may be longer than the text (İ): ranges would be wrong, so there are none.
  if (hay.length !== text.length) return [];
  for (let at = hay.indexOf(needle); at >= 0; at = hay.indexOf(needle, at + needle.length)) {
    found.push([at, at + needle.length]);
  }
  return found;
}

/** Equal in all that a person can see or hear. */
export function sameItem(a: ItemData, b: ItemData): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
