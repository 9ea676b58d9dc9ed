/**
 * Whether nohup(1) started this process. It ignores SIGHUP on behalf of what it starts, but node sets every
 * signal back to its default before any of our code runs (src/node.cc, ResetSignalHandlers), so that only
 * traces are left: shells tell a command the path they started in `_` (bash(1), Special Parameters), and
 * sudo(8) its own command in SUDO_COMMAND.
 */
export function isStartedByNohup({ _: command, SUDO_COMMAND: sudo }: NodeJS.ProcessEnv): boolean {
  return [command, sudo].some((line) => /^(?:\S*\/)?nohup(?: |$)/.test(line ?? ''));
}
