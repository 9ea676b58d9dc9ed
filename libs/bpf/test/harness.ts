import { afterEach, beforeEach, expect } from '@jest/globals';
import { type BpfMap, type BpfObject, openObject, type OpenOptions } from '../src/index.ts';
import { compileObject, kernelDescriptors } from '../src/testing/index.ts';

const HEADERS = `
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>
`;

/** Compiles a program's text, with the usual includes before it. */
export function compile(program: string): Uint8Array {
  return compileObject(HEADERS + program);
}

const opened: { close(): void }[] = [];

/** Registers what a test opened, to be closed after it, last first, whatever happens. */
export function closing<T extends { close(): void }>(resource: T): T {
  opened.push(resource);
  return resource;
}

/** Opens an object that is closed after the test. */
export function open(program: string, options: Partial<OpenOptions> = {}): BpfObject {
  return closing(openObject(compile(program), { name: 'test', ...options }));
}

/** The map of this name, which the test's program has. */
export function mapOf(object: BpfObject, name: string): BpfMap {
  const map = object.map(name);
  if (!map) throw new Error(`no map ${name}`);
  return map;
}

/** Sets the 32-bit variable at the start of a data section. */
export function setFirstInt(object: BpfObject, section: string, value: number): void {
  const map = mapOf(object, section);
  const bytes = Buffer.from(map.initialValue());
  bytes.writeInt32LE(value, 0);
  map.setInitialValue(bytes);
}

/** Has each test of the file end with as many descriptors of kernel objects as it began with. */
export function expectNothingLeftOpen(): void {
  let before: Record<string, number>;
  beforeEach(() => {
    before = kernelDescriptors();
  });
  afterEach(() => {
    while (opened.length > 0) opened.pop()?.close();
    expect(kernelDescriptors()).toEqual(before);
  });
}
