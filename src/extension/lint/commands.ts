/** What the linter's commands do. */
import * as vscode from 'vscode';
import { FIX_ALL_KIND } from '../../protocol/ids';

/** Applies every safe fix to the document of the active editor. */
export async function fixAll(): Promise<void> {
  await vscode.commands.executeCommand('editor.action.sourceAction', { kind: FIX_ALL_KIND, apply: 'first' });
}

/** Opens the page of a rule; without a code, asks for one. */
export async function openRule(extensionUri: vscode.Uri, given: unknown): Promise<void> {
  const folder = vscode.Uri.joinPath(extensionUri, 'docs', 'rules');
  const code = typeof given === 'string' && /^LOOP\d+$/.test(given) ? given : await chooseRule(folder);
  if (code === undefined) return;
  const page = vscode.Uri.joinPath(folder, `${code}.md`);
  try {
    await vscode.workspace.fs.stat(page);
  } catch {
    void vscode.window.showWarningMessage(`Loopscope has no page for ${code}.`);
    return;
  }
  await vscode.commands.executeCommand('markdown.showPreview', page);
}

/** Asks for one of the rules that have a page. */
async function chooseRule(folder: vscode.Uri): Promise<string | undefined> {
  const names = (await vscode.workspace.fs.readDirectory(folder)).map(([name]) => name);
  const codes = names.flatMap((name) => /^(LOOP\d+)\.md$/.exec(name)?.[1] ?? []).sort();
  const items = codes.map(async (code): Promise<vscode.QuickPickItem> => {
    const page = new TextDecoder().decode(
      await vscode.workspace.fs.readFile(vscode.Uri.joinPath(folder, `${code}.md`)),
    );
    // The page's heading is "LOOP101: what it flags".
    const heading = /^# (.*)$/m.exec(page)?.[1] ?? '';
    return { label: code, description: heading.replace(/^LOOP\d+\W*/, '') };
  });
  const chosen = await vscode.window.showQuickPick(Promise.all(items), {
    title: 'Rules of Loopscope',
    placeHolder: 'A code, or what the rule is about',
    matchOnDescription: true,
  });
  return chosen?.label;
}

interface WirePosition {
  readonly line: number;
  readonly character: number;
}

interface WireLocation {
  readonly uri: string;
  readonly range: { readonly start: WirePosition; readonly end: WirePosition };
}

/** Shows the places of a loop's life beside its creation, as VS Code shows references. The arguments are the protocol's. */
export async function showPlaces(uri: string, at: WirePosition, locations: readonly WireLocation[]): Promise<void> {
  const position = ({ line, character }: WirePosition): vscode.Position => new vscode.Position(line, character);
  await vscode.commands.executeCommand(
    'editor.action.showReferences',
    vscode.Uri.parse(uri),
    position(at),
    locations.map(
      ({ uri: place, range }) =>
        new vscode.Location(vscode.Uri.parse(place), new vscode.Range(position(range.start), position(range.end))),
    ),
  );
}
