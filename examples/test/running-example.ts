import { join } from 'node:path';
import { eventually, kernelObjectsOf, repository, startCli, untilGone } from '../../test/harness/index.ts';

/** An example under `ecli run -j`, its events as objects. */
export interface RunningExample<Event> {
  /** The events so far. */
  events(): Event[];
  /** Does `trigger` again and again until an event satisfies `matches`: then the example is attached. */
  untilEvent(matches: (event: Event) => boolean, trigger?: () => unknown): Promise<Event>;
  /** Ends it as Ctrl-C does, checks that the kernel has nothing left of it, and returns all events. */
  stop(): Promise<Event[]>;
}

/** Names the source of an example. */
export function exampleSource(name: string): string {
  return join(repository, 'examples', name, `${name}.bpf.c`);
}

/** Runs an example with its own arguments; `reference` is its source unless the test built it otherwise. */
export function startExample<Event>(
  name: string,
  args: readonly string[],
  reference = exampleSource(name),
): RunningExample<Event> {
  const cli = startCli(['run', '-j', reference, ...args]);
  const events = () => cli.lines().map((line): Event => JSON.parse(line));
  return {
    events,
    untilEvent: async (matches, trigger) => {
      const seen = async () => {
        await trigger?.();
        return events().find(matches) ?? (await endedEarly(cli));
      };
      return eventually(`the expected event of ${name}`, seen);
    },
    stop: async () => {
      const objects = kernelObjectsOf(cli.pid);
      cli.signal('SIGINT');
      const { code, stderr } = await cli.result;
      if (code !== 130 || stderr !== '') throw new Error(`${name} ended with ${code}: ${stderr}`);
      await untilGone(objects);
      return events();
    },
  };
}

/** Fails with what the command line said when it has ended; it should run until it is stopped. */
async function endedEarly(cli: ReturnType<typeof startCli>): Promise<undefined> {
  const result = await Promise.race([cli.result, Promise.resolve(undefined)]);
  if (result) throw new Error(`ended with ${result.code}: ${result.stderr}`);
}
