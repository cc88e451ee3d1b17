// check.mjs: types, lint, format, layers and lengths of the whole repository (`npm run check`). Exit code 1 when one failed.
import './lib/node-version.mjs';
import { runChecks } from './lib/checks.mjs';
import { words } from './lib/counts.mjs';
import { ensureNodePackages } from './lib/node-packages.mjs';
import { findPythons, prepareVenvs } from './lib/pythons.mjs';
import { main } from './lib/run.mjs';

await main(async () => {
  await ensureNodePackages(console.log);
  const pythons = await findPythons();
  await prepareVenvs(pythons.slice(-1), console.log, pythons);
  const counts = await runChecks((text) => process.stdout.write(text));
  console.log(words(counts));
  return counts.failed > 0 ? 1 : 0;
});
