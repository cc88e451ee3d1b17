// What runs inside the window: JavaScript as text, because it sees the page's DOM and nothing of the tests. Reads only.

/** A row of a tree view, as it stands on the screen. */
export interface TreeRow {
  label: string;
  /** The dimmed text behind the label; empty where there is none. */
  description: string;
  /** What a screen reader says. */
  ariaLabel: string;
  /** Depth, from 1. */
  level: number;
  /** undefined: the row has no children. */
  expanded?: boolean;
  selected: boolean;
  /** The codicon's name, such as `sync`; undefined where there is none. */
  icon?: string;
}

/** Where a row is on the screen, in CSS pixels. */
export interface RowPlace {
  /** Inside its label. */
  label: { x: number; y: number };
  /** Its arrow. */
  twistie: { x: number; y: number };
  /** How far its middle is above (below zero) or below what is in sight of its view; 0: in sight. */
  away: number;
}

/** (view title) → a view's rows, from top to bottom. The DOM's order is not the screen's: rows are recycled. */
const ROWS = `(title) => {
  const header = [...document.querySelectorAll('.pane > .pane-header')]
    .find((found) => (' ' + (found.getAttribute('aria-label') ?? '')).endsWith(' ' + title + ' Section'));
  return [...(header?.parentElement?.querySelectorAll('.monaco-list-rows > .monaco-list-row') ?? [])]
    .sort((a, b) => Number(a.dataset.index) - Number(b.dataset.index));
}`;

/** (view title) → TreeRow[] */
export const READ_ROWS = `(title) => (${ROWS})(title).map((row) => {
  const expanded = row.getAttribute('aria-expanded');
  const icon = [...row.querySelectorAll('.custom-view-tree-node-item-icon, .monaco-icon-label .codicon')]
    .flatMap((element) => [...element.classList])
    .find((name) => name.startsWith('codicon-'));
  return {
    label: row.querySelector('.label-name')?.textContent ?? row.textContent ?? '',
    description: row.querySelector('.label-description')?.textContent ?? '',
    ariaLabel: row.getAttribute('aria-label') ?? '',
    level: Number(row.getAttribute('aria-level')),
    ...(expanded === null ? {} : { expanded: expanded === 'true' }),
    selected: row.classList.contains('selected'),
    ...(icon ? { icon: icon.slice('codicon-'.length) } : {}),
  };
})`;

/** (view title, text) → RowPlace of the first row with that text in its label; null where there is none. */
export const FIND_ROW = `(title, text) => {
  const row = (${ROWS})(title).find((found) => found.querySelector('.label-name')?.textContent.includes(text));
  if (!row) return null;
  const box = row.getBoundingClientRect();
  const list = row.closest('.monaco-list').getBoundingClientRect();
  const name = row.querySelector('.label-name').getBoundingClientRect();
  const arrow = row.querySelector('.monaco-tl-twistie').getBoundingClientRect();
  const y = box.top + box.height / 2;
  return {
    label: { x: name.left + Math.min(20, name.width / 2), y },
    twistie: { x: arrow.left + arrow.width / 2, y },
    away: y < list.top ? y - list.top : y > list.bottom ? y - list.bottom : 0,
  };
}`;
