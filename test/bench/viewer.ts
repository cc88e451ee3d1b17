/**
 * Runs a program under the real adapter while a client looks, as the sidebar does: at each update it asks for the pages that the views
 * show. Prints what the program printed, then one line of JSON: how often it looked, events dropped, and the first loop's last tick.
 *
 *     node --import=tsx test/bench/viewer.ts PYTHON PROGRAM [ARGUMENT …]
 */
import { DapClient } from '../dap/client';

/** The rows that a view has on a large screen. */
const SHOWN = { offset: 0, limit: 100 };

async function main([python, program, ...args]: readonly string[]): Promise<void> {
  if (python === undefined || program === undefined) throw new Error('Say which Python and which program.');
  const client = DapClient.start();
  client.patience = 300_000; // Others have their turns.
  try {
    let looks = 0;
    let ticks = 0;
    // A program that waits for its turn is not slow.
    await client.launch({ program, args, python, subProcess: false, slowCallback: 60 });
    const over = client.event('terminated');
    const isOver = (): boolean => client.messages.some(({ event }) => event === 'terminated');
    const look = async (): Promise<void> => {
      const loops = await client.ask('loopscope/loops', {});
      const [first] = loops.rows;
      if (!first) return;
      ticks = first.tick;
      const page = { ...SHOWN, sort: 'age', group: 'none', filter: '', tree: 'creator' } as const;
      await Promise.all([
        client.ask('loopscope/tasks', page),
        client.ask('loopscope/ready', { ...SHOWN, loop: first.loop }),
        client.ask('loopscope/timers', { ...SHOWN, loop: first.loop }),
      ]);
      looks++;
    };
    while (!isOver()) {
      await Promise.race([client.nextUpdate(), over]);
      await look();
    }
    await look();
    const { dropped } = await client.ask('loopscope/state', {});
    process.stdout.write(client.output('stdout'));
    process.stderr.write(client.output('stderr'));
    console.log(JSON.stringify({ looks, dropped, ticks }));
  } finally {
    await client.stop();
  }
}

void main(process.argv.slice(2));
