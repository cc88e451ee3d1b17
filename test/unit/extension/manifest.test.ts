// package.json and the code say the same: every command, view, setting, context key and file is known to both.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import {
  Commands,
  ContextKeys,
  DEBUG_TYPE,
  EXTENSION_ID,
  InternalCommands,
  LintSettings,
  LOG_LANGUAGE,
  Settings,
  VIEW_CONTAINER,
  Views,
  WALKTHROUGH,
} from '../../../src/protocol/ids';

const root = path.resolve(__dirname, '../../..');

interface Manifest {
  readonly name: string;
  readonly publisher: string;
  readonly icon: string;
  readonly capabilities: {
    readonly untrustedWorkspaces: { readonly supported: string };
    readonly virtualWorkspaces: { readonly supported: boolean };
  };
  readonly contributes: {
    readonly commands: readonly { readonly command: string; readonly title: string; readonly category?: string }[];
    readonly menus: Readonly<Record<string, readonly { readonly command: string; readonly when?: string }[]>>;
    readonly keybindings: readonly { readonly command: string; readonly when?: string }[];
    readonly views: Readonly<Record<string, readonly { readonly id: string; readonly icon: string }[]>>;
    readonly viewsContainers: { readonly activitybar: readonly { readonly id: string; readonly icon: string }[] };
    readonly viewsWelcome: readonly { readonly view: string; readonly contents: string; readonly when: string }[];
    readonly configuration: readonly {
      readonly title: string;
      readonly properties: Readonly<
        Record<
          string,
          {
            readonly default?: unknown;
            readonly description?: string;
            readonly markdownDescription?: string;
            readonly scope?: string;
          }
        >
      >;
    }[];
    readonly debuggers: readonly {
      readonly type: string;
      readonly configurationAttributes: {
        readonly launch: { readonly properties: Readonly<Record<string, { readonly description?: string }>> };
      };
    }[];
    readonly languages: readonly { readonly id: string }[];
    readonly grammars: readonly { readonly language: string; readonly path: string; readonly scopeName: string }[];
    readonly walkthroughs: readonly {
      readonly id: string;
      readonly steps: readonly {
        readonly description: string;
        readonly media: Readonly<Record<string, unknown>>;
        readonly completionEvents: readonly string[];
      }[];
    }[];
  };
}

const manifest = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')) as Manifest;
const { contributes } = manifest;

/** Sources of the extension, by path. */
function sources(): ReadonlyMap<string, string> {
  const folder = path.join(root, 'src/extension');
  const files = fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  return new Map(files.map((name) => [name, fs.readFileSync(path.join(folder, name), 'utf8')]));
}

const code = [...sources().values()].join('\n');

describe('package.json and the code', () => {
  it('know the same commands', () => {
    const declared = contributes.commands.map((command) => command.command);
    assert.deepEqual(declared.sort(), Object.values(Commands).sort());
    assert.equal(new Set(declared).size, declared.length);
  });

  it('have a handler for each command, once', () => {
    for (const [table, entries] of [
      ['Commands', Commands],
      ['InternalCommands', InternalCommands],
    ] as const) {
      for (const key of Object.keys(entries)) {
        const registered = [
          ...code.matchAll(
            new RegExp(
              `(?:register(?:Command)?|row|registerRowCommand)\\(\\s*(?:views,\\s*)?${table}\\.${key}\\b`,
              'g',
            ),
          ),
        ];
        assert.equal(registered.length, 1, `${table}.${key}`);
      }
    }
  });

  it('show each command somewhere, with a title and a category', () => {
    for (const { command, title, category } of contributes.commands) {
      assert.ok(title.length > 0 && (category ?? '').length > 0, command);
    }
    const known = new Set([...contributes.commands.map((command) => command.command)]);
    const used = [...Object.values(contributes.menus).flat(), ...contributes.keybindings].map((entry) => entry.command);
    assert.deepEqual(
      used.filter((id) => !known.has(id)),
      [],
    );
  });

  it('know the same views, all of them in the one container', () => {
    assert.deepEqual(Object.keys(contributes.views), [VIEW_CONTAINER]);
    assert.deepEqual(contributes.views[VIEW_CONTAINER]?.map((view) => view.id).sort(), Object.values(Views).sort());
    assert.deepEqual(
      contributes.viewsContainers.activitybar.map((container) => container.id),
      [VIEW_CONTAINER],
    );
  });

  it('know the same settings, each with a default, a description and a scope', () => {
    const declared = (title: string): string[] => {
      const group = contributes.configuration.find((each) => each.title === title) ?? assert.fail(`no group ${title}`);
      return Object.keys(group.properties).sort();
    };
    const live = Object.values(Settings).map((key) => `loopscope.${key}`);
    const lint = Object.values(LintSettings).map((key) => `loopscope.lint.${key}`);
    assert.deepEqual(declared('Event Loop'), live.sort());
    assert.deepEqual(declared('Lint'), lint.sort());
    for (const group of contributes.configuration) {
      for (const [id, setting] of Object.entries(group.properties)) {
        assert.notEqual(setting.default, undefined, `${id} has a default`);
        assert.ok((setting.description ?? setting.markdownDescription ?? '').length > 20, `${id} is described`);
        assert.ok(setting.scope, `${id} says where it may be set`);
      }
    }
    for (const key of Object.keys(Settings)) assert.match(code, new RegExp(`Settings\\.${key}\\b`), `${key} is read`);
  });

  it('use in conditions only context keys that the code sets', () => {
    const conditions = JSON.stringify([
      contributes.menus,
      contributes.keybindings,
      contributes.viewsWelcome,
      contributes.walkthroughs.flatMap((each) => each.steps),
    ]);
    const words = new Set([...conditions.matchAll(/\bloopscope\.[A-Za-z]+(?:\.[A-Za-z]+)*/g)].map((match) => match[0]));
    const keys = [...words].filter((word) => (Object.values(ContextKeys) as string[]).includes(word));
    const others = [...words].filter((word) => !keys.includes(word));
    const known = new Set<string>([
      ...Object.values(Commands),
      ...Object.values(Views),
      ...Object.values(Views).map((id) => `${id}.focus`),
    ]);
    assert.deepEqual(
      others.filter((word) => !known.has(word)),
      [],
    );
    for (const [name, key] of Object.entries(ContextKeys)) {
      assert.match(code, new RegExp(`ContextKeys\\.${name}\\b`), `${key} is set`);
    }
    assert.deepEqual(
      Object.values(ContextKeys).filter((key) => !keys.includes(key)),
      [],
      'each is used',
    );
  });

  it('describe every launch attribute that the adapter takes', () => {
    const [type] = contributes.debuggers;
    assert.equal(type?.type, DEBUG_TYPE);
    const declared = type.configurationAttributes.launch.properties;
    const dap = fs.readFileSync(path.join(root, 'src/protocol/dap.ts'), 'utf8');
    const body =
      /export interface LaunchArguments \{([\s\S]*?)\n\}/.exec(dap)?.[1] ?? assert.fail('no LaunchArguments');
    const taken = [...body.matchAll(/readonly (\w+)\?:/g)].map((match) => match[1] ?? '');
    // Set by the editor or by us, never written by a person.
    const internal = ['noDebug', 'holdLastState', 'debugpyExtension'];
    assert.deepEqual(Object.keys(declared).sort(), taken.filter((name) => !internal.includes(name)).sort());
    for (const [name, attribute] of Object.entries(declared))
      assert.ok((attribute.description ?? '').length > 10, name);
  });

  it('agree on names', () => {
    assert.equal(`${manifest.publisher}.${manifest.name}`, EXTENSION_ID);
    assert.ok(contributes.languages.some((language) => language.id === LOG_LANGUAGE));
    assert.ok(contributes.grammars.some((grammar) => grammar.language === LOG_LANGUAGE));
    assert.ok(contributes.walkthroughs.some((walkthrough) => walkthrough.id === WALKTHROUGH));
  });

  it('name only files that are there', () => {
    const files = [
      manifest.icon,
      ...contributes.viewsContainers.activitybar.map((container) => container.icon),
      ...Object.values(contributes.views)
        .flat()
        .map((view) => view.icon),
      ...contributes.grammars.map((grammar) => grammar.path),
      ...contributes.walkthroughs
        .flatMap((walkthrough) => walkthrough.steps)
        .flatMap(({ media }) =>
          Object.entries(media)
            .filter(([key]) => key !== 'altText')
            .flatMap(([, value]) =>
              typeof value === 'string' ? [value] : (Object.values(value as object) as string[]),
            ),
        ),
    ];
    assert.deepEqual(
      files.filter((file) => !fs.existsSync(path.join(root, file))),
      [],
    );
  });

  it('start nothing where the folder is not trusted or not on a disk', () => {
    assert.equal(manifest.capabilities.untrustedWorkspaces.supported, 'limited');
    assert.equal(manifest.capabilities.virtualWorkspaces.supported, false);
    for (const command of ['loopscope.runFile', 'loopscope.debugFile', 'loopscope.runTests']) {
      const entry = contributes.commands.find((each) => each.command === command);
      assert.match(JSON.stringify(entry), /isWorkspaceTrusted/, command);
    }
  });

  it('link in welcome texts and walkthroughs only to commands that there are', () => {
    const texts = [
      ...contributes.viewsWelcome.map((welcome) => welcome.contents),
      ...contributes.walkthroughs.flatMap((each) => each.steps.map((step) => step.description)),
    ];
    const linked = texts.flatMap((text) => [...text.matchAll(/\(command:([\w.]+)/g)].map((match) => match[1] ?? ''));
    const known = new Set<string>([...Object.values(Commands), ...Object.values(Views).map((id) => `${id}.focus`)]);
    assert.deepEqual(
      linked.filter((id) => !known.has(id) && !id.startsWith('workbench.')),
      [],
    );
    assert.ok(linked.length > 5);
  });
});
