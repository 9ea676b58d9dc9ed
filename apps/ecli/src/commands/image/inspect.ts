import { ArgumentError, printableJson, type PullPolicy } from '@ecli/core';
import { parseReference } from '@ecli/oci';
import { defineCommand } from '../../command.ts';
import { notEmpty, parseWord } from '../../flag-values.ts';
import type { FlagTable } from '../../flags.ts';
import { findImage } from '../../image-place.ts';
import { inspectImage } from '../../image-inspection.ts';
import { imageText } from '../../image-text.ts';
import { openRegistryAccess } from '../../registry-access.ts';
import { registryFlagGroups, registryFlags } from '../../registry-flags.ts';

const whichFlags = {
  platform: { value: 'OS/ARCH', help: 'look into this image of several: linux/arm64' },
  pull: { value: 'WHEN', help: 'ask the registry: always, missing: what is not cached, never' },
} as const satisfies FlagTable;

const flags = {
  json: { short: 'j', help: 'write JSON, which has all that the text has and more' },
  raw: { help: 'write the manifest itself, byte by byte' },
  ...whichFlags,
  ...registryFlags,
} as const satisfies FlagTable;

const PULL_POLICIES: readonly PullPolicy[] = ['always', 'missing', 'never'];

/** `ecli image inspect`: says what an image is made of, and what has been attached to it. */
export const inspectCommand = defineCommand({
  description:
    'Says what an image is made of (layers, platforms, annotations) and what signs or refers to it.',
  operands: 'REF',
  count: { least: 1, most: 1 },
  flags,
  groups: { 'Which image, and whether it may be a cached one': whichFlags, ...registryFlagGroups },
  examples: [
    'ecli image inspect ghcr.io/eunomia-bpf/sigsnoop:latest',
    'ecli image inspect --json ghcr.io/org/tool:v1 | jq .layers',
    'ecli image inspect --raw ghcr.io/org/tool:v1 | sha256sum',
  ],
  notes: 'What is in a program (its options, maps, events) is what ecli inspect says.',

  async run({ operands: [text = ''], flags: given }, terminal) {
    if (given.json && given.raw) {
      throw new ArgumentError("--raw: can't be written together with --json", [], { hint: 'choose one' });
    }
    const { pull, platform } = given;
    const reference = parseReference(text);
    const access = await openRegistryAccess(given, terminal);
    const image = await findImage(reference, access, {
      ...(pull !== undefined && { pull: parseWord('--pull', pull, PULL_POLICIES, 'choice') }),
      ...(platform !== undefined && { platform: notEmpty('--platform', platform) }),
      warn: (line) => terminal.logger.log('warn', line),
    });
    if (given.raw) {
      terminal.stdout.write(image.bytes);
    } else {
      const inspection = await inspectImage(image, access.signal);
      if (given.json) terminal.print(`${printableJson(JSON.stringify(inspection, null, 2))}\n`);
      else terminal.print(imageText(inspection));
    }
    access.http.close();
    return 0;
  },
});
