// Bundles each process of Loopscope separately into dist/: extension (runs in the extension host),
// adapter (a DAP server), server (a language server) and loopscope (the command line).
// Does not type-check (npm run check does) and copies only what a bundle loads at run time.
'use strict';
const esbuild = require('esbuild');
const fs = require('node:fs');
const path = require('node:path');

const watch = process.argv.includes('--watch');
const production = process.argv.includes('--production');

const bundles = [
  { in: 'src/extension/extension.ts', out: 'extension', external: ['vscode'] },
  { in: 'src/adapter/main.ts', out: 'adapter', external: [] },
  { in: 'src/server/main.ts', out: 'server', external: [] },
  { in: 'src/server/cli/main.ts', out: 'loopscope', external: [], banner: '#!/usr/bin/env node' },
].filter((bundle) => fs.existsSync(path.join(__dirname, bundle.in)));

/** Files that a bundle loads at run time: copied beside it. */
const assets = [
  ['node_modules/web-tree-sitter/web-tree-sitter.wasm', 'dist/web-tree-sitter.wasm'],
  ['node_modules/tree-sitter-python/tree-sitter-python.wasm', 'dist/tree-sitter-python.wasm'],
];

async function main() {
  fs.mkdirSync(path.join(__dirname, 'dist'), { recursive: true });
  for (const [from, to] of assets) fs.copyFileSync(path.join(__dirname, from), path.join(__dirname, to));
  const contexts = await Promise.all(
    bundles.map((bundle) =>
      esbuild.context({
        entryPoints: { [bundle.out]: path.join(__dirname, bundle.in) },
        outdir: path.join(__dirname, 'dist'),
        bundle: true,
        platform: 'node',
        target: 'node20',
        format: 'cjs',
        mainFields: ['module', 'main'],
        external: bundle.external,
        sourcemap: true,
        minify: production,
        banner: bundle.banner ? { js: bundle.banner } : {},
        logLevel: 'info',
        metafile: true,
      }),
    ),
  );
  if (watch) {
    await Promise.all(contexts.map((context) => context.watch()));
    return;
  }
  await Promise.all(contexts.map((context) => context.rebuild()));
  await Promise.all(contexts.map((context) => context.dispose()));
}

main().catch((error) => {
  console.error(String(error));
  process.exit(1);
});
