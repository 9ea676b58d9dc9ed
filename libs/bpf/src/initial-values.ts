import type { DataSectionLayout } from '@ecli/btf';
import { EcliError, printable } from '@ecli/core';
import type { BpfObject } from './object.ts';

/** What a variable holds from load on. */
export interface InitialValue {
  readonly variable: {
    readonly section: Pick<DataSectionLayout, 'name' | 'size'>;
    /** Bytes from the start of the section. */
    readonly offset: number;
  };
  readonly bytes: Uint8Array;
}

/**
 * Puts values into the sections of an object that isn't loaded yet; of two for one variable the later stays.
 *
 * @throws LOAD_FAILED for a section that libbpf made no map of
 */
export function setVariables(object: Pick<BpfObject, 'map'>, values: readonly InitialValue[]): void {
  for (const section of new Set(values.map(({ variable }) => variable.section))) {
    const map = object.map(section.name);
    const content = map?.initialValue();
    if (!map || content?.byteLength !== section.size) {
      throw new EcliError('LOAD_FAILED', `section ${printable(section.name)}: libbpf gives no access to it`);
    }
    for (const { variable, bytes } of values) {
      if (variable.section === section) content.set(bytes, variable.offset);
    }
    map.setInitialValue(content);
  }
}
