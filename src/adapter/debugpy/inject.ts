/**
 * The expression that starts the runtime in a program that runs already: debugpy evaluates it in the program. It runs a
 * file of ours (src/runtime/bootstrap/attach.py) and gives None, because what an expression gives debugpy may print.
 * Pure.
 */

export interface Dial {
  /** Path of attach.py on the program's machine. */
  readonly file: string;
  readonly port: number;
  readonly token: string;
  /** Whether child processes are followed. */
  readonly children: boolean;
}

/**
 * An expression of Python without a value. It raises OSError where the file is not there: on another machine, say. The
 * code has no file, so that what measures the program's files (coverage.py) does not count ours.
 */
export function injection({ file, port, token, children }: Dial): string {
  const path = JSON.stringify(file);
  const names = `{"address": "127.0.0.1:${port}", "token": "${token}", "follow": ${children ? 'True' : 'False'}, "file": ${path}}`;
  return `exec(compile(open(${path}, encoding="utf-8").read(), "<loopscope>", "exec"), ${names})`;
}
