import type { ImageReference } from '@ecli/oci';
import { type Clause, joinRequirements, type Requirement, type SignerDemand } from '../requirement.ts';
import { coveredLength, type Scope, spellPlace } from './scope.ts';

/** What a rule says. */
export type Rule =
  | { readonly type: 'accept' }
  | { readonly type: 'reject' }
  | { readonly type: 'signed'; readonly need: 'any' | 'all'; readonly signers: readonly SignerDemand[] };

export interface ScopedRule {
  readonly scope: Scope;
  readonly rule: Rule;
}

/** One policy.json, understood as a whole. */
export interface PolicyFile {
  readonly path: string;
  readonly default: Rule;
  readonly rules: readonly ScopedRule[];
}

type Place = Pick<ImageReference, 'registry' | 'repository'>;

/** What the system and the user demand of images, by where they come from. */
export class Policy {
  constructor(readonly files: readonly PolicyFile[]) {}

  /** What is asked of the images of a repository; each file has its say, and none takes back what another asks. */
  requirementFor(place: Place): Requirement {
    return joinRequirements(...this.files.map((file) => ({ clauses: clausesOf(file, spellPlace(place)) })));
  }
}

/** The rule of the longest scope that covers the place, else the default. */
function clausesOf(file: PolicyFile, place: string): readonly Clause[] {
  const nearest = nearestRule(file.rules, place);
  const rule = nearest?.rule ?? file.default;
  if (rule.type === 'accept') return [];
  const name = nearest ? `the rule for ${nearest.scope.name}` : 'the default';
  return [{ ...rule, origin: `${name} in ${file.path}` }];
}

function nearestRule(rules: readonly ScopedRule[], place: string): ScopedRule | undefined {
  const matching = rules.map((rule) => ({ rule, length: coveredLength(rule.scope, place) }));
  return matching.filter(({ length }) => length > 0).toSorted((a, b) => b.length - a.length)[0]?.rule;
}
