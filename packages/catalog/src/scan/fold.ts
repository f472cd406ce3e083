/**
 * Keys of a document are compared as Go's decoder does: with Unicode case folding. Upper case first catches the letters
 * that only fold in that direction (`ſ`, `ß`).
 */
export function foldKey(key: string): string {
  if (isSmall(key)) return key;
  return /^[a-z][a-zA-Z]*$/.test(key) ? key.toLowerCase() : key.toUpperCase().toLowerCase();
}

/** Nothing but small letters, as most keys are. */
function isSmall(key: string): boolean {
  for (let at = 0; at < key.length; at++) {
    const unit = key.charCodeAt(at);
    if (unit < 0x61 || unit > 0x7a) return false;
  }
  return true;
}

/** The member whose key folds to `key`, the exact one first. Own members only. */
export function foldedMember(object: Readonly<Record<string, unknown>>, key: string): unknown {
  if (Object.hasOwn(object, key)) return object[key];
  const folded = foldKey(key);
  for (const own of Object.keys(object)) if (foldKey(own) === folded) return object[own];
  return undefined;
}
