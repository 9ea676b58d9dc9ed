import { ArgumentError, printable, printableJson } from '@ecli/core';
import { isReferrersTag, parseReference, spellRepository } from '@ecli/oci';
import { defineCommand } from '../../command.ts';
import type { FlagTable } from '../../flags.ts';
import { openRegistryAccess } from '../../registry-access.ts';
import { registryFlagGroups, registryFlags } from '../../registry-flags.ts';

const flags = {
  json: { short: 'j', help: 'write JSON' },
  all: { short: 'a', help: 'also tags that stand for signatures and the like: sha256-….sig' },
  ...registryFlags,
} as const satisfies FlagTable;

/** `ecli image tags`: says which tags a repository has. */
export const tagsCommand = defineCommand({
  description: 'Lists the tags of a repository, v1.9 before v1.10.',
  operands: 'REPOSITORY',
  count: { least: 1, most: 1 },
  flags,
  groups: registryFlagGroups,
  examples: ['ecli image tags ghcr.io/eunomia-bpf/sigsnoop', 'ecli image tags --json localhost:5000/tool'],

  async run({ operands: [text = ''], flags: given }, terminal) {
    const reference = parseReference(text);
    const repository = spellRepository(reference);
    if (reference.tag !== undefined || reference.digest !== undefined) {
      throw new ArgumentError(`${printable(text)}: a repository must stand here, and no image of it`, [], {
        hint: `ecli image tags ${repository}`,
      });
    }
    const access = await openRegistryAccess(given, terminal);
    const all = await access.repositoryOf(reference).tags(access.signal);
    access.http.close();
    const tags = given.all ? all : all.filter((tag) => !isReferrersTag(tag));
    if (given.json) terminal.print(`${printableJson(JSON.stringify({ repository, tags }, null, 2))}\n`);
    else terminal.print(tags.map((tag) => `${tag}\n`).join(''));
    return 0;
  },
});
