import { afterAll, beforeAll } from '@jest/globals';
import { whyNoKernel } from '@ecli/bpf/testing';
import { execFileSync } from 'node:child_process';

let made = 0;

/**
 * A network namespace whose loopback is all its network, there while the tests of a file or group run: nothing but
 * what a test sends is seen there.
 */
export interface Network {
  /** The path for `--netns`. */
  readonly path: string;
  /** Runs a command in it, and returns what it prints. */
  run(command: string, ...args: readonly string[]): string;
  /** Sends UDP packets of so many bytes of data to a port, where they are taken. */
  sendUdp(port: number, count: number, bytes?: number): void;
}

/** Makes the namespace before the tests and removes it, with all that is attached in it, after them. */
export function testNetwork(): Network {
  const name = `ecli-examples-${process.pid}-${++made}`;
  const run = (command: string, ...args: readonly string[]) =>
    execFileSync('ip', ['netns', 'exec', name, command, ...args], { encoding: 'utf8', timeout: 20_000 });
  beforeAll(() => {
    if (whyNoKernel()) return;
    execFileSync('ip', ['netns', 'add', name]);
    run('ip', 'link', 'set', 'lo', 'up');
  });
  afterAll(() => {
    if (!whyNoKernel()) execFileSync('ip', ['netns', 'delete', name]);
  });
  return {
    path: `/run/netns/${name}`,
    run,
    sendUdp: (port, count, bytes = 1) =>
      void run(process.execPath, '-e', UDP_EXCHANGE, `${port}`, `${count}`, `${bytes}`),
  };
}

/** It ends when the packets have arrived. */
const UDP_EXCHANGE = `
const [port, count, bytes] = process.argv.slice(1).map(Number);
const { createSocket } = require('node:dgram');
const receiver = createSocket('udp4');
const sender = createSocket('udp4');
const data = Buffer.alloc(bytes);
let arrived = 0;
const send = () => sender.send(data, port, '127.0.0.1');
receiver.on('message', () => {
  if (++arrived < count) return send();
  sender.close();
  receiver.close();
});
receiver.bind(port, '127.0.0.1', send);
`;
