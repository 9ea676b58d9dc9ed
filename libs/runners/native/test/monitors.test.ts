import { afterEach, describe, expect } from '@jest/globals';
import { compileObject, kernelDescriptors, kernelTest } from '@ecli/bpf/testing';
import { parseObject } from '@ecli/btf';
import type { Backpressure, LoadSpec } from '@ecli/core';
import { execFileSync } from 'node:child_process';
import { describeObject, stringifyJsonPackage } from '@ecli/packages';
import { readdirSync } from 'node:fs';
import { LogStream } from '../src/log-stream.ts';
import { type MonitoredProgram, openMonitors } from '../src/monitors/open-monitors.ts';
import { EVENT_BYTES, kill, killsObject, type KillsOptions, killsSpec, packageOf } from './kills-package.ts';
import { detachAll, Recording } from './recording.ts';

afterEach(detachAll);

const IN_ALL = / events? (lost|dropped)(?: in all|: .*)$/;

function kills(options: KillsOptions, changes: Partial<LoadSpec> = {}): LoadSpec {
  return killsSpec(packageOf(killsObject({ lossVariable: 'lost_events', ...options })), changes);
}

/** Takes nothing between `shut` and `open`. */
class Gate implements Backpressure {
  private closed: Promise<void> | undefined;
  private release: () => void = () => undefined;

  wait(): Promise<void> | undefined {
    return this.closed;
  }

  shut(): void {
    this.closed = new Promise((resolve) => (this.release = resolve));
  }

  open(): void {
    this.closed = undefined;
    this.release();
  }
}

function later(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('events that are not shown', () => {
  kernelTest('are dropped and counted while nobody takes the rows, if wanted', async () => {
    const backpressure = new Gate();
    const args = ['--per_kill', '1000'];
    const spec = kills({ ringBytes: 1 << 20 }, { args, backpressure, onSlow: 'drop' });
    const recording = await Recording.attached(spec);
    const { program } = recording;
    kill(1);
    await recording.until(() => recording.lines().length === 1000);
    backpressure.shut();
    // Far more than the ring holds: it is emptied meanwhile.
    for (let call = 0; call < 100; call++) {
      kill(1);
      while ((program.counts?.dropped ?? 0) + (program.counts?.lost ?? 0) < (call + 1) * 1000) await later();
    }
    backpressure.open();
    kill(1);
    await recording.until(() => recording.lines().length === 2000);
    await program.detach();
    expect(program.counts).toEqual({
      events: 2000,
      bytes: 2000 * EVENT_BYTES,
      lost: 0,
      dropped: 100_000,
      filtered: 0,
    });
    expect(recording.numbers().at(-1)).toBe(101_999);
    const said = recording.lines('stderr');
    expect(said[0]).toMatch(/^\d+ events dropped: they came faster than the output was taken$/);
    expect(said.at(-1)).toMatch(/^100000 events dropped/);
  });

  kernelTest('add up with those shown and those filtered to all that a program sent', async () => {
    const args = ['--per_kill', '1000'];
    const presentation = { filters: ['number & 1'] };
    const recording = await Recording.attached(kills({ ringBytes: 1 << 16 }, { args, presentation }));
    // Synchronous, so that the ring fills.
    kill(50);
    await recording.program.detach();
    const { events = 0, lost = 0, filtered = 0 } = recording.program.counts ?? {};
    expect(events).toBeGreaterThan(0);
    expect(lost).toBeGreaterThan(0);
    expect(Math.abs(events - filtered)).toBeLessThanOrEqual(1);
    expect(events + filtered + lost).toBe(50_000);
    expect(recording.lines()).toHaveLength(events);
    const said = recording.lines('stderr').filter((line) => IN_ALL.test(line));
    expect(said).toEqual([`${lost} events lost: the kernel's buffer was full`]);
  });

  kernelTest('are told while the program runs', async () => {
    const args = ['--per_kill', '1000'];
    const recording = await Recording.attached(kills({ ringBytes: 1 << 16 }, { args }));
    kill(10);
    await recording.until(() => recording.lines('stderr').length > 0);
    expect(recording.lines('stderr')[0]).toMatch(/^\d+ events lost: the kernel's buffer was full$/);
    expect(recording.program.counts?.lost).toBeGreaterThan(0);
  });
});

/** The cells of the table that begins with the heading `first`, by heading, its first row. */
function tableOf(lines: readonly string[], first: string): Record<string, string> {
  const at = lines.findIndex((line) => line.trimStart().startsWith(first));
  const [heading = [], cells = []] = [at, at + 1].map((index) => lines[index]?.trim().split(/ {2,}/));
  return Object.fromEntries(heading.map((name, column) => [name, cells[column] ?? '']));
}

describe('--stats', () => {
  kernelTest('says at the end what came, and what the programs took', async () => {
    const recording = await Recording.attached(kills({}, { stats: true }));
    kill(1000);
    await recording.until(() => recording.lines().length === 1000);
    await recording.program.detach();
    const lines = recording.lines('stderr');
    const events = tableOf(lines, 'EVENTS');
    expect(events).toMatchObject({
      EVENTS: '1000',
      BYTES: String(1000 * EVENT_BYTES),
      LOST: '0',
      DROPPED: '0',
      FILTERED: '0',
    });
    // Milliseconds are few digits of a short run.
    const product = Number(events['EVENTS/S']) * Number(events['SECONDS']);
    expect(Math.abs(product - 1000)).toBeLessThan(50);
    const program = tableOf(lines, 'PROGRAM');
    expect(program).toMatchObject({ PROGRAM: 'on_kill', SECTION: 'tp/syscalls/sys_enter_kill', MISSES: '0' });
    const runs = Number(program['RUNS']);
    expect(runs).toBeGreaterThanOrEqual(1000);
    expect(Number(program['MS'])).toBeGreaterThan(0);
    expect((runs * Number(program['NS/RUN'])) / 1e6).toBeCloseTo(Number(program['MS']), 0);
    expect(program['CPU']).toMatch(/^\d+\.\d{3}%$/);
    expect(lines).toHaveLength(4);
  });

  kernelTest('says that losses are not known of a ring buffer that nobody counts for', async () => {
    const recording = await Recording.attached(kills({ lossVariable: 'dropped' }, { stats: true }));
    kill(1);
    await recording.until(() => recording.lines().length === 1);
    await recording.program.detach();
    const lines = recording.lines('stderr');
    expect(tableOf(lines, 'EVENTS')).toMatchObject({ LOST: '?' });
    expect(lines[2]).toMatch(/^LOST is not known: .* lost_events$/);
  });

  kernelTest('leaves the kernel as it was', async () => {
    const before = kernelDescriptors();
    const recording = await Recording.attached(kills({}, { stats: true, trace: true }));
    await recording.program.detach();
    expect(kernelDescriptors()).toEqual(before);
  });
});

const PRINTING = `
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

const volatile pid_t only_pid = 0;

SEC("tp/syscalls/sys_enter_kill") int on_kill(struct trace_event_raw_sys_enter *ctx)
{
  if ((int)(bpf_get_current_pid_tgid() >> 32) == only_pid && ctx->args[1] == 0)
    bpf_printk("kill of %d by %d: a-b [1]", (int)ctx->args[0], only_pid);
  return 0;
}

char LICENSE[] SEC("license") = "GPL";
`;

/** This process's in tracefs. */
function instances(): string[] {
  const own = `ecli-${process.pid}-`;
  return readdirSync('/sys/kernel/tracing/instances').filter((name) => name.startsWith(own));
}

function printingPackage(): Uint8Array {
  const object = compileObject(PRINTING);
  return Buffer.from(
    stringifyJsonPackage({ object, meta: describeObject(object, { name: 'kills.bpf.o' }).meta }),
  );
}

describe('--trace', () => {
  const own = (recording: Recording) =>
    recording.lines('stderr').filter((line) => line.includes(`by ${process.pid}`));

  function printing(changes: Partial<LoadSpec> = {}): LoadSpec {
    return killsSpec(printingPackage(), { trace: true, ...changes });
  }

  kernelTest('shows what a program prints, as it comes', async () => {
    const recording = await Recording.attached(printing());
    kill(3);
    await recording.until(() => own(recording).length === 3);
    const line = new RegExp(
      `^\\S.*-${process.pid} \\[\\d+\\] \\d+\\.\\d+: kill of ${process.pid} by .*: a-b \\[1\\]$`,
    );
    for (const shown of own(recording)) expect(shown).toMatch(line);
    expect(recording.lines('stderr')[0]).toMatch(/lines of other programs are shown too/);
    await recording.program.detach();
    expect(instances()).toEqual([]);
  });

  kernelTest('shows at the end what came last', async () => {
    const recording = await Recording.attached(printing());
    kill(100);
    await recording.program.detach();
    expect(own(recording)).toHaveLength(100);
  });

  kernelTest('shows nothing of it unless asked', async () => {
    const recording = await Recording.attached(printing({ trace: false }));
    kill(1);
    await recording.program.detach();
    expect(recording.lines('stderr')).toEqual([]);
  });

  kernelTest('does not keep a program running that has shown all it was asked for', async () => {
    const recording = await Recording.attached(kills({}, { trace: true, stats: true, maxEvents: 1 }));
    kill(1);
    await recording.completion;
    expect(recording.lines()).toHaveLength(1);
  });

  kernelTest('and --stats say nothing of a program that could not be attached', async () => {
    const before = kernelDescriptors();
    const object = Buffer.from(killsObject({}));
    const broken = Buffer.from(
      object.toString('latin1').replaceAll('sys_enter_kill', 'sys_enter_kilt'),
      'latin1',
    );
    const recording = await Recording.load(killsSpec(packageOf(broken), { trace: true, stats: true }));
    await expect(recording.program.attach()).rejects.toMatchObject({ code: 'ATTACH_FAILED' });
    expect(recording.lines('stderr')).toEqual([]);
    expect(kernelDescriptors()).toEqual(before);
    expect(execFileSync('ls', ['/sys/kernel/tracing/instances']).toString()).not.toContain(
      `-${process.pid}-`,
    );
  });
});

describe('openMonitors', () => {
  kernelTest('leaves nothing open when one of them cannot be', () => {
    const before = kernelDescriptors();
    const map = {
      currentValue: () => {
        throw new Error('EPERM');
      },
    };
    const program = {
      spec: killsSpec(packageOf(killsObject({})), { trace: true, stats: true }),
      file: parseObject(killsObject({ lossVariable: 'lost_events' })),
      object: { programs: [], map: () => map },
      plans: [{ kind: 'ring' }],
      stream: new LogStream(),
    } as unknown as MonitoredProgram;
    expect(() => openMonitors(program)).toThrow('EPERM');
    expect(kernelDescriptors()).toEqual(before);
    expect(instances()).toEqual([]);
  });
});
