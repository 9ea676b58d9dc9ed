import { printable, type TransferState } from '@ecli/core';
import stringWidth from 'string-width';
import { spellBytes } from '../byte-size.ts';
import type { Transfer, Transfers } from '../transfers.ts';

const LONGEST_NAME = 30;
const BAR_WIDTH = 20;
/** What a line needs beside its bar, and narrower windows have no room for. */
const NARROW_COLUMNS = 90;

/** A line for each transfer that goes on, and where there are several, one for all. */
export function runningLines(transfers: Transfers, nowMs: number, columns: number): readonly string[] {
  const width = nameWidth(transfers);
  const amounts = transfers.running.map((transfer) => amountsOf(transfer, nowMs));
  const all = amounts.length < 2 ? [] : [sum(transfers, amounts)];
  return [...amounts, ...all].map((each) => line(each, width, columns));
}

/** A line for each transfer that has ended since this was last asked. */
export function endedLines(transfers: Transfers): readonly string[] {
  const width = nameWidth(transfers);
  return transfers.takeEnded().map((transfer) => endLine(transfer, width));
}

interface Amounts {
  readonly name: string;
  readonly bytes: number;
  readonly totalBytes: number | undefined;
  /** Bytes a second. */
  readonly rate: number;
}

function amountsOf(transfer: Transfer, nowMs: number): Amounts {
  const { name, bytes, totalBytes } = transfer.latest;
  return { name, bytes, totalBytes, rate: transfer.rate(nowMs) };
}

/** What was transferred, and what is to be. */
function sum(transfers: Transfers, running: readonly Amounts[]): Amounts {
  const done = transfers.all
    .filter(({ latest }) => latest.state === 'done')
    .map(({ latest }) => latest.bytes);
  const totals = running.map(({ totalBytes }) => totalBytes);
  return {
    name: 'all',
    bytes: total([...done, ...running.map(({ bytes }) => bytes)]),
    totalBytes: totals.includes(undefined) ? undefined : total([...done, ...totals.map((size) => size ?? 0)]),
    rate: total(running.map(({ rate }) => rate)),
  };
}

function nameWidth(transfers: Transfers): number {
  return Math.max(0, ...transfers.all.map(({ latest }) => stringWidth(shortName(latest.name))));
}

/** `package.json  [=====>        ]  42%  1.2 MiB of 2.9 MiB  310 KiB/s  00:05`; nothing moves but what changes. */
function line({ name, bytes, totalBytes, rate }: Amounts, width: number, columns: number): string {
  const speed = `${spellBytes(Math.round(rate))}/s`.padStart(11);
  const label = padded(name, width);
  if (totalBytes === undefined) return `${label}  ${spellBytes(bytes).padStart(10)}  ${speed}`;
  const share = totalBytes > 0 ? Math.min(1, bytes / totalBytes) : 1;
  const rest = rate > 0 ? duration(Math.max(0, totalBytes - bytes) / rate) : '--:--';
  return [
    label,
    ...(columns < NARROW_COLUMNS ? [] : [bar(share)]),
    `${Math.floor(share * 100)}%`.padStart(4),
    `${spellBytes(bytes).padStart(10)} of ${spellBytes(totalBytes).padEnd(10)}`,
    speed,
    rest,
  ].join('  ');
}

function endLine({ latest, durationMs }: Transfer, width: number): string {
  const { name, state, bytes, totalBytes = bytes } = latest;
  const seconds = (durationMs / 1000).toFixed(1);
  const amounts: Readonly<Record<TransferState, string>> = {
    running: spellBytes(bytes),
    done: `${spellBytes(bytes)} in ${seconds} s`,
    exists: spellBytes(totalBytes),
    mounted: spellBytes(totalBytes),
    failed: `${spellBytes(bytes)} of ${spellBytes(totalBytes)}`,
  };
  // Why is said elsewhere, and Ctrl-C is no failure.
  const word = state === 'failed' ? 'stopped' : state;
  return `${padded(name, width)}  ${word.padEnd('mounted'.length)}  ${amounts[state]}`;
}

function bar(share: number): string {
  const filled = Math.round(share * BAR_WIDTH);
  const head = filled > 0 && filled < BAR_WIDTH ? `${'='.repeat(filled - 1)}>` : '='.repeat(filled);
  return `[${head.padEnd(BAR_WIDTH)}]`;
}

/** `MM:SS`, or `H:MM:SS` from an hour on. */
function duration(allSeconds: number): string {
  const seconds = Math.ceil(allSeconds);
  if (seconds >= 360_000) return '--:--';
  const twoDigits = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  const minutes = `${twoDigits((seconds / 60) % 60)}:${twoDigits(seconds % 60)}`;
  return seconds < 3600 ? minutes : `${Math.floor(seconds / 3600)}:${minutes}`;
}

function padded(name: string, width: number): string {
  const short = shortName(name);
  return short + ' '.repeat(Math.max(0, width - stringWidth(short)));
}

function shortName(name: string): string {
  const text = printable(name);
  return text.length <= LONGEST_NAME ? text : `${text.slice(0, LONGEST_NAME - 1)}…`;
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}
