import { closeSync, constants, openSync } from 'node:fs';
import { WriteStream } from 'node:tty';

/** Of a terminal, in characters. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** As terminals were made. */
const USUAL: Size = { columns: 80, rows: 24 };

const OPEN_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

/** The size of a terminal's window, followed as it changes (SIGWINCH) between `follow` and `close`. */
export class WindowSize implements Size {
  private size: Size;
  private onChange: () => void = () => undefined;

  constructor(private readonly fd: number) {
    this.size = readSize(fd) ?? USUAL;
  }

  get columns(): number {
    return this.size.columns;
  }

  get rows(): number {
    return this.size.rows;
  }

  follow(onChange: () => void): void {
    this.onChange = onChange;
    process.on('SIGWINCH', this.refresh);
  }

  close(): void {
    process.off('SIGWINCH', this.refresh);
  }

  private readonly refresh = (): void => {
    this.size = readSize(this.fd) ?? this.size;
    this.onChange();
  };
}

/**
 * Asks the terminal behind `fd`. node asks in the constructor of a stream alone, and sets what that is made of to
 * O_NONBLOCK; so the stream gets an opening of its own, which nobody shares.
 */
function readSize(fd: number): Size | undefined {
  // A terminal that belongs to another user (after su) can't be opened by its name, but by this one.
  const own = tryOpen(`/proc/self/fd/${fd}`) ?? tryOpen('/dev/tty');
  if (own === undefined) return undefined;
  const stream = tryStream(own);
  if (!stream) return undefined;
  const { columns, rows } = stream;
  stream.destroy();
  // Both are 0 where nobody has set them: a serial line, a pseudo-terminal of script(1).
  return columns > 0 && rows > 0 ? { columns, rows } : undefined;
}

function tryOpen(path: string): number | undefined {
  try {
    return openSync(path, OPEN_FLAGS);
  } catch {
    return undefined;
  }
}

function tryStream(fd: number): WriteStream | undefined {
  try {
    return new WriteStream(fd);
  } catch {
    closeSync(fd);
    return undefined;
  }
}
