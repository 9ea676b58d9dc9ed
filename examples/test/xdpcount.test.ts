import { describe, expect } from '@jest/globals';
import { kernelTest } from '@ecli/bpf/testing';
import { testNetwork } from './network.ts';
import { startExample } from './running-example.ts';

interface Entry {
  readonly key: { readonly protocol: string; readonly port: number };
  readonly value: { readonly packets: number; readonly bytes: number };
}

const [READY, PORT, COUNT, BYTES] = [4000, 4242, 7, 100];
/** Ethernet, IPv4, UDP. */
const HEADER_BYTES = 14 + 20 + 8;

describe('xdpcount', () => {
  const network = testNetwork();

  kernelTest('counts the packets of each protocol and port that come into an interface', async () => {
    const args = ['--netns', network.path, '--attach', 'count_packets=lo'];
    const example = startExample<Entry>('xdpcount', args);
    await example.untilEvent(
      ({ key }) => key.port === READY,
      () => network.sendUdp(READY, 1),
    );

    network.sendUdp(PORT, COUNT, BYTES);
    network.run('bash', '-c', `echo 2>/dev/null >/dev/tcp/127.0.0.1/${PORT}; true`);

    const entries = await example.stop();
    const last = (protocol: string) =>
      entries.findLast(({ key }) => key.port === PORT && key.protocol === protocol)?.value;
    expect(last('UDP(17)')).toEqual({ packets: COUNT, bytes: COUNT * (BYTES + HEADER_BYTES) });
    // Nobody listens: there's the packet that asks and the one that refuses.
    expect(last('TCP(6)')).toMatchObject({ packets: 2 });
  });
});
