// uvloop hides its queue: a person is told, is offered asyncio's own loop, and then sees what is ready and which timers are set.
import assert from 'node:assert/strict';
import { testPythons } from '../../support/pythons';
import { openWorkbench, type Workbench } from '../workbench';

const program = `import asyncio
import uvloop


async def blink() -> None:
    while True:
        await asyncio.sleep(0.2)


async def main() -> None:
    asyncio.get_running_loop().call_later(3600, print)
    await asyncio.gather(blink(), asyncio.sleep(1800))


uvloop.run(main())
`;

describe('a program on uvloop', () => {
  let workbench: Workbench;
  before(async () => {
    const python = testPythons().find(({ version }) => version === '3.13') ?? testPythons().at(-1);
    assert.ok(python, 'a Python is prepared');
    workbench = await openWorkbench({
      files: {
        'server.py': program,
        '.vscode/launch.json': JSON.stringify({
          version: '0.2.0',
          configurations: [
            {
              type: 'loopscope',
              request: 'launch',
              name: 'Server',
              program: '\${workspaceFolder}/server.py',
              python: python.path,
              console: 'internalConsole',
            },
          ],
        }),
      },
    });
  });
  after(() => workbench.close());

  it('can be started anew on asyncio’s loop, whose timers are seen', async () => {
    await workbench.startWithoutDebugging();
    await workbench.waitForSession(true);
    await workbench.waitFor(
      () => workbench.notifications(),
      (all) => all.some((text) => text.startsWith('“Server” runs on uvloop, which hides')),
      'the offer',
    );
    await workbench.waitForEventLoop();
    await workbench.expandView('Timers');
    await workbench.waitFor(
      () => workbench.welcome('Timers'),
      (text) => text.includes('uvloop hides its ready queue and timers'),
      'what the empty view says',
    );
    await workbench.screenshot('uvloop-offer');
    await workbench.page.getByRole('button', { name: 'Restart on asyncio’s Loop', exact: true }).click();
    await workbench.waitForRows('Timers', (rows) => rows.some((row) => row.label.includes('print')));
    await workbench.screenshot('uvloop-replaced');
    await workbench.pressDebugButton('Stop');
    await workbench.waitForSession(false);
  });
});
