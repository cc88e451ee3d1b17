// What is started: the interpreter that is found, the configurations that are offered and how they are filled in.
import assert from 'node:assert/strict';
import {
  complete,
  INITIAL,
  offered,
  runFile,
  runTests,
  type Defaults,
} from '../../../src/extension/launch/configurations';
import { findInterpreter, type InterpreterSystem } from '../../../src/extension/launch/interpreter';

interface Machine {
  readonly platform?: NodeJS.Platform;
  readonly path?: string;
  readonly chosen?: string;
  readonly setting?: string;
  readonly programs: readonly string[];
}

function machine({
  platform = 'linux',
  path = '/usr/bin',
  chosen,
  setting = '',
  programs,
}: Machine): InterpreterSystem {
  return {
    platform,
    env: platform === 'win32' ? { Path: path, USERPROFILE: 'C:\\Users\\me' } : { PATH: path, HOME: '/home/me' },
    chosen: () => Promise.resolve(chosen),
    setting: () => setting,
    isProgram: (file) => Promise.resolve(programs.includes(file)),
  };
}

describe('interpreter', () => {
  const all = {
    chosen: '/venv/bin/python',
    setting: '/opt/python',
    programs: ['/conf/python', '/venv/bin/python', '/opt/python', '/usr/bin/python3'],
  };

  it('is the configuration’s, else the Python extension’s, else the setting’s, else the first on the PATH', async () => {
    assert.deepEqual(await findInterpreter('/conf/python', machine(all)), {
      command: ['/conf/python'],
      from: 'configuration',
    });
    assert.deepEqual(await findInterpreter(undefined, machine(all)), {
      command: ['/venv/bin/python'],
      from: 'extension',
    });
    assert.deepEqual(await findInterpreter(undefined, machine({ ...all, chosen: '' })), {
      command: ['/opt/python'],
      from: 'setting',
    });
    assert.deepEqual(await findInterpreter(undefined, machine({ programs: all.programs })), {
      command: ['/usr/bin/python3'],
      from: 'path',
    });
  });

  it('keeps arguments, names on the PATH and the home folder', async () => {
    const system = machine({ path: '/bin:/usr/bin/', programs: ['/usr/bin/python3.14', '/home/me/v/bin/python'] });
    assert.deepEqual(await findInterpreter(['python3.14', '-X', 'dev'], system), {
      command: ['/usr/bin/python3.14', '-X', 'dev'],
      from: 'configuration',
    });
    assert.deepEqual(await findInterpreter('~/v/bin/python', system), {
      command: ['/home/me/v/bin/python'],
      from: 'configuration',
    });
  });

  it('goes on to the setting when the environment chosen in the Python extension was deleted', async () => {
    const system = machine({ chosen: '/gone/python', setting: '/opt/python', programs: ['/opt/python'] });
    assert.deepEqual(await findInterpreter(undefined, system), { command: ['/opt/python'], from: 'setting' });
  });

  it('says which one cannot be run and where it is named', async () => {
    const problem = async (python: string | undefined, system: InterpreterSystem): Promise<string> => {
      const found = await findInterpreter(python, system);
      return 'problem' in found ? found.problem : assert.fail('found one');
    };
    assert.match(
      await problem('/no/python', machine({ programs: [] })),
      /^\/no\/python cannot be run.*launch configuration/,
    );
    assert.match(await problem(undefined, machine({ chosen: '/gone', programs: [] })), /Python extension/);
    assert.match(await problem(undefined, machine({ setting: '/gone', programs: [] })), /loopscope\.pythonPath/);
    assert.match(await problem(undefined, machine({ programs: [] })), /^No Python was found.*Select Interpreter/);
  });

  it('prefers the launcher on Windows and takes none of the store’s stubs', async () => {
    const stubs = 'C:\\Users\\me\\AppData\\Local\\Microsoft\\WindowsApps';
    const path = `${stubs};C:\\Windows;C:\\Python313\\`;
    const programs = [`${stubs}\\python.exe`, 'C:\\Windows\\py.exe', 'C:\\Python313\\python.exe'];
    const system = (programs: readonly string[]): InterpreterSystem => machine({ platform: 'win32', path, programs });
    assert.deepEqual(await findInterpreter(undefined, system(programs)), {
      command: ['C:\\Windows\\py.exe', '-3'],
      from: 'path',
    });
    assert.deepEqual(await findInterpreter(undefined, system(programs.filter((p) => !p.includes('py.exe')))), {
      command: ['C:\\Python313\\python.exe'],
      from: 'path',
    });
    assert.ok('problem' in (await findInterpreter(undefined, system([`${stubs}\\python.exe`]))));
    assert.deepEqual(await findInterpreter('C:\\Python313\\python', system(programs)), {
      command: ['C:\\Python313\\python'],
      from: 'configuration',
    });
  });
});

describe('launch configurations', () => {
  const defaults: Defaults = {
    console: 'integratedTerminal',
    detail: 'adaptive',
    slowCallback: 0.1,
    debuggerFrom: 'auto',
    asyncioLoop: false,
    freezeClock: true,
    folder: '/work',
  };
  const file = { path: '/work/app.py', text: '' };

  it('are filled in with the defaults, and what is given stays', () => {
    assert.deepEqual(complete(runFile('/work/app.py'), undefined, defaults), {
      type: 'loopscope',
      request: 'launch',
      name: 'app.py',
      program: '/work/app.py',
      console: 'integratedTerminal',
      debuggerFrom: 'auto',
      asyncioLoop: false,
      freezeClock: true,
      detail: 'adaptive',
      slowCallback: 0.1,
      cwd: '/work',
      holdLastState: true,
      internalConsoleOptions: 'neverOpen',
    });
    const given = {
      ...runFile('/a.py'),
      console: 'externalTerminal',
      debuggerFrom: 'auto',
      asyncioLoop: false,
      freezeClock: true,
      detail: 'full',
      slowCallback: 0,
      cwd: '/b',
    } as const;
    const own = { ...given, internalConsoleOptions: 'openOnSessionStart' };
    assert.deepEqual(complete(own, undefined, defaults), { ...own, holdLastState: true });
    const shown = { ...given, console: 'internalConsole' } as const;
    assert.deepEqual(complete(shown, undefined, defaults), { ...shown, holdLastState: true });
  });

  it('run the file in front of the person where there is no launch.json', () => {
    const config = complete({}, file, defaults);
    assert.ok(typeof config !== 'string');
    assert.deepEqual(
      [config.type, config.request, config.program, config.name],
      ['loopscope', 'launch', '/work/app.py', 'app.py'],
    );
    assert.match(JSON.stringify(complete({}, undefined, defaults)), /^"Open a Python file/);
  });

  it('must name exactly one thing to run', () => {
    const bare = { type: 'loopscope', request: 'launch', name: 'Mine' };
    assert.match(JSON.stringify(complete(bare, file, defaults)), /“Mine” says nothing to run/);
    assert.match(JSON.stringify(complete({ ...bare, program: 'a.py', module: 'b' }, file, defaults)), /more than one/);
    assert.equal(typeof complete({ ...bare, code: 'pass' }, undefined, defaults), 'object');
  });

  it('of other requests are left as they are', () => {
    const child = { type: 'loopscope', request: 'attach', name: 'worker' };
    assert.deepEqual(complete(child, file, defaults), child);
  });

  it('run the tests of a file with pytest', () => {
    const config = runTests('/work/test_app.py');
    assert.deepEqual(
      [config.module, config.args, config.name],
      ['pytest', ['/work/test_app.py'], 'pytest test_app.py'],
    );
  });

  it('are offered as fits the file', () => {
    const names = (path: string, text = ''): string[] => offered({ path, text }).map((config) => config.name);
    assert.deepEqual(offered(undefined), []);
    assert.deepEqual(names('/work/app.py'), ['Run app.py']);
    assert.deepEqual(names('/work/test_app.py'), ['pytest test_app.py', 'Run test_app.py']);
    assert.deepEqual(names('/work/main.py', 'import fastapi\napp = fastapi.FastAPI(title="x")\n'), [
      'Run main.py',
      'uvicorn main:app',
    ]);
    assert.deepEqual(names('/work/main.py', 'api: Starlette = Starlette(\n'), ['Run main.py', 'uvicorn main:api']);
    assert.deepEqual(names('/work/main.py', 'def f():\n    app = FastAPI()\n'), ['Run main.py']);
    assert.deepEqual(names('/work/my-app.py', 'app = FastAPI()\n'), ['Run my-app.py'], 'no module has that name');
    assert.equal(offered({ path: 'C:\\work\\main.py', text: 'app = FastAPI()' })[1]?.cwd, 'C:\\work');
  });

  it('in a new launch.json are complete', () => {
    for (const config of INITIAL) assert.equal(typeof complete(config, undefined, defaults), 'object');
  });
});
