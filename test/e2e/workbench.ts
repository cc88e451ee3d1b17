// VS Code as a person sees it: opens a real one on a folder with the extension loaded, and presses, reads and photographs. Knows VS Code's
// own elements (trees, editors, menus, debug toolbar) and nothing of Loopscope but its icon. README.md beside this file shows its use.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { launchChromium } from '../../scripts/lib/chromium.mjs';
import { pageAddress, startCodeServer, type CodeServer } from '../../scripts/lib/code-server.mjs';
import { ensureHost } from '../../scripts/vscode-host.mjs';
import { repository, testPython } from '../support/pythons';
import { FIND_ROW, READ_ROWS, type RowPlace, type TreeRow } from './dom';

/** The colour themes that views are looked at in. */
export type Theme = 'light' | 'dark' | 'high-contrast' | 'high-contrast-light';

const THEMES: Record<Theme, string> = {
  light: 'Default Light Modern',
  dark: 'Default Dark Modern',
  'high-contrast': 'Default High Contrast',
  'high-contrast-light': 'Default High Contrast Light',
};

/** What is opened, and how. */
export interface WorkbenchOptions {
  /** Files of a new folder, by their path in it. */
  files?: Record<string, string>;
  /** An existing folder: a copy of it is opened. */
  folder?: string;
  /** The opened folder's name, which the title bar shows. */
  name?: string;
  theme?: Theme;
  /** User settings. */
  settings?: Record<string, unknown>;
  /** Put first on the extension host's PATH as `python` and `python3`; default testPython().path, `null` for none. */
  python?: string | null;
  /** Added to the extension host's environment. */
  env?: Record<string, string>;
  /** false: the folder is untrusted. */
  trust?: boolean;
  /** Load the extension from this .vsix and not from the repository. */
  vsix?: string;
  /** The window's size in CSS pixels. */
  size?: { width: number; height: number };
}

/** The icon that the extension brings. */
const EXTENSION_ICON = 'Event Loop';
const POLL_MS = 50;
/** Longer than VS Code takes to show a tooltip under a pointer that rests. */
const HOVER_MS = 2000;
let browser: Promise<Browser> | undefined;

/** Opens a VS Code of its own. Close it in the suite's `after`. */
export async function openWorkbench(options: WorkbenchOptions = {}): Promise<Workbench> {
  const parent = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'ls-w-')));
  const folder = path.join(parent, options.name ?? 'workspace');
  fs.mkdirSync(folder);
  if (options.folder) fs.cpSync(options.folder, folder, { recursive: true });
  for (const [name, text] of Object.entries(options.files ?? {})) {
    fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    fs.writeFileSync(path.join(folder, name), text);
  }
  const python = options.python === undefined ? testPython().path : options.python;
  const pythonFolder = python === null ? [] : [path.dirname(python)];
  const server = await startCodeServer({
    host: await ensureHost(),
    trust: options.trust ?? true,
    settings: { 'workbench.colorTheme': THEMES[options.theme ?? 'dark'], ...options.settings },
    env: { ...options.env, PATH: [...pythonFolder, process.env['PATH'] ?? ''].join(path.delimiter) },
  });
  try {
    if (options.vsix) {
      const installed = await server.cli(['--install-extension', options.vsix]);
      if (installed.code !== 0) throw new Error(`the .vsix could not be installed:\n${installed.output}`);
    }
    const extension = options.vsix ? {} : { extension: repository };
    return await openWindow(pageAddress(server, { folder, ...extension }), folder, options.size, server);
  } catch (error) {
    await server.stop();
    fs.rmSync(parent, { recursive: true, force: true });
    throw error;
  }
}

/** A window on a VS Code that runs already. @param folder the one it shows @param server ends with the workbench, and the folder with it */
export async function openWindow(
  address: string,
  folder: string,
  size = { width: 1400, height: 900 },
  server?: CodeServer,
): Promise<Workbench> {
  browser ??= launchChromium();
  const context = await (await browser).newContext({ viewport: size });
  const page = await context.newPage();
  await page.goto(address, { waitUntil: 'domcontentloaded' });
  await page.locator('.monaco-workbench .activitybar .action-item').first().waitFor();
  // The extension is known: keys such as Ctrl+F5 do something only from then on.
  await page.locator(`.activitybar a.action-label[aria-label^="${EXTENSION_ICON}"]`).waitFor();
  return new Workbench(page, folder, server);
}

/** Ends the browser that all workbenches share; called once after all suites (hooks.ts). */
export async function closeBrowser(): Promise<void> {
  await (await browser)?.close();
  browser = undefined;
}

/** One open VS Code. Methods wait for what they name, at most 30 s, and say what they saw when it did not come. */
export class Workbench {
  /** @param page the window @param folder the opened folder @param server what `close` ends, with the folder */
  constructor(
    readonly page: Page,
    readonly folder: string,
    private readonly server?: CodeServer,
  ) {}

  /** Runs a command by its title as the palette shows it, such as `View: Toggle Terminal`. */
  async runCommand(title: string): Promise<void> {
    await this.pressToPick('F1');
    await this.pick(`>${title}`, title);
  }

  /** Presses the key of a quick pick, once the one before, which fades for 0.15 s, is gone. */
  private async pressToPick(key: string): Promise<void> {
    await this.page.locator('.quick-input-widget').waitFor({ state: 'hidden' });
    await this.page.keyboard.press(key);
  }

  /** Types into the open quick pick and takes the entry with this label. @param typed what is typed @param label the entry; default: the first */
  async pick(typed: string, label?: string): Promise<void> {
    const widget = this.page.locator('.quick-input-widget:visible');
    await widget.locator('input[type=text]').first().fill(typed);
    const rows = widget.locator('.quick-input-list .monaco-list-row');
    const row =
      label === undefined ? rows.first() : rows.filter({ has: this.page.getByText(label, { exact: true }) }).first();
    await row.click();
    // The list closes a moment later; a key that comes sooner opens one that closes with it.
    if (label !== undefined) await row.waitFor({ state: 'hidden' });
  }

  /** The labels of the open quick pick's entries. */
  async picks(): Promise<string[]> {
    const rows = this.page.locator('.quick-input-widget:visible .quick-input-list .monaco-list-row');
    await rows.first().waitFor();
    return rows.locator('.quick-input-list-entry .monaco-icon-label').allInnerTexts();
  }

  /** Shows a view container of the side bar or panel by its title, such as `Event Loop`. */
  async openViewContainer(title: string): Promise<void> {
    await this.runCommand(`View: Show ${title}`);
    await this.page
      .locator('.composite.title', { hasText: new RegExp(title, 'i') })
      .first()
      .waitFor();
  }

  /**
   * Waits until the first session of a window has shown the Event Loop, as it does unless a setting says otherwise. It is not
   * to be asked for at that moment: what is shown closes an open palette, and a second click on the icon hides it.
   */
  async waitForEventLoop(): Promise<void> {
    await this.page
      .locator('.composite.title', { hasText: /Event Loop/i })
      .first()
      .waitFor();
  }

  /** Opens a file of the folder in an editor. @param line the line to go to, from 1 */
  async openFile(name: string, line?: number): Promise<void> {
    await this.pressToPick('Control+P');
    await this.pick(line === undefined ? name : `${name}:${String(line)}`, path.basename(name));
    await this.page.locator('.tab.active', { hasText: path.basename(name) }).waitFor();
  }

  /** The active editor's file name and cursor line. */
  async cursor(): Promise<{ file: string; line: number }> {
    const file =
      (await this.page.locator('.editor-group-container.active .tab.active').getAttribute('data-resource-name')) ?? '';
    const status = await this.page.locator('.statusbar-item', { hasText: /Ln \d+/ }).innerText();
    return { file, line: Number(/Ln (\d+)/.exec(status)?.[1]) };
  }

  /** The rows that a tree view shows right now, from top to bottom; those scrolled out of sight are not among them. @param view its title */
  async rows(view: string): Promise<TreeRow[]> {
    return this.page.evaluate<TreeRow[]>(`(${READ_ROWS})(${JSON.stringify(view)})`);
  }

  /** Waits until the rows of a view are as wanted, and returns them. */
  async waitForRows(view: string, wanted: (rows: TreeRow[]) => boolean, timeoutMs = 30_000): Promise<TreeRow[]> {
    return this.waitFor(() => this.rows(view), wanted, `rows of ${view}`, timeoutMs);
  }

  /** Reads until the answer is as wanted. @param what named in the error, with the last answer */
  async waitFor<T>(
    read: () => Promise<T>,
    wanted: (value: T) => boolean,
    what: string,
    timeoutMs = 30_000,
  ): Promise<T> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const value = await read();
      if (wanted(value)) return value;
      if (Date.now() > deadline) {
        await this.screenshot(`failed-${what.replace(/\W+/g, '-')}`);
        throw new Error(
          `${what}: not as wanted after ${String(timeoutMs / 1000)} s; last seen: ${JSON.stringify(value, null, 1)}`,
        );
      }
      await this.page.waitForTimeout(POLL_MS);
    }
  }

  /** A row of a tree view, to read. The hand goes by places (`click`): elements are recycled for other rows. @param label its label or description contains it */
  row(view: string, label: string | RegExp) {
    return this.view(view).locator('.monaco-list-rows > .monaco-list-row', { hasText: label }).first();
  }

  /** Where a row is, once it is there; scrolls to it if need be. @param label its label contains it */
  private async place(view: string, label: string): Promise<RowPlace> {
    for (;;) {
      const place = await this.waitFor(
        () => this.page.evaluate<RowPlace | null>(`(${FIND_ROW})(${JSON.stringify(view)}, ${JSON.stringify(label)})`),
        (found) => found !== null,
        `row ${label} of ${view}`,
      );
      if (place === null || place.away === 0) return place ?? assert.fail('unreachable: it was waited for');
      await this.view(view).locator('.monaco-list').first().hover();
      await this.page.mouse.wheel(0, place.away + 22 * Math.sign(place.away));
    }
  }

  /** Clicks where a row is. @param label its label contains it @param part its label, or the arrow that opens and closes it */
  async click(
    view: string,
    label: string,
    { part = 'label', button = 'left' }: { part?: 'label' | 'twistie'; button?: 'left' | 'right' } = {},
  ): Promise<void> {
    const { x, y } = (await this.place(view, label))[part];
    await this.page.mouse.click(x, y, { button });
  }

  /** A view's pane, title bar included. */
  view(view: string) {
    // A view with help for screen readers says so before its title.
    return this.page.locator('.pane', { has: this.page.locator(`.pane-header[aria-label$="${view} Section"]`) });
  }

  /** Expands or folds a view's pane. */
  async expandView(view: string, expanded = true): Promise<void> {
    const header = this.view(view).locator('.pane-header').first();
    if ((await header.getAttribute('aria-expanded')) !== String(expanded)) await header.click();
  }

  /** The empty view's text: its message and welcome content. */
  async welcome(view: string): Promise<string> {
    const texts = await this.view(view)
      .locator('.welcome-view-content, .tree-explorer-viewlet-tree-view .message')
      .allInnerTexts();
    return texts
      .map((text) => text.trim())
      .filter(Boolean)
      .join('\n');
  }

  /** The tooltip of a row. */
  async tooltip(view: string, label: string): Promise<string> {
    const hover = this.page.locator('.monaco-hover:visible, .workbench-hover:visible').first();
    return this.waitFor(
      async () => {
        if (await hover.isVisible()) return hover.innerText();
        // VS Code forgets a pointer over a row that is drawn anew before the tooltip is there; it must come again.
        await this.page.mouse.move(1, 1);
        const { x, y } = (await this.place(view, label)).label;
        await this.page.mouse.move(x, y);
        await hover.waitFor({ timeout: HOVER_MS }).catch(() => undefined);
        return '';
      },
      (text) => text !== '',
      `tooltip of ${label}`,
    );
  }

  /** Opens a row's context menu; the titles of its entries. Follow with `chooseMenu`, or press Escape. */
  async contextMenu(view: string, label: string): Promise<string[]> {
    await this.click(view, label, { button: 'right' });
    const entries = this.page.locator('.monaco-menu .action-item:not(.disabled) .action-label:not(.separator)');
    await entries.first().waitFor();
    return entries.allInnerTexts();
  }

  /** Takes an entry of the open menu, by the keyboard: VS Code lets a click pass that comes within 0.1 s of a menu's opening. */
  async chooseMenu(title: string): Promise<void> {
    const menu = this.page.locator('.monaco-menu:visible').first();
    const entries = await menu.locator('.action-item:not(.disabled) .action-menu-item').count();
    const focused = menu.locator('.action-item.focused .action-label');
    for (let step = 0; step < entries; step += 1) {
      await menu.press('ArrowDown');
      if ((await focused.innerText()) !== title) continue;
      await menu.press('Enter');
      await menu.waitFor({ state: 'hidden' });
      return;
    }
    throw new Error(`the menu has no entry ${title}`);
  }

  /** Starts the folder's first launch configuration without debugging, by its key, as soon as VS Code has read it: before, the key only shows *Run and Debug*. */
  async startWithoutDebugging(): Promise<void> {
    await this.start('Control+F5');
  }

  /** The same with debugging: F5. */
  async startDebugging(): Promise<void> {
    await this.start('F5');
  }

  private async start(key: string): Promise<void> {
    if (fs.existsSync(path.join(this.folder, '.vscode/launch.json'))) {
      await this.runCommand('View: Show Run and Debug');
      const chosen = this.page.locator('.start-debug-action-item-dropdown-label');
      await this.waitFor(
        async () => ((await chosen.count()) > 0 ? ((await chosen.first().getAttribute('title')) ?? '') : ''),
        (title) => title !== '' && title !== 'No Configurations',
        'the launch configuration',
      );
    }
    await this.page.keyboard.press(key);
  }

  /** Waits until a debug session runs (its toolbar is there), or until none does. */
  async waitForSession(running: boolean): Promise<void> {
    await this.waitFor(
      () => this.page.locator('.debug-toolbar').isVisible(),
      (session) => session === running,
      running ? 'a debug session' : 'no debug session',
    );
  }

  /** Presses a button of the debug toolbar, such as `Stop` or `Restart`. */
  async pressDebugButton(name: string): Promise<void> {
    await this.page.locator(`.debug-toolbar a.action-label[aria-label^="${name}"]`).click();
  }

  /** What the debug console shows. */
  async debugConsole(): Promise<string> {
    if (!(await this.page.locator('.repl').isVisible()))
      await this.runCommand('Debug Console: Focus on Debug Console View');
    return (await this.page.locator('.repl .monaco-list-row').allInnerTexts()).join('\n');
  }

  /** Shows an output channel and reads the lines in sight. */
  async output(channel: string): Promise<string[]> {
    await this.runCommand('Output: Show Output Channels...');
    await this.pick(channel, channel);
    const lines = this.page.locator('.output-view .view-line');
    await lines.first().waitFor();
    return (await lines.allInnerTexts()).map((line) => line.replaceAll('\u00a0', ' '));
  }

  /** The problems panel's rows: files, and below each its problems. */
  async problems(): Promise<string[]> {
    if (!(await this.page.locator('.markers-panel').isVisible()))
      await this.runCommand('Problems: Focus on Problems View');
    return this.page.locator('.markers-panel .monaco-list-row').allInnerTexts();
  }

  /** The texts of the status bar's items. */
  async statusBar(): Promise<string[]> {
    return (await this.page.locator('.statusbar-item').allInnerTexts()).map((text) => text.trim()).filter(Boolean);
  }

  /** The notifications, of which VS Code shows none by itself while it is driven: opens their list. */
  async notifications(): Promise<string[]> {
    const messages = this.page.locator('.notifications-center .notification-list-item-message');
    if (!(await this.page.locator('.notifications-center.visible').isVisible())) {
      await this.runCommand('Notifications: Show Notifications');
    }
    return messages.allInnerTexts();
  }

  /** The accessible names of the activity bar's icons. */
  async activityBar(): Promise<string[]> {
    const labels = await this.page.locator('.activitybar .composite-bar a.action-label').all();
    return Promise.all(labels.map(async (label) => (await label.getAttribute('aria-label')) ?? ''));
  }

  /** Photographs the window into `.cache/screenshots/NAME.png`. */
  async screenshot(name: string): Promise<string> {
    const file = path.join(repository, '.cache/screenshots', `${name}.png`);
    await this.page.screenshot({ path: file });
    return file;
  }

  /** The log of the extension host, for a test that failed. */
  extensionHostLog(): string {
    const logs = path.join(this.server?.folder ?? '', 'u/logs');
    if (!this.server || !fs.existsSync(logs)) return '';
    return fs
      .readdirSync(logs, { recursive: true, encoding: 'utf8' })
      .filter((name) => path.basename(name) === 'remoteexthost.log')
      .map((name) => fs.readFileSync(path.join(logs, name), 'utf8'))
      .join('\n');
  }

  /** Ends this VS Code and everything that it started, and removes its folder. */
  async close(): Promise<void> {
    await this.page.context().close();
    if (!this.server) return;
    await this.server.stop();
    fs.rmSync(path.dirname(this.folder), { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}
