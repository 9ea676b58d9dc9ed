import { fstatSync } from 'node:fs';
import { ArgumentError, type OutputFormat, type Screen } from '@ecli/core';
import { isCapable, wantsColors, type ColorChoice } from './colors.ts';
import type { DescriptorWriter } from '../descriptor-writer.ts';
import { PlainDisplay, type Display } from '../display.ts';
import type { Transfers } from '../transfers.ts';
import type { ProgressDisplay } from './progress-display.ts';

/** What decides how chunks are shown. */
export interface DisplayWishes {
  readonly format: OutputFormat;
  readonly folded?: boolean | undefined;
  readonly color?: ColorChoice | undefined;
}

/** The two writers that a person may sit behind. */
export interface Outputs {
  readonly stdout: DescriptorWriter;
  readonly stderr: DescriptorWriter;
}

const STDOUT = 1;
const STDERR = 2;

/**
 * Finds out what standard output is, and how to show chunks there: in place on a terminal, plainly elsewhere.
 *
 * @throws ARGUMENT_INVALID for raw bytes to a terminal
 */
export async function openDisplay(
  { format, folded = false, color = 'auto' }: DisplayWishes,
  { stdout, stderr }: Outputs,
  env: NodeJS.ProcessEnv,
): Promise<Display> {
  const isTerminal = await leadsToTerminal(STDOUT);
  if (format === 'raw' && isTerminal) {
    throw new ArgumentError('--output raw: binary, and standard output is a terminal', [], {
      hint: 'write it to a file or a pipe: > events.bin',
    });
  }
  if (format !== 'text' || folded) return new PlainDisplay(stdout, stderr);
  if (isTerminal && isCapable(env)) return openLiveDisplay(wantsColors(color, env), { stdout, stderr });
  return new PlainDisplay(stdout, stderr, color === 'always' ? await coloredPaper() : undefined);
}

/** Its libraries take time to load that `ecli … | less` must not pay for. */
async function openLiveDisplay(colors: boolean, { stdout, stderr }: Outputs): Promise<Display> {
  const [{ LiveDisplay }, { WindowSize }] = await Promise.all([
    import('./live-display.ts'),
    import('./window-size.ts'),
  ]);
  return new LiveDisplay({
    writer: stdout,
    window: new WindowSize(STDOUT),
    colors,
    stderr: (await isSameTerminal()) ? undefined : stderr,
  });
}

/** Opens bars on standard error; undefined where that is no terminal that could show them. */
export async function openProgressDisplay(
  transfers: Transfers,
  { stdout, stderr }: Outputs,
  env: NodeJS.ProcessEnv,
): Promise<ProgressDisplay | undefined> {
  if (!(await leadsToTerminal(STDERR)) || !isCapable(env)) return undefined;
  const [{ ProgressDisplay }, { WindowSize }] = await Promise.all([
    import('./progress-display.ts'),
    import('./window-size.ts'),
  ]);
  return new ProgressDisplay(transfers, {
    writer: stderr,
    window: new WindowSize(STDERR),
    colors: wantsColors('auto', env),
    stdout: (await leadsToTerminal(STDOUT)) && (await isSameTerminal()) ? undefined : stdout,
  });
}

async function leadsToTerminal(fd: number): Promise<boolean> {
  if (!isCharacterDevice(fd)) return false;
  const { isatty } = await import('node:tty');
  return isatty(fd);
}

function isCharacterDevice(fd: number): boolean {
  try {
    return fstatSync(fd).isCharacterDevice();
  } catch {
    // The descriptor is closed, as by `>&-`; whoever writes to it will say so.
    return false;
  }
}

/** Whether both descriptors lead to one terminal, by its device number. */
async function isSameTerminal(): Promise<boolean> {
  return (await leadsToTerminal(STDERR)) && fstatSync(STDOUT).rdev === fstatSync(STDERR).rdev;
}

/** What is made for a person's eyes and shown elsewhere (`| less -R`): as wide as the terminal, and endless. */
async function coloredPaper(): Promise<Screen> {
  const { WindowSize } = await import('./window-size.ts');
  return { columns: new WindowSize(STDERR).columns, rows: Infinity, colors: true };
}
