import { Buffer } from 'node:buffer';
import { EcliError } from '@ecli/core';

/** Tokens that carry claims are long; whole files are no passwords. */
const LIMIT_BYTES = 64 * 1024;

/**
 * Reads a password from standard input to its end; a line break after it isn't part of it.
 *
 * @throws ARGUMENT_INVALID where none comes, or more than a password
 */
export async function readPassword(signal: AbortSignal): Promise<string> {
  const stop = (): void => void process.stdin.destroy();
  signal.addEventListener('abort', stop, { once: true });
  try {
    return passwordOf(await collect(process.stdin));
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

async function collect(input: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of input) {
    bytes += chunk.byteLength;
    if (bytes > LIMIT_BYTES) throw refusal('standard input: too long for a password');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function passwordOf(text: string): string {
  const password = text.replace(/\r?\n$/, '');
  if (password === '') throw refusal('standard input: no password came');
  if (/[\r\n\0]/.test(password)) throw refusal('standard input: more than one line, so no password');
  return password;
}

function refusal(message: string): EcliError {
  return new EcliError('ARGUMENT_INVALID', message, {
    hint: 'send the password alone: ecli login -u NAME --password-stdin HOST < token.txt',
  });
}
