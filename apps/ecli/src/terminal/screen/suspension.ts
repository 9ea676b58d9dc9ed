/**
 * Tells when a person stops the process (Ctrl-Z) and when it goes on (`fg`). In between its terminal is the
 * shell's: `onStop` comes while it is still ours.
 */
export class Suspension {
  private isStopping = false;

  constructor(
    private readonly onStop: () => void,
    private readonly onContinue: () => void,
  ) {}

  follow(): void {
    process.on('SIGTSTP', this.stop);
    process.on('SIGCONT', this.goOn);
  }

  close(): void {
    process.off('SIGTSTP', this.stop);
    process.off('SIGCONT', this.goOn);
  }

  private readonly stop = (): void => {
    this.isStopping = true;
    this.onStop();
    // Nobody listens any more, so that the same signal now does what it does by default.
    process.off('SIGTSTP', this.stop);
    process.kill(process.pid, 'SIGTSTP');
  };

  private readonly goOn = (): void => {
    // SIGSTOP doesn't tell before.
    if (!this.isStopping) this.onStop();
    else process.on('SIGTSTP', this.stop);
    this.isStopping = false;
    this.onContinue();
  };
}
