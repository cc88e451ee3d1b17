/** A person with a Python file in VS Code: squiggles, the light bulb, lenses, hovers. Knows VS Code's elements, no rule. */
import fs from 'node:fs';
import path from 'node:path';
import type { Workbench } from '../workbench';

export class LintEditor {
  constructor(private readonly workbench: Workbench) {}

  /** How many squiggles are in sight, by kind. */
  async squiggles(): Promise<Record<string, number>> {
    const kinds = ['error', 'warning', 'info', 'hint'];
    const counts = await Promise.all(
      kinds.map((kind) => this.workbench.page.locator(`.editor-instance .squiggly-${kind}`).count()),
    );
    return Object.fromEntries(
      kinds.flatMap((kind, index) => (counts[index] === 0 ? [] : [[kind, counts[index] ?? 0]])),
    );
  }

  /** The problems panel's texts that hold a code of ours, such as `LOOP101`. */
  async codes(): Promise<string[]> {
    const rows = await this.workbench.problems();
    return rows.flatMap((row) => /LOOP\d+/.exec(row)?.[0] ?? []);
  }

  /** Clicks into the first squiggle in sight. */
  async clickSquiggle(): Promise<void> {
    const { page } = this.workbench;
    const squiggle = page.locator('.editor-instance .cdr[class*="squiggly-"]').first();
    const box = await squiggle.boundingBox();
    if (!box) throw new Error('no squiggle is in sight');
    await page.mouse.click(box.x + Math.min(20, box.width / 2), box.y + box.height / 2);
  }

  /** Clicks the light bulb of the cursor's line; resolves with what it offers. */
  async openLightBulb(): Promise<string[]> {
    const { page } = this.workbench;
    const bulb = page
      .locator('.editor-instance .lightBulbWidget, .editor-instance [class*="codicon-gutter-lightbulb"]')
      .first();
    await bulb.waitFor();
    await bulb.click();
    const rows = page.locator('.action-widget .monaco-list-row.action');
    await rows.first().waitFor();
    return (await rows.allInnerTexts()).map((text) => text.trim());
  }

  /** Takes an entry of the open light bulb. */
  async choose(title: string): Promise<void> {
    await this.workbench.page.locator('.action-widget .monaco-list-row.action', { hasText: title }).first().click();
    // The server makes the edit only now: saving before it has come would save the old text.
    await this.workbench.page.locator('.tab.active.dirty').waitFor();
  }

  /** Saves the active editor; resolves with the file's text once it differs from `before`. */
  async saved(name: string, before: string): Promise<string> {
    await this.workbench.page.keyboard.press('Control+S');
    const file = path.join(this.workbench.folder, name);
    return this.workbench.waitFor(
      () => fs.promises.readFile(file, 'utf8'),
      (text) => text !== before,
      `${name} on disk`,
    );
  }

  /** The texts of the lenses in sight. VS Code puts an empty one up first and asks for its text then: that is none yet. */
  async lenses(): Promise<string[]> {
    const texts = await this.workbench.page.locator('.editor-instance .codelens-decoration').allInnerTexts();
    return texts.filter((text) => text.trim() !== '');
  }

  /** Shows the hover of the cursor's place, and waits until it says what is wanted. */
  async hover(wanted: RegExp): Promise<void> {
    await this.workbench.runCommand('Show or Focus Hover');
    const hovers = this.workbench.page.locator('.monaco-hover:visible');
    await this.workbench.waitFor(
      async () => (await hovers.allInnerTexts()).join('\n'),
      (text) => wanted.test(text),
      'hover',
    );
  }
}
