import assert from 'node:assert/strict';
import fc from 'fast-check';
import { PathMappings } from '../../../src/adapter/launch/path-mappings';

const map = (localRoot: string, remoteRoot: string, file: string, cwd = ''): string => {
  const paths = new PathMappings([{ localRoot, remoteRoot }]);
  paths.runsIn(cwd);
  return paths.toLocal(file);
};

describe('PathMappings', () => {
  it('puts the local folder in the place of the remote one, whatever the slashes at their ends', () => {
    for (const local of ['/home/me/app', '/home/me/app/'])
      for (const remote of ['/app', '/app/', '/app//'])
        assert.equal(map(local, remote, '/app/web/server.py'), '/home/me/app/web/server.py');
  });

  it('leaves what only begins with the same letters, the folder itself and what is no file', () => {
    for (const file of ['/application/x.py', '/app', '<string>', '', 'app/x.py'])
      assert.equal(map('/here', '/app', file), file);
  });

  it('takes the first that holds the file', () => {
    const paths = new PathMappings([
      { localRoot: '/one', remoteRoot: '/app/lib' },
      { localRoot: '/two', remoteRoot: '/app' },
    ]);
    assert.deepEqual(
      ['/app/lib/a.py', '/app/b.py'].map((file) => paths.toLocal(file)),
      ['/one/a.py', '/two/b.py'],
    );
  });

  it('reads "." as the folder in which the program runs, and as nothing while that is not known', () => {
    assert.equal(map('/here', '.', '/srv/app/x.py', '/srv/app'), '/here/x.py');
    assert.equal(map('/here', '.', '/srv/app/x.py'), '/srv/app/x.py');
    const paths = new PathMappings([{ localRoot: '/here', remoteRoot: '.' }]);
    assert.equal(paths.toLocal('/srv/app/x.py'), '/srv/app/x.py');
    paths.runsIn('/srv/app'); // It says so when it connects.
    assert.equal(paths.toLocal('/srv/app/x.py'), '/here/x.py');
  });

  it('maps between systems: slashes are those of the place, case counts where it does there', () => {
    assert.equal(map('C:\\work\\app', '/app', '/app/web/x.py'), 'C:\\work\\app\\web\\x.py');
    assert.equal(map('/home/me', 'C:\\App', 'c:\\app\\Web\\x.py'), '/home/me/Web/x.py');
    assert.equal(map('/home/me', '/App', '/app/x.py'), '/app/x.py');
  });

  it('finds every place in what the runtime sends, and changes nothing else', () => {
    const paths = new PathMappings([{ localRoot: '/here', remoteRoot: '/app' }]);
    const sent = {
      text: '/app/x.py',
      at: null,
      rows: [{ file: '/app/x.py', line: 1, function: 'f' }],
      did: { ran: { at: { file: '/lib/y.py', line: 2, function: '/app/x.py' } } },
    };
    assert.deepEqual(paths.localize(sent), {
      ...sent,
      rows: [{ file: '/here/x.py', line: 1, function: 'f' }],
    });
  });

  it('without a mapping gives the very value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        assert.equal(new PathMappings().localize(value), value);
        assert.equal(new PathMappings([{ localRoot: '', remoteRoot: '/' }]).localize(value), value);
      }),
    );
  });
});
