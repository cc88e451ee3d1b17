// Starts VS Code's server (code-server) on a loopback port with folders of its own, and ends it with all that it started.
// Opens no window: a browser at `origin` is one. Knows nothing of tests.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Stop, tail } from './run.mjs';

/**
 * @typedef {object} CodeServerOptions
 * @property {import('../vscode-host.mjs').VSCodeHost} host
 * @property {Record<string, unknown>} [settings] user settings, beside those that keep the screen quiet
 * @property {NodeJS.ProcessEnv} [env] added to the environment of the server and so of the extension host
 * @property {boolean} [trust] false: folders are opened untrusted and VS Code asks; default true
 * @property {boolean} [isolated] true: HOME and all folders of VS Code are new and go away at the end; default true
 * @property {boolean} [development] true: pages may ask for extensions under development and extension tests; default true
 * @property {string} [socket] listen on this Unix socket, for this user alone, and not on a port
 * @property {string} [folder] what a window opens that names no folder
 * @property {string} [home] the folder of VS Code's user data, extensions and socket, when not isolated; goes away at the end too
 */
/**
 * @typedef {object} CodeServer
 * @property {string} origin `http://127.0.0.1:PORT`, or the socket's path
 * @property {string} folder where user data, extensions and logs lie
 * @property {(args: readonly string[]) => Promise<{ code: number | null, output: string }>} cli runs code-server's command line on the same folders
 * @property {() => string} output what the server has printed
 * @property {() => Promise<void>} stop ends the server and its children
 * @property {Promise<number | null>} ended settles when the server has ended, with its exit code
 */

/** Settings without which VS Code shows things that no test and no first look wants. */
export const QUIET_SETTINGS = {
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'chat.disableAIFeatures': true,
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'telemetry.telemetryLevel': 'off',
  'remote.autoForwardPorts': false,
  'git.openRepositoryInParentFolders': 'never',
};

/** @param {CodeServerOptions} options @returns {Promise<CodeServer>} */
export async function startCodeServer(options) {
  const { host, trust = true, isolated = true, development = true, socket } = options;
  // Short, because Unix sockets, whose paths are limited to about 100 characters, live below it.
  const folder = options.home ?? fs.mkdtempSync(path.join(os.tmpdir(), 'ls-'));
  const make = (/** @type {string} */ name) => {
    const made = path.join(folder, name);
    fs.mkdirSync(made, { recursive: true });
    return made;
  };
  const [userData, extensions, runtime] = [make('u'), make('e'), make('r')];
  const settingsFile = path.join(make('u/User'), 'settings.json');
  if (isolated || !fs.existsSync(settingsFile)) {
    fs.writeFileSync(settingsFile, JSON.stringify({ ...QUIET_SETTINGS, ...options.settings }, null, 2));
  }
  const config = path.join(folder, 'config.yaml');
  fs.writeFileSync(config, '');
  const folders = ['--config', config, '--user-data-dir', userData, '--extensions-dir', extensions];
  // Without what the npm that started us set, which would reach the programs that run in this VS Code.
  /** @type {NodeJS.ProcessEnv} */
  const env = Object.fromEntries(
    Object.entries({ ...process.env, ...options.env }).filter(([name]) => !/^npm_|^NODE_OPTIONS$|^VSCODE_/i.test(name)),
  );
  if (isolated) {
    Object.assign(env, {
      HOME: folder,
      XDG_CONFIG_HOME: folder,
      XDG_DATA_HOME: folder,
      XDG_RUNTIME_DIR: runtime,
      TMPDIR: runtime,
    });
    env['EXTENSIONS_GALLERY'] = '{}'; // No marketplace: a test sees the extensions that it brings.
  }

  const server = spawn(
    host.node,
    [
      host.entry,
      ...['--auth', 'none', ...folders],
      ...(socket ? ['--socket', socket, '--socket-mode', '600'] : ['--bind-addr', '127.0.0.1:0']),
      ...[
        '--ignore-last-opened',
        '--disable-telemetry',
        '--disable-update-check',
        '--disable-getting-started-override',
      ],
      ...(trust ? ['--disable-workspace-trust'] : []),
      // Without it a built VS Code ignores the development paths that a page asks for.
      ...(development ? ['--vscode-option', 'enable-smoke-test-driver'] : []),
      ...(options.folder ? [options.folder] : []),
    ],
    { detached: true, stdio: ['ignore', 'pipe', 'pipe'], cwd: folder, env },
  );
  let output = '';
  /** @type {Promise<number | null>} */
  const ended = new Promise((resolve) => server.once('exit', resolve));
  const killGroup = (/** @type {NodeJS.Signals} */ signal) => {
    try {
      if (server.pid !== undefined) process.kill(-server.pid, signal);
    } catch {
      // The whole group is gone.
    }
  };
  const remove = () => fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  const killAtExit = () => {
    killGroup('SIGKILL');
    remove();
  };
  process.on('exit', killAtExit);

  const stop = async () => {
    killGroup('SIGTERM');
    const grace = setTimeout(() => killGroup('SIGKILL'), 2000);
    if (server.pid !== undefined) await ended;
    clearTimeout(grace);
    killGroup('SIGKILL'); // Children that outlived the server: extension hosts, shells.
    process.off('exit', killAtExit);
    remove();
  };

  /** @type {Promise<string>} */
  const listening = new Promise((resolve, reject) => {
    const read = (/** @type {Buffer} */ data) => {
      output += data.toString('utf8');
      const match = /HTTP server listening on (\S+)/.exec(output);
      if (match?.[1]) resolve(match[1].replace(/\/$/, ''));
    };
    server.stdout.on('data', read);
    server.stderr.on('data', read);
    server.once('error', (error) => reject(new Stop(`VS Code's server could not be started: ${error.message}`)));
    void ended.then((code) => {
      reject(new Stop(`VS Code's server ended with code ${String(code)} before it listened:\n${tail(output)}`));
    });
  });
  const origin = await listening.catch(async (/** @type {unknown} */ error) => {
    await stop();
    throw error;
  });

  return {
    origin,
    folder,
    ended,
    stop,
    output: () => output,
    cli: (args) =>
      new Promise((resolve) => {
        const child = spawn(host.node, [host.entry, ...folders, ...args], {
          env,
          cwd: folder,
          stdio: ['ignore', 'pipe', 'pipe'],
        });
        let text = '';
        child.stdout.on('data', (/** @type {Buffer} */ data) => (text += data.toString('utf8')));
        child.stderr.on('data', (/** @type {Buffer} */ data) => (text += data.toString('utf8')));
        child.once('close', (code) => resolve({ code, output: text }));
      }),
  };
}

/**
 * The address of a window of this server.
 * @param {CodeServer} server
 * @param {{ folder: string, extension?: string, tests?: string }} what `folder` is opened, `extension` loaded from its source folder,
 *   `tests` (a CommonJS module that exports `run`) run in the extension host
 */
export function pageAddress(server, { folder, extension, tests }) {
  const remote = (/** @type {string} */ file) => `vscode-remote://${new URL(server.origin).host}${encodeURI(file)}`;
  /** @type {[string, string][]} */
  const payload = [];
  if (extension) payload.push(['extensionDevelopmentPath', remote(extension)]);
  if (tests) payload.push(['extensionTestsPath', remote(tests)], ['enableProposedApi', '']);
  payload.push(['skipWelcome', 'true'], ['skipReleaseNotes', 'true']);
  return `${server.origin}/?${new URLSearchParams({ folder, payload: JSON.stringify(payload) }).toString()}`;
}
