// Child processes for the scripts: run one to its end and tell how it ended, with its output passed on, kept, or both.
// Also the one kind of error that a script shows without a stack: Stop. Knows nothing of what it runs.
import { spawn } from 'node:child_process';

/** An end with one sentence that tells the person what to do. Printed without a stack. */
export class Stop extends Error {}

/**
 * @typedef {object} RunOptions
 * @property {string} [cwd]
 * @property {NodeJS.ProcessEnv} [env] the whole environment; default this process's own
 * @property {boolean} [quiet] keep the output and print nothing
 * @property {(text: string) => void} [print] gets the output as it comes, instead of this process's own streams
 * @property {string} [input] written to stdin, which is then closed; default: stdin is empty
 * @property {number} [timeout] milliseconds until the process is killed; then `code` is null
 */
/**
 * @typedef {object} RunResult
 * @property {number | null} code exit code; null after a signal, or when the program could not be started
 * @property {string} output stdout and stderr as they came
 * @property {string} stdout stdout alone
 */

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();

/** Ends what still runs when this process is told to end, so that Ctrl+C leaves nothing behind. */
function endAll() {
  for (const child of running) child.kill('SIGTERM');
}
process.on('exit', endAll);

/**
 * Runs a program to its end. Never rejects: a program that could not be started ends with code null and the reason in `output`.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<RunResult>}
 */
export function run(command, args, options = {}) {
  return new Promise((resolve) => {
    let output = '';
    let stdout = '';
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      timeout: options.timeout,
      windowsHide: true,
    });
    running.add(child);
    child.stdin?.end(options.input);
    child.stdout?.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
      output += text;
      stdout += text;
      if (!options.quiet) (options.print ?? write(process.stdout))(text);
    });
    child.stderr?.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
      output += text;
      if (!options.quiet) (options.print ?? write(process.stderr))(text);
    });
    child.on('error', (error) => {
      running.delete(child);
      resolve({ code: null, output: output + String(error), stdout });
    });
    child.on('close', (code) => {
      running.delete(child);
      resolve({ code, output, stdout });
    });
  });
}

/** @param {NodeJS.WriteStream} stream */
const write = (stream) => (/** @type {string} */ text) => void stream.write(text);

/**
 * Runs npm, the one that started this script where npm did.
 * @param {readonly string[]} args
 * @param {RunOptions} [options]
 */
export function npm(args, options = {}) {
  const cli = process.env['npm_execpath'];
  if (cli?.endsWith('.js')) return run(process.execPath, [cli, ...args], options);
  return process.platform === 'win32'
    ? run(process.env['ComSpec'] ?? 'cmd.exe', ['/d', '/s', '/c', 'npm', ...args], options)
    : run('npm', args, options);
}

/** The last lines of an output, to quote in a message. @param {string} output @param {number} [lines] */
export function tail(output, lines = 15) {
  return output.trimEnd().split('\n').slice(-lines).join('\n');
}

/** Whether an output of npm, pip or apt says that there was no network. @param {string} output */
export function saysNoNetwork(output) {
  return /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ENETUNREACH|ETIMEDOUT|ECONNRESET|network request to .* failed|Temporary failure (in name )?resol|Could not resolve|Failed to establish a new connection|Name or service not known|Couldn't download/i.test(
    output,
  );
}

/**
 * The outermost call of a script: prints a Stop as its sentence, anything else with its stack, and sets the exit code.
 * @param {() => Promise<number | void>} body the number is the exit code
 */
export async function main(body) {
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    // Not `once`: npm may send the signal a second time, in the middle of the cleaning up.
    process.on(signal, () => process.exit(signal === 'SIGINT' ? 130 : 143));
  }
  try {
    const code = await body();
    if (code) process.exitCode = code;
  } catch (error) {
    process.exitCode = 1;
    console.error(error instanceof Stop ? `\nloopscope: ${error.message}` : error);
  }
}
