// Mocha's root hooks of the suites that drive a window: the one browser ends when all have run.
import { closeBrowser } from './workbench';

export const mochaHooks = {
  async afterAll(): Promise<void> {
    await closeBrowser();
  },
};
