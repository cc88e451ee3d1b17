/** Errors that a person need not act on go to the output channel *Loopscope*; it is made when the first one comes. */
import * as vscode from 'vscode';
import { SessionGone } from './sessions/live-session';

export interface Reporter {
  readonly report: (error: unknown) => void;
  /** The output channel, made when it is first asked for. */
  readonly output: () => vscode.LogOutputChannel;
  readonly channel: vscode.Disposable;
}

export function createReporter(): Reporter {
  let log: vscode.LogOutputChannel | undefined;
  const output = (): vscode.LogOutputChannel => (log ??= vscode.window.createOutputChannel('Loopscope', { log: true }));
  return {
    output,
    report: (error) => {
      // A question that came too late is nobody's fault.
      if (error instanceof SessionGone) return;
      output().error(error instanceof Error ? error : String(error));
    },
    channel: new vscode.Disposable(() => log?.dispose()),
  };
}
