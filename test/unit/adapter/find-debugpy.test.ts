import assert from 'node:assert/strict';
import { posix } from 'node:path';
import {
  compareVersions,
  type DebugpySystem,
  findDebugpy,
  OLDEST_DEBUGPY,
  type Wanted,
} from '../../../src/adapter/debugpy/find';

/** A machine with debugpys of these versions in these folders; `own`: where the interpreter says its own is. */
function machine(versions: Readonly<Record<string, string>>, own = ''): DebugpySystem & { readonly asked: number } {
  let asked = 0;
  return {
    get asked() {
      return asked;
    },
    ask: (command) => {
      asked++;
      assert.deepEqual(command.slice(0, 2), ['python', '-E']);
      const origin = own === '' ? '' : `${own}/__init__.py`;
      return Promise.resolve({ code: '', stdout: `a warning\nloopscope-debugpy ${origin}\n`, stderr: '' });
    },
    join: (...parts) => posix.join(...parts),
    read: (path) => {
      const version = versions[posix.dirname(path)];
      return version !== undefined && path.endsWith('/_version.py') ? `{ "version": "${version}" }` : '';
    },
  };
}

const EXTENSION = '/ext/ms-python.debugpy';
const ALL = {
  [`${EXTENSION}/bundled/libs/debugpy`]: '1.8.20',
  '/site/debugpy': '1.8.19',
  '/bundle/debugpy/debugpy': '1.8.21',
  '/named/debugpy': '1.8.12',
};

function wanted(more: Partial<Wanted> = {}): Wanted {
  return {
    from: 'auto',
    path: undefined,
    extension: EXTENSION,
    bundled: '/bundle/debugpy',
    python: ['python'],
    cwd: '/',
    env: {},
    ...more,
  };
}

describe('which debugpy', () => {
  it("the extension's, then the interpreter's own, then the bundled one", async () => {
    const first = await findDebugpy(wanted(), machine(ALL, '/site/debugpy'));
    assert.deepEqual(first, { folder: `${EXTENSION}/bundled/libs`, version: '1.8.20', from: 'extension' });
    const second = await findDebugpy(wanted({ extension: undefined }), machine(ALL, '/site/debugpy'));
    assert.deepEqual(second, { folder: '/site', version: '1.8.19', from: 'interpreter' });
    const third = await findDebugpy(wanted({ extension: '/gone' }), machine(ALL));
    assert.deepEqual(third, { folder: '/bundle/debugpy', version: '1.8.21', from: 'bundled' });
  });

  it('the setting goes before the order, and a path before the setting', async () => {
    for (const [from, version] of [
      ['extension', '1.8.20'],
      ['interpreter', '1.8.19'],
      ['bundled', '1.8.21'],
    ] as const)
      assert.equal((await findDebugpy(wanted({ from }), machine(ALL, '/site/debugpy'))).version, version);
    for (const path of ['/named', '/named/debugpy']) {
      const named = machine(ALL, '/site/debugpy');
      const found = await findDebugpy(wanted({ from: 'bundled', path }), named);
      assert.deepEqual([posix.normalize(found.folder), found.version, found.from], ['/named', '1.8.12', 'path']);
      assert.equal(named.asked, 0);
    }
  });

  it('one that is too old is passed over while there is a newer, and named when there is none', async () => {
    const old = { ...ALL, [`${EXTENSION}/bundled/libs/debugpy`]: '1.8.9', '/site/debugpy': OLDEST_DEBUGPY };
    assert.equal((await findDebugpy(wanted(), machine(old, '/site/debugpy'))).from, 'interpreter');
    const only = machine({ '/site/debugpy': '1.6.7' }, '/site/debugpy');
    await assert.rejects(findDebugpy(wanted({ from: 'interpreter' }), only), /debugpy 1\.6\.7 in \/site is too old/);
    await assert.rejects(findDebugpy(wanted({ path: '/site' }), only), /too old: Loopscope needs 1\.8\.11 or newer/);
  });

  it('none: a sentence that says what to do', async () => {
    const none = machine({});
    await assert.rejects(findDebugpy(wanted(), none), /No debugger was found: install debugpy \(python -m pip/);
    await assert.rejects(findDebugpy(wanted({ from: 'extension' }), none), /was not found: install it/);
    await assert.rejects(findDebugpy(wanted({ path: '/x' }), none), /no debugpy in \/x: correct "debugpyPath"/);
  });

  it('versions are compared as numbers', () => {
    assert.ok(compareVersions('1.8.9', '1.8.11') < 0);
    assert.ok(compareVersions('1.10', '1.9.9') > 0);
    assert.equal(compareVersions('1.8.11', '1.8.11+1.gabc'), 0);
  });
});
