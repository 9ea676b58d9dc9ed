import { constants } from 'node:os';
import { printableLines, type ReportProgress } from '@ecli/core';
import { DescriptorWriter } from './descriptor-writer.ts';
import { PlainDisplay, type Display } from './display.ts';
import { InterruptedError, Interruption } from './interruption.ts';
import { Logger, parseLogLevel } from './logger.ts';
import { Progress, type Bars } from './progress.ts';
import { exitCodeOf, reportOf } from './report.ts';
import { openDisplay, openProgressDisplay, type DisplayWishes } from './screen/open-display.ts';
import { giveUpOnStuckReaders } from './stuck-reader.ts';
import type { Transfers } from './transfers.ts';

/** This process's ends towards the person or script that started it. */
export class Terminal {
  readonly stdout = new DescriptorWriter(1, 'standard output');
  readonly stderr = new DescriptorWriter(2, 'standard error');
  readonly interruption = new Interruption((reason) => this.die(reason.signal));
  readonly logger = new Logger((text) => this.display.showError(Buffer.from(text)));
  private env: NodeJS.ProcessEnv = {};
  private display: Display = new PlainDisplay(this.stdout, this.stderr);
  private readonly progress = new Progress((transfers) => this.openBars(transfers));

  /** From now on a signal asks the work to end, and doesn't end the process by itself. */
  listen(): void {
    this.interruption.listen();
    giveUpOnStuckReaders([this.stdout, this.stderr], this.interruption.signal, this.logger);
  }

  /** @throws ARGUMENT_INVALID when ECLI_LOG is no level */
  configure(env: NodeJS.ProcessEnv): void {
    this.env = env;
    this.logger.raise(parseLogLevel(env['ECLI_LOG']));
  }

  /** Opens the way of a program's chunks to whoever reads them. @throws ARGUMENT_INVALID for raw bytes to a terminal */
  async openDisplay(wishes: DisplayWishes): Promise<Display> {
    this.closeDisplay();
    this.display = await openDisplay(wishes, this, this.env);
    return this.display;
  }

  /** Shows how transfers are going, where standard error is a terminal and one takes its time. */
  get reportProgress(): ReportProgress {
    return this.progress.report;
  }

  print(text: string): void {
    this.display.show({ stream: 'stdout', timeUs: 0, bytes: Buffer.from(text), lines: 1 });
  }

  /** Prints lines that are meant for a person beside the output; control characters in them are spelled out. */
  printError(lines: string): void {
    this.display.showError(Buffer.from(printableLines(lines)));
  }

  /** Says what failed, and returns the exit code that stands for it. An interruption is not a failure. */
  fail(error: unknown): number {
    this.closeDisplay();
    if (error instanceof InterruptedError) return error.exitCode;
    this.printError(reportOf(error, this.logger.shows('debug')));
    return exitCodeOf(error);
  }

  /** Ends the process with `code` once all output is written. */
  async leave(code: number): Promise<never> {
    this.closeDisplay();
    await Promise.all([this.stdout.flushed(), this.stderr.flushed()]);
    const failed = this.stdout.error ? this.fail(this.stdout.error) : code;
    await this.stderr.flushed();
    if (this.isHeld) this.die(this.interruption.reason?.signal ?? 'SIGKILL');
    process.exit(failed);
  }

  private async openBars(transfers: Transfers): Promise<Bars | undefined> {
    const bars = await openProgressDisplay(transfers, this, this.env);
    if (bars && this.progress.isClosed) bars.close();
    else if (bars) this.display = bars;
    return bars;
  }

  /** No bars are opened any more: something else is shown from now on. */
  private closeDisplay(): void {
    this.progress.close();
    this.display.close();
  }

  /** node joins its threads before it exits, and a reader that takes nothing holds one. */
  private get isHeld(): boolean {
    return this.stdout.isWriting || this.stderr.isWriting;
  }

  /** Ends the process at once, by the default action of `signal`. */
  private die(signal: NodeJS.Signals): void {
    this.display.restore();
    this.interruption.close();
    process.kill(process.pid, signal);
    // The first process of a container can't be ended by a signal of its own (pid_namespaces(7)), and while a
    // thread is held not by its exit either.
    if (process.pid !== 1) return;
    if (this.isHeld) process.abort();
    process.exit(128 + constants.signals[signal]);
  }
}
