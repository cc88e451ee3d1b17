/**
 * Loads a bundle with what V8 compiled of it in an earlier run: reading and compiling 400 kB of JavaScript is a tenth of a
 * short run. Node does this by itself from 22.8 on (`module.enableCompileCache`), in a folder of temporary files; here it
 * stands beside the bundle, for every Node, and is as trustworthy as the bundle is. Where nothing can be written, or V8
 * refuses what it finds (another version, other flags, another text), the bundle is compiled as ever.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Script } from 'node:vm';
import { isMainThread, threadId } from 'node:worker_threads';

/** What a bundle exports for whoever loads it. */
interface Bundle {
  /** Whether it has done what it is for: then most functions that matter are compiled, and worth keeping. */
  hasWorked?(): boolean;
}

type Wrapper = (exports: object, require: NodeJS.Require, module: object, file: string, folder: string) => void;

/** What the build writes at the head of a bundle: esbuild.js. */
const HASH = /^\/\*([0-9a-f]{16})\*\//;

/** How long a process that stays waits before it keeps what is compiled. */
const SETTLED_MS = 20_000;

/**
 * Runs a bundle as Node runs a CommonJS module.
 * @param file the file that was started; the bundle sees its name as its own
 * @param name the bundle's file name, beside it
 */
export function runCached(file: string, name: string): void {
  const folder = dirname(file);
  const path = join(folder, name);
  const source = readFileSync(path, 'utf8');
  // V8 knows its own version, its flags and the length of the text, but not the text.
  const hash = HASH.exec(source)?.[1];
  const cache = `${path}.${hash ?? ''}.${process.versions.v8}-${process.arch}.cache`;
  const cachedData = hash === undefined ? undefined : readIfThere(cache);
  const script = new Script(`(function (exports, require, module, __filename, __dirname) {${source}\n})`, {
    filename: path,
    ...(cachedData ? { cachedData } : {}),
  });
  const isKnown = cachedData !== undefined && script.cachedDataRejected === false;
  const module: { exports: Bundle } = { exports: {} };
  (script.runInThisContext() as Wrapper)(module.exports, createRequire(file), module, file, folder);
  if (isKnown || hash === undefined || !isMainThread) return;
  let isKept = false;
  const keep = (): void => {
    if (isKept || module.exports.hasWorked?.() !== true) return;
    isKept = true;
    write(cache, script);
  };
  process.once('exit', keep);
  setTimeout(keep, SETTLED_MS).unref();
}

function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

/** All of it or nothing: another process may read it at this moment. */
function write(cache: string, script: Script): void {
  const draft = `${cache}.${process.pid}-${threadId}`;
  try {
    writeFileSync(draft, script.createCachedData());
    renameSync(draft, cache);
  } catch {
    // The folder is somebody else's: it goes without.
    rmSync(draft, { force: true });
  }
}
