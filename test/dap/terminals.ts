/** A client's terminal for the tests: runs what `runInTerminal` asks for, in an environment of its own, and keeps what it prints. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { DapClient } from './client';

export interface Terminal {
  output: string;
  child: ChildProcess | undefined;
  args: DebugProtocol.RunInTerminalRequestArguments | undefined;
  readonly ended: Promise<number | null>;
}

/** Answers the client's `runInTerminal`. `asked` is called before anything is started. */
export function terminalOf(
  client: DapClient,
  asked?: (args: DebugProtocol.RunInTerminalRequestArguments) => void,
): Terminal {
  let end: (code: number | null) => void = () => undefined;
  const terminal: Terminal = {
    output: '',
    child: undefined,
    args: undefined,
    ended: new Promise((resolve) => {
      end = resolve;
    }),
  };
  client.onReverseRequest = (request: DebugProtocol.Request) => {
    assert.equal(request.command, 'runInTerminal');
    const args = request.arguments as DebugProtocol.RunInTerminalRequestArguments;
    terminal.args = args;
    asked?.(args);
    const [file = '', ...rest] = args.args;
    const child = spawn(file, rest, {
      cwd: args.cwd,
      env: { ...process.env, IN_TERMINAL: 'yes', ...(args.env as Record<string, string> | undefined) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    terminal.child = child;
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        terminal.output += chunk.toString();
      });
    child.once('close', end);
    return { processId: child.pid };
  };
  return terminal;
}
