import { compileObject } from '@ecli/bpf/testing';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync, inflateSync } from 'node:zlib';
import { runCli } from '../harness/index.ts';

/** What a package says of a map. */
export interface MapJson {
  name: string;
  ident: string;
  sample?: object;
  export_config?: unknown;
  intepreter?: object;
}

/** A JSON package as an object, so that a test can spoil any part of it. */
export interface PackageJson {
  bpf_object: string;
  bpf_object_size: number;
  meta: {
    enable_multiple_export_types?: boolean;
    bpf_skel: {
      obj_name: string;
      data_sections: { name: string; variables: { name: string; type: string; cmdarg?: object }[] }[];
      maps: MapJson[];
      progs: { name: string; attach: string; link: boolean }[];
      doc?: object;
    };
    export_types: {
      name: string;
      size: number;
      type_id: number;
      members: { name: string; type: string }[];
    }[];
  };
}

/** What every source here begins with; nothing of it depends on the kernel's own types. */
export const PREAMBLE = `
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
char LICENSE[] SEC("license") = "GPL";
`;

const SOURCE = `
${PREAMBLE}
/// @export
struct event {
	int pid;
	char comm[16];
};
const volatile int only_pid = 0;
const volatile unsigned char small_number = 0;
const volatile char short_text[8] = "";
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 262144);
} bad_input_ring SEC(".maps");
SEC("tracepoint/syscalls/sys_enter_getpgid")
int bad_input_prog(void *ctx)
{
	struct event *event;
	int pid = bpf_get_current_pid_tgid() >> 32;

	if (pid != only_pid)
		return small_number + short_text[0];
	event = bpf_ringbuf_reserve(&bad_input_ring, sizeof(*event), 0);
	if (!event)
		return 0;
	event->pid = pid;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	bpf_ringbuf_submit(event, 0);
	return 0;
}
`;

export const PROGRAM_NAME = 'bad_input_prog';

/** Builds the sample in `folder`. */
export function buildSample(folder: string): Promise<PackageJson> {
  return buildPackage(folder, 'sample', SOURCE);
}

/** Builds the text of a source by `ecli build` in `folder` and returns its package. */
export async function buildPackage(folder: string, name: string, text: string): Promise<PackageJson> {
  const source = join(folder, `${name}.bpf.c`);
  writeFileSync(source, text);
  const { code, stderr } = await runCli(['build', source, '-o', folder]);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

/** Writes `content` as `NAME.json` into `folder` and returns its path. */
export function writePackage(folder: string, name: string, content: unknown): string {
  const path = join(folder, `${name}.json`);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

/** Compiles the text of a source and returns the object's path. */
export function writeObject(folder: string, name: string, source: string): string {
  const path = join(folder, `${name}.bpf.o`);
  writeFileSync(path, compileObject(`${PREAMBLE}${source}`));
  return path;
}

export function objectOf({ bpf_object }: PackageJson): Buffer {
  return inflateSync(Buffer.from(bpf_object, 'base64'));
}

export function withObject(base: PackageJson, object: Uint8Array): PackageJson {
  const bpf_object = deflateSync(object).toString('base64');
  return { ...base, bpf_object, bpf_object_size: object.byteLength };
}
