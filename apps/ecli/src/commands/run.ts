import { createPluginHost, withoutCredentials } from '@ecli/core';
import { defineCommand } from '../command.ts';
import { plugins } from '../plugins.ts';
import { runProgram } from '../program-run.ts';
import { runFlagGroups, runFlags } from '../run-flags.ts';
import { adoptFlag, requestOf } from '../run-request.ts';
import { readFetchWishes } from '../source-flags.ts';

/** `ecli run`: loads a program into the kernel and shows its events. */
export const runCommand = defineCommand({
  description: 'Loads a program into the kernel and shows its events until it is stopped (Ctrl-C).',
  operands: 'REF [arguments of the program]',
  count: { least: 1, most: Infinity },
  passesOn: true,
  flags: runFlags,
  groups: runFlagGroups,
  examples: [
    'ecli run examples/opens/opens.bpf.c --pid 42',
    'ecli run -j --max-events 10 thing.bpf.o',
    "ecli run --filter 'comm~^ba' --fields pid,comm,filename examples/opens/opens.bpf.c",
    'ecli run ghcr.io/org/tool:v1 --pid 42',
    'cat package.json | ecli run -p json -',
  ],
  notes: `What stands after REF is the program's own: \`ecli run REF --help\` lists it. Flags of ecli may stand there
too, where the program has none of that name. Exit codes: 0 it ended as asked, 1 it failed, 2 it was called
wrongly, 130 and 143 it was stopped by SIGINT and SIGTERM.`,

  async run({ operands, flags }, terminal) {
    const { logger, interruption } = terminal;
    const [reference = '', ...args] = operands;
    const request = requestOf(reference, args, flags);
    const exit = await runProgram(request, {
      ...createPluginHost(plugins),
      wishes: await readFetchWishes(reference, flags, terminal),
      openDisplay: ({ format = 'text', presentation, color }) =>
        terminal.openDisplay({ format, folded: presentation?.folded, color }),
      logger,
      adopt: adoptFlag,
      stop: interruption.signal,
    });
    if (exit.reason !== undefined) logger.log('warn', `${withoutCredentials(reference)}: ${exit.reason}`);
    return interruption.reason?.exitCode ?? exit.code;
  },
});
