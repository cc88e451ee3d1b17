// package.mjs [--out FILE]: builds the bundles for production and packs them into a .vsix (`npm run package`). What goes in is the allow-list
// .vscodeignore. Prints the file's path and size.
import './lib/node-version.mjs';
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { bundleDebugpy } from './lib/debugpy.mjs';
import { ensureNodePackages } from './lib/node-packages.mjs';
import { root, shown } from './lib/paths.mjs';
import { main, run, Stop } from './lib/run.mjs';

await main(async () => {
  const { values } = parseArgs({ options: { out: { type: 'string' } } });
  await ensureNodePackages(console.log);
  /** @type {unknown} */
  const manifest = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));
  const { name, version } = /** @type {{ name: string, version: string }} */ (manifest);
  const out = path.resolve(values.out ?? path.join(root, `${name}-${version}.vsix`));
  fs.mkdirSync(path.dirname(out), { recursive: true });
  // The bundles of an earlier build would be packed too.
  fs.rmSync(path.join(root, 'dist'), { recursive: true, force: true });
  const built = await run(process.execPath, ['esbuild.js', '--production'], { cwd: root });
  if (built.code !== 0) throw new Stop('the bundles could not be built; esbuild says why above.');
  await bundleDebugpy(console.log);
  // The bundles hold their dependencies, so npm is not asked for them.
  const args = ['node_modules/@vscode/vsce/vsce', 'package', '--no-dependencies', '--out', out];
  const packed = await run(process.execPath, args, { cwd: root, quiet: true });
  if (packed.code !== 0) throw new Stop(`vsce could not pack the extension:\n${packed.output}`);
  console.log(`${shown(out)}: ${(fs.statSync(out).size / 1e6).toFixed(2)} MB`);
});
