import { describe, expect } from '@jest/globals';
import { kernelTest } from '@ecli/bpf/testing';
import { once } from 'node:events';
import { type AddressInfo, type Socket, connect, createServer } from 'node:net';
import { startExample } from './running-example.ts';

interface StateEvent {
  readonly duration_us: number;
  readonly old_state: string;
  readonly new_state: string;
  readonly local_port: number;
  readonly remote_port: number;
  readonly local: string;
  readonly remote: string;
}

const IPV6_LOOPBACK = '0000:0000:0000:0000:0000:0000:0000:0001';

describe('tcpstates', () => {
  kernelTest('shows every state of both ends of a connection', () =>
    followConnection('127.0.0.1', '127.0.0.1'),
  );

  kernelTest('shows IPv6 addresses', () => followConnection('::1', IPV6_LOOPBACK));
});

/**
 * Opens a connection that the client closes first, and compares both ends with the diagram of RFC 9293. The
 * client's first change, to SYN_SENT, comes before it has a port.
 */
async function followConnection(host: string, address: string): Promise<void> {
  const server = createServer({ allowHalfOpen: true });
  server.on('connection', (socket) => socket.resume().on('end', () => socket.end()));
  await once(server.listen(0, host), 'listening');
  const { port } = server.address() as AddressInfo;
  try {
    const example = startExample<StateEvent>('tcpstates', ['--port', String(port)]);
    await example.untilEvent(
      ({ new_state }) => new_state.startsWith('CLOSE('),
      () => openAndClose(host, port),
    );

    const clientPort = await openAndClose(host, port);

    const ends = ({ local_port }: StateEvent) => [clientPort, port].includes(local_port);
    const ours = (event: StateEvent) =>
      ends(event) && [event.local_port, event.remote_port].includes(clientPort);
    await example.untilEvent(
      (event) => event.local_port === port && ours(event) && event.new_state === 'CLOSE(7)',
    );
    const events = (await example.stop()).filter(ours);
    expect(path(events.filter(({ local_port }) => local_port === clientPort))).toEqual([
      'SYN_SENT(2)',
      'ESTABLISHED(1)',
      'FIN_WAIT1(4)',
      'FIN_WAIT2(5)',
      'CLOSE(7)',
    ]);
    expect(path(events.filter(({ local_port }) => local_port === port))).toEqual([
      'LISTEN(10)',
      'SYN_RECV(3)',
      'ESTABLISHED(1)',
      'CLOSE_WAIT(8)',
      'LAST_ACK(9)',
      'CLOSE(7)',
    ]);
    expect(new Set(events.flatMap(({ local, remote }) => [local, remote]))).toEqual(new Set([address]));
  } finally {
    server.close();
  }
}

/** Returns the client's port, once both ends are closed. */
async function openAndClose(host: string, port: number): Promise<number> {
  const socket: Socket = connect({ host, port });
  await once(socket, 'connect');
  const { localPort } = socket;
  socket.resume().end();
  await once(socket, 'close');
  return localPort ?? 0;
}

/** The states that a socket passed through; each change must begin where the one before ended. */
function path(events: readonly StateEvent[]): string[] {
  events.slice(1).forEach((event, index) => expect(event.old_state).toBe(events[index]?.new_state));
  return [
    ...events.slice(0, 1).map(({ old_state }) => old_state),
    ...events.map(({ new_state }) => new_state),
  ];
}
