import { ArgumentError, nearNames, printable } from '@ecli/core';
import type { Command } from './command.ts';
import type { CommandEntry } from './commands.ts';
import { groupUsage } from './usage.ts';

/** Commands under one word: `ecli image list`, `ecli image rm`. */
export interface CommandGroupDeclaration {
  /** One sentence. */
  readonly description: string;
  /** In the order in which help lists them; each is loaded when it is called. */
  readonly commands: readonly CommandEntry[];
}

/** Makes a command that hands on to the one that its first operand names. */
export function defineCommandGroup({ description, commands }: CommandGroupDeclaration): Command {
  return {
    async execute(argv, call, terminal) {
      const [first, ...rest] = argv;
      const asksForHelp = first === undefined || ['help', '-h', '--help'].includes(first);
      const topic = first === 'help' ? rest[0] : undefined;
      if (asksForHelp && topic === undefined) {
        terminal.print(groupUsage(call, description, commands));
        return 0;
      }
      const name = topic ?? first ?? '';
      const entry = commands.find(({ name: own, aliases }) => own === name || aliases?.includes(name));
      if (!entry) return terminal.fail(unknown(name, call, commands));
      const command = await entry.load();
      return command.execute(topic === undefined ? rest : ['--help'], `${call} ${entry.name}`, terminal);
    },
  };
}

function unknown(name: string, call: string, commands: readonly CommandEntry[]): ArgumentError {
  const known = commands.map((command) => command.name);
  const [near] = nearNames(name, known);
  return new ArgumentError(`${printable(name)}: not a command of ${call}`, known, {
    hint: near ? `did you mean ${call} ${near}?` : `commands: ${known.join(', ')}`,
  });
}
