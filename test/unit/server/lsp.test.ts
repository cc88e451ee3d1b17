/** The language server over stdio, as editors of several kinds see it. The findings are those of fake-analysis. */
import assert from 'node:assert/strict';
import type {
  ClientCapabilities,
  Diagnostic,
  WorkspaceDiagnosticReport,
  WorkspaceDocumentDiagnosticReport,
} from 'vscode-languageserver/node';
import type { EditorOptions } from './editor';
import { brief, Editor, LIKE_VSCODE, PLAIN } from './editor';

const APP = 'import asyncio\nwhy_101\n"😀"; bug_101\nodd_201\n';

describe('language server', function () {
  this.timeout(20_000);
  let editor: Editor;
  const start = async (options?: EditorOptions): Promise<Editor> => (editor = await Editor.start(options));
  afterEach(async () => {
    assert.equal(await editor.stop(), 0, 'the server ends in order');
  });

  describe('pulled diagnostics', () => {
    it('have place, severity, code, page, tags and the story', async () => {
      await start();
      const uri = editor.uri('a.py');
      await editor.open(uri, APP);
      const report = await editor.pull(uri);
      assert.ok(report.kind === 'full');
      assert.deepEqual(report.items, [
        {
          range: { start: { line: 2, character: 6 }, end: { line: 2, character: 13 } },
          severity: 2,
          code: 'LOOP101',
          codeDescription: { href: 'https://github.com/loopscope/loopscope/blob/main/docs/rules/LOOP101.md' },
          source: 'Loopscope',
          message: 'A bug 101, for 3.10.',
          relatedInformation: [
            {
              location: { uri, range: { start: { line: 1, character: 0 }, end: { line: 1, character: 7 } } },
              message: 'why 101',
            },
          ],
        },
        {
          range: { start: { line: 3, character: 0 }, end: { line: 3, character: 7 } },
          severity: 3,
          code: 'LOOP201',
          codeDescription: { href: 'https://github.com/loopscope/loopscope/blob/main/docs/rules/LOOP201.md' },
          source: 'Loopscope',
          message: 'A bug 201, for 3.10.',
          tags: [2],
        },
      ]);
    });

    it('follow edits, several at once, and are "unchanged" when they are', async () => {
      await start();
      const uri = editor.uri('a.py');
      await editor.open(uri, APP);
      const first = await editor.pull(uri);
      assert.ok(first.kind === 'full' && first.resultId !== undefined);
      assert.deepEqual(await editor.pull(uri, first.resultId), { kind: 'unchanged', resultId: first.resultId });
      await editor.edit(uri, ['odd_201', 'odd_201  # x']);
      assert.equal((await editor.pull(uri, first.resultId)).kind, 'unchanged');
      await editor.edit(uri, ['import asyncio\n', 'import asyncio\r\n\r\n'], ['"😀"', '"ä😀"'], ['odd_201', 'ok']);
      assert.deepEqual(await editor.diagnostics(uri), ['3:7-3:14 LOOP101']);
      assert.equal((await editor.pull(uri, first.resultId)).kind, 'full');
    });

    it('of untitled documents; none of other languages and of closed ones', async () => {
      await start();
      await editor.open('untitled:Untitled-1', 'bug_101');
      await editor.open(editor.uri('a.md'), 'bug_101', 'markdown');
      assert.deepEqual(await editor.diagnostics('untitled:Untitled-1'), ['0:0-0:7 LOOP101']);
      assert.deepEqual(await editor.diagnostics(editor.uri('a.md')), []);
      await editor.close('untitled:Untitled-1');
      assert.deepEqual(await editor.diagnostics('untitled:Untitled-1'), []);
    });
  });

  describe('pushed diagnostics', () => {
    it('reach an editor that can not pull; a closed document has none', async () => {
      await start({ capabilities: PLAIN, args: [] });
      const uri = editor.uri('a.py');
      await editor.open(uri, 'bug_101');
      assert.deepEqual((await editor.pushed(uri)).map(brief), ['0:0-0:7 LOOP101']);
      let from = editor.said.length;
      await editor.edit(uri, ['bug', 'ok']);
      assert.deepEqual(await editor.pushed(uri, from), []);
      await editor.edit(uri, ['ok', 'bug']);
      from = editor.said.length;
      await editor.close(uri);
      assert.deepEqual(await editor.pushed(uri, from), []);
    });
  });

  describe('settings', () => {
    it('of the editor change severity and switch off, by folder', async () => {
      await start({ folders: ['one', 'two'] });
      editor.settings.set(editor.uri('one'), { severity: { LOOP1: 'error', LOOP2: 'off' } });
      editor.settings.set(editor.uri('two'), { enable: false });
      for (const name of ['one/a.py', 'two/a.py']) await editor.open(editor.uri(name), APP);
      const report = await editor.pull(editor.uri('one/a.py'));
      assert.deepEqual(report.kind === 'full' && report.items.map(({ code, severity }) => [code, severity]), [
        ['LOOP101', 1],
      ]);
      assert.deepEqual(await editor.diagnostics(editor.uri('two/a.py')), []);
    });

    it('that change are asked for again, and the editor is told to refresh', async () => {
      await start();
      const uri = editor.uri('a.py');
      await editor.open(uri, APP);
      assert.equal((await editor.diagnostics(uri)).length, 2);
      const from = editor.said.length;
      editor.settings.set('', { severity: { LOOP: 'off' } });
      await editor.connection.sendNotification('workspace/didChangeConfiguration', { settings: null });
      await editor.heard(({ method }) => (method === 'workspace/diagnostic/refresh' ? true : undefined), from);
      await editor.heard(({ method }) => (method === 'workspace/codeLens/refresh' ? true : undefined), from);
      assert.deepEqual(await editor.diagnostics(uri), []);
    });

    it('come with the start for an editor that can not be asked', async () => {
      await start({
        capabilities: { textDocument: { diagnostic: {} } },
        initializationOptions: { settings: { severity: { LOOP1: 'off' } } },
      });
      const uri = editor.uri('a.py');
      await editor.open(uri, APP);
      assert.deepEqual(await editor.diagnostics(uri), ['3:0-3:7 LOOP201']);
      await editor.connection.sendNotification('workspace/didChangeConfiguration', {
        settings: { loopscope: { lint: { severity: { LOOP2: 'off' } } } },
      });
      assert.deepEqual(await editor.diagnostics(uri), ['2:6-2:13 LOOP101']);
    });

    it('of pyproject.toml hold, are watched, and show their errors at their line', async () => {
      await start();
      const toml = editor.write('pyproject.toml', '[tool.loopscope]\nignore = ["LOOP1", "LOOP8"]\n');
      const uri = editor.uri('a.py');
      await editor.open(uri, APP);
      assert.deepEqual(await editor.diagnostics(uri), ['3:0-3:7 LOOP201']);
      const [wrong] = await editor.pushed(toml);
      assert.deepEqual(
        [messageOf(wrong).slice(0, 24), wrong?.range.start],
        ['There is no rule "LOOP8"', { line: 1, character: 19 }],
      );
      const watched = await editor.heard(({ method, params }) => {
        const text = JSON.stringify(params);
        return method === 'client/registerCapability' && text.includes('Watched') ? text : undefined;
      });
      assert.match(watched, /pyproject\.toml/);
      const from = editor.said.length;
      editor.write('pyproject.toml', '[tool.loopscope]\nignore = ["LOOP2"]\n');
      await editor.connection.sendNotification('workspace/didChangeWatchedFiles', {
        changes: [{ uri: toml, type: 2 }],
      });
      assert.deepEqual(await editor.pushed(toml, from), []);
      assert.deepEqual(await editor.diagnostics(uri), ['2:6-2:13 LOOP101']);
    });

    it('leave to Ruff what Ruff selects, while Ruff is on', async () => {
      await start({ initializationOptions: { ruffIsOn: true } });
      editor.write('ruff.toml', 'lint.extend-select = ["RUF"]');
      editor.write('other/ruff.toml', 'lint.extend-select = ["E"]');
      const uri = editor.uri('a.py');
      await editor.open(uri, 'bug_402; bug_101');
      await editor.open(editor.uri('other/a.py'), 'bug_402');
      await editor.open(editor.uri('story.py'), 'bug_402; why_402');
      assert.deepEqual(await editor.diagnostics(uri), ['0:9-0:16 LOOP101']);
      assert.equal((await editor.diagnostics(editor.uri('other/a.py'))).length, 1);
      assert.equal((await editor.diagnostics(editor.uri('story.py'))).length, 1);
      editor.settings.set('', { leaveToRuff: 'always' });
      await editor.connection.sendNotification('workspace/didChangeConfiguration', { settings: null });
      assert.equal((await editor.diagnostics(editor.uri('other/a.py'))).length, 0);
      await editor.connection.sendNotification('loopscope/ruffIsOn', false);
      assert.equal((await editor.diagnostics(uri)).length, 2);
    });
  });

  describe('code actions', () => {
    it('mend, suppress, and mend all', async () => {
      await start();
      const uri = editor.uri('a.py');
      await editor.open(uri, `${APP}bug_301\n`);
      const actions = await editor.actions(uri, 'bug_101');
      assert.deepEqual(
        actions.map(({ title, kind, isPreferred }) => [title, kind, isPreferred]),
        [
          ['Mend 101', 'quickfix', true],
          ['Suppress LOOP101 on this line', 'quickfix', undefined],
          ['Suppress LOOP101 in this file', 'quickfix', undefined],
          ['Fix all safe Loopscope findings', 'quickfix', undefined],
        ],
      );
      const [mend, line, file, all] = actions.map((action) => editor.after(uri, action));
      assert.equal(mend, `${APP.replace('bug', 'ok')}bug_301\n`);
      assert.equal(line, `${APP.replace('bug_101', 'bug_101  # noqa: LOOP101')}bug_301\n`);
      assert.equal(file, `# loopscope: noqa: LOOP101\n${APP}bug_301\n`);
      assert.equal(all, `${APP.replace('bug', 'ok')}ok_301\n`);
      assert.deepEqual(actions[0]?.diagnostics?.map(brief), ['2:6-2:13 LOOP101']);
    });

    it('that are not safe are never preferred, nor part of all', async () => {
      await start();
      const uri = editor.uri('a.py');
      await editor.open(uri, 'odd_201');
      const titles = (await editor.actions(uri, 'odd')).map(
        ({ title, isPreferred }) => `${title}${isPreferred ? '!' : ''}`,
      );
      assert.deepEqual(titles, ['Mend 201', 'Suppress LOOP201 on this line', 'Suppress LOOP201 in this file']);
      assert.deepEqual(await editor.actions(uri, 'odd', ['source.fixAll']), []);
    });

    it('of the kind source.fixAll alone, for a save', async () => {
      await start();
      const uri = editor.uri('a.py');
      await editor.open(uri, 'bug_101\nx\nbug_102\n');
      for (const kind of ['source', 'source.fixAll', 'source.fixAll.loopscope']) {
        const actions = await editor.actions(uri, 'x', [kind]);
        assert.deepEqual(
          actions.map((action) => action.kind),
          ['source.fixAll.loopscope'],
          kind,
        );
        assert.equal(editor.after(uri, actions[0]), 'ok_101\nx\nok_102\n');
      }
      assert.deepEqual(await editor.actions(uri, 'x', ['source.organizeImports']), []);
    });

    it('add to a noqa that is there, and refuse where no comment can stand', async () => {
      await start();
      const uri = editor.uri('a.py');
      await editor.open(uri, 'bug_101  # noqa: E501 long\r\nbug_102; x = """ \nbug_201"""\r\n');
      const suppress = async (at: string): Promise<string> => {
        const action = (await editor.actions(uri, at)).find(({ title }) => title.endsWith('on this line'));
        return editor.after(uri, action).split(/\r?\n/)[at === 'bug_101' ? 0 : 1] ?? '';
      };
      assert.equal(await suppress('bug_101'), 'bug_101  # noqa: E501, LOOP101 long');
    });
  });

  it('hovers and lenses tell the life of a loop', async () => {
    await start({ initializationOptions: { canShowPlaces: true } });
    const uri = editor.uri('a.py');
    await editor.open(uri, 'loop_a = new()\nloop_b = new()\n\nloop_a.run\nloop_a.run\nloop_a.close\n');
    const hover = await editor.hover(uri, 'loop_a');
    assert.match(
      JSON.stringify(hover),
      /`loop_a`.*Here it is \*\*created\*\*.*Line 1: created · run lines 4, 5 · closed line 6/,
    );
    assert.equal(await editor.hover(uri, 'new'), null);
    const lenses = await editor.lenses(uri);
    assert.deepEqual(
      lenses.map(({ range, command }) => [range.start.line, command?.title]),
      [
        [0, 'created · run lines 4, 5 · closed line 6'],
        [1, 'created · never closed'],
      ],
    );
    assert.deepEqual(
      [
        lenses[0]?.command?.command,
        lenses[0]?.command?.arguments?.[0],
        (lenses[0]?.command?.arguments?.[2] as unknown[]).length,
      ],
      ['loopscope.lint.showPlaces', uri, 3],
    );
    editor.settings.set('', { codeLens: false });
    await editor.connection.sendNotification('workspace/didChangeConfiguration', { settings: null });
    assert.deepEqual(await editor.lenses(uri), []);
  });

  describe('notebooks', () => {
    it('are one text: each cell has its own findings, with the story in other cells', async () => {
      await start();
      const uri = editor.uri('n.ipynb');
      const cells = await editor.openNotebook(uri, [
        'why_101',
        ['markdown', 'bug_101'],
        '%time x\n  bug_101',
        '%%bash\nbug_101',
        '!ls bug_101\nodd_201',
      ]);
      const [first = '', markdown = '', second = '', bash = '', last = ''] = cells;
      assert.deepEqual(await editor.diagnostics(first), []);
      assert.deepEqual(await editor.diagnostics(markdown), []);
      assert.deepEqual(await editor.diagnostics(bash), []);
      const report = await editor.pull(second);
      assert.ok(report.kind === 'full');
      assert.deepEqual(report.items.map(brief), ['1:2-1:9 LOOP101']);
      assert.match(messageOf(report.items[0]), /in a notebook/);
      assert.equal(report.items[0]?.relatedInformation?.[0]?.location.uri, first);
      assert.deepEqual(await editor.diagnostics(last), ['1:0-1:7 LOOP201']);
      const actions = await editor.actions(second, 'bug_101');
      assert.equal(editor.after(second, actions[0]), '%time x\n  ok_101');
      const all = await editor.actions(second, 'bug_101', ['source.fixAll']);
      assert.equal(editor.after(second, all[0]), '%time x\n  ok_101');
    });

    it('follow edits of a cell', async () => {
      await start();
      const uri = editor.uri('n.ipynb');
      const [first = '', second = ''] = await editor.openNotebook(uri, ['x', 'bug_101']);
      assert.deepEqual(await editor.diagnostics(second), ['0:0-0:7 LOOP101']);
      await editor.editCell(uri, first, 'bug_102; x\ny');
      assert.deepEqual(await editor.diagnostics(first), ['0:0-0:7 LOOP102']);
      assert.deepEqual(await editor.diagnostics(second), ['0:0-0:7 LOOP101']);
      await editor.connection.sendNotification('notebookDocument/didClose', {
        notebookDocument: { uri },
        cellTextDocuments: [first, second].map((cell) => ({ uri: cell })),
      });
      assert.deepEqual(await editor.diagnostics(second), []);
    });

    it('are pushed to an editor that can not pull', async () => {
      await start({ capabilities: PLAIN });
      const [cell = ''] = await editor.openNotebook(editor.uri('n.ipynb'), ['bug_101']);
      assert.deepEqual((await editor.pushed(cell)).map(brief), ['0:0-0:7 LOOP101']);
    });
  });

  describe('the workspace', () => {
    /** A pull of the workspace: what was sent, whole, once it has ended. */
    const pullAll = async (
      previous: WorkspaceDocumentDiagnosticReport[] = [],
    ): Promise<WorkspaceDocumentDiagnosticReport[]> => {
      const previousResultIds = previous.flatMap(({ uri, resultId }) =>
        resultId === undefined ? [] : [{ uri, value: resultId }],
      );
      const report: WorkspaceDiagnosticReport = await editor.connection.sendRequest('workspace/diagnostic', {
        previousResultIds,
      });
      return report.items;
    };
    const names = (items: WorkspaceDocumentDiagnosticReport[]): string[] =>
      items
        .map(
          (item) =>
            `${item.uri.slice(editor.uri('').length + 1)} ${item.kind === 'full' ? item.items.map((each) => each.code).join() : item.kind}`,
        )
        .sort();
    const setUp = async (capabilities?: ClientCapabilities): Promise<void> => {
      await start({
        initializationOptions: { settings: { scope: 'workspace' } },
        ...(capabilities ? { capabilities } : {}),
      });
      editor.settings.set('', { scope: 'workspace' });
      editor.write('a.py', 'asyncio; bug_101');
      editor.write('sub/b.py', 'asyncio; bug_102');
      editor.write('clean.py', 'x = 1');
      editor.write('.venv/c.py', 'asyncio; bug_101');
    };

    it('is checked, then only what changes is told, when it does', async () => {
      await setUp();
      const first = await pullAll();
      assert.deepEqual(names(first), ['a.py LOOP101', 'sub/b.py LOOP102']);
      const second = pullAll(first);
      editor.write('a.py', 'asyncio; bug_201');
      await editor.connection.sendNotification('workspace/didChangeWatchedFiles', {
        changes: [{ uri: editor.uri('a.py'), type: 2 }],
      });
      const changed = await second;
      assert.deepEqual(names(changed), ['a.py LOOP201']);
      const third = pullAll([...changed, ...first.filter(({ uri }) => uri.endsWith('b.py'))]);
      await editor.open(editor.uri('sub/b.py'), 'ok');
      assert.deepEqual(names(await third), ['sub/b.py ']);
    });

    it('shows its progress, which can be cancelled', async () => {
      await setUp();
      for (let index = 0; index < 40; index++) editor.write(`slow${index}.py`, `asyncio; slow; bug_101`);
      const pulled = pullAll();
      const token = await editor.heard(({ method, params }) =>
        method.startsWith('$/progress:') && (params as { kind: string }).kind === 'report'
          ? method.slice('$/progress:'.length)
          : undefined,
      );
      await editor.connection.sendNotification('window/workDoneProgress/cancel', { token });
      const items = await pulled;
      const said = editor.said
        .filter(({ method }) => method === `$/progress:${token}`)
        .map(({ params }) => params as { kind: string; cancellable?: boolean });
      assert.deepEqual([said[0]?.kind, said[0]?.cancellable, said.at(-1)?.kind], ['begin', true, 'end']);
      assert.ok(items.length < 42);
    });

    it('is registered for only where a setting asks for it', async () => {
      await start();
      const registered = await editor.heard(({ method, params }) => {
        const text = JSON.stringify(params);
        return method === 'client/registerCapability' && text.includes('textDocument/diagnostic') ? text : undefined;
      });
      assert.match(registered, /"workspaceDiagnostics":false/);
      const from = editor.said.length;
      editor.settings.set('', { scope: 'workspace' });
      await editor.connection.sendNotification('workspace/didChangeConfiguration', { settings: null });
      const again = await editor.heard(({ method, params }) => {
        const text = JSON.stringify(params);
        return method === 'client/registerCapability' && text.includes('textDocument/diagnostic') ? text : undefined;
      }, from);
      assert.match(again, /"workspaceDiagnostics":true/);
    });

    it('is offered from the start to an editor that takes no registration', async () => {
      await start({ capabilities: { ...LIKE_VSCODE, textDocument: { diagnostic: {} } } });
      assert.deepEqual(editor.initialized.capabilities.diagnosticProvider, {
        identifier: 'loopscope',
        interFileDependencies: true,
        workspaceDiagnostics: true,
      });
    });
  });

  it('outlives a failing analysis', async () => {
    await start();
    const uri = editor.uri('a.py');
    await editor.open(uri, 'crash');
    await assert.rejects(editor.pull(uri), /crashed/);
    await editor.edit(uri, ['crash', 'bug_101']);
    assert.deepEqual(await editor.diagnostics(uri), ['0:0-0:7 LOOP101']);
  });
});

/** A message may be markup, by the protocol; ours are plain. */
function messageOf(diagnostic: Diagnostic | undefined): string {
  return typeof diagnostic?.message === 'string' ? diagnostic.message : '';
}
