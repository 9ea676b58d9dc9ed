import { runCli, type Binary } from './cli.ts';
import { Terminal } from './terminal/terminal.ts';

/** Runs one command line as this process: signals, output and exit code included. */
export async function start(binary: Binary, argv: readonly string[]): Promise<never> {
  const terminal = new Terminal();
  const failByBug = (error: unknown): void => void terminal.leave(terminal.fail(error));
  process.on('uncaughtException', failByBug);
  process.on('unhandledRejection', failByBug);
  terminal.listen();
  return terminal.leave(await runCli(binary, argv, terminal));
}
