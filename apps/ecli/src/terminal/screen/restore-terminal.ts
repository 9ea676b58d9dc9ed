import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { END_UPDATE, RESET, SHOW_CURSOR } from './escape-sequences.ts';

const OPEN_FLAGS = constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

/**
 * Undoes what a drawing that was cut off may have left on the terminal behind `descriptor`: a hidden cursor, held updates, colours.
 * It never waits, also where the terminal is stopped.
 */
export function restoreTerminal(descriptor: number): void {
  try {
    const fd = openSync(`/proc/self/fd/${descriptor}`, OPEN_FLAGS);
    writeSync(fd, `${RESET}${SHOW_CURSOR}${END_UPDATE}`);
    closeSync(fd);
  } catch {
    // It is full, stopped or gone; the process ends in any case.
  }
}
