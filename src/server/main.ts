/**
 * The language server's process: stdio for any editor, `--node-ipc` for our own extension. Builds the analyzer while the
 * editor introduces itself.
 */
import { connect } from './lsp/connection';
import { serve } from './lsp/server';
import { VERSION } from './version';
import { loadAnalyzer } from './wasm';

export { hasWorked } from './worked';

serve(connect(process.argv.slice(2)), loadAnalyzer(), VERSION);
