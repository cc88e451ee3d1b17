import type * as vscode from 'vscode';

/** What the linter needs of the extension. */
export interface LintHost {
  readonly extensionUri: vscode.Uri;
  /** The output channel for what a person need not act on; made when it is first asked for. */
  output(): vscode.LogOutputChannel;
}
