import type { Socket } from 'node:net';

type Done = (error?: Error | null) => void;

/** Sockets whose failed writes are forgiven, and whether there was one. */
const outliving = new WeakMap<Socket, boolean>();

/**
 * Keeps a failed write from destroying the socket. A server that answers early and closes makes writes fail while its
 * answer is still to be read; so it is for reading to tell how the connection ended.
 */
export function outliveFailedWrites(socket: Socket): void {
  if (outliving.has(socket)) return;
  outliving.set(socket, false);
  const forgive =
    (done: Done): Done =>
    (error) => {
      if (error) outliving.set(socket, true);
      done();
    };
  const write = socket._write.bind(socket);
  socket._write = (chunk, encoding, done) => write(chunk, encoding, forgive(done));
  const writeMany = socket._writev?.bind(socket);
  if (writeMany) socket._writev = (chunks, done) => writeMany(chunks, forgive(done));
}

export function hasFailedToWrite(socket: Socket): boolean {
  return outliving.get(socket) ?? false;
}
