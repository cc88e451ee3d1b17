// vscode-host.mjs [FOLDER]: a VS Code from npm alone (code-server), for the end-to-end tests and for `npm start` where there is no
// `code`. Installs it into the shared cache, beside the Node that it needs and which the system's Node may not be. Starts nothing.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { sharedCache } from './lib/paths.mjs';
import { main, npm, saysNoNetwork, Stop, tail } from './lib/run.mjs';

/** VS Code 1.139.1, as code-server packs it. */
export const HOST_VERSION = '4.139.1';
/** The major version of Node that this VS Code's server runs on. */
const HOST_NODE = '24';
const nodePackage = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;

/**
 * @typedef {object} VSCodeHost
 * @property {string} folder
 * @property {string} node the Node that runs `entry`
 * @property {string} entry code-server's entry point
 */

/** Where the host of this version lies, installed or not. */
export const hostFolder = path.join(sharedCache, `vscode-${HOST_VERSION}`);

/** @param {string} folder @returns {VSCodeHost} */
function host(folder) {
  const modules = path.join(folder, 'node_modules');
  return {
    folder,
    node: path.join(modules, nodePackage, 'bin/node'),
    entry: path.join(modules, 'code-server/out/node/entry.js'),
  };
}

/** What must be there for a host to be whole. @param {string} folder */
function isWhole(folder) {
  const server = path.join(folder, 'node_modules/code-server/lib/vscode');
  return [
    host(folder).node,
    host(folder).entry,
    path.join(server, 'out/server-main.js'),
    path.join(server, 'extensions/node_modules'),
    // Without it VS Code's server writes no logs, and output channels stay empty.
    path.join(server, 'node_modules/@vscode/spdlog/build/Release/spdlog.node'),
  ].every((file) => fs.existsSync(file));
}

/**
 * The VS Code host, installed first where it is not (about a minute and 820 MB). It is built in a folder of its own and moved into
 * place at the end: what is there is whole, also after an interrupted or a simultaneous installation.
 * @param {{ folder?: string, log?: (line: string) => void }} [options]
 * @returns {Promise<VSCodeHost>}
 * @throws {Stop} when this platform has no code-server, or an installation step failed
 */
export async function ensureHost({ folder = hostFolder, log = console.log } = {}) {
  if (isWhole(folder)) return host(folder);
  if (process.platform === 'win32') {
    throw new Stop(
      'VS Code from npm (code-server) does not run on Windows: install VS Code, and let its installer put `code` on the PATH.',
    );
  }
  log(`Installing VS Code's server ${HOST_VERSION} from npm into ${folder} (once, about a minute) …`);
  const build = `${folder}.partial-${process.pid}`;
  fs.rmSync(build, { recursive: true, force: true });
  fs.mkdirSync(build, { recursive: true });
  try {
    const manifest = { private: true, dependencies: { 'code-server': HOST_VERSION, [nodePackage]: HOST_NODE } };
    fs.writeFileSync(path.join(build, 'package.json'), JSON.stringify(manifest));
    const server = path.join(build, 'node_modules/code-server/lib/vscode');
    const node = path.join(build, 'node_modules', nodePackage);
    const install = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    await step(install, build);
    await step([...install, '--omit=dev', '--prefix', server], build);
    await step([...install, '--omit=dev', '--prefix', path.join(server, 'extensions')], build);
    await step(
      ['rebuild', '--loglevel=error', '--prefix', server, '@vscode/spdlog', '@vscode/native-watchdog'],
      build,
      {
        PATH: `${path.join(node, 'bin')}${path.delimiter}${process.env['PATH'] ?? ''}`,
        npm_config_nodedir: node,
      },
    );
    if (!isWhole(build))
      throw new Stop(`the VS Code host in ${build} lacks files after npm ended well: report this with your platform.`);
    try {
      fs.renameSync(build, folder);
    } catch (error) {
      if (!isWhole(folder)) throw error; // Otherwise another process was first.
    }
  } finally {
    fs.rmSync(build, { recursive: true, force: true });
  }
  return host(folder);
}

/** One npm call of the installation. @param {string[]} args @param {string} cwd @param {NodeJS.ProcessEnv} [env] */
async function step(args, cwd, env = {}) {
  const result = await npm(args, {
    cwd,
    env: { ...process.env, npm_config_update_notifier: 'false', ...env },
    quiet: true,
  });
  if (result.code === 0) return;
  const what = `npm ${args[0] ?? ''}`;
  if (saysNoNetwork(result.output)) {
    throw new Stop(
      `${what} of code-server could not reach the npm registry: connect to the network, or set LOOPSCOPE_CACHE to a folder that has it.`,
    );
  }
  if (args[0] === 'rebuild') {
    throw new Stop(
      `compiling two small modules of VS Code's server failed: install a C++ compiler, make and Python (Debian: apt-get install g++ make python3).\n${tail(result.output)}`,
    );
  }
  throw new Stop(`${what} of code-server failed:\n${tail(result.output)}`);
}

if (process.argv[1] && fs.realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  void main(async () => {
    const folder = process.argv[2] ? path.resolve(process.argv[2]) : hostFolder;
    console.log(`VS Code host: ${(await ensureHost({ folder })).folder}`);
  });
}
