import { EcliError } from '@ecli/core';
import { type ImageReference, parseReference } from '@ecli/oci';
import type { JsonValue } from '../json-value.ts';

/** A registry, or a path in one, and all that is below it. */
export interface Scope {
  /** As it is spelled in the policy. */
  readonly name: string;
  /** The places that are meant, in the one spelling in which they are compared. */
  readonly places: readonly string[];
}

const DOCKER_HUB = /^(index\.|registry-1\.)?docker\.io$/i;

/** How much of `place` the scope names: 0 where it is another's. A name that only begins alike is another's. */
export function coveredLength({ places }: Scope, place: string): number {
  const covering = places.filter((scope) => place === scope || place.startsWith(`${scope}/`));
  return Math.max(0, ...covering.map(({ length }) => length));
}

/** Spells a repository so that whatever names the same one is the same: a port that goes without saying isn't said. */
export function spellPlace({
  registry,
  repository,
}: Pick<ImageReference, 'registry' | 'repository'>): string {
  return `${registry.toLowerCase().replace(/:(80|443)$/, '')}/${repository}`;
}

/** Reads the name of a rule. @throws what the document throws, for a name that means no place */
export function parseScope(name: string, at: JsonValue): Scope {
  const [host = '', ...path] = name.split('/');
  const { registry, repository } = parsePlace(name, at);
  const isDockerHub = registry === 'docker.io';
  if (isDockerHub && !DOCKER_HUB.test(host)) {
    throw at.wrong('begins with no registry', `with Docker's, it is docker.io/${name}`);
  }
  if (path.length === 0) return { name, places: [spellPlace({ registry, repository: '' }).slice(0, -1)] };
  const place = spellPlace({ registry, repository });
  // Docker leaves out `library`, and a rule for docker.io/nginx must not miss that.
  const isShort = isDockerHub && path.length === 1;
  return { name, places: isShort ? [place, place.replace('/', '/library/')] : [place] };
}

/** The grammar is that of references; the last part keeps Docker's rules for names of one word away. */
function parsePlace(name: string, at: JsonValue): Pick<ImageReference, 'registry' | 'repository'> {
  try {
    const { repository, tag, digest, scheme, credentials, ...rest } = parseReference(`${name}/x/x`);
    if (tag === undefined && digest === undefined && scheme === undefined && !credentials) {
      return { ...rest, repository: repository.replace(/\/?x\/x$/, '') };
    }
  } catch (error) {
    if (!(error instanceof EcliError)) throw error;
  }
  throw at.wrong(
    'neither a registry nor a path in one',
    'such as ghcr.io, ghcr.io/org or localhost:5000/org/tool',
  );
}
