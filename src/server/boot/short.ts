/**
 * Tells V8 that this process will not live long: a command is done before what optimizing compilers cost has come back, so
 * only what runs very often is worth it, and that is known from the first call on. Imported before anything else. Measured
 * on asyncio, aiohttp and tornado: a third of the CPU time of the whole command.
 */
import { setFlagsFromString } from 'node:v8';

/** V8 of Node 20 to 24 knows all of them; a later one might complain of one that it does not know. */
const LAST_KNOWN_V8 = 13;

if (Number.parseInt(process.versions.v8, 10) <= LAST_KNOWN_V8) {
  setFlagsFromString('--interrupt-budget=500000');
  setFlagsFromString('--no-lazy-feedback-allocation');
  setFlagsFromString('--always-sparkplug');
}
