/** Diagnostics for editors that can not ask for them: sent after every change, those of several changes at once. */
import type { PublishDiagnosticsParams } from 'vscode-languageserver';
import { diagnosticsOf } from './reports';
import type { Workbench } from './workbench';

/** Typing sends a change for each key; they are answered together. */
const WAIT_MS = 30;

export class PushedDiagnostics {
  private readonly waiting = new Set<string>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly workbench: Workbench,
    private readonly publish: (params: PublishDiagnosticsParams) => void,
    private readonly versionOf: (uri: string) => number | undefined,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Some documents' diagnostics may be others than before. */
  changed(uris: Iterable<string>): void {
    for (const uri of uris) this.waiting.add(uri);
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.send().catch(this.onError);
    }, WAIT_MS);
  }

  /** A closed document has none. */
  closed(uri: string): void {
    this.waiting.delete(uri);
    this.publish({ uri, diagnostics: [] });
  }

  private async send(): Promise<void> {
    const uris = [...this.waiting];
    this.waiting.clear();
    for (const uri of uris) {
      const version = this.versionOf(uri);
      if (version === undefined) continue;
      const diagnostics = await diagnosticsOf(uri, this.workbench);
      // Changed or closed meanwhile: another round is on its way, or there is nothing to tell.
      if (this.versionOf(uri) === version) this.publish({ uri, version, diagnostics });
    }
  }
}
