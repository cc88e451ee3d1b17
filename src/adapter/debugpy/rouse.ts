/**
 * Wakes a process that debugpy is being brought into. From Python 3.14 on that is `sys.remote_exec`: the process runs what
 * it is given when it next looks (CPython 3.14, Python/ceval_gil.c and Modules/signalmodule.c, `_PyRunRemoteDebugger`).
 * A loop that waits for the network for ever never does. On Linux its wait is interrupted as a debugger would, which
 * Python repeats (PEP 475) and which no signal handler, shell or parent sees (ptrace(2), PTRACE_INTERRUPT). On other
 * systems the process is attached to when it wakes by itself.
 */
import { spawn } from 'node:child_process';

/** Between two wakings, s; they begin before debugpy's own start-up can be over, and cost a sleeping process some µs. */
const INTERVAL = 0.2;
/** After so many it is given up. */
const TIMES = 75;

/** Run by the process's own Python, whose rights are known to be enough. It ends when its input does. */
const SCRIPT = `
import ctypes, os, select, sys
if not hasattr(sys, "remote_exec"):
    sys.exit()
SEIZE, INTERRUPT, DETACH, EVENT_STOP, ALL = 0x4206, 0x4207, 17, 128, 0x40000000
pid = int(sys.argv[1])
ptrace = ctypes.CDLL(None).ptrace
ptrace.argtypes = [ctypes.c_long] * 4
ptrace.restype = ctypes.c_long
for _ in range(${TIMES}):
    if select.select([0], [], [], ${INTERVAL})[0]:
        break
    with open("/proc/%d/stat" % pid) as file:
        state = file.read().rpartition(") ")[2][:1]
    if state != "S" or ptrace(SEIZE, pid, 0, 0) != 0:
        continue
    ptrace(INTERRUPT, pid, 0, 0)
    _, status = os.waitpid(pid, ALL)
    # A signal that comes just now stops it as well, and is passed on.
    signal = os.WSTOPSIG(status) if os.WIFSTOPPED(status) and status >> 16 != EVENT_STOP else 0
    ptrace(DETACH, pid, 0, signal)
`;

/** Begins to wake a process of that executable; call what is given back when it is not needed any more. Never fails. */
export function rouse(pid: number, executable: string): () => void {
  if (process.platform !== 'linux') return () => undefined;
  const child = spawn(executable, ['-I', '-S', '-c', SCRIPT, String(pid)], { stdio: ['pipe', 'ignore', 'ignore'] });
  child.on('error', () => undefined); // It cannot be run, so neither can debugpy: that is told.
  child.stdin.on('error', () => undefined);
  return () => void child.stdin.end();
}
