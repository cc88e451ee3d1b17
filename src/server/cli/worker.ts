/** The body of a worker thread: checks the files that it is sent. */
import { parentPort, workerData } from 'node:worker_threads';
import { loadAnalyzer } from '../wasm';
import { FileChecker } from './check';
import type { WorkerAnswer, WorkerRequest, WorkerTask } from './pool';

/** Serves the thread's port until the thread is ended. */
export async function serveWorker(): Promise<void> {
  const port = parentPort;
  if (!port) throw new Error('not in a worker');
  const { options } = workerData as WorkerTask;
  const loaded = loadAnalyzer();
  // Messages wait in the port until there is a listener.
  const checker = new FileChecker(await loaded, options);
  port.on('message', ({ paths }: WorkerRequest) => {
    for (const path of paths) {
      const answer: WorkerAnswer = { report: checker.checkFile(path) };
      port.postMessage(answer);
    }
  });
}
