/** Starts the command line, and its workers. */
import './short';
import { runCached } from './cached';

runCached(__filename, 'loopscope-main.js');
