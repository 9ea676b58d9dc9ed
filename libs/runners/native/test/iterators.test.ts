import { afterEach, beforeEach, describe, expect } from '@jest/globals';
import { kernelDescriptors, kernelTest } from '@ecli/bpf/testing';
import {
  ArgumentError,
  type AttachTarget,
  type Backpressure,
  type EcliError,
  type LoadSpec,
} from '@ecli/core';
import { execFileSync } from 'node:child_process';
import { kill } from './kills-package.ts';
import { kernelObjects, probesSpec, settledObjects } from './probes-package.ts';
import { detachAll, failureOf, Recording } from './recording.ts';
import { TargetProcess } from './target-process.ts';

let before: unknown;
beforeEach(() => {
  before = kernelDescriptors();
});
afterEach(async () => {
  await detachAll();
  expect(kernelDescriptors()).toEqual(before);
  await settledObjects([]);
});

const TASKS = `
  SEC("iter/task") int at_tasks(struct bpf_iter__task *ctx)
  {
    struct task_struct *task = ctx->task;
    if (task && task->pid == task->tgid)
      BPF_SEQ_PRINTF(ctx->meta->seq, "%d\\t%s\\n", task->pid, task->comm);
    return 0;
  }`;

const NUMBERS = `
  struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, __u32); __type(value, __u32); __uint(max_entries, COUNT); }
    at_numbers SEC(".maps");
  SEC("iter/bpf_map_elem") int at_entries(struct bpf_iter__bpf_map_elem *ctx)
  {
    __u32 *key = ctx->key;
    if (key)
      BPF_SEQ_PRINTF(ctx->meta->seq, "entry %u\\n", *key);
    return 0;
  }`;

function numbers(count: number): string {
  return NUMBERS.replace('COUNT', String(count));
}

/** A program that has only iterators, when it has ended by itself. */
async function ended(programs: string, changes: Partial<LoadSpec> = {}): Promise<Recording> {
  const recording = await Recording.attached(
    probesSpec(programs, { format: 'text', ...changes }, { silent: true }),
  );
  await recording.completion;
  expect(await recording.program.detach()).toEqual({ code: 0 });
  return recording;
}

async function errorOf(programs: string, changes: Partial<LoadSpec> = {}): Promise<EcliError> {
  return failureOf(Recording.attached(probesSpec(programs, changes, { silent: true })));
}

function over(program: string, target: string): { attach: AttachTarget[] } {
  return { attach: [{ program, target }] };
}

const ENTRIES = over('at_entries', 'at_numbers');

describe('an iterator', () => {
  kernelTest('is read to the end, and the program ends then', async () => {
    const recording = await ended(TASKS);
    const lines = recording.lines();
    expect(lines).toContain(`${process.pid}\t${ownName()}`);
    expect(recording.program.counts).toMatchObject({ events: lines.length, lost: 0 });
  });

  kernelTest('goes over one process, where --attach says', async () => {
    const target = await TargetProcess.start();
    try {
      const { text } = await ended(TASKS, over('at_tasks', String(target.pid))).then((recording) => ({
        text: recording.text(),
      }));
      expect(text).toMatch(new RegExp(`^${target.pid}\\t\\S+\\n$`));
    } finally {
      await target.end();
    }
  });

  kernelTest('goes over the maps of the system', async () => {
    const maps = `
      SEC("iter/bpf_map") int at_maps(struct bpf_iter__bpf_map *ctx)
      {
        struct bpf_map *map = ctx->map;
        if (map)
          BPF_SEQ_PRINTF(ctx->meta->seq, "%s\\n", map->name);
        return 0;
      }`;
    expect((await ended(`${numbers(4)}${maps}`, ENTRIES)).lines()).toContain('at_maps    at_numbers');
  });

  kernelTest('goes over 100,000 entries of a map, and none is missing', async () => {
    const lines = (await ended(numbers(100_000), ENTRIES)).lines();
    expect(lines).toHaveLength(100_000);
    expect(lines.findIndex((line, index) => line !== `entry ${index}`)).toBe(-1);
  });

  kernelTest('goes over a map of another program, by its id or its path', async () => {
    const owner = await Recording.load(probesSpec(numbers(3), ENTRIES));
    const other = numbers(1).replaceAll('at_numbers', 'at_own');
    const maps = JSON.parse(execFileSync('bpftool', ['--json', 'map', 'show'], { encoding: 'utf8' })) as {
      id: number;
      name?: string;
    }[];
    const id = String(maps.find(({ name }) => name === 'at_numbers')?.id);
    const expected = ['entry 0', 'entry 1', 'entry 2'];
    expect((await ended(other, over('at_entries', id))).lines()).toEqual(expected);
    const path = `/sys/fs/bpf/at_pin_${process.pid}`;
    execFileSync('bpftool', ['map', 'pin', 'id', id, path]);
    try {
      expect((await ended(other, over('at_entries', path))).lines()).toEqual(expected);
    } finally {
      execFileSync('rm', [path]);
    }
    await owner.program.detach();
  });

  kernelTest('goes over a cgroup and those in it', async () => {
    const cgroups = `
      SEC("iter/cgroup") int at_cgroups(struct bpf_iter__cgroup *ctx)
      {
        struct cgroup *cgroup = ctx->cgroup;
        if (cgroup)
          BPF_SEQ_PRINTF(ctx->meta->seq, "%d\\n", cgroup->level);
        return 0;
      }`;
    expect((await ended(cgroups)).lines()[0]).toBe('0');
    expect((await ended(cgroups, over('at_cgroups', ''))).lines()[0]).toBe('0');
    expect((await errorOf(cgroups, over('at_cgroups', '/no/such/cgroup'))).message).toContain(
      "cgroup /no/such/cgroup: isn't there",
    );
  });

  for (const [format, lines] of [
    ['json', ['{"at_entries":"entry 0"}', '{"at_entries":"entry 1"}']],
    ['csv', ['line', 'entry 0', 'entry 1']],
    ['text', ['entry 0', 'entry 1']],
  ] as const) {
    kernelTest(`is shown as ${format}`, async () => {
      expect((await ended(numbers(2), { format, ...ENTRIES })).lines()).toEqual(lines);
    });
  }

  kernelTest('is shown raw, each line after its length', async () => {
    const { chunks } = await ended(numbers(2), { format: 'raw', ...ENTRIES });
    const line = (text: string): Buffer =>
      Buffer.concat([Buffer.from([text.length, 0, 0, 0]), Buffer.from(text)]);
    expect(Buffer.concat(chunks.map(({ bytes }) => bytes))).toEqual(
      Buffer.concat([line('entry 0'), line('entry 1')]),
    );
  });

  kernelTest('has times where they are asked for', async () => {
    const presentation = { timestamps: 'iso' } as const;
    const [line] = (await ended(numbers(1), { ...ENTRIES, presentation })).lines();
    expect(line).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z entry 0$/);
    const [json] = (await ended(numbers(1), { ...ENTRIES, presentation, format: 'json' })).events();
    expect(json).toEqual({ timestamp: expect.stringMatching(/Z$/), at_entries: 'entry 0' });
  });

  kernelTest('does a terminal no harm', async () => {
    const hostile = numbers(1)
      .replace('entry %u\\n", *key', '%s\\n", red')
      .replace('__u32 *key', 'char red[] = "\\x1b[31mred"; __u32 *key');
    expect((await ended(hostile, ENTRIES)).lines()).toEqual(['\\x1b[31mred']);
  });

  kernelTest('ends after as many lines as are wanted', async () => {
    expect((await ended(numbers(1000), { ...ENTRIES, maxEvents: 3 })).lines()).toEqual([
      'entry 0',
      'entry 1',
      'entry 2',
    ]);
  });

  kernelTest('waits for a slow reader and while it is paused', async () => {
    let release: () => void = () => undefined;
    let held = true;
    const backpressure: Backpressure = {
      wait: () =>
        held
          ? new Promise((resolve) => {
              release = resolve;
            })
          : undefined,
    };
    const spec = probesSpec(numbers(2), { format: 'text', ...ENTRIES, backpressure }, { silent: true });
    const recording = await Recording.load(spec);
    await recording.program.pause();
    await recording.program.attach();
    held = false;
    release();
    await new Promise((resolve) => setImmediate(resolve));
    expect(recording.lines()).toEqual([]);
    await recording.program.resume();
    await recording.completion;
    expect(recording.lines()).toEqual(['entry 0', 'entry 1']);
  });

  const TELLING = `${numbers(1)}
    SEC("tp/syscalls/sys_enter_kill") int at_tp(struct trace_event_raw_sys_enter *ctx)
    { return ours() ? tell(ctx->args[1]) : 0; }`;

  kernelTest('beside a buffer leaves the program running, and rows tell which is which', async () => {
    const recording = await Recording.attached(probesSpec(TELLING, ENTRIES));
    await recording.until(() => recording.lines().length === 1);
    kill(1);
    await recording.program.detach();
    const event = expect.objectContaining({ number: 0 });
    expect(recording.events()).toEqual([{ at_entries: 'entry 0' }, { at_events: event }]);
  });

  kernelTest('beside a buffer has its name before its lines, as the buffer has', async () => {
    const presentation = { timestamps: 'none' } as const;
    const spec = probesSpec(TELLING, { ...ENTRIES, format: 'text', presentation });
    const recording = await Recording.attached(spec);
    await recording.until(() => recording.lines().length === 2);
    kill(1);
    await recording.program.detach();
    const [header, line, row] = recording.lines();
    expect(header).toMatch(/^at_events {2}PID /);
    expect(line).toBe('at_entries entry 0');
    expect(row).toMatch(/^at_events {3}\d+ /);
  });

  kernelTest('beside programs that show nothing leaves them attached', async () => {
    const tracepoint = 'SEC("tp/syscalls/sys_enter_kill") int at_tp(void *ctx) { return 0; }';
    const spec = probesSpec(`${numbers(1)}${tracepoint}`, { format: 'text', ...ENTRIES }, { silent: true });
    const recording = await Recording.attached(spec);
    await recording.until(() => recording.lines().length === 1);
    expect(kernelObjects()).toContain('link of at_tp');
    await recording.program.detach();
    expect(recording.lines()).toEqual(['entry 0']);
  });
});

describe('an iterator is refused', () => {
  kernelTest('over a map that nobody names, or that is not there', async () => {
    const bare = await errorOf(numbers(1));
    expect(bare).toBeInstanceOf(ArgumentError);
    expect(bare.hint).toBe('name the place: --attach at_entries=MAP');
    const near = await errorOf(numbers(1), over('at_entries', 'at_number'));
    expect(near.message).toBe('--attach at_entries=at_number: the object has no such map');
    expect(near.hint).toBe('did you mean at_numbers?');
    expect((await errorOf(numbers(1), over('at_entries', '4000000000'))).message).toBe(
      "map 4000000000: isn't in the kernel",
    );
    expect((await errorOf(numbers(1), over('at_entries', '/sys/fs/bpf/no_such'))).message).toBe(
      "map /sys/fs/bpf/no_such: isn't in the kernel",
    );
    expect((await errorOf(numbers(1), over('at_entries', '/etc/hostname'))).message).toBe(
      'map /etc/hostname: is no map pinned in bpffs, or none that may be opened',
    );
  });

  kernelTest('over a process that is not running', async () => {
    const { message, hint } = await errorOf(TASKS, over('at_tasks', '4194999'));
    expect([message, hint]).toEqual([
      "process 4194999: isn't running",
      'pgrep(1) finds the number of a process by its name',
    ]);
  });

  kernelTest('over something that a kernel has no iterator for, with near names', async () => {
    const error = await errorOf(
      TASKS.replace('iter/task', 'iter/tasks').replace('bpf_iter__tasks', 'bpf_iter__task'),
    );
    expect(error.message).toContain('this kernel has no tasks to attach to');
    expect(error.hint).toContain('task');
  });

  kernelTest('where members of its text are asked for, or a place that makes no sense', async () => {
    const fields = await errorOf(numbers(1), { ...ENTRIES, presentation: { fields: ['pid'] } });
    expect(fields.message).toBe('pid: program at_entries writes text, which has no members to choose');
    expect(await errorOf(TASKS, over('at_tasks', 'init'))).toBeInstanceOf(ArgumentError);
  });
});

function ownName(): string {
  return execFileSync('cat', [`/proc/${process.pid}/comm`], { encoding: 'utf8' }).trimEnd();
}
