/**
 * The language server's process: `--stdio` for any editor (the default), `--node-ipc` for our own extension. Builds the
 * analyzer while the editor introduces itself.
 */
import { createConnection, ProposedFeatures } from 'vscode-languageserver/node';
import { serve } from './lsp/server';
import { VERSION } from './version';
import { loadAnalyzer } from './wasm';

const hasTransport = process.argv.some((argument) => /^--(stdio|node-ipc|socket|pipe)/.test(argument));
if (!hasTransport) process.argv.push('--stdio');

serve(createConnection(ProposedFeatures.all), loadAnalyzer(), VERSION);
