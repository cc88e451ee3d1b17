/** Runs the command line as a process of its own, in a folder made for the test. */
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { bundles } from './bundles';

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly stdin?: string | Uint8Array;
  /** The working folder, relative to the folder. */
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** A file of the folder that standard output is written to, byte for byte. */
  readonly stdoutTo?: string;
  /** Root reads everything: run as someone who does not. */
  readonly asNobody?: boolean;
}

const NOBODY = 65534;

/** A folder with files, and the command line in it. */
export class CliFolder {
  readonly path = realpathSync(mkdtempSync(join(tmpdir(), 'loopscope-cli-')));

  constructor(private readonly analysis: 'fake' | 'real' = 'fake') {}

  write(name: string, content: string | Uint8Array): this {
    mkdirSync(dirname(join(this.path, name)), { recursive: true });
    writeFileSync(join(this.path, name), content);
    return this;
  }

  read(name: string): string {
    return readFileSync(join(this.path, name), 'utf8');
  }

  bytes(name: string): Buffer {
    return readFileSync(join(this.path, name));
  }

  /** Runs `loopscope ARGS…`. */
  async run(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
    const { cli, folder } = await bundles(this.analysis);
    const env = { ...process.env, ...options.env };
    if (options.env?.['FORCE_COLOR'] === undefined) delete env['FORCE_COLOR'];
    const isRoot = process.getuid?.() === 0;
    if (options.asNobody === true && isRoot) for (const each of [folder, this.path]) chmodSync(each, 0o755);
    const user = options.asNobody === true && isRoot ? { uid: NOBODY, gid: NOBODY } : {};
    const child = spawn(process.execPath, [cli, ...args], { cwd: join(this.path, options.cwd ?? ''), env, ...user });
    let stderr = '';
    const output: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
    child.stdin.end(options.stdin ?? '');
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', resolve);
    });
    const bytes = Buffer.concat(output);
    if (options.stdoutTo !== undefined) this.write(options.stdoutTo, bytes);
    return { code, stdout: bytes.toString('utf8'), stderr };
  }

  dispose(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
