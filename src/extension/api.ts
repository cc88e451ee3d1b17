/** What the extension hands to whoever asks VS Code for it: the rows of its views, as text. Tests read them here. */
import type { ViewName } from '../protocol/ids';
import type { SourceSite } from '../protocol/wire';
import type { TreeShell, ViewNode } from './views/tree-shell';

export interface RowText {
  readonly id: string;
  readonly label: string;
  readonly description: string;
  readonly icon: string;
  readonly aria: string;
  readonly context: string;
  /** True for what no longer lives. */
  readonly muted: boolean;
  /** Where a click leads. */
  readonly open: SourceSite | undefined;
  readonly expandable: boolean;
  /** Rows below it, as far as they were looked at. */
  readonly children: readonly RowText[];
}

export interface ViewText {
  readonly title: string;
  readonly message: string;
  readonly rows: readonly RowText[];
}

export interface LoopscopeApi {
  readonly version: 1;
  /** A view as it stands now; nothing is asked for. */
  view(name: ViewName): ViewText;
  /** Brings a view up to date as if it had just come into sight, whether it is or not. */
  refresh(name: ViewName): Promise<void>;
  /** Tooltip of a row, as Markdown; '' if there is no such row. */
  tooltip(name: ViewName, id: string): Promise<string>;
  /** Opens a row, as a click on its arrow does. */
  expand(name: ViewName, id: string): Promise<void>;
}

export function createApi(shells: Readonly<Record<ViewName, TreeShell>>): LoopscopeApi {
  return {
    version: 1,
    view: (name) => {
      const shell = shells[name];
      return {
        title: shell.view.description ?? '',
        message: shell.view.message ?? '',
        rows: shell.known().map((node) => rowText(shell, node)),
      };
    },
    refresh: (name) => shells[name].refresh(true),
    tooltip: async (name, id) => {
      const node = shells[name].find(id);
      return node ? shells[name].tooltip(node) : '';
    },
    expand: async (name, id) => {
      const node = shells[name].find(id);
      if (node) await shells[name].open(node);
    },
  };
}

function rowText(shell: TreeShell, node: ViewNode): RowText {
  const { item } = node;
  return {
    id: node.id,
    label: item.label,
    description: item.description,
    icon: item.icon?.id ?? '',
    aria: item.aria,
    context: item.context,
    muted: item.muted,
    open: item.open,
    expandable: item.collapsible !== 'none',
    children: shell.known(node).map((child) => rowText(shell, child)),
  };
}
