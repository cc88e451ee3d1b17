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

/** (view title) → TreeRow[], from top to bottom. The DOM's order is not the screen's: rows are recycled. */
export const READ_ROWS = `(title) => {
  const header = [...document.querySelectorAll('.pane > .pane-header')]
    .find((found) => (' ' + (found.getAttribute('aria-label') ?? '')).endsWith(' ' + title + ' Section'));
  const pane = header?.parentElement;
  if (!pane) return [];
  return [...pane.querySelectorAll('.monaco-list-rows > .monaco-list-row')]
    .sort((a, b) => Number(a.dataset.index) - Number(b.dataset.index))
    .map((row) => {
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
    });
}`;
