// Bundles each process of Loopscope separately into dist/: extension (runs in the extension host), adapter (a DAP server), server (a
// language server) and loopscope (the command line). `--watch` rebuilds on change, `--production` minifies. Does not type-check (npm run
// check does) and copies only what a bundle loads at run time.
'use strict';
const esbuild = require('esbuild');
const fs = require('node:fs');
const path = require('node:path');

const watch = process.argv.includes('--watch');
const production = process.argv.includes('--production');
const dist = path.join(__dirname, 'dist');

const bundles = [
  { in: 'src/extension/extension.ts', out: 'extension', external: ['vscode'] },
  { in: 'src/adapter/main.ts', out: 'adapter' },
  { in: 'src/server/main.ts', out: 'server' },
  { in: 'src/server/cli/main.ts', out: 'loopscope', banner: '#!/usr/bin/env node' },
].filter((bundle) => fs.existsSync(path.join(__dirname, bundle.in)));

/** Files that a bundle loads at run time: copied beside it. */
const assets = [
  'node_modules/web-tree-sitter/web-tree-sitter.wasm',
  'node_modules/tree-sitter-python/tree-sitter-python.wasm',
];

/** Says when a build begins and ends, in lines that the problem matcher of .vscode/tasks.json knows. */
const tell = {
  name: 'tell',
  setup(build) {
    if (watch) build.onStart(() => console.log('[watch] build started'));
    build.onEnd((result) => {
      for (const [file, { bytes }] of Object.entries(result.metafile?.outputs ?? {})) {
        if (file.endsWith('.js')) console.log(`  ${file}  ${(bytes / 1000).toFixed(0)} kB`);
      }
      if (watch) console.log('[watch] build finished');
    });
  },
};

async function main() {
  fs.mkdirSync(dist, { recursive: true });
  for (const asset of assets) fs.copyFileSync(path.join(__dirname, asset), path.join(dist, path.basename(asset)));
  const contexts = await Promise.all(
    bundles.map((bundle) =>
      esbuild.context({
        absWorkingDir: __dirname,
        entryPoints: { [bundle.out]: bundle.in },
        outdir: 'dist',
        bundle: true,
        platform: 'node',
        target: 'node20',
        format: 'cjs',
        mainFields: ['module', 'main'],
        external: bundle.external ?? [],
        sourcemap: production ? false : 'linked',
        minify: production,
        banner: bundle.banner ? { js: bundle.banner } : {},
        logLevel: 'warning',
        metafile: true,
        plugins: [tell],
      }),
    ),
  );
  if (watch) {
    await Promise.all(contexts.map((context) => context.watch()));
    return;
  }
  const results = await Promise.allSettled(contexts.map((context) => context.rebuild()));
  await Promise.all(contexts.map((context) => context.dispose()));
  // esbuild has printed the errors themselves.
  if (results.some((result) => result.status === 'rejected')) process.exitCode = 1;
}

main().catch((error) => {
  console.error(String(error));
  process.exit(1);
});
