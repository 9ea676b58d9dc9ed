import { describe, expect } from '@jest/globals';
import { kernelTest } from '@ecli/bpf/testing';
import { startCli } from '../../test/harness/index.ts';
import { testNetwork } from './network.ts';
import { exampleSource, startExample } from './running-example.ts';

const FLAGS = ['fin', 'syn', 'rst', 'psh', 'ack', 'urg', 'ece', 'cwr'] as const;

type PacketEvent = Readonly<Record<(typeof FLAGS)[number], number>> & {
  readonly direction: string;
  readonly words: number;
  readonly length: number;
  readonly source_port: number;
  readonly port: number;
  readonly source: string;
  readonly address: string;
};

const [READY, PORT] = [4000, 4242];
const TEXT = 'hello';

/** A connection over which a client sends a text; each end says that it is done, and both are closed. */
const CONNECTION = `
const [port, text] = process.argv.slice(1);
const { connect, createServer } = require('node:net');
const server = createServer({ allowHalfOpen: true }, (socket) => socket.resume().on('end', () => socket.end()));
server.listen(Number(port), '127.0.0.1', () =>
  connect({ host: '127.0.0.1', port: Number(port) }).on('close', () => server.close()).resume().end(text),
);
`;

function flagsOf(packet: PacketEvent): string {
  return FLAGS.filter((flag) => packet[flag] === 1).join(' ');
}

describe('tcpflags', () => {
  const network = testNetwork();
  const refuse = (port: number) =>
    network.run('bash', '-c', `echo 2>/dev/null >/dev/tcp/127.0.0.1/${port}; true`);

  kernelTest('shows the flags of each packet of a connection', async () => {
    const example = startExample<PacketEvent>('tcpflags', ['--netns', network.path]);
    await example.untilEvent(
      ({ port }) => port === READY,
      () => refuse(READY),
    );

    network.run(process.execPath, '-e', CONNECTION, String(PORT), TEXT);

    const packets = (await example.stop()).filter((packet) =>
      [packet.source_port, packet.port].includes(PORT),
    );
    const [out, back] = ['OUT(1)', 'IN(0)'].map((direction) =>
      packets.filter((packet) => packet.direction === direction),
    ) as [PacketEvent[], PacketEvent[]];
    // What goes out of the loopback comes back by it.
    expect(back).toEqual(out.map((packet) => ({ ...packet, direction: 'IN(0)' })));
    expect(out.slice(0, 3).map(flagsOf)).toEqual(['syn', 'syn ack', 'ack']);
    expect(out.slice(3).every(({ ack, syn, rst }) => ack === 1 && syn === 0 && rst === 0)).toBe(true);
    const [client, server] = [
      out.filter(({ port }) => port === PORT),
      out.filter(({ port }) => port !== PORT),
    ];
    for (const end of [client, server]) expect(end.filter(({ fin }) => fin === 1)).toHaveLength(1);
    expect(client.reduce((sum, { length }) => sum + length, 0)).toBe(TEXT.length);
    expect(client.find(({ length }) => length > 0)).toMatchObject({ psh: 1, length: TEXT.length });
    // The options of the first packets make their headers longer than the five words of one without.
    expect(client[0]?.words).toBeGreaterThan(5);
    expect(new Set(packets.flatMap(({ source, address }) => [source, address]))).toEqual(
      new Set(['127.0.0.1']),
    );
  });

  kernelTest('shows in text that nobody listens', async () => {
    const fields = ['--fields', 'direction,syn,rst,ack,port,source_port'];
    const cli = startCli([
      ...['run', '--timestamps', 'none', '--netns', network.path, ...fields],
      ...[exampleSource('tcpflags'), '--port', String(PORT), '--no-data'],
    ]);
    await cli.untilLine(/^ IN\(0\) +0 +1 +1 /, () => refuse(PORT));
    cli.signal('SIGINT');
    const { stdout } = await cli.result;
    const [header = '', ...rows] = stdout.trimEnd().split('\n');
    expect(header.trim().split(/ +/)).toEqual(['DIRECTION', 'SYN', 'RST', 'ACK', 'PORT', 'SOURCE_PORT']);
    const asked = /^ OUT\(1\) +1 +0 +0 +4242 +(\d+)$/.exec(rows.find((row) => row.includes('4242')) ?? '');
    const port = asked?.[1] ?? 'none';
    const told = rows.filter((row) => row.includes(port)).map((row) => row.trim().split(/ +/).join(' '));
    expect(told).toEqual([
      `OUT(1) 1 0 0 ${PORT} ${port}`,
      `IN(0) 1 0 0 ${PORT} ${port}`,
      `OUT(1) 0 1 1 ${port} ${PORT}`,
      `IN(0) 0 1 1 ${port} ${PORT}`,
    ]);
  });
});
