// The layers: which folder of src may import which. docs/architecture.md says why.
'use strict';

/** What each layer may import, beside itself. */
const MAY_IMPORT = {
  common: [],
  protocol: ['common'],
  model: ['protocol', 'common'],
  analysis: ['common'],
  adapter: ['model', 'protocol', 'common'],
  server: ['analysis', 'protocol', 'common'],
  extension: ['model', 'protocol', 'common'],
  webview: ['protocol', 'common'],
};

const layerRules = Object.entries(MAY_IMPORT).map(([layer, allowed]) => ({
  name: `layer-${layer}`,
  severity: 'error',
  comment: `src/${layer} may import ${allowed.length ? allowed.map((name) => `src/${name}`).join(', ') : 'no other layer'}. See docs/architecture.md.`,
  from: { path: `^src/${layer}/` },
  to: { path: '^src/', pathNot: `^src/(${[layer, ...allowed].join('|')})/` },
}));

module.exports = {
  forbidden: [
    ...layerRules,
    {
      name: 'vscode-only-in-extension',
      severity: 'error',
      comment: 'Only src/extension and the end-to-end tests import vscode.',
      from: { path: '^(src|test)/', pathNot: '^(src/extension|test/e2e)/' },
      to: { path: '^vscode$' },
    },
    {
      name: 'pure-layers',
      severity: 'error',
      comment: 'common, protocol, model and analysis do no I/O: no file, network, process or timer module.',
      from: { path: '^src/(common|protocol|model|analysis)/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'no-circular',
      severity: 'error',
      comment: 'Break the circle: move what both need below them.',
      from: {},
      to: { circular: true },
    },
    {
      name: 'not-resolvable',
      severity: 'error',
      comment: 'Nothing resolves this import.',
      from: {},
      to: { couldNotResolve: true, pathNot: '^vscode$' },
    },
    {
      name: 'src-does-not-import-test',
      severity: 'error',
      comment: 'Product code knows nothing of its tests.',
      from: { path: '^src/' },
      to: { path: '^test/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // The package esbuild would be taken for this file.
    exclude: { path: '^esbuild\\.js$' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
