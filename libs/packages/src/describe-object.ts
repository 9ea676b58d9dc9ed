import { basename } from 'node:path';
import { parseObject } from '@ecli/btf';
import { exportTypeNamed, exportTypesOf } from './export-types.ts';
import { packageMeta } from './meta-decoder.ts';
import type { ProgramPackage } from './meta.ts';
import { objectNameOf, skeletonOf } from './skeleton.ts';

export interface DescribeOptions {
  /** The object's path or reference; gives the skeleton's name, and stands in messages. */
  readonly name: string;
  /** The struct that its events are, where the object can't tell. */
  readonly exportType?: string;
  /** Takes an object whose events are of no known type, which can be looked at and not shown. */
  readonly untyped?: boolean;
}

/**
 * Turns a bare `.bpf.o` into a package by what its own BTF says.
 *
 * @throws OBJECT_INVALID; PACKAGE_INVALID listing the structs there are, when it can't tell the events' type
 */
export function describeObject(
  content: Uint8Array,
  { name, exportType, untyped = false }: DescribeOptions,
): ProgramPackage {
  const object = parseObject(content);
  const meta = {
    bpf_skel: skeletonOf(object, objectNameOf(basename(name))),
    export_types: exportTypesOf(object, name, exportType, untyped),
  };
  return { object: content, meta: packageMeta(meta, 'meta') };
}

/**
 * Replaces what a package says of its events' type by a struct that the user names.
 *
 * @throws PACKAGE_INVALID listing the structs there are
 */
export function withExportType(program: ProgramPackage, name: string, exportType: string): ProgramPackage {
  const exported = exportTypeNamed(parseObject(program.object), name, exportType);
  return { ...program, meta: { ...program.meta, export_types: [exported] } };
}
