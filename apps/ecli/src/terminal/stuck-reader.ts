import type { DescriptorWriter } from './descriptor-writer.ts';
import type { Logger } from './logger.ts';

/** After an interruption, a reader that takes nothing for this long isn't waited for any more. */
const PATIENCE_MS = 2000;
const LOOK_MS = 250;

/**
 * Once `stop` is aborted, abandons each writer whose reader takes nothing for two seconds, so that Ctrl-C ends
 * ecli also when its output leads to a stopped program. A slow reader, which does take something, is waited for.
 */
export function giveUpOnStuckReaders(
  writers: readonly DescriptorWriter[],
  stop: AbortSignal,
  logger: Logger,
): void {
  const watch = (): void => {
    for (const writer of writers) watchReader(writer, logger);
  };
  if (stop.aborted) watch();
  else stop.addEventListener('abort', watch, { once: true });
}

function watchReader(writer: DescriptorWriter, logger: Logger): void {
  let taken = writer.writtenBytes;
  let stuckMs = 0;
  const timer = setInterval(() => {
    stuckMs = writer.isWriting && writer.writtenBytes === taken ? stuckMs + LOOK_MS : 0;
    taken = writer.writtenBytes;
    if (stuckMs === LOOK_MS * 2) logger.log('warn', WAITING);
    if (stuckMs < PATIENCE_MS) return;
    clearInterval(timer);
    writer.abandon();
  }, LOOK_MS);
  timer.unref();
}

const WAITING = 'waiting for whoever reads the output; a second Ctrl-C ends ecli at once';
