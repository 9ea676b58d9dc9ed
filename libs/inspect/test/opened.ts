import { type Artifact, descriptorOf, MediaType } from '@ecli/core';
import { compileObject } from '@ecli/bpf/testing';
import { type OpenedPackage, openPackage } from '../src/index.ts';

const HEADERS = `
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
char LICENSE[] SEC("license") = "Dual MIT/GPL";
`;

/** Content under a name, as a source gives it. */
export function artifactOf(content: Uint8Array, mediaType: string, reference = 'test.bpf.o'): Artifact {
  return { reference, content, descriptor: descriptorOf(content, mediaType) };
}

/** Compiles a program's text, with the usual includes before it, and opens it; `edit` may change the object's bytes. */
export function openSource(program: string, edit?: (object: Uint8Array) => void): Promise<OpenedPackage> {
  const object = new Uint8Array(compileObject(HEADERS + program));
  edit?.(object);
  return openPackage(artifactOf(object, MediaType.object));
}
