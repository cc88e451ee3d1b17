/** Starts the language server. */
import { runCached } from './cached';

runCached(__filename, 'server-main.js');
