// Bundles each process of Loopscope separately into dist/: extension (runs in the extension host; lint-client is the part of it that is loaded
// with the first Python document), adapter (a DAP server), server (a language server) and loopscope (the command line). `--watch` rebuilds on change, `--production` minifies. Does not type-check (npm run
// check does) and copies only what a bundle loads at run time.
'use strict';
const esbuild = require('esbuild');
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');

const watch = process.argv.includes('--watch');
const production = process.argv.includes('--production');
const dist = path.join(__dirname, 'dist');

/** Files that a bundle loads at run time: copied beside it. */
const assets = [
  'node_modules/web-tree-sitter/web-tree-sitter.wasm',
  'node_modules/tree-sitter-python/tree-sitter-python.wasm',
];

/**
 * Leaves the rules' documentation out: docs/rules/ is made from it, no program shows it. Prettier has laid every rule file
 * out the same way; a file that it has not is a fault that the build names.
 */
const withoutDocs = {
  name: 'without-docs',
  setup(build) {
    build.onLoad({ filter: /[\\/]src[\\/]analysis[\\/]rules[\\/]LOOP\d+\.ts$/ }, async ({ path: file }) => {
      const source = await fs.promises.readFile(file, 'utf8');
      const contents = source.replace(/^  doc: \{\n[\s\S]*?^  \},\n/m, '  doc: undefined,\n');
      if (contents === source) return { errors: [{ text: `${file}: no "doc: {" at the place where it is expected` }] };
      return { contents, loader: 'ts' };
    });
  },
};

/**
 * Leaves out of web-tree-sitter what its own bundler has put in to keep the names of minified functions, and the exports of
 * the queries and lookaheads that nothing here makes.
 */
const withoutUnused = {
  name: 'without-unused',
  setup(build) {
    build.onLoad({ filter: /[\\/]web-tree-sitter[\\/]web-tree-sitter\.js$/ }, async ({ path: file }) => {
      let contents = await fs.promises.readFile(file, 'utf8');
      for (const unused of [/^\s*__name\([\w$]+, "[^"]+"\);\n/gm, /^\s*Module\["_ts_(?:query|lookahead)_.*;\n/gm]) {
        if (!unused.test(contents)) return { errors: [{ text: `${file}: nothing in it is ${unused}` }] };
        contents = contents.replace(unused, '');
      }
      // It would make code of texts in a grammar's wasm, of which Python's has none. A direct eval sees every name around it:
      // none of them could be shortened, and nothing left out.
      if (contents.match(/= eval\(func\);/g)?.length !== 2)
        return { errors: [{ text: `${file}: not the two evals known` }] };
      contents = contents.replaceAll('= eval(func);', '= (0, eval)(func);');
      return { contents, loader: 'js' };
    });
  },
};

/** Parts of Node that take milliseconds to load and that most runs do not use: loaded when one of these is first asked for. */
const lazily = {
  crypto: ['createHash', 'randomBytes'],
  child_process: ['spawn'],
  net: ['createServer', 'createConnection'],
};
const loadLate = {
  name: 'load-late',
  setup(build) {
    const namespace = 'load-late';
    const filter = new RegExp(`^(?:node:)?(?:${Object.keys(lazily).join('|')})$`);
    build.onResolve({ filter }, (asked) =>
      asked.namespace === namespace
        ? { path: asked.path, external: true }
        : { path: asked.path.replace('node:', ''), namespace },
    );
    build.onLoad({ filter: /./, namespace }, ({ path: name }) => {
      const getters = lazily[name].map((each) => `get ${each}() { return require('node:${name}').${each}; }`);
      return { contents: `module.exports = { ${getters.join(', ')} };`, loader: 'js' };
    });
  },
};

/**
 * Writes the hash of a bundle that a loader loads at its head: V8 itself tells one text from another only by its length, and
 * would run what it compiled of another build.
 */
const stamp = {
  name: 'stamp',
  setup(build) {
    const { entryPoints, outdir, absWorkingDir = '.' } = build.initialOptions;
    build.onEnd(async ({ errors }) => {
      if (errors.length > 0) return;
      for (const name of Object.keys(entryPoints).filter((each) => each.endsWith('-main'))) {
        const file = path.resolve(absWorkingDir, outdir, `${name}.js`);
        const text = await fs.promises.readFile(file, 'utf8');
        const hash = createHash('sha256').update(text).digest('hex').slice(0, 16);
        await fs.promises.writeFile(file, `/*${hash}*/ ${text}`);
      }
    });
  },
};

/** How the server and the command line are bundled, by which their tests bundle them too. */
const analysisOptions = {
  // web-tree-sitter takes its place from import.meta, which a CommonJS bundle has not. Its own CommonJS form is larger.
  define: { 'import.meta.url': '__bundleUrl' },
  banner: 'const __bundleUrl = require("node:url").pathToFileURL(__filename).href;',
  plugins: [withoutDocs, withoutUnused, loadLate, stamp],
  // web-tree-sitter imports what Node has: a script that is loaded by hand can only require it.
  supported: { 'dynamic-import': false },
};

/** What starts the server and the command line, and loads what there is of them. */
const loaders = { server: 'src/server/boot/server.ts', loopscope: 'src/server/boot/loopscope.ts' };
const analysisEntries = {
  ...loaders,
  'server-main': 'src/server/main.ts',
  'loopscope-main': 'src/server/cli/main.ts',
};

/** Parts of the extension that are loaded when they are needed, each a bundle of its own, by their place in `src`. */
const loadedLater = { 'src/extension/lint/client.ts': 'lint-client' };

/** Leaves what is loaded later out of the bundle: `import('./client')` loads its bundle. */
const split = {
  name: 'split',
  setup(build) {
    build.onResolve({ filter: /^\./ }, ({ kind, path: name, resolveDir }) => {
      const file = path.relative(__dirname, path.resolve(resolveDir, `${name}.ts`)).replaceAll('\\', '/');
      if (!(file in loadedLater)) return undefined;
      if (kind !== 'dynamic-import') return { errors: [{ text: `${file} is loaded later: import it with import()` }] };
      return { path: `./${loadedLater[file]}.js`, external: true };
    });
  },
};

/** `import()` becomes `require()`, through which VS Code hands out its own module to bundles loaded later too. */
const extensionOptions = { external: ['vscode'], supported: { 'dynamic-import': false } };

const bundles = [
  { in: 'src/extension/extension.ts', out: 'extension', ...extensionOptions, plugins: [split] },
  ...Object.entries(loadedLater).map(([file, out]) => ({ in: file, out, ...extensionOptions })),
  { in: 'src/adapter/main.ts', out: 'adapter' },
  ...Object.entries(analysisEntries).map(([out, file]) => ({
    in: file,
    out,
    ...analysisOptions,
    banner: out === 'loopscope' ? '#!/usr/bin/env node' : out in loaders ? undefined : analysisOptions.banner,
  })),
].filter((bundle) => fs.existsSync(path.join(__dirname, bundle.in)));

let building = 0;

/** Says when building begins and ends, in lines that the problem matcher of .vscode/tasks.json knows. */
const tell = {
  name: 'tell',
  setup(build) {
    build.onStart(() => {
      if (watch && building === 0) console.log('[watch] build started');
      building += 1;
    });
    build.onEnd((result) => {
      for (const [file, { bytes }] of Object.entries(result.metafile?.outputs ?? {})) {
        if (file.endsWith('.js')) console.log(`  ${file}  ${(bytes / 1000).toFixed(0)} kB`);
      }
      building -= 1;
      if (watch && building === 0) console.log('[watch] build finished');
    });
  },
};

async function main() {
  fs.mkdirSync(dist, { recursive: true });
  // What V8 compiled of an earlier build.
  for (const name of fs.readdirSync(dist)) if (name.endsWith('.cache')) fs.rmSync(path.join(dist, name));
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
        supported: bundle.supported ?? {},
        define: bundle.define ?? {},
        sourcemap: production ? false : 'linked',
        minify: production,
        // Not each … as \\u2026.
        charset: 'utf8',
        banner: bundle.banner ? { js: bundle.banner } : {},
        logLevel: 'warning',
        metafile: true,
        plugins: [tell, ...(bundle.plugins ?? [])],
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

if (require.main === module) {
  main().catch((error) => {
    console.error(String(error));
    process.exit(1);
  });
}

module.exports = { analysisOptions, analysisEntries };
