import { describe, expect, test } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { ROOT } from './workspace.ts';

interface MediaTypeObject {
  readonly schema: object;
  readonly example?: unknown;
}

const text = readFileSync(join(ROOT, 'apis.yaml'), 'utf8');
const document = parse(text) as { readonly paths: Readonly<Record<string, object>> };

/** Every media type object under `node`, with the JSON pointer (RFC 6901, as a URI fragment) to it. */
function mediaTypes(node: unknown, pointer = '#'): (readonly [string, MediaTypeObject])[] {
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, value]) => {
    const here = `${pointer}/${encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1'))}`;
    return key === 'application/json' ? [[here, value as MediaTypeObject] as const] : mediaTypes(value, here);
  });
}

describe('apis.yaml', () => {
  const schemas = new Ajv2020({ strict: false }).addSchema({ $id: 'apis', ...document });

  test('is valid OpenAPI 3.1', async () => {
    const result = await new Validator().validate(text);
    expect(result).toEqual({ valid: true });
  });

  test('has the operations that the README promises', () => {
    const operations = Object.entries(document.paths).flatMap(([path, item]) =>
      ['get', 'post'].filter((method) => method in item).map((method) => `${method} ${path}`),
    );
    expect(operations).toEqual([
      'post /api/v1/ebpf/start',
      'get /api/v1/ebpf/log/{id}',
      'post /api/v1/ebpf/stop/{id}',
      'get /api/v1/ebpf/list',
    ]);
  });

  test.each(mediaTypes(document))('has an example that its schema takes: %s', (pointer, { example }) => {
    const validate = schemas.compile({ $ref: `apis${pointer}/schema` });
    expect(example).toBeDefined();
    validate(example);
    expect(validate.errors).toBeNull();
  });
});

describe('nest-cli.json', () => {
  test('describes each workspace', () => {
    const read = (path: string): unknown => JSON.parse(readFileSync(join(ROOT, path), 'utf8'));
    const { workspaces } = read('package.json') as { workspaces: string[] };
    const { projects } = read('nest-cli.json') as { projects: Record<string, { root: string }> };
    expect(Object.values(projects).map(({ root }) => root)).toEqual(expect.arrayContaining(workspaces));
    expect(Object.keys(projects)).toHaveLength(workspaces.length);
  });
});
