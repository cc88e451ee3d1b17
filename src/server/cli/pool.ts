/**
 * Checks many files on all cores. A worker that dies or hangs costs the one file that it was at: that file is told of as
 * failed, a new worker takes the rest. Knows nothing of formats.
 */
import { Worker } from 'node:worker_threads';
import type { CheckOptions } from './check';
import type { FileReport } from './report';

/** What a worker is started with. */
export interface WorkerTask {
  readonly options: CheckOptions;
}

/** What a worker is sent: files to check, in order. An empty list ends it. */
export interface WorkerRequest {
  readonly paths: readonly string[];
}

/** What a worker says of each file, in the order of the request. */
export interface WorkerAnswer {
  readonly report: FileReport;
}

const BATCH = 12;
/** How long one file may take before its worker is taken for hung. */
const FILE_LIMIT_MS = 60_000;
const HEAP_LIMIT_MB = 3072;

/**
 * Checks files in `size` workers. Resolves with the reports in the order of the files.
 * @param script the file that a worker runs
 * @param shown a path as reports show it
 * @param onDone is called after each file
 */
export async function checkInWorkers(
  script: string,
  paths: readonly string[],
  options: CheckOptions,
  size: number,
  shown: (path: string) => string,
  onDone: () => void,
): Promise<FileReport[]> {
  const reports = new Map<number, FileReport>();
  const waiting = paths.map((_, index) => index);
  const finish = (index: number, report: FileReport): void => {
    reports.set(index, report);
    onDone();
  };
  /** Runs one worker until nothing waits. */
  const runOne = (): Promise<void> =>
    new Promise((resolve) => {
      const task: WorkerTask = { options };
      const worker = new Worker(script, {
        workerData: task,
        resourceLimits: { maxOldGenerationSizeMb: HEAP_LIMIT_MB },
      });
      let batch: number[] = [];
      let timer: NodeJS.Timeout | undefined;
      let isOver = false;
      const next = (): void => {
        if (batch.length === 0) batch = waiting.splice(0, BATCH);
        const request: WorkerRequest = { paths: batch.map((index) => paths[index] ?? '') };
        worker.postMessage(request);
        watch();
      };
      const watch = (): void => {
        clearTimeout(timer);
        if (batch.length > 0)
          timer = setTimeout(() => fail(`it took longer than ${FILE_LIMIT_MS / 1000} s`), FILE_LIMIT_MS);
      };
      const over = (): void => {
        if (isOver) return;
        isOver = true;
        clearTimeout(timer);
        void worker.terminate();
        resolve();
      };
      const fail = (message: string): void => {
        if (isOver) return;
        const [culprit, ...rest] = batch;
        if (culprit === undefined) {
          over();
          return;
        }
        finish(culprit, { path: shown(paths[culprit] ?? ''), findings: [], problem: { kind: 'failed', message } });
        waiting.unshift(...rest);
        over();
      };
      worker.on('message', ({ report }: WorkerAnswer) => {
        const index = batch.shift();
        if (index !== undefined) finish(index, report);
        if (batch.length > 0) watch();
        else if (waiting.length > 0) next();
        else over();
      });
      worker.on('error', (error: Error) => fail(error.message));
      worker.on('exit', () => fail('its worker ended'));
      next();
    });
  while (waiting.length > 0) {
    const count = Math.min(size, Math.ceil(waiting.length / BATCH));
    await Promise.all(Array.from({ length: count }, runOne));
  }
  return paths.map((path, index) => reports.get(index) ?? { path: shown(path), findings: [] });
}
