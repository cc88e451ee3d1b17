// prepare.mjs: builds dist/ when npm packs or installs this repository, as pre-commit has it do. A global installation (`npm install -g
// git+…`) leaves the development packages out: then they are installed here first.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';

/** @param {string} command @param {string[]} args @param {NodeJS.ProcessEnv} [env] */
function run(command, args, env) {
  const { status } = spawnSync(command, args, {
    stdio: 'inherit',
    env: env ?? process.env,
    shell: process.platform === 'win32',
  });
  if (status !== 0) process.exit(status ?? 1);
}

if (!fs.existsSync('node_modules/esbuild')) {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^npm_config_(global|location|omit|include)$/i.test(name),
  );
  run('npm', ['ci', '--include=dev', '--ignore-scripts'], Object.fromEntries(inherited));
}
run(process.execPath, ['esbuild.js', '--production']);
