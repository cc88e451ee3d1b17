// What the documents, package.json and the editor's files name must exist: a renamed script, file, setting or command is found here.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { repository } from '../support/pythons';
import { globPattern, namedIds, namedPaths, namedScripts } from './named';

const Manifest = v.object({
  main: v.string(),
  icon: v.string(),
  bin: v.record(v.string(), v.string()),
  scripts: v.record(v.string(), v.string()),
  contributes: v.looseObject({
    commands: v.array(v.looseObject({ command: v.string() })),
    configuration: v.union([Configuration(), v.array(Configuration())]),
  }),
});
function Configuration() {
  return v.looseObject({ properties: v.record(v.string(), v.unknown()) });
}
const Launch = v.object({
  configurations: v.array(
    v.looseObject({ name: v.string(), preLaunchTask: v.optional(v.string()), program: v.optional(v.string()) }),
  ),
  compounds: v.optional(v.array(v.looseObject({ configurations: v.array(v.string()) })), []),
});
const Tasks = v.object({ tasks: v.array(v.looseObject({ label: v.string(), script: v.optional(v.string()) })) });

const read = (file: string) => fs.readFileSync(path.join(repository, file), 'utf8');
const manifest = v.parse(Manifest, JSON.parse(read('package.json')));
const settings = [manifest.contributes.configuration].flat().flatMap((section) => Object.keys(section.properties));
const commands = manifest.contributes.commands.map(({ command }) => command);

/** All files of the repository, without what is installed or built. */
const files = (function list(folder: string): string[] {
  return fs.readdirSync(path.join(repository, folder), { withFileTypes: true }).flatMap((entry) => {
    if (/^(node_modules|\.git|\.cache|\.venv.*|\.vscode-test|__pycache__)$/.test(entry.name)) return [];
    const file = path.posix.join(folder, entry.name);
    return entry.isDirectory() ? list(file) : [file];
  });
})('');

/** The documents that people read; the rules' tests are Markdown too, and tested by others. */
const documents = files.filter((file) => file.endsWith('.md') && !/^(dist|test\/(rules|corpus))\//.test(file));

/** Whether there is such a file or folder; for a name with `*` or `{a,b}` at least one. @param folder where a relative name starts */
function exists(name: string, folder: string): boolean {
  const file = name.startsWith('/') ? name.slice(1) : path.posix.normalize(path.posix.join(folder, name));
  if (!/[*{]/.test(file)) return fs.existsSync(path.join(repository, file));
  const pattern = globPattern(file);
  return files.some((each) => pattern.test(each));
}

describe('names', () => {
  it('the readers of names see what is wrong', () => {
    const text =
      'Run `npm run no-such` or npm test; see `src/no/such.ts`, [here](docs/gone.md#part), `loopscope.noSuch`, `src/<name>/x.ts`.';
    assert.deepEqual(namedScripts(text), ['no-such', 'test']);
    assert.deepEqual(namedPaths(text), ['/src/no/such.ts', 'docs/gone.md']);
    assert.deepEqual(namedIds(text), ['loopscope.noSuch']);
    assert.equal(exists('/src/no/such.ts', '.'), false);
    assert.equal(exists('/src/protocol/*.ts', '.'), true);
  });

  for (const file of documents) {
    it(`${file} names scripts, files, settings and commands that exist`, () => {
      const text = read(file);
      const scripts = namedScripts(text).filter((name) => !(name in manifest.scripts));
      const paths = namedPaths(text).filter((name) => !exists(name, path.dirname(file)));
      const ids = namedIds(text).filter((id) => !isId(id));
      assert.deepEqual({ scripts, paths, ids }, { scripts: [], paths: [], ids: [] });
    });
  }

  it('the scripts of package.json start files that exist', () => {
    for (const [name, line] of Object.entries(manifest.scripts)) {
      const files = [...line.matchAll(/(?:^|&& )node (?:--\S+ )*(\S+)/g)].map((match) => match[1] ?? '');
      const globs = [...line.matchAll(/"(test\/[^"]+)"/g)].map((match) => match[1] ?? '');
      assert.ok(files.length + globs.length > 0, `${name} starts nothing that this test knows`);
      for (const file of [...files, ...globs]) assert.ok(exists(`/${file}`, '.'), `npm run ${name}: ${file}`);
    }
  });

  it('package.json names bundles, pictures, grammars and pages that exist', () => {
    const paths: string[] = [];
    JSON.stringify(manifest.contributes, (_, value: unknown) => {
      if (
        typeof value === 'string' &&
        /^(\.\/)?(media|syntaxes|dist|docs|language-configuration)[\w/.-]*\.\w+$/.test(value)
      )
        paths.push(value);
      return value;
    });
    assert.ok(paths.length > 0);
    const all = [manifest.main, manifest.icon, ...Object.values(manifest.bin), ...paths];
    assert.deepEqual(
      all.filter((file) => !fs.existsSync(path.join(repository, file))),
      [],
    );
  });

  it('launch configurations name programs, tasks and configurations that exist', () => {
    for (const folder of ['.vscode', 'examples/.vscode']) {
      const launch = v.parse(Launch, JSON.parse(read(`${folder}/launch.json`)));
      const tasks = fs.existsSync(path.join(repository, folder, 'tasks.json'))
        ? v.parse(Tasks, JSON.parse(read(`${folder}/tasks.json`))).tasks
        : [];
      const known = launch.configurations.map(({ name }) => name);
      for (const { name, preLaunchTask, program } of launch.configurations) {
        if (preLaunchTask)
          assert.ok(
            tasks.some(({ label }) => label === preLaunchTask),
            `${name}: task ${preLaunchTask}`,
          );
        if (program?.startsWith('${workspaceFolder}/')) {
          assert.ok(
            exists(program.replace('${workspaceFolder}', ''), '.') ||
              exists(program.replace('${workspaceFolder}/', ''), path.dirname(folder)),
            `${name}: ${program}`,
          );
        }
      }
      for (const compound of launch.compounds)
        for (const name of compound.configurations) assert.ok(known.includes(name), name);
      for (const { label, script } of tasks)
        if (script) assert.ok(script in manifest.scripts, `task ${label}: npm run ${script}`);
    }
  });

  it('each entry of .vscodeignore lets a file in', () => {
    const entries = read('.vscodeignore')
      .split('\n')
      .filter((line) => line.startsWith('!'));
    assert.ok(entries.length > 0);
    assert.deepEqual(
      entries.filter((entry) => !exists(`/${entry.slice(1)}`, '.')),
      [],
    );
  });
});

/** A setting, a section of settings, a command or a view's menu group. */
function isId(id: string): boolean {
  return settings.includes(id) || commands.includes(id) || settings.some((setting) => setting.startsWith(`${id}.`));
}
