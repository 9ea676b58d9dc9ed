import { describe, expect, test } from '@jest/globals';
import { TraceMonitor, type TraceMonitorOptions } from './trace-monitor.ts';

/** A trace_pipe in memory. Doesn't model: lines that the kernel drops. */
class FakePipe {
  isPrivate = true;
  closed = false;
  readings = 0;
  private readonly pieces: string[] = [];
  private woken = false;
  private endWait: () => void = () => undefined;

  write(...pieces: readonly string[]): void {
    this.pieces.push(...pieces);
    this.endWait();
  }

  read(): Uint8Array {
    this.readings++;
    return Buffer.from(this.pieces.shift() ?? '', 'latin1');
  }

  wait(): Promise<void> {
    const { woken } = this;
    this.woken = false;
    return woken ? Promise.resolve() : new Promise((resolve) => (this.endWait = resolve));
  }

  wake(): void {
    this.woken = true;
    this.endWait();
  }

  close(): void {
    this.closed = true;
  }
}

/** A monitor that runs, and what it said after its first line. */
function running(options: Partial<TraceMonitorOptions> = {}) {
  const pipe = new FakePipe();
  const said: string[] = [];
  const stream = { observed: true, say: (...lines: readonly string[]) => void said.push(...lines) };
  const monitor = new TraceMonitor({ pipe, stream, ...options });
  monitor.begin();
  return { pipe, said, monitor };
}

/** Long enough for all that waits for nothing. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}

describe('TraceMonitor', () => {
  test('joins lines that come in pieces, also within a character', async () => {
    const { pipe, said, monitor } = running();
    pipe.write('a-1 [000] 1.5: bpf_trace_printk: b', '\xc3', '\xa9\nc-2 [000] 1.5: bpf_trace_printk: d\n');
    await monitor.end();
    expect(said.slice(1)).toEqual(['a-1 [000] 1.5: bé', 'c-2 [000] 1.5: d']);
  });

  test('says once whose lines are shown, or who misses them', async () => {
    const { said, monitor } = running();
    await monitor.end();
    expect(said).toEqual([expect.stringMatching(/lines of other programs are shown too/)]);
    const shared = new FakePipe();
    shared.isPrivate = false;
    const other = running({ pipe: shared });
    await other.monitor.end();
    expect(other.said).toEqual([expect.stringMatching(/whoever else reads/)]);
  });

  test('reads nothing while the output is not taken, and all of it at the end', async () => {
    let release = (): void => undefined;
    const taken = new Promise<void>((resolve) => (release = resolve));
    const { pipe, said, monitor } = running({ backpressure: { wait: () => taken } });
    pipe.write('x\n');
    await turns();
    expect(pipe.readings).toBe(0);
    await monitor.end();
    expect(said.at(-1)).toBe('x');
    release();
  });

  test('ends although other programs write on and on', async () => {
    const { pipe, monitor } = running();
    pipe.read = () => Buffer.from('x\n');
    await monitor.end();
    monitor.close();
    expect(pipe.closed).toBe(true);
  });

  test('tells at the end what it could not read', async () => {
    const { pipe, monitor } = running();
    pipe.read = () => {
      throw new Error('broken');
    };
    pipe.write('x');
    await turns();
    await expect(monitor.end()).rejects.toThrow('broken');
  });
});
