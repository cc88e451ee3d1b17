/**
 * The classic mistakes in the life of an event loop, each as a small program: what CPython shows before the quick fix, and
 * that it shows nothing after it. The comment `# here` marks the line of the finding; it is taken out.
 */

export interface Classic {
  readonly name: string;
  readonly code: string;
  /** The program as a person wrote it. */
  readonly program: string;
  /** The line of the finding, from 1. */
  readonly line: number;
  /** What `python -X dev` shows of it; `never ends` where it has to be stopped from outside. */
  readonly shows: RegExp | 'never ends';
}

function classic(name: string, code: string, shows: Classic['shows'], marked: string): Classic {
  const lines = marked.trimStart().split('\n');
  const line = lines.findIndex((text) => text.includes('# here')) + 1;
  return { name, code, shows, line, program: lines.map((text) => text.replace(/\s*# here$/, '')).join('\n') };
}

export const CLASSICS: readonly Classic[] = [
  classic(
    'never_closed',
    'LOOP101',
    /ResourceWarning: unclosed event loop/,
    `
import asyncio


async def main():
    await asyncio.sleep(0)
    print("done")


def run():
    loop = asyncio.new_event_loop()  # here
    loop.run_until_complete(main())


run()
`,
  ),
  classic(
    'close_skipped',
    'LOOP102',
    /ResourceWarning: unclosed event loop/,
    `
import asyncio


async def main():
    await asyncio.sleep(0)
    raise ValueError("no answer")


def run():
    loop = asyncio.new_event_loop()  # here
    loop.run_until_complete(main())
    loop.close()


try:
    run()
except ValueError:
    print("done")
`,
  ),
  classic(
    'nothing_stops',
    'LOOP104',
    'never ends',
    `
import asyncio


def run():
    loop = asyncio.new_event_loop()
    loop.call_soon(print, "done")
    try:
        loop.run_forever()  # here
    finally:
        loop.close()


run()
`,
  ),
  classic(
    'several_loops',
    'LOOP107',
    /ResourceWarning: unclosed event loop/,
    `
import asyncio


async def work(number):
    await asyncio.sleep(0)
    print("done", number)


def run():
    for number in range(3):
        loop = asyncio.new_event_loop()  # here
        loop.run_until_complete(work(number))


run()
`,
  ),
  classic(
    'closed_while_running',
    'LOOP105',
    /RuntimeError: Cannot close a running event loop/,
    `
import asyncio


async def main(loop):
    await asyncio.sleep(0)
    print("done")


def run():
    loop = asyncio.new_event_loop()

    async def finish():
        await main(loop)
        loop.close()  # here

    try:
        loop.run_until_complete(finish())
    finally:
        loop.close()


run()
`,
  ),
  classic(
    'used_after_close',
    'LOOP106',
    /RuntimeError: Event loop is closed/,
    `
import asyncio


async def main():
    await asyncio.sleep(0)
    print("done")


def run():
    loop = asyncio.new_event_loop()
    loop.close()
    loop.run_until_complete(main())  # here


run()
`,
  ),
];
