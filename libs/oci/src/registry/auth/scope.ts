/** What a request needs to be allowed, as token services spell it: `repository:org/tool:pull`. */
export type Scope = string;

/** https://distribution.github.io/distribution/spec/auth/scope/ */
export const scopes = {
  pull: (repository: string): Scope => `repository:${repository}:pull`,
  push: (repository: string): Scope => `repository:${repository}:pull,push`,
  delete: (repository: string): Scope => `repository:${repository}:delete,pull`,
} as const;

/** Tells whether a token for `granted` does for `wanted`. */
export function covers(granted: readonly Scope[], wanted: readonly Scope[]): boolean {
  const held = granted.map(parse);
  return wanted.map(parse).every(({ resource, actions }) => {
    const own = held.filter((scope) => scope.resource === resource).flatMap((scope) => scope.actions);
    return actions.every((action) => own.includes(action) || own.includes('*'));
  });
}

/** Tells whether reading is asked for, and nothing else. */
export function isReading(wanted: readonly Scope[]): boolean {
  return (
    wanted.length > 0 &&
    wanted.map(parse).every(({ actions }) => actions.every((action) => action === 'pull'))
  );
}

/** Names of repositories and hosts in resources may have colons; actions have none. */
function parse(scope: Scope): { resource: string; actions: readonly string[] } {
  const colon = scope.lastIndexOf(':');
  return { resource: scope.slice(0, colon), actions: scope.slice(colon + 1).split(',') };
}
