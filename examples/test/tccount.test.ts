import { describe, expect } from '@jest/globals';
import { kernelTest } from '@ecli/bpf/testing';
import { testNetwork } from './network.ts';
import { startExample } from './running-example.ts';

interface Traffic {
  readonly packets: number;
  readonly bytes: number;
  readonly most_bytes: number;
}

interface Entry {
  readonly key: { readonly 'enum direction': string };
  /** Of each CPU. */
  readonly value: readonly Traffic[];
}

const [PORT, COUNT, BYTES] = [4242, 7, 100];
/** Ethernet, IPv4, UDP. */
const HEADER_BYTES = 14 + 20 + 8;
const DIRECTIONS = ['INGRESS(0)', 'EGRESS(1)'];

/** The last reading of a direction, summed up. */
function lastOf(entries: readonly Entry[], direction: string): Traffic {
  const cpus = entries.findLast(({ key }) => key['enum direction'] === direction)?.value ?? [];
  return {
    packets: cpus.reduce((sum, { packets }) => sum + packets, 0),
    bytes: cpus.reduce((sum, { bytes }) => sum + bytes, 0),
    most_bytes: Math.max(...cpus.map(({ most_bytes }) => most_bytes)),
  };
}

describe('tccount', () => {
  const network = testNetwork();

  kernelTest('counts the packets of each direction', async () => {
    const places = ['--attach', 'count_ingress=lo', '--attach', 'count_egress=lo'];
    const example = startExample<Entry>('tccount', ['--netns', network.path, ...places]);
    const hasCounted = () => DIRECTIONS.every((direction) => lastOf(example.events(), direction).packets > 0);
    await example.untilEvent(hasCounted, () => network.sendUdp(PORT, 1));
    // Nothing is sent from here to the next reading.
    const readings = example.events().length;
    await example.untilEvent(() => example.events().length >= readings + DIRECTIONS.length);
    const before = DIRECTIONS.map((direction) => lastOf(example.events(), direction));

    network.sendUdp(PORT, COUNT, BYTES);

    const entries = await example.stop();
    DIRECTIONS.forEach((direction, index) => {
      expect(lastOf(entries, direction)).toEqual({
        packets: (before[index]?.packets ?? 0) + COUNT,
        bytes: (before[index]?.bytes ?? 0) + COUNT * (BYTES + HEADER_BYTES),
        most_bytes: BYTES + HEADER_BYTES,
      });
    });
    expect(network.run('tc', 'filter', 'show', 'dev', 'lo', 'ingress')).toBe('');
  });
});
