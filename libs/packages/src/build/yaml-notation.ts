import { stringify } from 'yaml';

/**
 * Writes a value as YAML, each string on one line and nothing referred to by an alias. A module of its own, so
 * that only who asks for YAML loads it: a bundler gives a CommonJS package that is imported late no names.
 */
export function stringifyYaml(value: unknown): string {
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
}
