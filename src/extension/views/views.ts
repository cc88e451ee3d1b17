/** The four views and what they share, as one object for commands and the composition root. */
import * as vscode from 'vscode';
import { DisposableStore } from '../../common/disposable-store';
import { ContextKeys, type ViewName } from '../../protocol/ids';
import type { LiveSession } from '../sessions/live-session';
import type { SessionHub } from '../sessions/session-hub';
import { LoopsSource } from './loops-source';
import { QueueSource, ReadySource, TimersSource } from './queue-sources';
import type { SessionSource } from './session-source';
import { TasksSource } from './tasks-source';
import { RowDecorations, TreeShell, type ViewNode } from './tree-shell';
import type { ViewState } from './view-state';

/** The last look at a program that has ended takes no longer than this, in ms: then its adapter may go. */
const LAST_LOOK = 800;

export class EventLoopViews implements vscode.Disposable {
  readonly shells: Readonly<Record<ViewName, TreeShell>>;
  private ready = false;
  private readonly store = new DisposableStore();
  private readonly keys = new Map<string, unknown>();

  constructor(
    readonly hub: SessionHub,
    readonly state: ViewState,
    private readonly outside: {
      readonly report: (error: unknown) => void;
      /** What else must be taken before the adapter of a program that has ended may go. */
      readonly lastLook: () => Promise<void>;
    },
  ) {
    const { report } = outside;
    const shell = (name: ViewName, source: SessionSource): TreeShell =>
      this.store.add(
        new TreeShell({
          name,
          source,
          whole: source instanceof QueueSource,
          hub,
          state,
          report,
          refreshed: () => this.context(),
        }),
      );
    this.shells = {
      loops: shell('loops', new LoopsSource(hub, state)),
      tasks: shell('tasks', new TasksSource(hub, state)),
      ready: shell('ready', new ReadySource(hub, state)),
      timers: shell('timers', new TimersSource(hub, state)),
    };
    this.store.add(vscode.window.registerFileDecorationProvider(new RowDecorations()));
    this.store.add(state.onDidChangeTasks(() => this.shells.tasks.ask()));
    this.store.add(hub.onDidEnd((session) => void this.lastLook(session)));
    this.store.add(hub.onDidChange(() => this.context()));
    this.store.add(
      hub.onDidChangeShown(() => {
        state.keepOnly(new Set(hub.every.map((session) => session.id)));
        this.context();
      }),
    );
    this.store.add(state.onDidPause(() => this.context()));
    this.store.add(state.onDidChangeTasks(() => this.context()));
    this.ready = true;
    this.context();
  }

  dispose(): void {
    this.store.dispose();
  }

  get all(): readonly TreeShell[] {
    return Object.values(this.shells);
  }

  /** The shell in which a node stands; the node that is selected in it, if none was given. */
  target(node: ViewNode | undefined): ViewNode | undefined {
    if (node) return node;
    for (const shell of this.all) {
      const [selected] = shell.view.selection;
      if (selected && shell.view.visible) return selected;
    }
    return undefined;
  }

  private async lastLook(session: LiveSession): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const enough = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, LAST_LOOK);
    });
    try {
      const looks = this.all.map((shell) => shell.lastLook());
      await Promise.race([Promise.all([...looks, this.outside.lastLook()]), enough]);
    } catch (error) {
      this.outside.report(error);
    } finally {
      clearTimeout(timer);
      await session.farewell();
    }
  }

  private context(): void {
    if (!this.ready) return;
    const { hub, state } = this;
    const current = hub.current;
    const phase = current === undefined ? 'none' : current.over ? 'ended' : current.phase;
    this.set(ContextKeys.session, phase);
    this.set(ContextKeys.loops, current?.update?.loops ?? 0);
    this.set(ContextKeys.queuesHidden, this.shells.ready.queuesHidden || this.shells.timers.queuesHidden);
    this.set(ContextKeys.paused, state.paused);
    this.set(ContextKeys.allSessions, hub.showsAll);
    this.set(ContextKeys.severalSessions, hub.every.length > 1);
    this.set(ContextKeys.stopped, (current?.stops.length ?? 0) > 0);
    this.set(ContextKeys.steppable, phase === 'live');
    this.set(ContextKeys.filtered, state.choice.filter !== '');
  }

  private set(key: string, value: unknown): void {
    if (this.keys.get(key) === value) return;
    this.keys.set(key, value);
    void vscode.commands.executeCommand('setContext', key, value);
  }
}
