/** The bundles under test, built as esbuild.js builds them for release, into a folder of their own; once for a run. */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import type { Plugin } from 'esbuild';
import { build } from 'esbuild';

/** What esbuild.js has for these two bundles beyond the ordinary. */
const { analysisOptions, analysisEntries } = createRequire(resolve('package.json'))(resolve('esbuild.js')) as {
  analysisEntries: Record<string, string>;
  analysisOptions: {
    supported: Record<string, boolean>;
    define: Record<string, string>;
    banner: string;
    plugins: Plugin[];
  };
};

/** The findings stand in the text: fake-analysis.ts. */
const fakeAnalysis: Plugin = {
  name: 'fake-analysis',
  setup(setup) {
    setup.onResolve({ filter: /\/analysis\/(analyze|rules\/registry)$/ }, () => ({
      path: resolve('test/unit/server/fake-analysis.ts'),
    }));
  },
};

export interface Bundles {
  readonly folder: string;
  readonly server: string;
  readonly cli: string;
}

const built = new Map<'fake' | 'real', Promise<Bundles>>();

/** Paths of the bundles, with the analysis of the product or the stand-in for it. */
export function bundles(analysis: 'fake' | 'real'): Promise<Bundles> {
  let bundle = built.get(analysis);
  if (!bundle) built.set(analysis, (bundle = make(analysis)));
  return bundle;
}

async function make(analysis: 'fake' | 'real'): Promise<Bundles> {
  const folder = mkdtempSync(join(tmpdir(), 'loopscope-bundles-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  await build({
    entryPoints: analysisEntries,
    outdir: folder,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    mainFields: ['module', 'main'],
    minify: true,
    logLevel: 'error',
    define: analysisOptions.define,
    supported: analysisOptions.supported,
    banner: { js: analysisOptions.banner },
    plugins: [...analysisOptions.plugins, ...(analysis === 'fake' ? [fakeAnalysis] : [])],
  });
  for (const name of ['web-tree-sitter', 'tree-sitter-python']) {
    copyFileSync(resolve('node_modules', name, `${name}.wasm`), join(folder, `${name}.wasm`));
  }
  return { folder, server: join(folder, 'server.js'), cli: join(folder, 'loopscope.js') };
}
