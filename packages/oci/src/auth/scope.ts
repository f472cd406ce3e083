/** Scopes of distribution's token specification: `repository:NAME:ACTIONS`, `registry:catalog:*`. */
export function pullScope(repository: string): string {
  return `repository:${repository}:pull`;
}

export function pushScope(repository: string): string {
  return `repository:${repository}:pull,push`;
}

export function deleteScope(repository: string): string {
  return `repository:${repository}:delete,pull,push`;
}

export const CATALOG_SCOPE = "registry:catalog:*";

/** True when a token for `held` also serves `wanted`. */
export function covers(held: readonly string[], wanted: readonly string[]): boolean {
  return wanted.every((scope) => held.some((one) => coversOne(one, scope)));
}

function coversOne(held: string, wanted: string): boolean {
  if (held === wanted) return true;
  const cut = (scope: string): [string, string[]] => {
    const at = scope.lastIndexOf(":");
    return [scope.slice(0, at), scope.slice(at + 1).split(",")];
  };
  const [heldName, heldActions] = cut(held);
  const [wantedName, wantedActions] = cut(wanted);
  return heldName === wantedName && wantedActions.every((action) => heldActions.includes(action));
}
